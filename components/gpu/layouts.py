"""MIG layouts as mig-manager wants them: named entries of a mig-parted file, and the node label that picks one.

Source: NVIDIA mig-parted, api/spec/v1 (file format) and cmd/nvidia-mig-manager (label contract): a node labelled
`nvidia.com/mig.config=NAME` gets the entry NAME; a custom file replaces the generated one, so it must hold every
name in use, `all-disabled` too.
"""

from collections.abc import Mapping
from typing import Any

from components.gpu.sharing import PLUGIN_CONFIG_LABEL, sharing_name
from components.labels import GPU_POOL

MIG_CONFIG_LABEL = "nvidia.com/mig.config"
"""Node label by which mig-manager picks a layout."""

ALL_DISABLED = "all-disabled"
"""The layout of whole GPUs."""

Layout = Mapping[str, int]
"""Profile -> slices on each GPU; empty for whole GPUs."""


def layout_name(layout: Layout) -> str:
    """A stable name: `{"1g.10gb": 4, "3g.40gb": 1}` -> `4x1g.10gb-1x3g.40gb`. Equal layouts share one name."""
    if not layout:
        return ALL_DISABLED
    return "-".join(f"{count}x{profile.replace('+', '.')}" for profile, count in sorted(layout.items()))


def layout_names(layouts: Mapping[str, Layout]) -> dict[str, str]:
    """Name of each pool's layout, by pool: what is compared from one update to the next."""
    return {pool: layout_name(layout) for pool, layout in layouts.items()}


def mig_parted_config(layouts: Mapping[str, Layout]) -> dict[str, Any]:
    """The mig-parted file for the layouts of all pools, by pool name."""
    entries: dict[str, Any] = {ALL_DISABLED: [{"devices": "all", "mig-enabled": False}]}
    for layout in layouts.values():
        if layout:
            entries[layout_name(layout)] = [
                {"devices": "all", "mig-enabled": True, "mig-devices": dict(sorted(layout.items()))}
            ]
    return {"version": "v1", "mig-configs": dict(sorted(entries.items()))}


def node_labels(pool: str, layout: Layout, *, mig_capable: bool, time_slicing: int | None = None) -> dict[str, str]:
    """Labels of a GPU pool's nodes: which pool it is, which layout its GPUs get and in how many turns they are shared.

    GPUs without MIG carry no layout, GPUs that nobody shares no device-plugin configuration.
    """
    labels = {GPU_POOL: pool}
    if mig_capable:
        labels[MIG_CONFIG_LABEL] = layout_name(layout)
    if time_slicing is not None:
        labels[PLUGIN_CONFIG_LABEL] = sharing_name(time_slicing)
    return labels
