"""How requests reach what answers them: routes on the models' gateway. Pure.

Sources: Gateway API v1.5 (HTTPRoute); kserve, pkg/constants (names of what it makes); KubeRay 1.6,
ray-operator/controllers/ray/utils (the Service in front of a RayService, and its port).
"""

from typing import Any

from components.knative.names import INTERNAL_INGRESS, SERVING_NAMESPACE
from components.labels import tenant_labels
from components.manifest import Spec
from components.scheduling.ray.nodes import SERVE
from components.serving.names import GATEWAY, GATEWAY_NAMESPACE, REQUEST_SECONDS
from components.settings.ensembles import Ensemble
from components.settings.serving import Mode, ServedModel

CANARY_SUFFIX = "-canary"


def address(tenant: str, name: str, domain: str) -> str:
    """Host name under which something of a tenant answers."""
    return f"{name}-{tenant}.{domain}"


def route(tenant: str, name: str, model: ServedModel | Ensemble, *, domain: str) -> Spec:
    """Metadata and spec of the HTTPRoute: one address for the model, and a part of its requests for the canary.

    Args:
        tenant: Namespace.
        name: The model's name.
        model: Its settings.
        domain: Domain of all models.
    """
    percent = model.canary.percent if model.canary is not None else 0
    weights = {name: 100 - percent, **({f"{name}{CANARY_SUFFIX}": percent} if percent else {})}
    direct = [{"name": f"{service}-predictor", "port": 80, "weight": weight} for service, weight in weights.items()]
    return {
        "metadata": {"name": name, "namespace": tenant, "labels": tenant_labels(tenant)},
        "spec": {
            "parentRefs": [{"namespace": GATEWAY_NAMESPACE, "name": GATEWAY}],
            "hostnames": [address(tenant, name, domain)],
            "rules": [
                {
                    **(_through_knative(tenant, name) if model.mode is Mode.KNATIVE else {"backendRefs": direct}),
                    "timeouts": {"request": f"{REQUEST_SECONDS}s"},
                }
            ],
        },
    }


def _through_knative(tenant: str, name: str) -> dict[str, Any]:
    """To Knative's ingress, which knows a model by its name within the cluster, holds a request until a replica is
    there and shares requests out among versions."""
    inner = f"{name}-predictor.{tenant}.svc.cluster.local"
    return {
        "filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": inner}}],
        "backendRefs": [{"name": INTERNAL_INGRESS, "namespace": SERVING_NAMESPACE, "port": 80}],
    }


def set_route(tenant: str, name: str, *, domain: str) -> Spec:
    """Metadata and spec of a multiplexed set's HTTPRoute: to what its application serves, and to nothing that Ray Serve
    tells of itself under other paths."""
    return {
        "metadata": {"name": name, "namespace": tenant, "labels": tenant_labels(tenant)},
        "spec": {
            "parentRefs": [{"namespace": GATEWAY_NAMESPACE, "name": GATEWAY}],
            "hostnames": [address(tenant, name, domain)],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/models"}}],
                    "backendRefs": [{"name": f"{name}-serve-svc", "port": SERVE}],
                    "timeouts": {"request": f"{REQUEST_SECONDS}s"},
                }
            ],
        },
    }
