"""What a cluster's GPU pools can supply at most."""

from collections import Counter
from collections.abc import Mapping

from components.catalog.mig import profiles
from components.settings.cluster import Cluster, pool_shape


def supply(cluster: Cluster) -> Mapping[str, int]:
    """Extended resource -> number, with every pool at its largest: whole GPUs and MIG slices.

    Pools must be valid: raises what `pool_shape` raises otherwise.
    """
    total: Counter[str] = Counter()
    for pool in cluster.gpu_pools.values():
        shape = pool_shape(cluster, pool)
        gpus = shape.gpus * shape.max_nodes
        if not pool.mig:
            total["nvidia.com/gpu"] += gpus
        for profile, count in pool.mig.items():
            total[profiles(shape.accelerator)[profile].resource] += count * gpus
    return total


def scales_from_zero(cluster: Cluster) -> bool:
    """True when some GPU pool may have no node until a pod waits for one."""
    return any(pool_shape(cluster, pool).scales_from_zero for pool in cluster.gpu_pools.values())
