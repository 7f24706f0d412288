"""Checks of training jobs: pools that can hold them, the fast network, the tenant's quota."""

from collections.abc import Iterator, Mapping

from components.settings.checks_gpus import gpu_problems
from components.settings.cluster import AksCluster, Cluster, ExistingCluster, pool_shape
from components.settings.holdings import CPU, MEMORY, granted, quota_key, times
from components.settings.problems import Path, Problem
from components.settings.sections import Quota, Tenant
from components.settings.supply import offering_pools, resource_title
from components.settings.training import Training, room, training_pools, wired, workers_per_node


def training_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Training jobs that could never run."""
    for tenant, settings in tenants.items():
        for name, training in settings.training.items():
            path: Path = ("tenants", tenant, "training", name)
            if training.checkpoints is not None and isinstance(cluster, ExistingCluster):
                yield Problem(
                    (*path, "checkpoints"),
                    training.checkpoints,
                    "an existing cluster has no artifact store of the platform's; pass your own location in `args`",
                )
            yield from _quota_problems(path, training, settings.quota)
            placing = list(_pool_problems(path, cluster, training))
            yield from placing
            if not placing:
                yield from _room_problems(path, cluster, training)


def _pool_problems(path: Path, cluster: Cluster, training: Training) -> Iterator[Problem]:
    gpu = training.gpu
    yield from gpu_problems((*path, "gpu"), cluster, gpu)
    offering = offering_pools(cluster, gpu.resource, gpu.number)
    if not offering:
        return
    named = [pool for pool in gpu.pools if pool in offering]
    if training.fast_network:
        for index, pool in enumerate(gpu.pools):
            if pool in named and not wired(cluster, pool):
                yield Problem((*path, "gpu", "pools", index), pool, "it has no fastNetwork, which this job asks for")
        if not any(wired(cluster, pool) for pool in offering):
            yield Problem(
                (*path, "fastNetwork"),
                True,
                f"no pool that offers {resource_title(gpu.resource, gpu.number)} on one node has fastNetwork"
                f" ({', '.join(offering)}); set it on one, or leave it out here",
            )
            return
        if len(named) > 1:
            yield Problem(
                (*path, "gpu", "pools"), list(gpu.pools), "the fast network does not join two pools; name one of them"
            )
        if isinstance(cluster, AksCluster):
            yield from _empty_problems(path, cluster, training)
    kinds = sorted({pool_shape(cluster, cluster.gpu_pools[pool]).accelerator for pool in named})
    if len(kinds) > 1:
        yield Problem(
            (*path, "gpu", "pools"),
            list(gpu.pools),
            f"workers of one job need like GPUs, and these pools have {' and '.join(kinds)}; name pools of one kind",
        )


def _empty_problems(path: Path, cluster: AksCluster, training: Training) -> Iterator[Problem]:
    """A job that would wait for ever for the first node of an empty pool."""
    for pool in training_pools(cluster, training):
        if wired(cluster, pool) and cluster.gpu_pools[pool].min_nodes == 0:
            yield Problem(
                (*path, "fastNetwork"),
                True,
                f"aks's autoscaler cannot know that nodes of the empty pool {pool} would bring InfiniBand cards, and"
                f" would never start it; set minNodes: 1 on {pool}, or leave it out here",
            )


def _room_problems(path: Path, cluster: Cluster, training: Training) -> Iterator[Problem]:
    pools = training_pools(cluster, training)
    if not any(workers_per_node(cluster, pool, training) for pool in pools):
        yield Problem(
            path,
            {"cpu": training.cpu, "memoryGib": training.memory_gib},
            f"no node of {', '.join(pools)} has that much for one worker, less what a node needs itself; lower it",
        )
        return
    most = sum(room(cluster, pool, training) for pool in pools)
    if training.workers > most:
        yield Problem(
            (*path, "workers"),
            training.workers,
            f"{', '.join(pools)} can hold at most {most} such workers; lower it or raise maxNodes",
        )


def _quota_problems(path: Path, training: Training, quota: Quota) -> Iterator[Problem]:
    gpu, workers = training.gpu, training.workers
    has = granted(quota)
    one = {gpu.resource: gpu.number, CPU: training.cpu, MEMORY: training.memory_gib}
    bounds = [(times(one, workers)[name], has.get(name, 0), ".".join(quota_key(name))) for name in one]
    for needed, allowed, what in (*bounds, (workers, quota.pods, "pods")):
        if needed > allowed:
            yield Problem(
                (*path, "workers"),
                workers,
                f"together they need {needed} of the tenant's quota.{what} = {allowed}; lower it or raise the quota",
            )
