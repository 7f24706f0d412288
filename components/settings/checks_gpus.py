"""The check of a request for GPUs, whoever makes it: a model, a Ray worker or a training job."""

from collections.abc import Iterator

from components.settings.cluster import Cluster
from components.settings.problems import Path, Problem, closest
from components.settings.supply import offering_pools, pool_supply, resource_title
from components.settings.workloads import GpuRequest


def gpu_problems(path: Path, cluster: Cluster, gpu: GpuRequest) -> Iterator[Problem]:
    """What no pool can meet, or none of those that it names. `path` is that of the request. Pools must be valid."""
    offering = offering_pools(cluster, gpu.resource, gpu.number)
    wanted = resource_title(gpu.resource, gpu.number)
    for index, pool in enumerate(gpu.pools):
        if pool not in cluster.gpu_pools:
            yield Problem((*path, "pools", index), pool, f"no such GPU pool; {closest(pool, cluster.gpu_pools)}")
        elif pool not in offering:
            yield Problem(
                (*path, "pools", index),
                pool,
                f"no node of this pool has {wanted}; {_who_has(offering)}",
            )
    if not offering and not gpu.pools:
        kinds = (
            resource_title(resource, number)
            for pool in cluster.gpu_pools
            for resource, number in pool_supply(cluster, pool).items()
        )
        yield Problem(
            path,
            gpu.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True),
            f"no node of any pool has {wanted}; nodes have {', '.join(sorted(set(kinds))) or 'no GPUs'}",
        )


def _who_has(offering: tuple[str, ...]) -> str:
    return f"pools that have: {', '.join(offering)}" if offering else "no pool has"
