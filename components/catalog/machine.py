"""What a machine type is; the rows are in ``machines_<cloud>.py``, look-up in ``machines.py``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from components.catalog.accelerators import ACCELERATORS


class Cloud(Enum):
    """A cloud that runs a managed cluster."""

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine type of one cloud, as its API names it."""

    cloud: Cloud
    name: str
    vcpu: int
    """Virtual CPUs, before anything the node reserves."""
    memory_gib: float
    """Memory in GiB, before anything the node reserves."""
    accelerator: str | None
    """Key of `accelerators.ACCELERATORS`; None for a machine without GPUs."""
    gpus: int
    """Whole GPUs; 0 without an accelerator."""
    price_usd_hour: float | None
    """List price on demand (Linux) in `price_region`, GPUs included; None where none is published. Not a quote."""
    price_region: str | None
    gke_accelerator: str | None = None
    """Value of GKE's node label ``cloud.google.com/gke-accelerator``; None on other clouds."""
    local_nvme_gib: int = 0
    """Local disks that come with the machine, summed, in GiB; 0 where there are none or they are optional."""
    arch: str = "amd64"
    """Value of the node label ``kubernetes.io/arch``."""
    board: str | None = None
    """``nvidia.com/gpu.product`` where this machine carries another board than the accelerator's usual one."""
    network_cards: int = 1
    """Network cards that interfaces are spread over (EC2 ``NetworkInfo.MaximumNetworkCards``); 1 on other clouds."""
    efa_interfaces: int = 0
    """Elastic Fabric Adapters at most (EC2 ``EfaInfo.MaximumEfaInterfaces``); 0 where there are none."""
    on_demand: bool = True
    """False where the cloud sells it as spot or queued (flex-start) capacity only."""
    fast_network: str | None = None
    """What joins these machines for multi-node jobs: EFA, GPUDirect-TCPX, GPUDirect-TCPXO, GPUDirect-RDMA or
    InfiniBand. None: the plain network only."""

    @property
    def efa_huge_pages_mib(self) -> int:
        """Huge pages of 2 MiB, in MiB, on which pods can count where the machine is wired with EFA; 0 without adapters.

        The node image's EFA software sets them aside at boot: 5128 pages by the EKS user guide ("Run machine learning
        training on Amazon EKS with Elastic Fabric Adapter"), 110 MiB for each of two endpoints a core by another image
        of AWS (bottlerocket-core-kit#141), which is less on small machines. This is half of the one or the whole of the
        other, whichever is less, so that no node is bought for a pod that it could not hold.
        """
        return min(5120, 110 * self.vcpu) if self.efa_interfaces else 0

    @property
    def gpu_product(self) -> str | None:
        """Value of the node label ``nvidia.com/gpu.product``; None without GPUs."""
        return None if self.accelerator is None else self.board or ACCELERATORS[self.accelerator].product
