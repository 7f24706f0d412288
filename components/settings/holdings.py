"""What each of a tenant's workloads takes of its quota: what always runs, and what may come on top. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from components.settings.cluster import Cluster
from components.settings.density import mesh_memory
from components.settings.ensembles import Ensemble
from components.settings.model_sets import Backend, ModelSet
from components.settings.ray import RayGroup, RayJob, RayService, Upgrade, Workload, autoscales
from components.settings.sections import Quota, Tenant
from components.settings.serving import Mode, ServedModel
from components.settings.shapes import pod_shape
from components.settings.supply import SHARED, WHOLE, resource_title

CPU = "cpu"
MEMORY = "memory"
"""Keys of processors and of GiB of memory beside GPU resources."""

Amounts = Mapping[str, float]
"""Resource -> number: GPU resources, `CPU` and `MEMORY`."""

_AUTOSCALER = 0.5
"""Processors, and GiB of memory, of the autoscaler in a Ray head (KubeRay's default)."""


class Holding(NamedTuple):
    """What one workload takes of the quota as long as it is there."""

    name: str
    """Where it stands under the tenant, such as models.chat."""

    amounts: Amounts


def granted(quota: Quota) -> dict[str, int]:
    """What the quota has of each resource."""
    return {**quota.gpu_resources, CPU: quota.cpu, MEMORY: quota.memory_gib}


def quota_key(resource: str) -> tuple[str, ...]:
    """Where the stack file says how much of the resource a tenant has, below its quota."""
    named = {WHOLE: "gpus", SHARED: "sharedGpus", CPU: "cpu", MEMORY: "memoryGib"}
    key = named.get(resource)
    return (key,) if key is not None else ("slices", resource.removeprefix("nvidia.com/mig-"))


def amount_title(resource: str, number: float) -> str:
    """A number of a resource as people say it: `33.5 processors`, `2 slices 1g.10gb`."""
    named = {CPU: "processors", MEMORY: "GiB of memory"}
    return f"{number:g} {named[resource]}" if resource in named else resource_title(resource, int(number))


def total(parts: Iterable[Amounts]) -> dict[str, float]:
    """The amounts together."""
    found: dict[str, float] = {}
    for part in parts:
        for resource, number in part.items():
            found[resource] = found.get(resource, 0) + number
    return found


def times(amounts: Amounts, number: int) -> dict[str, float]:
    """The amounts, so many times."""
    return {resource: amount * number for resource, amount in amounts.items()}


def holdings(cluster: Cluster, tenant: Tenant) -> Iterator[Holding]:
    """What always runs: models, ensembles and sets with their least replicas, Ray clusters and services. Jobs come and
    go, and wait for room.

    `tenant` is as `set_workloads.with_sets` makes it, and each of its GPU requests some pool meets.
    """
    sets = tenant.model_sets
    for (kind, name), model in tenant.served.items():
        of_set = name in sets and sets[name].backend is Backend.ADAPTERS
        yield Holding(f"{'modelSets' if of_set else kind}.{name}", times(replica(cluster, model), _least(model)))
    for kind, name, workload in tenant.ray.everything() if tenant.ray else ():
        if not isinstance(workload, RayJob):
            of_set = kind == "services" and name in sets and sets[name].backend is Backend.MULTIPLEX
            yield Holding(f"{'modelSets' if of_set else f'ray.{kind}'}.{name}", ray_needs(workload))
    yield from _mesh(cluster, {name: one for name, one in sets.items() if one.backend is Backend.MODELMESH})


def _mesh(cluster: Cluster, sets: Mapping[str, ModelSet]) -> Iterator[Holding]:
    for name, one in sets.items():
        memory = mesh_memory(cluster, one)
        if memory is not None:
            cpu = pod_shape(cluster, one.gpu, one.cpu, memory.request_gib).cpu
            each = {one.gpu.resource: one.gpu.number, CPU: cpu + 0.5, MEMORY: memory.request_gib + 1}
            yield Holding(f"modelSets.{name}", times(each, one.replicas.min))
    if sets:
        # Its controller and its registry.
        yield Holding("serving.modelmesh", {CPU: 0.2, MEMORY: 0.5})


def replica(cluster: Cluster, model: ServedModel | Ensemble) -> dict[str, float]:
    """What one replica of a model or ensemble takes."""
    shape = pod_shape(cluster, model.gpu, model.cpu, model.memory_gib)
    gpus = {model.gpu.resource: model.gpu.number} if model.gpu is not None else {}
    beside = model.transformer if isinstance(model, ServedModel) else None
    return {
        **gpus,
        CPU: shape.cpu + (beside.cpu if beside else 0),
        MEMORY: shape.memory_gib + (beside.memory_gib if beside else 0),
    }


def canaries(model: ServedModel | Ensemble, own: int) -> int:
    """Replicas of its canary while the model itself has `own`: in knative mode both scale within the same bounds."""
    if not isinstance(model, ServedModel) or model.canary is None:
        return 0
    return own if model.mode is Mode.KNATIVE else model.canary.replicas


def _least(model: ServedModel | Ensemble) -> int:
    own = max(1, model.replicas.min)
    return own + canaries(model, own)


def ray_needs(workload: Workload) -> dict[str, float]:
    """What a Ray workload takes at least. A service that a new cluster replaces needs all of it twice."""
    extra = _AUTOSCALER if autoscales(workload) else 0
    head = {CPU: workload.head.cpu + extra, MEMORY: workload.head.memory_gib + extra}
    once = total((head, *(times(worker(group), group.min) for group in workload.groups.values())))
    return times(once, 2) if isinstance(workload, RayService) and workload.upgrade is Upgrade.NEW_CLUSTER else once


def worker(group: RayGroup) -> dict[str, float]:
    """What one worker of a group takes."""
    gpus = {group.gpu.resource: group.gpu.number} if group.gpu is not None else {}
    return {**gpus, CPU: group.cpu, MEMORY: group.memory_gib}
