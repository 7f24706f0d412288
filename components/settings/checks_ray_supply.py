"""Checks of what tenants run on Ray against the cluster: its pools and its API."""

from collections.abc import Iterator, Mapping

from components.settings.checks_gpus import gpu_problems
from components.settings.cluster import AksCluster, Cluster
from components.settings.problems import Path, Problem
from components.settings.ray import Ray, RayWorkloads
from components.settings.sections import Tenant


def placement_problems(cluster: Cluster, tenants: Mapping[str, Tenant], ray: Ray | None) -> Iterator[Problem]:
    """Groups that no pool can hold, and an API that the autoscaler cannot reach."""
    for tenant, chosen in tenants.items():
        if chosen.ray is None:
            continue
        path: Path = ("tenants", tenant, "ray")
        yield from _unplaced(cluster, chosen.ray, path)
        yield from _api_problems(cluster, ray, chosen.ray, path)


def _unplaced(cluster: Cluster, ray: RayWorkloads, path: Path) -> Iterator[Problem]:
    for kind, name, workload in ray.everything():
        for key, group in workload.groups.items():
            if group.gpu is not None:
                yield from gpu_problems((*path, kind, name, "groups", key, "gpu"), cluster, group.gpu)


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
