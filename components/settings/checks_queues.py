"""Checks of tenants' queues: what they reserve, against quotas and pools."""

from collections.abc import Iterator, Mapping

from components.catalog.mig import slice_resource
from components.settings.cluster import Cluster, pool_shape
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import GpuAmounts, Tenant
from components.settings.supply import SHARED, WHOLE, growing, node_supply, supply


def guarantee_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Guarantees beyond a quota, beyond what the pools have, or of GPUs that come and go."""
    reserved: dict[str, dict[str, int]] = {}
    for name, tenant in tenants.items():
        quotas = {resource: number for _, resource, number in _amounts(tenant.quota)}
        for key, resource, number in _amounts(tenant.queue.guarantee):
            path: Path = ("tenants", name, "queue", "guarantee", *key)
            reserved.setdefault(resource, {})[name] = number
            if number > quotas.get(resource, 0):
                yield Problem(
                    path, number, f"more than the quota of {quotas.get(resource, 0)}; lower it or raise the quota"
                )
            elif movers := _growing_pools(cluster, resource):
                yield Problem(
                    path,
                    number,
                    f"pools that grow have these GPUs ({', '.join(movers)}); the autoscaler takes those that are held"
                    " back for free ones and adds no node for other tenants. Set minNodes = maxNodes there, or leave"
                    " it out: a queue's weight says already what it can take back",
                )
    offered = supply(cluster)
    for resource, shares in reserved.items():
        total = sum(shares.values())
        if total > offered.get(resource, 0):
            told = ", ".join(f"{name} {number}" for name, number in shares.items())
            yield Problem(
                ("tenants",),
                ABSENT,
                f"queue guarantees of {resource} are {total} together ({told}), and all pools together have"
                f" {offered.get(resource, 0)}; lower some",
            )


def _amounts(amounts: GpuAmounts) -> Iterator[tuple[Path, str, int]]:
    """Key in the stack file, resource and number of each kind of GPU that is not zero."""
    if amounts.gpus:
        yield ("gpus",), WHOLE, amounts.gpus
    if amounts.shared_gpus:
        yield ("sharedGpus",), SHARED, amounts.shared_gpus
    for profile, number in amounts.slices.items():
        yield ("slices", profile), slice_resource(profile), number


def _growing_pools(cluster: Cluster, resource: str) -> list[str]:
    found: list[str] = []
    for name in sorted(growing(cluster)):
        pool = cluster.gpu_pools[name]
        shape = pool_shape(cluster, pool)
        if resource in node_supply(shape.accelerator, shape.gpus, pool.mig, pool.time_slicing):
            found.append(name)
    return found
