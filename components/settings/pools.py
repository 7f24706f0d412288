"""Settings of node pools: how machines are bought, cut, shared and wired."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.settings.model import Count, LabelKey, LabelValue, Model, PositiveCount, Taint


class Capacity(StrEnum):
    """How a pool's machines are bought."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"

    RESERVED = "reserved"
    """From a reservation that is already paid for: an EC2 capacity reservation, a Compute Engine reservation, an Azure
    capacity reservation group."""

    CAPACITY_BLOCK = "capacity-block"
    """An EC2 capacity block: GPUs for a term that was booked ahead. AWS only."""

    FLEX_START = "flex-start"
    """Queued provisioning: the machines come when all of them can, for at most seven days. Google Cloud only."""


class GpuPoolBase(Model):
    """What every GPU pool has, on any provider."""

    mig: dict[str, PositiveCount] = Field(default_factory=dict)
    """MIG layout of every GPU in the pool: profile -> number, such as {1g.10gb: 4, 3g.40gb: 1}. Empty: whole GPUs."""

    time_slicing: Annotated[int, Field(ge=2, le=48)] | None = None
    """Pods that share one GPU in turns, without memory isolation; for GPUs that have no MIG."""

    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Further node labels."""

    taints: tuple[Taint, ...] = ()
    """Further node taints."""


class CloudGpuPool(GpuPoolBase):
    """One GPU node pool of a cloud: machine type × capacity × layout."""

    machine: str
    """Machine type of the cloud, such as p5.48xlarge, a3-highgpu-8g or Standard_ND96isr_H100_v5."""

    min_nodes: Count = 0
    """Smallest size. 0 (the default) scales from zero: an idle pool costs nothing."""

    max_nodes: PositiveCount
    """Largest size; quotas are checked against it."""

    capacity: Capacity = Capacity.ON_DEMAND
    """How the machines are bought."""

    reservation: str | None = None
    """Which reservation or capacity block; needed for `reserved` and `capacity-block`, refused otherwise."""

    fast_network: bool = False
    """Wires the nodes for multi-node jobs: EFA, GPUDirect or InfiniBand, placed close together in one zone."""

    disk_gib: Annotated[int, Field(ge=100, le=16384)] = 200
    """Boot disk in GiB. Serving images are tens of GiB, so less than 100 is refused."""


class EksGpuPool(CloudGpuPool):
    """A GPU pool of EKS."""

    zones: tuple[str, ...] = ()
    """Zones out of the cluster's. Empty: all of them."""


class GkeGpuPool(CloudGpuPool):
    """A GPU pool of GKE; accelerator machines live in few zones, so a pool names its own."""

    zones: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+\d+-[a-z]$")], ...], Field(min_length=1)
    ]
    """Zones of the region that have the machine type; sizes count over all of them together."""


class AksGpuPool(CloudGpuPool):
    """A GPU pool of AKS."""

    zones: tuple[Literal["1", "2", "3"], ...] = ()
    """Availability zones; empty: Azure chooses, as sizes that exist in one zone only need."""


class ExistingGpuPool(GpuPoolBase):
    """GPU nodes that an existing cluster already has. They carry the label multimodal.dev/gpu-pool=<pool>."""

    accelerator: str
    """GPU model by its catalog key, such as H100-80."""

    gpus: PositiveCount
    """GPUs in one node."""

    nodes: PositiveCount
    """How many nodes the pool has."""

    vcpu: PositiveCount = 96
    """Processors of one node; a rehearsal's simulated nodes have them."""

    memory_gib: PositiveCount = 1024
    """Memory of one node in GiB; a rehearsal's simulated nodes have it."""


class CpuPool(Model):
    """The pool for the platform's own controllers."""

    machine: str
    """Machine type without a GPU."""

    min_nodes: PositiveCount = 2
    """Smallest size; two survive the loss of one node."""

    max_nodes: PositiveCount = 4
    """Largest size."""


class PoolShape(Model):
    """What one pool brings: the same facts for every provider."""

    accelerator: str
    """Catalog key of the GPU."""

    gpus: int
    """GPUs per node."""

    vcpu: int
    """Processors of one node."""

    memory_gib: int
    """Memory of one node in GiB."""

    min_nodes: int
    """Nodes at least; 0 where the pool scales from zero."""

    max_nodes: int
    """Nodes at most."""
