"""A small gang job per tenant, so that something is seen to run: all of it is placed, or none."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.catalog.device_classes import GPU_CLASS
from components.catalog.images import PAUSE
from components.cluster.pools import taint_keys
from components.labels import tenant_labels
from components.scheduling.volcano import SCHEDULER
from components.settings import Settings
from components.settings.sections import Allocation
from components.settings.supply import supply
from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject, Kube

NAME = "rehearsal-gang"
_CLAIM = {"name": "gpus", "resourceClaimTemplateName": NAME}
_LABEL = "rehearsal.multimodal.dev/gang"
_PATH = "/apis/batch.volcano.sh/v1alpha1/namespaces/{namespace}/jobs/{name}"


@dataclass(frozen=True, slots=True)
class Gang:
    """What one tenant's job asks for."""

    tenant: str
    workers: int
    resource: str
    each: int
    """Units of `resource` for each worker."""

    tolerates: tuple[str, ...]
    """Keys of the taints on the nodes where it may land."""

    claimed: bool = False
    """Whether each worker claims its GPUs by a resource claim instead of counting `resource`."""


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


InUse = Mapping[str, Mapping[str, int]]
"""Namespace -> GPU resource -> how many its pods hold."""


def in_use(api: Kube) -> InUse:
    """What pods hold or wait for already, the gangs' own apart."""
    held: dict[str, Counter[str]] = {}
    for pod in api.items("/api/v1/pods", label_selector=f"!{_LABEL}"):
        if value(pod, "status.phase") in ("Succeeded", "Failed"):
            continue
        for container in pod["spec"]["containers"]:
            limits: dict[str, Any] = value(container, "resources.limits", {})
            for resource, number in limits.items():
                if resource.startswith("nvidia.com/"):
                    held.setdefault(pod["metadata"]["namespace"], Counter())[resource] += int(number)
    return held


def plan(settings: Settings, used: InUse | None = None) -> list[Gang]:
    """One job per tenant that may use a GPU, such that all of them fit on the nodes that exist from the beginning.

    What the stack's own workloads use is left to them.

    A tenant gets a resource that no other gang uses where it has a choice, so that whole GPUs and slices are both seen.
    """
    claimed = settings.gpu.allocation is Allocation.DRA
    # A rehearsal begins with every pool at its smallest, but at least one node.
    left = dict(supply(settings.cluster, lambda shape: max(1, shape.min_nodes)))
    for held in (used or {}).values():
        for resource, number in held.items():
            left[resource] = left.get(resource, 0) - number
    taken: set[str] = set()
    gangs: list[Gang] = []
    for name, tenant in settings.tenants.items():
        own = (used or {}).get(name, {})
        quota = {
            resource: min(number - own.get(resource, 0), left.get(resource, 0))
            for resource, number in tenant.quota.gpu_resources.items()
        }
        choices = sorted((resource in taken, resource) for resource, number in quota.items() if number > 0)
        if choices:
            resource = choices[0][1]
            gang = Gang(name, min(2, quota[resource]), resource, 1, tuple(taint_keys(settings.cluster)), claimed)
            taken.add(resource)
            left[resource] -= gang.workers
            gangs.append(gang)
    return gangs


def manifest(gang: Gang) -> JsonObject:
    """The Volcano job. Its pods meet Pod Security `restricted` and do nothing."""
    labels = {**tenant_labels(gang.tenant), _LABEL: "true"}
    container: dict[str, Any] = {
        "name": "worker",
        "image": PAUSE.reference(),
        "resources": {
            "requests": {"cpu": "1", "memory": "1Gi"},
            "limits": {"memory": "1Gi", **({} if gang.claimed else {gang.resource: str(gang.each)})},
            **({"claims": [{"name": "gpus"}]} if gang.claimed else {}),
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
                            # A namespace's removal waits for half of this before it looks again.
                            "terminationGracePeriodSeconds": 1,
                            "tolerations": [{"key": key, "operator": "Exists"} for key in gang.tolerates],
                            "containers": [container],
                            **({"resourceClaims": [_CLAIM]} if gang.claimed else {}),
                        },
                    },
                }
            ],
        },
    }


def claim_template(gang: Gang) -> JsonObject:
    """What each worker of a gang that claims its GPUs gets."""
    exactly = {"deviceClassName": GPU_CLASS, "count": gang.each}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": NAME, "namespace": gang.tenant, "labels": tenant_labels(gang.tenant)},
        "spec": {"spec": {"devices": {"requests": [{"name": "gpus", "exactly": exactly}]}}},
    }


def submit(api: Kube, gang: Gang) -> None:
    """Creates the job unless it is there already."""
    if api.get(_PATH.format(namespace=gang.tenant, name=NAME)) is None:
        if gang.claimed:
            templates = f"/apis/resource.k8s.io/v1/namespaces/{gang.tenant}/resourceclaimtemplates"
            if api.get(f"{templates}/{NAME}") is None:
                api.create(templates, claim_template(gang))
        api.create(f"/apis/batch.volcano.sh/v1alpha1/namespaces/{gang.tenant}/jobs", manifest(gang))


def placement(api: Kube, gang: Gang) -> Placement:
    """Where the gang's workers are now."""
    pods = api.items(f"/api/v1/namespaces/{gang.tenant}/pods", label_selector=f"{_LABEL}=true")
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
