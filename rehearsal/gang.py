"""A small gang job per tenant, so that something is seen to run: all of it is placed, or none."""

import time
from dataclasses import dataclass
from typing import Any

from components.catalog.images import PAUSE
from components.labels import GPU_TAINT, tenant_labels
from components.scheduling.volcano import SCHEDULER
from components.settings.cluster import Cluster, pool_shape
from components.settings.sections import Tenant
from components.tenancy.objects import slice_resource
from rehearsal.kube import JsonObject, Kube

NAME = "rehearsal-gang"
_PATH = "/apis/batch.volcano.sh/v1alpha1/namespaces/{namespace}/jobs/{name}"


@dataclass(frozen=True, slots=True)
class Gang:
    """What one tenant's job asks for."""

    tenant: str
    workers: int
    resource: str
    each: int
    """Units of `resource` for each worker."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a gang ended up."""

    gang: Gang
    nodes: tuple[str, ...]
    """Node of each placed worker; shorter than the gang while it waits."""

    phase: str

    @property
    def placed(self) -> bool:
        """Whether every worker runs."""
        return len(self.nodes) == self.gang.workers


def gang_for(tenant: str, settings: Tenant, cluster: Cluster) -> Gang | None:
    """A job that the tenant's quota and the nodes can carry: two workers where there is room for two.

    None when the tenant may use no GPU at all.
    """
    whole = [pool_shape(cluster, pool).gpus for pool in cluster.gpu_pools.values() if not pool.mig]
    if settings.quota.gpus and whole:
        workers = 2 if settings.quota.gpus >= 2 and (len(whole) > 1 or max(whole) > 1) else 1
        return Gang(tenant, workers, "nvidia.com/gpu", max(1, min(min(whole), settings.quota.gpus // workers) // 2))
    for profile, count in sorted(settings.quota.slices.items()):
        return Gang(tenant, min(2, count), slice_resource(profile), 1)
    return None


def manifest(gang: Gang) -> JsonObject:
    """The Volcano job. Its pods meet Pod Security `restricted` and do nothing."""
    labels = {**tenant_labels(gang.tenant), "rehearsal.multimodal.dev/gang": "true"}
    container: dict[str, Any] = {
        "name": "worker",
        "image": PAUSE.reference(),
        "resources": {
            "requests": {"cpu": "1", "memory": "1Gi"},
            "limits": {"memory": "1Gi", gang.resource: str(gang.each)},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": "batch.volcano.sh/v1alpha1",
        "kind": "Job",
        "metadata": {"name": NAME, "namespace": gang.tenant, "labels": labels},
        "spec": {
            "schedulerName": SCHEDULER,
            "queue": gang.tenant,
            "minAvailable": gang.workers,
            "tasks": [
                {
                    "name": "worker",
                    "replicas": gang.workers,
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {
                            "restartPolicy": "OnFailure",
                            "tolerations": [{"key": GPU_TAINT, "operator": "Exists"}],
                            "containers": [container],
                        },
                    },
                }
            ],
        },
    }


def submit(api: Kube, gang: Gang) -> None:
    """Creates the job unless it is there already."""
    if api.get(_PATH.format(namespace=gang.tenant, name=NAME)) is None:
        api.create(f"/apis/batch.volcano.sh/v1alpha1/namespaces/{gang.tenant}/jobs", manifest(gang))


def placement(api: Kube, gang: Gang) -> Placement:
    """Where the gang's workers are now."""
    pods = api.items(f"/api/v1/namespaces/{gang.tenant}/pods", label_selector="rehearsal.multimodal.dev/gang=true")
    nodes = sorted(pod["spec"]["nodeName"] for pod in pods if pod["status"].get("phase") == "Running")
    job = api.get(_PATH.format(namespace=gang.tenant, name=NAME)) or {}
    return Placement(gang, tuple(nodes), job.get("status", {}).get("state", {}).get("phase", "Pending"))


def wait(api: Kube, gangs: list[Gang], *, seconds: float = 30.0) -> list[Placement]:
    """Waits until every gang is placed, or the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = [placement(api, gang) for gang in gangs]
        if all(one.placed for one in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
