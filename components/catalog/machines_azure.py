"""GPU and system machine types of Azure.

Sources: MicrosoftDocs/azure-compute-docs ``sizes/gpu-accelerated`` (vCPU, memory, GPUs, disks), cross-checked with
kubernetes/autoscaler ``azure_instance_types.go`` (which gives ND96amsr 1800 GiB where the page says 1900). Prices:
Azure/karpenter-provider-azure@352646f5 ``zz_generated.pricing.go``, Linux pay-as-you-go, generated 2026-06-18; a meter
in a region does not prove that the size can be deployed there. NVMe is the sum of the disks; the NC H100 v5 and ND A100
pages call some of them temporary disks. Fractional (NVads A10), retired (NC v3, ND v2) and preview sizes are left out.
"""

from __future__ import annotations

from components.catalog.machine import Cloud, Machine

_GPU: tuple[tuple[str, int, float, str, int, float | None, str | None, int], ...] = (
    ("Standard_NC4as_T4_v3", 4, 28, "T4", 1, 0.526, "eastus", 0),
    ("Standard_NC8as_T4_v3", 8, 56, "T4", 1, 0.752, "eastus", 0),
    ("Standard_NC16as_T4_v3", 16, 110, "T4", 1, 1.204, "eastus", 0),
    ("Standard_NC64as_T4_v3", 64, 440, "T4", 4, 4.352, "eastus", 0),
    ("Standard_NC24ads_A100_v4", 24, 220, "A100-80", 1, 3.673, "eastus", 894),
    ("Standard_NC48ads_A100_v4", 48, 440, "A100-80", 2, 7.346, "eastus", 1788),
    ("Standard_NC96ads_A100_v4", 96, 880, "A100-80", 4, 14.692, "eastus", 3576),
    ("Standard_NC40ads_H100_v5", 40, 320, "H100-94", 1, 6.98, "eastus", 3576),
    ("Standard_NC80adis_H100_v5", 80, 640, "H100-94", 2, 13.96, "eastus", 7152),
    ("Standard_ND96asr_v4", 96, 900, "A100-40", 8, 27.197, "eastus", 7160),
    ("Standard_ND96amsr_A100_v4", 96, 1900, "A100-80", 8, 32.77, "eastus", 7152),
    ("Standard_ND96isr_H100_v5", 96, 1900, "H100-80", 8, 98.32, "eastus", 28672),
    ("Standard_ND96is_H100_v5", 96, 1900, "H100-80", 8, 88.488, "eastus", 28672),
    ("Standard_ND96isr_H200_v5", 96, 1850, "H200-141", 8, 84.8, "eastus2", 28672),
)
"""Name, vCPU, memory GiB, accelerator, GPUs, USD per hour, price region, NVMe GiB."""

_PCIE = {"A100-80": "NVIDIA-A100-80GB-PCIe"}
"""NC A100 v4 carries the PCIe board, ND the SXM one: same geometry, another product label."""

_INFINIBAND = (
    "Standard_ND96asr_v4",
    "Standard_ND96amsr_A100_v4",
    "Standard_ND96isr_H100_v5",
    "Standard_ND96isr_H200_v5",
)
"""Sizes whose GPUs have InfiniBand: the ``r`` in an ND size's name means RDMA (Azure's naming of VM sizes)."""

_SYSTEM: tuple[tuple[str, int, float, float], ...] = (
    ("Standard_D4s_v5", 4, 16, 0.192),
    ("Standard_D8s_v5", 8, 32, 0.384),
    ("Standard_D16s_v5", 16, 64, 0.768),
)
"""Name, vCPU, memory GiB, USD per hour in eastus."""

AZURE_MACHINES = (
    *(
        Machine(
            Cloud.AZURE,
            name,
            vcpu,
            memory,
            key,
            gpus,
            price,
            region,
            None,
            nvme,
            board=_PCIE.get(key) if name.startswith("Standard_NC") else None,
            fast_network="InfiniBand" if name in _INFINIBAND else None,
        )
        for name, vcpu, memory, key, gpus, price, region, nvme in _GPU
    ),
    *(Machine(Cloud.AZURE, name, vcpu, memory, None, 0, price, "eastus") for name, vcpu, memory, price in _SYSTEM),
)
