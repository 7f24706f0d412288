"""Pools for the tests of every cloud."""

from components.cluster.pools import GpuPoolArgs


def gpu_pool(machine: str, *, driver: str = "AL2023_x86_64_NVIDIA", mig: str | None = None) -> GpuPoolArgs:
    """A pool of eight GPUs a node that scales from zero; `mig` names its layout."""
    labels = {"multimodal.dev/gpu-pool": "pool"}
    if mig:
        labels["nvidia.com/mig.config"] = mig
    return {
        "machine": machine,
        "accelerator": "H100-80",
        "gpus": 8,
        "min_nodes": 0,
        "max_nodes": 4,
        "spot": False,
        "disk_gib": 200,
        "labels": labels,
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
        "driver": driver,
        "zones": [],
    }
