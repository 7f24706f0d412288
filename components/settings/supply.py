"""What a cluster's GPU pools can supply at most."""

from collections import Counter
from collections.abc import Callable, Mapping

from components.catalog.accelerators import ACCELERATORS
from components.catalog.device_classes import RDMA_CLASS, quota_resource
from components.catalog.machines_gcp import RDMA
from components.catalog.mig import profiles
from components.settings.cluster import AksCluster, Cluster, EksCluster, GkeCluster, PoolShape, pool_machine, pool_shape
from components.settings.pools import AksGpuPool, EksGpuPool, GkeGpuPool


def supply(cluster: Cluster, nodes: Callable[[PoolShape], int] = lambda shape: shape.max_nodes) -> Mapping[str, int]:
    """Extended resource -> number: whole GPUs, turns on shared ones and MIG slices, with every pool at its largest.

    `nodes` says how many nodes of a pool count instead. Pools must be valid: raises what `pool_shape` raises otherwise.
    """
    total: Counter[str] = Counter()
    for pool in cluster.gpu_pools.values():
        shape = pool_shape(cluster, pool)
        for resource, number in node_supply(shape.accelerator, shape.gpus, pool.mig, pool.time_slicing).items():
            total[resource] += number * nodes(shape)
    return total


WHOLE = "nvidia.com/gpu"
"""Resource of a GPU that a pod has to itself."""

SHARED = "nvidia.com/gpu.shared"
"""Resource of one turn on a time-sliced GPU. It has a name of its own, so that a quota tells a turn from a whole GPU
(NVIDIA k8s-device-plugin, README: `sharing.timeSlicing.renameByDefault`)."""


EFA = "vpc.amazonaws.com/efa"
"""Resource of one Elastic Fabric Adapter, as the EFA device plugin offers it."""

INFINIBAND = "rdma/ib"
"""Resource of one InfiniBand card, as the device plugin of NVIDIA's Network Operator offers it, by Azure's name for it
(Azure/aks-rdma-infiniband, configs/nicclusterpolicy/sriov-device-plugin)."""


def adapters(cluster: Cluster) -> Mapping[str, int]:
    """Network adapters that pods ask for by name, with every pool at its largest: quota resource -> number.

    EFA on EKS and InfiniBand on AKS are resources of the node, RDMA cards on GKE are claimed by class; of the last two
    there is one beside each GPU. Empty where there are none.
    """
    total: Counter[str] = Counter()
    for pool in cluster.gpu_pools.values():
        if isinstance(cluster, EksCluster) and isinstance(pool, EksGpuPool) and pool.fast_network:
            total[f"requests.{EFA}"] += pool_machine(cluster, pool).efa_interfaces * pool.max_nodes
        elif isinstance(cluster, GkeCluster) and isinstance(pool, GkeGpuPool) and claims_cards(cluster, pool):
            total[quota_resource(RDMA_CLASS)] += pool_machine(cluster, pool).gpus * pool.max_nodes
        elif isinstance(cluster, AksCluster) and isinstance(pool, AksGpuPool) and pool.fast_network:
            total[f"requests.{INFINIBAND}"] += pool_machine(cluster, pool).gpus * pool.max_nodes
    return dict(total)


def claims_cards(cluster: GkeCluster, pool: GkeGpuPool) -> bool:
    """Whether GKE's own driver offers the pool's network cards to claims: those of RDMA."""
    return pool.fast_network and pool_machine(cluster, pool).fast_network == RDMA


def node_supply(
    accelerator: str, gpus: int, layout: Mapping[str, int], time_slicing: int | None = None
) -> Mapping[str, int]:
    """Extended resources of one node: its whole GPUs, the slices of `layout` on each, or `time_slicing` turns each."""
    if layout:
        return {profiles(accelerator)[profile].resource: count * gpus for profile, count in layout.items()}
    return {WHOLE: gpus} if time_slicing is None else {SHARED: gpus * time_slicing}


def growing(cluster: Cluster) -> frozenset[str]:
    """GPU pools that get nodes when pods wait for them, and lose them again."""
    shapes = {name: pool_shape(cluster, pool) for name, pool in cluster.gpu_pools.items()}
    return frozenset(name for name, shape in shapes.items() if shape.min_nodes < shape.max_nodes)


def pool_supply(cluster: Cluster, name: str) -> Mapping[str, int]:
    """Extended resources of one node of the pool. Raises what `pool_shape` raises."""
    pool = cluster.gpu_pools[name]
    shape = pool_shape(cluster, pool)
    return node_supply(shape.accelerator, shape.gpus, pool.mig, pool.time_slicing)


def resource_title(resource: str, number: int) -> str:
    """A number of a GPU resource as people say it: `2 whole GPUs`, `1 slice 1g.10gb`, `3 turns on shared GPUs`."""
    plural = "" if number == 1 else "s"
    if resource == WHOLE:
        return f"{number} whole GPU{plural}"
    if resource == SHARED:
        return f"{number} turn{plural} on shared GPUs"
    return f"{number} slice{plural} {resource.removeprefix('nvidia.com/mig-')}"


def offering_pools(cluster: Cluster, resource: str, number: int) -> tuple[str, ...]:
    """Pools of which one node has `number` of `resource`, those with the smallest GPU memory first.

    Pools must be valid: raises what `pool_shape` raises otherwise.
    """
    found: list[tuple[int, str]] = []
    for name, pool in cluster.gpu_pools.items():
        if pool_supply(cluster, name).get(resource, 0) >= number:
            found.append((ACCELERATORS[pool_shape(cluster, pool).accelerator].memory_gib, name))
    return tuple(name for _, name in sorted(found))
