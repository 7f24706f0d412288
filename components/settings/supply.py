"""What a cluster's GPU pools can supply at most."""

from collections import Counter
from collections.abc import Callable, Mapping

from components.catalog.mig import profiles
from components.settings.cluster import Cluster, PoolShape, pool_shape


def supply(cluster: Cluster, nodes: Callable[[PoolShape], int] = lambda shape: shape.max_nodes) -> Mapping[str, int]:
    """Extended resource -> number: whole GPUs and MIG slices, with every pool at its largest.

    `nodes` says how many nodes of a pool count instead. Pools must be valid: raises what `pool_shape` raises otherwise.
    """
    total: Counter[str] = Counter()
    for pool in cluster.gpu_pools.values():
        shape = pool_shape(cluster, pool)
        gpus = shape.gpus * nodes(shape)
        if not pool.mig:
            total["nvidia.com/gpu"] += gpus
        for profile, count in pool.mig.items():
            total[profiles(shape.accelerator)[profile].resource] += count * gpus
    return total


def scales_from_zero(cluster: Cluster) -> bool:
    """True when some GPU pool may have no node until a pod waits for one."""
    return any(pool_shape(cluster, pool).min_nodes == 0 for pool in cluster.gpu_pools.values())
