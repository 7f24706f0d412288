"""Which models keep their weights on the local disks of which nodes. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from components.settings.cluster import Cluster, EksCluster, pool_machine
from components.settings.platform_serving import ModelCache
from components.settings.sections import Tenant
from components.settings.serving import ServedModel
from components.settings.supply import offering_pools

PART = 0.5
"""Part of the local disks that weights may fill, where the stack file does not say; the rest is for images and pods'
scratch space."""


class Cached(NamedTuple):
    """One model whose weights stay on nodes."""

    tenant: str
    model: str
    pool: str
    gib: int


def model_pools(cluster: Cluster, model: ServedModel) -> tuple[str, ...]:
    """Pools on which the model may run; empty for one without a GPU. Pools must be valid."""
    if model.gpu is None:
        return ()
    return model.gpu.pools or offering_pools(cluster, model.gpu.resource, model.gpu.number)


def cached_models(cluster: Cluster, tenants: Mapping[str, Tenant]) -> list[Cached]:
    """The cached models of valid settings, each with its one pool."""
    return [
        Cached(name, key, model_pools(cluster, model)[0], model.cache_gib)
        for name, tenant in tenants.items()
        for key, model in tenant.models.items()
        if model.cache_gib is not None
    ]


def cache_room(cluster: EksCluster, pool: str, cache: ModelCache) -> int:
    """GiB of weights that a node of the pool may keep; 0 where its machine has no local disks."""
    disks = pool_machine(cluster, cluster.gpu_pools[pool]).local_nvme_gib
    return min(disks, cache.size_gib) if cache.size_gib is not None else int(disks * PART)
