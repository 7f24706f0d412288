"""How many models of a set are in a GPU's memory at once. Pure."""

import math
import re
from typing import NamedTuple

from components.catalog.accelerators import ACCELERATORS
from components.settings.cluster import Cluster, pool_shape
from components.settings.model_sets import Backend, ModelSet
from components.settings.supply import offering_pools, resource_title
from components.settings.workloads import GpuRequest

FILLED = 0.9
"""Part of a GPU's marketed memory that models may fill. Drivers report 93 to 95 % (22.4 of 24 GiB on an A10G), and vLLM
takes 90 % by default (vLLM documentation, `--gpu-memory-utilization`)."""

RUNTIME_GIB = 1.0
"""What CUDA and its libraries take in each process before there is a model."""

SERVER_GIB = 2
"""What Triton itself takes of a container's memory."""

ADAPTERS_PART = 0.25
"""Part of what the base model leaves that adapters may have; the rest is vLLM's cache of keys and values, which bounds
how many requests run at once."""

MOST_SLOTS = 64
"""Adapters in GPU memory at most: vLLM reserves each slot at start, and its kernels get slower with their number."""


class Density(NamedTuple):
    """How full one replica's GPU gets."""

    gpu_gib: float
    """Memory of the replica's GPU or slice, as marketed; of the smallest where several pools may hold it."""

    room_gib: float
    """What of it models may have."""

    fitting: int
    """Models that fit there at once; 0 where not even one does."""

    models: int
    """Models of the set."""

    @property
    def resident(self) -> int:
        """Models in GPU memory at once; the others wait in a store."""
        return min(self.fitting, self.models)


def gpu_memory(cluster: Cluster, gpu: GpuRequest) -> float | None:
    """GiB of GPU memory behind one request; None where no pool offers it. Pools must be valid."""
    if gpu.slice is not None:
        known = re.match(r"\d+g\.(\d+)gb", gpu.slice)
        return float(known[1]) if known and offering_pools(cluster, gpu.resource, 1) else None
    names = gpu.pools or offering_pools(cluster, gpu.resource, gpu.number)
    pools = {name: cluster.gpu_pools[name] for name in names if name in cluster.gpu_pools}
    return min(
        (
            ACCELERATORS[pool_shape(cluster, pool).accelerator].memory_gib * gpu.number / (pool.time_slicing or 1)
            for pool in pools.values()
        ),
        default=None,
    )


def density(cluster: Cluster, chosen: ModelSet) -> Density | None:
    """How many of the set's models a replica's GPU holds; None where no pool offers the GPU."""
    memory = gpu_memory(cluster, chosen.gpu)
    if memory is None:
        return None
    room = max(0.0, memory * FILLED - RUNTIME_GIB)
    most = len(chosen.models)
    if chosen.backend is Backend.MODELMESH and chosen.memory_gib is not None:
        room = max(0.0, min(room, chosen.memory_gib - SERVER_GIB))
    if chosen.backend is Backend.ADAPTERS:
        room = max(0.0, room - (chosen.base_gib or 0)) * ADAPTERS_PART
        most = MOST_SLOTS
    return Density(memory, round(room, 2), min(most, int(room / chosen.model_gib)), len(chosen.models))


class Memory(NamedTuple):
    """Memory of a ModelMesh server."""

    request_gib: int
    """What its container requests."""

    buffer_bytes: int
    """What of it no model may have; the rest is the room for models."""


def mesh_memory(cluster: Cluster, chosen: ModelSet) -> Memory | None:
    """Memory of one replica of a ModelMesh set; None where no pool offers the GPU.

    ModelMesh knows nothing of GPUs: it fills what a container requests, less a buffer (modelmesh-serving v0.12.0,
    controllers/modelmesh/runtime.go). So the request is what the GPU has room for, with the server's own on top.
    """
    found = density(cluster, chosen)
    if found is None:
        return None
    request = chosen.memory_gib or math.ceil(found.room_gib) + SERVER_GIB
    return Memory(request, int((request - found.room_gib) * 2**30))


def sentence(chosen: ModelSet, found: Density) -> str:
    """The density as people say it: `4 of 300 models on each of 2 to 6 x 1 slice 1g.10gb`."""
    least, most = chosen.replicas.min, chosen.replicas.most
    times = f"{least}" if least == most else f"{least} to {most}"
    what = "adapters" if chosen.backend is Backend.ADAPTERS else "models"
    gpus = resource_title(chosen.gpu.resource, chosen.gpu.number)
    return f"{found.resident} of {found.models} {what} at once on {gpus}, {times} times"
