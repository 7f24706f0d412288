"""What a tenant's namespace contains, as plain Kubernetes specs."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.manifest import Spec
from components.settings.sections import Allowance, Direction, Queue, Quota
from components.settings.supply import WHOLE


def resource_quota(quota: Quota, gpu_resources: Iterable[str]) -> dict[str, str]:
    """`hard` of the ResourceQuota.

    Every GPU resource of the cluster is named, with 0 where the tenant has none: a resource that a quota does not
    name is not bounded at all. Services of type LoadBalancer and NodePort are off, since they open ports.
    """
    granted = quota.gpu_resources
    names = sorted({WHOLE, *gpu_resources, *granted})
    return {
        "requests.cpu": str(quota.cpu),
        "requests.memory": f"{quota.memory_gib}Gi",
        "limits.memory": f"{quota.memory_gib}Gi",
        "pods": str(quota.pods),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        **{f"requests.{name}": str(granted.get(name, 0)) for name in names},
    }


def gpu_guarantee(queue: Queue) -> dict[str, int]:
    """GPU resource -> number that the tenant's queue reserves; empty where it reserves nothing."""
    return {resource: number for resource, number in queue.guarantee.gpu_resources.items() if number}


def queue_capability(quota: Quota, gpu_resources: Iterable[str]) -> dict[str, str]:
    """Hard cap of the tenant's queue: the quota, in Volcano's own terms."""
    hard = resource_quota(quota, gpu_resources)
    return {key.removeprefix("requests."): value for key, value in hard.items() if key.startswith("requests.")}


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
    ("policy", ("poddisruptionbudgets",)),
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
