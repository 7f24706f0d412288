"""Checks of what tenants run on Ray against the cluster: its pools, its API, the tenants' quotas."""

from collections.abc import Iterable, Iterator, Mapping

from components.catalog.mig import slice_resource
from components.settings.cluster import AksCluster, Cluster
from components.settings.problems import ABSENT, Path, Problem, closest
from components.settings.ray import Ray, RayGroup, RayJob, RayService, RayWorkloads, Upgrade, Workload, autoscales
from components.settings.sections import Quota, Tenant
from components.settings.supply import SHARED, WHOLE, offering_pools
from components.settings.workloads import GpuRequest

_AUTOSCALER = 0.5
"""Processors, and GiB of memory, of the autoscaler in a head (KubeRay's default)."""


def placement_problems(cluster: Cluster, tenants: Mapping[str, Tenant], ray: Ray | None) -> Iterator[Problem]:
    """Groups that no pool can hold, an API that the autoscaler cannot reach, and bounds beyond the tenant's quota."""
    for tenant, chosen in tenants.items():
        if chosen.ray is None:
            continue
        path: Path = ("tenants", tenant, "ray")
        unplaced = list(_unplaced(cluster, chosen.ray, path))
        yield from unplaced
        yield from _api_problems(cluster, ray, chosen.ray, path)
        if not unplaced:
            yield from _quota_problems(chosen.quota, chosen.ray, path)


def _unplaced(cluster: Cluster, ray: RayWorkloads, path: Path) -> Iterator[Problem]:
    for kind, name, workload in ray.everything():
        for key, group in workload.groups.items():
            if group.gpu is not None:
                yield from _gpu_problems(cluster, group.gpu, (*path, kind, name, "groups", key, "gpu"))


def _gpu_problems(cluster: Cluster, gpu: GpuRequest, path: Path) -> Iterator[Problem]:
    offering = offering_pools(cluster, gpu.resource, gpu.number)
    key = "slice" if gpu.slice is not None else "count" if gpu.count is not None else "shared"
    what = gpu.slice or f"{gpu.number} {'whole GPUs' if gpu.count is not None else 'turns on shared GPUs'} on one node"
    if not offering:
        yield Problem((*path, key), gpu.slice or gpu.number, f"no pool offers {what}; pools: {_pools(cluster)}")
    for index, pool in enumerate(gpu.pools):
        if pool not in cluster.gpu_pools:
            yield Problem((*path, "pools", index), pool, f"no such GPU pool; {closest(pool, cluster.gpu_pools)}")
        elif offering and pool not in offering:
            yield Problem((*path, "pools", index), pool, f"does not offer {what}; these do: {', '.join(offering)}")


def _pools(cluster: Cluster) -> str:
    described = (
        f"{name} ({', '.join(pool.mig) if pool.mig else 'shared' if pool.time_slicing else 'whole'})"
        for name, pool in cluster.gpu_pools.items()
    )
    return ", ".join(described) or "none"


def _api_problems(cluster: Cluster, ray: Ray | None, chosen: RayWorkloads, path: Path) -> Iterator[Problem]:
    public = isinstance(cluster, AksCluster) and bool(cluster.api.public_cidrs)
    if ray is None or ray.api_server or not public:
        return
    for kind, name, workload in chosen.everything():
        for key, group in workload.groups.items():
            if group.min < group.max:
                yield Problem(
                    (*path, kind, name, "groups", key, "max"),
                    group.max,
                    "to scale, Ray's head must reach the Kubernetes API, which here has a public address that nobody"
                    " knows beforehand; name it in multimodal:ray.apiServer, or set min = max",
                )


def _quota_problems(quota: Quota, ray: RayWorkloads, path: Path) -> Iterator[Problem]:
    granted = _granted(quota)
    for kind, name, workload in ray.everything():
        for key, group in workload.groups.items():
            for resource, number in _gpus(group).items():
                if number * group.max > granted.get(resource, 0):
                    yield Problem(
                        (*path, kind, name, "groups", key, "max"),
                        group.max,
                        f"that is {number * group.max} {_called(resource)}, and the tenant's quota has"
                        f" {granted.get(resource, 0)}; lower it or raise the quota",
                    )
        if isinstance(workload, RayJob):
            yield from _beyond(needs(workload), granted, (*path, kind, name), "to start, it needs")
    standing = _sum(needs(workload) for workload in (*ray.clusters.values(), *ray.services.values()))
    yield from _beyond(standing, granted, path, "together its clusters and services need")


def _beyond(need: Mapping[str, float], granted: Mapping[str, float], path: Path, words: str) -> Iterator[Problem]:
    for resource, number in need.items():
        if number > granted.get(resource, 0):
            yield Problem(
                path,
                ABSENT,
                f"{words} {number:g} {_called(resource)}, and the tenant's quota has {granted.get(resource, 0):g};"
                " lower min or raise the quota",
            )


def needs(workload: Workload) -> dict[str, float]:
    """Resource -> what it takes at least, with `cpu` and `memory` (GiB) among them.

    A service that a new cluster replaces needs all of it twice.
    """
    extra = _AUTOSCALER if autoscales(workload) else 0
    head = {"cpu": workload.head.cpu + extra, "memory": workload.head.memory_gib + extra}
    workers = (
        {"cpu": group.cpu * group.min, "memory": group.memory_gib * group.min}
        | {resource: number * group.min for resource, number in _gpus(group).items()}
        for group in workload.groups.values()
    )
    once = _sum((head, *workers))
    return _sum((once, once)) if isinstance(workload, RayService) and workload.upgrade is Upgrade.NEW_CLUSTER else once


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for resource, number in part.items():
            total[resource] = total.get(resource, 0) + number
    return total


def _gpus(group: RayGroup) -> dict[str, int]:
    return {} if group.gpu is None else {group.gpu.resource: group.gpu.number}


def _granted(quota: Quota) -> dict[str, int]:
    slices = {slice_resource(profile): number for profile, number in quota.slices.items()}
    return {WHOLE: quota.gpus, SHARED: quota.shared_gpus, **slices, "cpu": quota.cpu, "memory": quota.memory_gib}


def _called(resource: str) -> str:
    named = {WHOLE: "whole GPUs", SHARED: "turns on shared GPUs", "cpu": "processors", "memory": "GiB of memory"}
    return named.get(resource, f"slices {resource.removeprefix('nvidia.com/mig-')}")
