"""Puts a version into service: a model's first by itself, later ones beside it with a share of the requests.

The objects are those that the platform makes for a model of a stack file with a `canary`: an InferenceService for each
version, and one route with weights.
"""

from typing import Any, Protocol

CANARY = "-canary"
FIELD_MANAGER = "photo-labels-pipeline"
QUEUE = "scheduling.volcano.sh/queue-name"
READS_STORES = "multimodal.dev/reads-stores"
TENANT = "multimodal.dev/tenant"


class Api(Protocol):
    """What is needed of the Kubernetes API; `ClusterApi` has it."""

    def exists(self, kind: str, namespace: str, name: str) -> bool:
        """Whether there is such an object."""
        ...

    def apply(self, body: dict[str, Any]) -> None:
        """Makes the object, or brings the fields that the body names to what it says."""
        ...


def service(
    namespace: str, name: str, source: str, resource: str, model: str, account: str = "workloads"
) -> dict[str, Any]:
    """The InferenceService of one version.

    Args:
        namespace: The tenant's.
        name: Of the InferenceService.
        source: Where the version's folder is.
        resource: GPU resource of which it takes one, such as nvidia.com/mig-1g.10gb; empty: it runs on processors.
        model: The model whose version it is.
        account: Service account that may read the source; empty, where there are no stores: the namespace's default.
    """
    gpus = {resource: "1"} if resource else {}
    amounts = {"cpu": "1", "memory": "2Gi", **gpus}
    predictor: dict[str, Any] = {
        "minReplicas": 1,
        "maxReplicas": 1,
        "schedulerName": "volcano",
        "priorityClassName": "interactive",
        "automountServiceAccountToken": False,
        "labels": {READS_STORES: "true"},
        "annotations": {QUEUE: namespace},
        "model": {
            "modelFormat": {"name": "repository"},
            "runtime": "multimodal-triton",
            "storageUri": source,
            "resources": {"requests": amounts, "limits": {key: amounts[key] for key in amounts if key != "cpu"}},
        },
    }
    if account:
        predictor["serviceAccountName"] = account
    if resource:
        predictor["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {TENANT: namespace, "photo-labels/model": model},
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                "serving.kserve.io/autoscalerClass": "none",
            },
        },
        "spec": {"predictor": predictor},
    }


def route(namespace: str, model: str, domain: str, percent: int) -> dict[str, Any]:
    """The model's one address; `percent` of the requests go to the new version, the others to the old one."""
    weights = {model: 100 - percent, **({f"{model}{CANARY}": percent} if percent else {})}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": model, "namespace": namespace, "labels": {TENANT: namespace}},
        "spec": {
            "parentRefs": [{"namespace": "envoy-gateway-system", "name": "models"}],
            "hostnames": [f"{model}-{namespace}.{domain}"],
            "rules": [
                {
                    "backendRefs": [
                        {"name": f"{name}-predictor", "port": 80, "weight": weight} for name, weight in weights.items()
                    ]
                }
            ],
        },
    }


def roll_out(
    api: Api,
    *,
    namespace: str,
    model: str,
    source: str,
    resource: str,
    domain: str,
    percent: int,
    account: str = "workloads",
) -> list[str]:
    """Makes the first version serve all requests, a later one `percent` of them; says what it applied.

    A share of 100 puts the version in the old one's place, so a person who likes the canary runs this step again.
    """
    first = not api.exists("InferenceService", namespace, model)
    whole = first or percent >= 100
    name = model if whole else f"{model}{CANARY}"
    bodies = [
        service(namespace, name, source, resource, model, account),
        route(namespace, model, domain, 0 if whole else percent),
    ]
    for body in bodies:
        api.apply(body)
    return [f"{body['kind']}/{body['metadata']['name']}" for body in bodies]
