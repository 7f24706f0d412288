"""MIG geometry of each GPU model: its slices, and where each profile may begin.

Sources: placements are what ``nvidia-smi mig -lgipp`` prints (NVIDIA MIG user guide, "Getting Started with MIG", for
A100; the same starts and sizes are published for H100 80 GB and H100 NVL; for the RTX PRO 6000, a row of 12 slots with
``{0,3,6,9}:3``, ``{0,6}:6`` and ``{0}:12``). Names and counts: user guide, "Supported MIG Profiles", and
NVIDIA/gpu-operator v26.7.0 ``assets/state-mig-manager/0400_configmap.yaml``. H200, B200 and B300 publish counts only;
they share the counts of the H100, and its geometry is used for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from components.catalog.accelerators import accelerator


def slice_resource(profile: str) -> str:
    """`1g.10gb` -> `nvidia.com/mig-1g.10gb`, under the device plugin's mixed strategy; "+" is not allowed there."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


@dataclass(frozen=True, slots=True)
class MigProfile:
    """One size of slice on one GPU model."""

    name: str
    """NVIDIA's name, e.g. ``1g.10gb+me``."""
    memory_gb: int
    """Memory in GB as the name gives it."""
    compute_slices: int
    """Compute slices taken from the GPU's pool."""
    memory_slices: int
    """Neighbouring memory slots taken."""
    starts: tuple[int, ...]
    """Slots at which an instance may begin."""
    max_per_gpu: int
    """Most instances of this profile alone on one GPU."""
    engines: int = 0
    """Media engines taken; only counted on GPUs where they run out first (RTX PRO 6000)."""

    @property
    def resource(self) -> str:
        """Extended resource of one instance."""
        return slice_resource(self.name)


@dataclass(frozen=True, slots=True)
class Geometry:
    """What one GPU has to give."""

    compute: int
    memory: int
    """Memory slots."""
    engines: int
    """Media engines; 0 where they never limit a mix."""
    profiles: Mapping[str, MigProfile]


def _datacentre(one: int, pair: int, half: int, whole: int) -> Geometry:
    """Seven compute slices on eight memory slots; the arguments are memory in GB per profile."""
    rows = (
        MigProfile(f"1g.{one}gb", one, 1, 1, (0, 1, 2, 3, 4, 5, 6), 7),
        MigProfile(f"1g.{one}gb+me", one, 1, 1, (0, 1, 2, 3, 4, 5, 6), 1),
        MigProfile(f"1g.{pair}gb", pair, 1, 2, (0, 2, 4, 6), 4),
        MigProfile(f"2g.{pair}gb", pair, 2, 2, (0, 2, 4), 3),
        MigProfile(f"3g.{half}gb", half, 3, 4, (0, 4), 2),
        MigProfile(f"4g.{half}gb", half, 4, 4, (0,), 1),
        MigProfile(f"7g.{whole}gb", whole, 7, 8, (0,), 1),
    )
    return Geometry(7, 8, 0, MappingProxyType({p.name: p for p in rows}))


def _rtx_pro_6000() -> Geometry:
    """Four compute slices on twelve slots, and four media engines that run out before the memory does."""
    quarter, half, whole = (0, 3, 6, 9), (0, 6), (0,)
    rows = (
        MigProfile("1g.24gb", 24, 1, 3, quarter, 4, 1),
        MigProfile("1g.24gb+me", 24, 1, 3, quarter, 1, 1),
        MigProfile("1g.24gb+gfx", 24, 1, 3, quarter, 4, 1),
        MigProfile("1g.24gb+me.all", 24, 1, 3, quarter, 1, 4),
        MigProfile("1g.24gb-me", 24, 1, 3, quarter, 4, 0),
        MigProfile("2g.48gb", 48, 2, 6, half, 2, 2),
        MigProfile("2g.48gb+gfx", 48, 2, 6, half, 2, 2),
        MigProfile("2g.48gb+me.all", 48, 2, 6, half, 1, 4),
        MigProfile("2g.48gb-me", 48, 2, 6, half, 2, 0),
        MigProfile("4g.96gb", 96, 4, 12, whole, 1, 4),
        MigProfile("4g.96gb+gfx", 96, 4, 12, whole, 1, 4),
    )
    return Geometry(4, 12, 4, MappingProxyType({p.name: p for p in rows}))


_GEOMETRY: Mapping[str, Geometry] = MappingProxyType(
    {
        "A100-40": _datacentre(5, 10, 20, 40),
        "A100-80": _datacentre(10, 20, 40, 80),
        "H100-80": _datacentre(10, 20, 40, 80),
        "H100-94": _datacentre(12, 24, 47, 94),
        "H200-141": _datacentre(18, 35, 71, 141),
        "B200": _datacentre(23, 45, 90, 180),
        "B300": _datacentre(34, 67, 135, 269),
        "RTX-PRO-6000": _rtx_pro_6000(),
    }
)
_NONE = Geometry(0, 0, 0, MappingProxyType({}))


def geometry(accelerator_key: str) -> Geometry:
    """The GPU's geometry; no slices and no profiles where it has no MIG. Raises `UnknownAccelerator`."""
    return _GEOMETRY.get(accelerator(accelerator_key).key, _NONE)


def profiles(accelerator_key: str) -> Mapping[str, MigProfile]:
    """Every profile of the GPU by name, smallest first; empty where it has no MIG. Raises `UnknownAccelerator`."""
    return geometry(accelerator_key).profiles
