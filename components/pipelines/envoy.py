"""Configuration of the Envoy between browsers, which speak gRPC-Web, and ML Metadata, which speaks gRPC. Pure.

Source: Envoy documentation (v1.37), gRPC-Web filter and bootstrap. Its administration listens in the pod alone.
"""

from typing import Any

import yaml

from components.pipelines.names import METADATA, METADATA_PORT, METADATA_WEB_PORT

ENVOY_CONFIG = "metadata-envoy-config"
"""ConfigMap with `envoy.yaml`."""

_FILTERS = "type.googleapis.com/envoy.extensions.filters"


def envoy_config() -> str:
    """The bootstrap, as YAML."""
    route = {
        "match": {"prefix": "/"},
        # No limit of its own: the caller's deadline holds.
        "route": {"cluster": "metadata", "max_stream_duration": {"grpc_timeout_header_max": "0s"}},
    }
    manager: dict[str, Any] = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "metadata",
        "route_config": {"virtual_hosts": [{"name": "metadata", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.grpc_web", "typed_config": {"@type": f"{_FILTERS}.http.grpc_web.v3.GrpcWeb"}},
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"}},
        ],
    }
    listener = {
        "name": "web",
        "address": _address("0.0.0.0", METADATA_WEB_PORT),  # noqa: S104 - of the pod
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    protocol = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    cluster: dict[str, Any] = {
        "name": "metadata",
        "type": "LOGICAL_DNS",
        "connect_timeout": "30s",
        "typed_extension_protocol_options": {
            protocol: {
                "@type": f"type.googleapis.com/{protocol}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "metadata",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(METADATA, METADATA_PORT)}}]}],
        },
    }
    return yaml.safe_dump(
        {
            "admin": {"address": _address("127.0.0.1", 9901)},
            "static_resources": {"listeners": [listener], "clusters": [cluster]},
        },
        sort_keys=False,
    )


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
