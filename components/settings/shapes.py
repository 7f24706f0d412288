"""How much processor and memory goes with a GPU: what is left of a node is then enough for its last GPU."""

from typing import NamedTuple

from components.settings.cluster import Cluster, pool_shape
from components.settings.supply import offering_pools, pool_supply
from components.settings.workloads import GpuRequest

USABLE = 0.8
"""Part of a node that workloads may have: kubelet, operating system and the platform's DaemonSets take the rest. GKE
reserves most: about 6 % of the memory and 1 % of the processors of large nodes (GKE documentation, node sizes)."""

CPU_ONLY = (2, 8)
"""Processors and GiB of a replica without GPUs that asks for nothing."""


class Shape(NamedTuple):
    """Processors and memory of one pod."""

    cpu: int
    memory_gib: int


def pod_shape(cluster: Cluster, gpu: GpuRequest | None, cpu: int | None, memory_gib: int | None) -> Shape:
    """What a pod requests: as asked, else its GPUs' fair part of the node.

    Of all pools on which it may run the poorest counts, so that it fits on each. Pools must be valid and offer the
    request: raises what `pool_shape` raises, and ValueError where no pool offers it.
    """
    if gpu is None:
        return Shape(cpu or CPU_ONLY[0], memory_gib or CPU_ONLY[1])
    fair = [_fair(cluster, pool, gpu) for pool in gpu.pools or offering_pools(cluster, gpu.resource, gpu.number)]
    return Shape(cpu or min(part.cpu for part in fair), memory_gib or min(part.memory_gib for part in fair))


def _fair(cluster: Cluster, name: str, gpu: GpuRequest) -> Shape:
    """The part of a node that belongs to `gpu`: as much of it as of the node's GPUs."""
    shape = pool_shape(cluster, cluster.gpu_pools[name])
    # A node in slices of several sizes is shared by their number; small slices then have more than they need.
    part = USABLE * gpu.number / sum(pool_supply(cluster, name).values())
    return Shape(max(1, int(shape.vcpu * part)), max(1, int(shape.memory_gib * part)))
