"""Which mixes of MIG slices fit on one GPU, and where.

A GPU is cut along two axes. Memory is a row of slots; a profile takes ``memory_slices`` neighbouring slots and may
begin only at one of ``starts``. Compute is a pool of slices (7 on data-centre parts). A mix fits when every
instance finds free slots and the pool is not overdrawn, so the maximum of each profile alone says little: 3 + 3 + 1
compute slices are 7 of 7, but the two 3g already fill the memory.

Instances that are created in an unlucky order can block each other; mig-parted tries the orders until one works
(NVIDIA/mig-parted ``pkg/mig/config``), so a layout is accepted here when any placement exists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from components.catalog.accelerators import ACCELERATORS
from components.catalog.mig_geometry import Geometry, MigProfile, geometry, profiles, slice_resource

__all__ = [
    "Geometry",
    "Layout",
    "LayoutError",
    "MigProfile",
    "Placement",
    "fits",
    "geometry",
    "maximal",
    "place",
    "profiles",
    "room",
    "slice_resource",
    "text",
]

Layout = Mapping[str, int]
"""Instances of each profile on *one* GPU, e.g. ``{"3g.40gb": 1, "1g.10gb": 4}``. A count of 0 means none."""


class LayoutError(ValueError):
    """A layout that one GPU cannot hold; the message says what does not fit and what would."""


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """One instance at its place."""

    profile: str
    start: int
    """First memory slot."""


_PLAIN = re.compile(r"\d+g\.\d+gb")
_Counts = tuple[tuple[str, int], ...]


def text(layout: Layout) -> str:
    """The layout as people write it, largest slice first: ``1x3g.40gb + 4x1g.10gb``."""
    named = sorted(((name, n) for name, n in layout.items() if n), key=lambda item: (-_size(item[0]), item[0]))
    return " + ".join(f"{n}x{name}" for name, n in named) or "no slices"


def place(accelerator_key: str, layout: Layout) -> tuple[Placement, ...]:
    """Where each instance of the layout goes on one GPU, by start slot.

    Raises `LayoutError` when nothing fits (or a profile or count makes no sense), `UnknownAccelerator` for the key.
    """
    found = _search(accelerator_key, _counts(accelerator_key, layout))
    if found is None:
        raise LayoutError(_explain(accelerator_key, layout))
    return found


def fits(accelerator_key: str, layout: Layout) -> bool:
    """Whether one GPU can hold the layout. An unknown profile does not fit; an unknown GPU raises."""
    try:
        counts = _counts(accelerator_key, layout)
    except LayoutError:
        return False
    return _search(accelerator_key, counts) is not None


def room(accelerator_key: str, layout: Layout) -> Mapping[str, int]:
    """How many more of each profile would still fit beside the layout, each taken alone.

    Raises `LayoutError` when the layout itself does not fit.
    """
    place(accelerator_key, layout)
    more: dict[str, int] = {}
    for name, profile in profiles(accelerator_key).items():
        have = layout.get(name, 0)
        extra = 0
        while have + extra < profile.max_per_gpu and fits(accelerator_key, {**layout, name: have + extra + 1}):
            extra += 1
        more[name] = extra
    return MappingProxyType(more)


@cache
def maximal(accelerator_key: str) -> tuple[Layout, ...]:
    """Every mix of the plain profiles (no +me, +gfx, -me) to which nothing more can be added, largest slices first."""
    plain = [p for p in profiles(accelerator_key).values() if _PLAIN.fullmatch(p.name)]
    done: list[Layout] = []

    def grow(index: int, mix: dict[str, int]) -> None:
        if index == len(plain):
            if mix and all(not fits(accelerator_key, {**mix, p.name: mix.get(p.name, 0) + 1}) for p in plain):
                done.append(MappingProxyType(dict(mix)))
            return
        profile = plain[index]
        for count in range(profile.max_per_gpu + 1):
            trial = {**mix, profile.name: count} if count else mix
            if not fits(accelerator_key, trial):
                break
            grow(index + 1, trial)

    grow(0, {})
    by_size = sorted(done, key=lambda mix: sorted((-_size(n) for n, c in mix.items() for _ in range(c))))
    return tuple(by_size)


def _size(name: str) -> int:
    """Compute and memory of a profile as one number, for ordering; 0 for what is not a profile name."""
    match = re.match(r"(\d+)g\.(\d+)gb", name)
    return int(match[1]) * 10_000 + int(match[2]) if match else 0


def _counts(accelerator_key: str, layout: Layout) -> _Counts:
    """The layout in one canonical order, after refusing what no GPU could hold."""
    known = profiles(accelerator_key)
    wanted = {name: n for name, n in layout.items() if n != 0}
    if wanted and not known:
        able = ", ".join(key for key, a in ACCELERATORS.items() if a.mig)
        raise LayoutError(
            f"{text(layout)} asks for MIG slices, but {accelerator_key} has no MIG; GPUs that have: {able}"
        )
    for name, n in wanted.items():
        if name not in known:
            raise LayoutError(f"{accelerator_key} has no MIG profile {name!r}; it has {', '.join(known)}")
        if n < 0:
            raise LayoutError(f"{name}: {n} on {accelerator_key} is not a number of instances; give 0 or more")
    return tuple(sorted(wanted.items(), key=lambda item: (-_size(item[0]), item[0])))


@cache
def _search(accelerator_key: str, counts: _Counts) -> tuple[Placement, ...] | None:
    """Any placement of the counts, or None. Exhaustive: at most a dozen slots, largest slices first."""
    gpu = geometry(accelerator_key)
    wanted = [gpu.profiles[name] for name, n in counts for _ in range(n)]
    overdrawn = sum(p.compute_slices for p in wanted) > gpu.compute or sum(p.engines for p in wanted) > gpu.engines
    if overdrawn or any(n > gpu.profiles[name].max_per_gpu for name, n in counts):
        return None

    def put(index: int, taken: int) -> tuple[Placement, ...] | None:
        if index == len(wanted):
            return ()
        profile = wanted[index]
        for start in profile.starts:
            slots = ((1 << profile.memory_slices) - 1) << start
            if not taken & slots and (rest := put(index + 1, taken | slots)) is not None:
                return (Placement(profile.name, start), *rest)
        return None

    found = put(0, 0)
    return None if found is None else tuple(sorted(found, key=lambda p: p.start))


def _explain(accelerator_key: str, layout: Layout) -> str:
    """Why the layout does not fit, and the nearest things that do."""
    gpu = geometry(accelerator_key)
    counts = _counts(accelerator_key, layout)
    head = f"{text(layout)} does not fit one {accelerator_key}"
    over = [(name, n) for name, n in counts if n > gpu.profiles[name].max_per_gpu]
    if over:
        limits = ", ".join(f"{gpu.profiles[name].max_per_gpu} of {name}" for name, _ in over)
        return f"{head}: it takes at most {limits}{_suggest(accelerator_key, layout)}"
    kept: dict[str, int] = {}
    left: dict[str, int] = {}
    for name, n in counts:
        while n and not fits(accelerator_key, {**kept, name: n}):
            n -= 1
            left[name] = left.get(name, 0) + 1
        kept[name] = n
    need = sum(gpu.profiles[name].compute_slices * n for name, n in counts)
    slots = sum(gpu.profiles[name].memory_slices * n for name, n in counts)
    engines = sum(gpu.profiles[name].engines * n for name, n in counts)
    used = f"it needs {need} of {gpu.compute} compute slices and {slots} of {gpu.memory} memory slots"
    if gpu.engines:
        used += f" and {engines} of {gpu.engines} media engines"
    return f"{head}: {used}; beside {text(kept)} there is no place for {text(left)}{_suggest(accelerator_key, layout)}"


def _suggest(accelerator_key: str, layout: Layout) -> str:
    """The three mixes that keep most of what was asked."""

    def loss(mix: Layout) -> tuple[int, int]:
        kept = sum(_size(name) * min(n, mix.get(name, 0)) for name, n in layout.items())
        return -kept, sum(_size(name) * max(0, n - layout.get(name, 0)) for name, n in mix.items())

    nearest = sorted(maximal(accelerator_key), key=loss)[:3]
    return f". Mixes that fit: {'; '.join(text(mix) for mix in nearest)}"
