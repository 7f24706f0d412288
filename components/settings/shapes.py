"""How much processor and memory goes with a GPU: what is left of a node is then enough for its last GPU."""

from typing import NamedTuple

from components.settings.cluster import Cluster, pool_shape
from components.settings.supply import offering_pools, pool_supply
from components.settings.workloads import GpuRequest

_KUBELET_MEMORY = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06))
"""GiB of a node's memory, from the first on, and the part of each that the kubelet and the system keep; 2 % of all
beyond. GKE's, which of the three clouds keeps most (GKE documentation, "Plan GKE Standard node sizes")."""

_KUBELET_CPU = ((1, 0.06), (1, 0.04), (2, 0.02))
"""The same of processors, 1 % of all beyond. AKS's, which keeps most (AKS documentation, "Resource reservations")."""

_BESIDE = (0.5, 1.5)
"""Processors and GiB of the platform's and the clouds' DaemonSets on a GPU node, and of memory what the kubelet evicts
pods for. Measured nowhere: what their requests add up to, rounded up."""

CPU_ONLY = (2, 8)
"""Processors and GiB of a replica without GPUs that asks for nothing."""


class Shape(NamedTuple):
    """Processors and memory of one pod."""

    cpu: int
    memory_gib: int


def usable(vcpu: int, memory_gib: int) -> Shape:
    """What of a node pods may have, in whole processors and GiB."""
    return Shape(
        int(vcpu - _kept(vcpu, _KUBELET_CPU, 0.01) - _BESIDE[0]),
        int(memory_gib - _kept(memory_gib, _KUBELET_MEMORY, 0.02) - _BESIDE[1]),
    )


def _kept(amount: float, steps: tuple[tuple[int, float], ...], beyond: float) -> float:
    kept = 0.0
    for size, part in steps:
        kept += min(amount, size) * part
        amount = max(0.0, amount - size)
    return kept + amount * beyond


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
    pool = pool_shape(cluster, cluster.gpu_pools[name])
    node = usable(pool.vcpu, pool.memory_gib)
    # A node in slices of several sizes is shared by their number; small slices then have more than they need.
    parts = sum(pool_supply(cluster, name).values())
    return Shape(max(1, node.cpu * gpu.number // parts), max(1, node.memory_gib * gpu.number // parts))


def placed(cluster: Cluster, gpu: GpuRequest | None) -> bool:
    """Whether every pool on which the pod may run is there and offers its GPUs. Pools must be valid."""
    if gpu is None:
        return True
    offering = offering_pools(cluster, gpu.resource, gpu.number)
    return bool(offering) and set(gpu.pools) <= set(offering)
