"""The classes by which pods claim devices (Dynamic Resource Allocation), and how quotas and queues name them.

Sources: kubernetes-sigs/dra-driver-nvidia-gpu v0.4.1, templates/deviceclass-*.yaml; kubernetes v1.35,
pkg/quota/v1/evaluator/core/resource_claims.go; volcano v1.15.0, pkg/scheduler/plugins/capacity (`deviceclass/`).
"""

GPU_CLASS = "gpu.nvidia.com"
"""Whole GPUs."""

CLASSES = (GPU_CLASS, "mig.nvidia.com", "vfio.gpu.nvidia.com")
"""All classes of the driver without compute domains: whole GPUs, MIG slices and GPUs handed to virtual machines."""


RDMA_CLASS = "mrdma.google.com"
"""Network cards of GKE's A3 Ultra and A4 machines, one beside each GPU, where GKE's own driver for them runs (GKE
documentation, "Allocate network resources by using GKE managed DRANET")."""


def quota_resource(device_class: str) -> str:
    """What a ResourceQuota calls the devices that a namespace claims by a class."""
    return f"{device_class}.deviceclass.resource.k8s.io/devices"


def queue_resource(device_class: str) -> str:
    """What a Volcano queue calls them."""
    return f"deviceclass/{device_class}"
