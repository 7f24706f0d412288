"""What models need of a tenant's closed network. Pure.

Sources: EKS documentation, Pod Identity agent (address and port); GKE documentation, workload identity and network
policy (addresses and ports of the metadata server).
"""

from typing import Any

from components.cluster.api_addresses import PUBLIC
from components.knative.names import SERVING_NAMESPACE
from components.labels import STORES_LABEL
from components.manifest import Spec
from components.scheduling.ray.nodes import SERVE
from components.serving.names import GATEWAY_NAMESPACE, GRAPH_LABEL, SERVER_PORT, SET_LABEL, TRANSFORMER_PORT

PREDICTORS = {"component": "predictor"}
"""Label that KServe gives every pod that serves a model."""

_IDENTITY: dict[str, list[tuple[str, int]]] = {
    "eks": [("169.254.170.23/32", 80)],
    "gke": [("169.254.169.254/32", 80), ("169.254.169.252/32", 988)],
    # Azure's token endpoint is on the internet, on 443.
    "aks": [],
    "existing": [],
}
"""Provider -> addresses and ports where a pod gets its cloud identity."""

KNATIVE_PORTS = (8012, 8013, 9090)
"""Where a Knative pod takes requests (HTTP/1 and HTTP/2) and is counted by the autoscaler (knative.dev/networking
pkg/apis/networking/register.go)."""


def allow_gateway(*, transformers: bool = False) -> Spec:
    """Requests reach models from the gateway, and from nowhere else outside the namespace. `transformers`: whether some
    have one, which then is what requests reach."""
    return _from_gateway({"matchLabels": PREDICTORS}, SERVER_PORT, *([TRANSFORMER_PORT] if transformers else []))


def allow_gateway_to_graphs() -> Spec:
    """Requests reach graphs' routers from the gateway. They reach models within the namespace, as every pod does."""
    return _from_gateway({"matchExpressions": [{"key": GRAPH_LABEL, "operator": "Exists"}]}, SERVER_PORT)


def allow_gateway_to_set(name: str) -> Spec:
    """Requests reach a multiplexed set's Ray Serve from the gateway; none reach Ray's dashboard and its other ports."""
    return _from_gateway({"matchLabels": {SET_LABEL: name}}, SERVE)


def allow_knative() -> Spec:
    """Knative's ingress and activator reach the pods of Knative Services, and its autoscaler counts their requests."""
    knative = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": SERVING_NAMESPACE}}}
    return {
        "podSelector": {"matchExpressions": [{"key": "serving.knative.dev/revision", "operator": "Exists"}]},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [knative], "ports": [{"protocol": "TCP", "port": port} for port in KNATIVE_PORTS]}],
    }


def _from_gateway(pods: dict[str, Any], *allowed: int) -> Spec:
    gateway = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": GATEWAY_NAMESPACE}}}
    ports = [{"protocol": "TCP", "port": port} for port in allowed]
    return {
        "podSelector": pods,
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [gateway], "ports": ports}],
    }


def allow_stores(provider: str) -> Spec:
    """Pods that fetch weights reach HTTPS servers and their cloud's identity service.

    Object stores answer on many addresses that network policies cannot name; only the node's metadata service is left
    out.
    """
    return {
        "podSelector": {"matchLabels": {STORES_LABEL: "true"}},
        "policyTypes": ["Egress"],
        "egress": [
            {"to": PUBLIC, "ports": [{"protocol": "TCP", "port": 443}]},
            *identity_egress(provider),
        ],
    }


def identity_egress(provider: str) -> list[dict[str, Any]]:
    """Rules for the way to the cloud's identity service; none where it is on the internet."""
    return [
        {"to": [{"ipBlock": {"cidr": address}}], "ports": [{"protocol": "TCP", "port": port}]}
        for address, port in _IDENTITY[provider]
    ]
