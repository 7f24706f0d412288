"""Pools for the tests of every cloud."""

from components.cluster.pools import GpuPoolArgs
from components.gpu.layouts import MIG_CONFIG_LABEL, layout_name
from components.settings.supply import node_supply


def gpu_pool(
    machine: str, *, driver: str = "AL2023_x86_64_NVIDIA", slices: dict[str, int] | None = None
) -> GpuPoolArgs:
    """A pool of eight GPUs a node that scales from zero; `slices` are those of one GPU, none for whole ones."""
    labels = {"multimodal.dev/gpu-pool": "pool"}
    layout = slices or {}
    labels[MIG_CONFIG_LABEL] = layout_name(layout)
    return {
        "machine": machine,
        "accelerator": "H100-80",
        "gpus": 8,
        "resources": dict(node_supply("H100-80", 8, layout)),
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": "on-demand",
        "reservation": None,
        "fast_network": False,
        "time_slicing": None,
        "disk_gib": 200,
        "labels": labels,
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
        "driver": driver,
        "zones": [],
    }
