"""What a tenant's namespace contains, as plain Kubernetes specs."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.catalog.device_classes import CLASSES, GPU_CLASS, queue_resource, quota_resource
from components.manifest import Spec
from components.settings.sections import Allocation, Allowance, Direction, Queue, Quota
from components.settings.supply import WHOLE


def resource_quota(
    quota: Quota,
    gpu_resources: Iterable[str],
    adapters: Mapping[str, int] | None = None,
    allocation: Allocation = Allocation.DEVICE_PLUGIN,
    datasets_gib: int = 0,
) -> dict[str, str]:
    """`hard` of the ResourceQuota, with room for a shared volume of `datasets_gib` beside the tenant's own volumes.

    Every GPU resource of the cluster is named, with 0 where the tenant has none: a resource that a quota does not
    name is not bounded at all. Where pods claim GPUs, so is every class of the driver, and `nvidia.com/gpu`, which no
    node has then, is refused at once instead of waited for. `adapters` are the cluster's network adapters by quota
    resource: whoever has GPUs may ask for as many as the nodes have, anybody else for none. Services of type
    LoadBalancer and NodePort are off, since they open ports.
    """
    granted = quota.gpu_resources
    wired = {name: number if any(granted.values()) else 0 for name, number in (adapters or {}).items()}
    claimed: dict[str, int] = {}
    if allocation is Allocation.DRA:
        claimed = {quota_resource(name): number for name, number in _claimable(quota).items()}
        granted = {WHOLE: 0}
    names = sorted({WHOLE, *gpu_resources, *granted})
    return {
        "requests.cpu": str(quota.cpu),
        "requests.memory": f"{quota.memory_gib}Gi",
        "limits.memory": f"{quota.memory_gib}Gi",
        "requests.storage": f"{quota.storage_gib + datasets_gib}Gi",
        "pods": str(quota.pods),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        **{f"requests.{name}": str(granted.get(name, 0)) for name in names},
        **{name: str(number) for name, number in wired.items()},
        **{name: str(number) for name, number in claimed.items()},
    }


def _claimable(quota: Quota) -> dict[str, int]:
    """Device class -> number that the tenant may claim."""
    return {name: quota.gpus if name == GPU_CLASS else 0 for name in CLASSES}


def queue_capability(
    quota: Quota,
    gpu_resources: Iterable[str],
    adapters: Mapping[str, int] | None = None,
    allocation: Allocation = Allocation.DEVICE_PLUGIN,
) -> dict[str, str]:
    """Hard cap of the tenant's queue: the quota on what nodes have, in Volcano's own terms."""
    hard = resource_quota(quota, gpu_resources, adapters, allocation)
    of_nodes = (key for key in hard if key.startswith("requests.") and key != "requests.storage")
    requested = {key.removeprefix("requests."): hard[key] for key in of_nodes}
    if allocation is Allocation.DEVICE_PLUGIN:
        return requested
    return {**requested, **{queue_resource(name): str(number) for name, number in _claimable(quota).items()}}


def queue_share(deserved: Mapping[str, str], allocation: Allocation) -> dict[str, str]:
    """A queue's share of each GPU resource, in the terms of how pods get GPUs."""
    if allocation is Allocation.DEVICE_PLUGIN:
        return dict(deserved)
    return {queue_resource(GPU_CLASS) if name == WHOLE else name: share for name, share in deserved.items()}


def gpu_guarantee(queue: Queue) -> dict[str, int]:
    """GPU resource -> number that the tenant's queue reserves; empty where it reserves nothing."""
    return {resource: number for resource, number in queue.guarantee.gpu_resources.items() if number}


def limit_range() -> Spec:
    """Defaults for containers that name no resources, without which the quota would refuse them."""
    return {
        "limits": [
            {
                "type": "Container",
                "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
                "default": {"memory": "1Gi"},
            }
        ]
    }


def default_deny() -> Spec:
    """Nothing in, nothing out, for all pods."""
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def allow_dns() -> Spec:
    """Names can be looked up at the cluster's DNS."""
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [_namespace_peer("kube-system", {"k8s-app": "kube-dns"})],
                "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
            }
        ],
    }


def allow_within() -> Spec:
    """Pods of the namespace reach each other: the ranks of a gang, the workers of a pipeline."""
    everyone: Spec = {"podSelector": {}}
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [everyone]}],
        "egress": [{"to": [everyone]}],
    }


def allowance_policy(allowance: Allowance) -> Spec:
    """One named hole in the default deny."""
    if allowance.namespace is not None:
        peer = _namespace_peer(allowance.namespace)
    else:
        peer = {"ipBlock": {"cidr": str(allowance.cidr)}}
    ports = [{"protocol": "TCP", "port": port} for port in allowance.ports]
    if allowance.direction is Direction.INGRESS:
        return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [peer], "ports": ports}]}
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer], "ports": ports}]}


def _namespace_peer(namespace: str, pods: Mapping[str, str] | None = None) -> dict[str, Any]:
    peer: dict[str, Any] = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    if pods:
        peer["podSelector"] = {"matchLabels": dict(pods)}
    return peer


_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete", "deletecollection"]

_WORKLOADS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("configmaps", "persistentvolumeclaims", "pods", "serviceaccounts", "services")),
    ("apps", ("daemonsets", "deployments", "replicasets", "statefulsets")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("batch", ("cronjobs", "jobs")),
    ("batch.volcano.sh", ("jobs",)),
    ("eventing.knative.dev", ("brokers", "kafkasinks", "triggers")),
    ("policy", ("poddisruptionbudgets",)),
    ("ray.io", ("rayclusters", "rayjobs", "rayservices")),
    ("resource.k8s.io", ("resourceclaims", "resourceclaimtemplates")),
    ("serving.knative.dev", ("services",)),
    ("sources.knative.dev", ("kafkasources",)),
)
"""API group -> resources that a team works with. Quotas, limit ranges, network policies and roles are not among them:
they are the platform's, and a team that could change them could leave its own bounds."""


def developer_rules() -> Spec:
    """Runs workloads: writes them and their secrets, reads logs and events, opens a shell in its pods."""
    return [
        *({"apiGroups": [group], "resources": list(names), "verbs": _WRITE} for group, names in _WORKLOADS),
        {"apiGroups": [""], "resources": ["secrets"], "verbs": _WRITE},
        {"apiGroups": [""], "resources": ["pods/exec", "pods/portforward"], "verbs": ["get", "create"]},
        *_observer_rules(),
    ]


def viewer_rules() -> Spec:
    """Reads everything but secrets."""
    return [
        *({"apiGroups": [group], "resources": list(names), "verbs": _READ} for group, names in _WORKLOADS),
        *_observer_rules(),
    ]


def _observer_rules() -> list[dict[str, Any]]:
    return [
        {"apiGroups": [""], "resources": ["events", "limitranges", "pods/log", "resourcequotas"], "verbs": _READ},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
        {"apiGroups": ["scheduling.volcano.sh"], "resources": ["podgroups"], "verbs": _READ},
    ]
