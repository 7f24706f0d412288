"""GPU pools as cluster components take them: settings, driver plan and layouts already worked out into plain values."""

from collections.abc import Collection
from typing import TypedDict

from components.catalog.accelerators import ACCELERATORS
from components.gpu.drivers import DriverPlan
from components.gpu.layouts import node_labels
from components.labels import GPU_TAINT, LOCAL_MODELS
from components.settings.cluster import AksCluster, CloudCluster, Cluster, GpuPool, pool_machine
from components.settings.pools import Capacity, CloudGpuPool
from components.settings.sections import Allocation
from components.settings.supply import node_supply


class NodeTaint(TypedDict):
    """A taint in Kubernetes' own words."""

    key: str
    value: str
    effect: str
    """NoSchedule, PreferNoSchedule or NoExecute."""


class GpuPoolArgs(TypedDict):
    """One GPU node pool."""

    machine: str
    """Machine type of the cloud."""

    accelerator: str
    """Catalog key of its GPU."""

    gpus: int
    """GPUs per node."""

    resources: dict[str, int]
    """GPU resources that one node offers once the GPU Operator has set it up: whole GPUs, turns or MIG slices.
    Empty where pods claim GPUs, which are then no resources of the node."""

    min_nodes: int
    max_nodes: int
    capacity: str
    """How the machines are bought: a `Capacity` value."""

    reservation: str | None
    """Which reservation or capacity block."""

    fast_network: bool
    """Wired for multi-node jobs, close together in one zone."""

    time_slicing: int | None
    """Pods that share one GPU in turns."""

    disk_gib: int
    labels: dict[str, str]
    """All node labels, those for the GPU Operator included."""

    taints: list[NodeTaint]
    """All node taints, the GPU taint included."""

    driver: str
    """What the pool is told about the driver: a `PoolDriver` value."""

    zones: list[str]
    """Zones of the pool; empty: the cluster's."""


class SystemPoolArgs(TypedDict):
    """The pool for the platform's own controllers."""

    machine: str
    min_nodes: int
    max_nodes: int


def gpu_pool_args(cluster: CloudCluster, plan: DriverPlan, cached: Collection[str] = ()) -> dict[str, GpuPoolArgs]:
    """Every GPU pool of `cluster`, by name, under `plan`. Nodes of those in `cached` keep models' weights."""
    pools: dict[str, GpuPoolArgs] = {}
    for name, pool in cluster.gpu_pools.items():
        found = pool_machine(cluster, pool)
        accelerator = ACCELERATORS[str(found.accelerator)]
        pools[name] = {
            "machine": pool.machine,
            "accelerator": accelerator.key,
            "gpus": found.gpus,
            "resources": {}
            if plan.allocation is Allocation.DRA
            else dict(node_supply(accelerator.key, found.gpus, pool.mig, pool.time_slicing)),
            "min_nodes": pool.min_nodes,
            "max_nodes": pool.max_nodes,
            "capacity": pool.capacity.value,
            "reservation": pool.reservation,
            "fast_network": pool.fast_network,
            "time_slicing": pool.time_slicing,
            "disk_gib": pool.disk_gib,
            "labels": {
                **pool.labels,
                **plan.node_labels,
                **(LOCAL_MODELS if name in cached else {}),
                **node_labels(name, pool.mig, mig_capable=accelerator.mig, time_slicing=pool.time_slicing),
            },
            "taints": pool_taints(cluster, pool),
            "driver": plan.pool.value,
            "zones": list(pool.zones),
        }
    return pools


AKS_SPOT_TAINT: NodeTaint = {
    "key": "kubernetes.azure.com/scalesetpriority",
    "value": "spot",
    "effect": "NoSchedule",
}
"""AKS puts it on every spot node, and whatever runs there must tolerate it (AKS documentation on spot pools)."""


def pool_taints(cluster: Cluster, pool: GpuPool) -> list[NodeTaint]:
    """Every taint of a pool's nodes, those that the cloud adds by itself included."""
    spot = isinstance(cluster, AksCluster) and isinstance(pool, CloudGpuPool) and pool.capacity is Capacity.SPOT
    return [
        {"key": GPU_TAINT, "value": "present", "effect": "NoSchedule"},
        *({"key": t.key, "value": t.value, "effect": t.effect.value} for t in pool.taints),
        *([AKS_SPOT_TAINT] if spot else []),
    ]


def taint_keys(cluster: Cluster) -> list[str]:
    """Keys of all taints on GPU nodes: what a pod tolerates that may land on any of them."""
    return sorted({taint["key"] for pool in cluster.gpu_pools.values() for taint in pool_taints(cluster, pool)})


def fast_pools(cluster: Cluster) -> list[str]:
    """Names of the pools that are wired for multi-node jobs."""
    return [name for name, pool in cluster.gpu_pools.items() if isinstance(pool, CloudGpuPool) and pool.fast_network]


def system_pool_args(cluster: CloudCluster) -> SystemPoolArgs:
    """The pool for the platform's own controllers."""
    pool = cluster.system_pool
    return {"machine": pool.machine, "min_nodes": pool.min_nodes, "max_nodes": pool.max_nodes}
