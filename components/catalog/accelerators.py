"""GPU models that the three clouds sell, under one short key each.

Sources: product strings as GPU feature discovery reports them (NVIDIA/k8s-device-plugin: the NVML product name with
blanks replaced by "-", and the driver's product names); memory and architecture from NVIDIA's MIG user guide,
"Supported GPUs", and from the EC2 and Azure size pages. Grace (arm64) parts are left out: the platform builds x86-64
node pools only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


class UnknownAccelerator(ValueError):  # noqa: N818 - reads as what it says in an error
    """A key that is not in `ACCELERATORS`; the message lists the keys that are."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One GPU model."""

    key: str
    """Short name used in stack files and in `Machine.accelerator`, e.g. ``H100-80``."""
    product: str
    """Value of the node label ``nvidia.com/gpu.product`` on the SXM or server part that most machines carry. A machine
    with another board of the same model says so in `Machine.gpu_product`."""
    memory_gib: int
    """Memory as marketed, in GiB. The driver reports a little less (22.4 on a 24 GiB A10G)."""
    architecture: str
    """Value of the node label ``nvidia.com/gpu.family``."""
    mig: bool
    """Whether the GPU can be partitioned; `mig.profiles` then has its geometry."""


_ALL = (
    Accelerator("T4", "Tesla-T4", 16, "turing", mig=False),
    Accelerator("V100-16", "Tesla-V100-SXM2-16GB", 16, "volta", mig=False),
    Accelerator("V100-32", "Tesla-V100-SXM2-32GB", 32, "volta", mig=False),
    Accelerator("A10", "NVIDIA-A10", 24, "ampere", mig=False),
    Accelerator("A10G", "NVIDIA-A10G", 24, "ampere", mig=False),
    Accelerator("L4", "NVIDIA-L4", 24, "ada-lovelace", mig=False),
    Accelerator("L40S", "NVIDIA-L40S", 48, "ada-lovelace", mig=False),
    Accelerator("A100-40", "NVIDIA-A100-SXM4-40GB", 40, "ampere", mig=True),
    Accelerator("A100-80", "NVIDIA-A100-SXM4-80GB", 80, "ampere", mig=True),
    Accelerator("H100-80", "NVIDIA-H100-80GB-HBM3", 80, "hopper", mig=True),
    Accelerator("H100-94", "NVIDIA-H100-NVL", 94, "hopper", mig=True),
    Accelerator("H200-141", "NVIDIA-H200", 141, "hopper", mig=True),
    Accelerator("B200", "NVIDIA-B200", 180, "blackwell", mig=True),
    Accelerator("B300", "NVIDIA-B300-SXM6-AC", 288, "blackwell", mig=True),
    Accelerator("RTX-PRO-6000", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", 96, "blackwell", mig=True),
)

ACCELERATORS: Mapping[str, Accelerator] = MappingProxyType({a.key: a for a in _ALL})
"""Every known GPU model by key."""


def accelerator(key: str) -> Accelerator:
    """The GPU model with this key. Raises `UnknownAccelerator`, which names the close and the known keys."""
    found = ACCELERATORS.get(key)
    if found is not None:
        return found
    close = get_close_matches(key.upper(), ACCELERATORS, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    raise UnknownAccelerator(f"unknown accelerator {key!r}{hint} Known: {', '.join(ACCELERATORS)}")
