"""The models' gateway as Kubernetes specs: where requests come in, with which certificate, from whom routes count.

Sources: Gateway API v1.5 (Gateway, GatewayClass); Envoy Gateway v1.8.3 api/v1alpha1 (EnvoyProxy); the clouds' own
documentation of internal load balancers: Amazon EKS user guide and kubernetes/cloud-provider-aws
docs/service_controller.md, GKE (internal LoadBalancer Service), AKS (internal load balancer).
"""

from collections.abc import Mapping
from types import MappingProxyType

from components.labels import TENANT
from components.manifest import Spec
from components.serving.names import GATEWAY, GATEWAY_NAMESPACE

GATEWAY_CLASS = "platform-models"
HTTPS_PORT = 443

CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
CERTIFICATE_SECRET = "models-tls"  # noqa: S105 - the secret's name

INTERNAL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "eks": MappingProxyType(
            {
                "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
                "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
            }
        ),
        "gke": MappingProxyType({"networking.gke.io/load-balancer-type": "Internal"}),
        "aks": MappingProxyType({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}),
    }
)
"""Provider -> annotations of a Service whose load balancer has addresses of the cluster's network only."""


def envoy_proxy(provider: str, replicas: int) -> Spec:
    """How the proxies run. On an existing cluster nothing is known of load balancers, so they get a cluster address."""
    annotations = INTERNAL.get(provider)
    service: Spec = (
        {"type": "ClusterIP"} if annotations is None else {"type": "LoadBalancer", "annotations": dict(annotations)}
    )
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"gateway.envoyproxy.io/owning-gateway-name": GATEWAY}},
    }
    return {
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {
                "envoyService": service,
                "envoyDeployment": {
                    "replicas": replicas,
                    "pod": {"topologySpreadConstraints": [spread]},
                    "container": {
                        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
                    },
                },
                **({"envoyPDB": {"minAvailable": 1}} if replicas > 1 else {}),
            },
        }
    }


def gateway_class() -> Spec:
    """Envoy Gateway, with the proxies of `envoy_proxy`."""
    reference = {
        "group": "gateway.envoyproxy.io",
        "kind": "EnvoyProxy",
        "name": GATEWAY,
        "namespace": GATEWAY_NAMESPACE,
    }
    return {"controllerName": CONTROLLER, "parametersRef": reference}


def certificate(domain: str, issuer: str) -> Spec:
    """The gateway's certificate: every model's address is one name below `domain`."""
    return {
        "secretName": CERTIFICATE_SECRET,
        "dnsNames": [f"*.{domain}"],
        "duration": "2160h",
        "renewBefore": "720h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": issuer},
    }


def gateway(domain: str) -> Spec:
    """One listener, HTTPS only, for routes out of tenants' namespaces."""
    tenants = {"from": "Selector", "selector": {"matchExpressions": [{"key": TENANT, "operator": "Exists"}]}}
    listener = {
        "name": "https",
        "protocol": "HTTPS",
        "port": HTTPS_PORT,
        "hostname": f"*.{domain}",
        "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": CERTIFICATE_SECRET}]},
        "allowedRoutes": {"namespaces": tenants, "kinds": [{"kind": "HTTPRoute"}]},
    }
    return {"gatewayClassName": GATEWAY_CLASS, "listeners": [listener]}
