"""GPU and system machine types of Compute Engine.

Sources: vCPU and memory from the SkyPilot catalogue v8 (``gcp/vms.csv``) and the machine-family pages; g2 and g4 from
the pages only. GKE accelerator names: GoogleCloudPlatform/container-engine-accelerators (a2-ultragpu is
``nvidia-a100-80gb`` there; other tools differ). Bundled local SSD: GoogleCloudPlatform/cluster-toolkit
``gke-node-pool/disk_definitions.tf``; optional SSDs count as 0. Prices:
cloudpilot-ai/karpenter-provider-gcp@417f047b, whole machine on demand, refreshed 2026-08-03; a3-ultragpu from one
undated public constant; a4 has no list price.

Google lists memory in "GB" but counts in 1024s (the API's ``memoryMb`` is 1024 times the listed number), so the
number is taken as GiB without conversion. T4 and V100 are attached to n1 machines, which needs a guest accelerator
beside the machine type, and are left out.
"""

from __future__ import annotations

from components.catalog.machine import Cloud, Machine

_GPU: tuple[tuple[str, int, float, str, int, float | None, str | None, str, int], ...] = (
    ("a2-highgpu-1g", 12, 85, "A100-40", 1, 3.6734, "us-central1", "nvidia-tesla-a100", 0),
    ("a2-highgpu-2g", 24, 170, "A100-40", 2, 7.3468, "us-central1", "nvidia-tesla-a100", 0),
    ("a2-highgpu-4g", 48, 340, "A100-40", 4, 14.6935, "us-central1", "nvidia-tesla-a100", 0),
    ("a2-highgpu-8g", 96, 680, "A100-40", 8, 29.3871, "us-central1", "nvidia-tesla-a100", 0),
    ("a2-megagpu-16g", 96, 1360, "A100-40", 16, 55.7395, "us-central1", "nvidia-tesla-a100", 0),
    ("a2-ultragpu-1g", 12, 170, "A100-80", 1, 5.0688, "us-central1", "nvidia-a100-80gb", 375),
    ("a2-ultragpu-2g", 24, 340, "A100-80", 2, 10.1376, "us-central1", "nvidia-a100-80gb", 750),
    ("a2-ultragpu-4g", 48, 680, "A100-80", 4, 20.2752, "us-central1", "nvidia-a100-80gb", 1500),
    ("a2-ultragpu-8g", 96, 1360, "A100-80", 8, 40.5504, "us-central1", "nvidia-a100-80gb", 3000),
    ("a3-highgpu-1g", 26, 234, "H100-80", 1, 11.0612, "us-central1", "nvidia-h100-80gb", 750),
    ("a3-highgpu-2g", 52, 468, "H100-80", 2, 22.1225, "us-central1", "nvidia-h100-80gb", 1500),
    ("a3-highgpu-4g", 104, 936, "H100-80", 4, 44.245, "us-central1", "nvidia-h100-80gb", 3000),
    ("a3-highgpu-8g", 208, 1872, "H100-80", 8, 88.49, "us-central1", "nvidia-h100-80gb", 6000),
    ("a3-megagpu-8g", 208, 1872, "H100-80", 8, 92.9376, "us-east4", "nvidia-h100-mega-80gb", 6000),
    ("a3-ultragpu-8g", 224, 2952, "H200-141", 8, 84.8069, "us-central1", "nvidia-h200-141gb", 12000),
    ("a4-highgpu-8g", 224, 3968, "B200", 8, None, None, "nvidia-b200", 12000),
    ("g2-standard-4", 4, 16, "L4", 1, 0.7068, "us-central1", "nvidia-l4", 0),
    ("g2-standard-8", 8, 32, "L4", 1, 0.8536, "us-central1", "nvidia-l4", 0),
    ("g2-standard-12", 12, 48, "L4", 1, 1.0004, "us-central1", "nvidia-l4", 0),
    ("g2-standard-16", 16, 64, "L4", 1, 1.1472, "us-central1", "nvidia-l4", 0),
    ("g2-standard-32", 32, 128, "L4", 1, 1.7344, "us-central1", "nvidia-l4", 0),
    ("g2-standard-24", 24, 96, "L4", 2, 2.0008, "us-central1", "nvidia-l4", 0),
    ("g2-standard-48", 48, 192, "L4", 4, 4.0017, "us-central1", "nvidia-l4", 0),
    ("g2-standard-96", 96, 384, "L4", 8, 8.0033, "us-central1", "nvidia-l4", 0),
    ("g4-standard-48", 48, 180, "RTX-PRO-6000", 1, 4.4999, "us-central1", "nvidia-rtx-pro-6000", 0),
    ("g4-standard-96", 96, 360, "RTX-PRO-6000", 2, 8.9999, "us-central1", "nvidia-rtx-pro-6000", 0),
    ("g4-standard-192", 192, 720, "RTX-PRO-6000", 4, 17.9997, "us-central1", "nvidia-rtx-pro-6000", 0),
    ("g4-standard-384", 384, 1440, "RTX-PRO-6000", 8, 35.9994, "us-central1", "nvidia-rtx-pro-6000", 0),
)
"""Name, vCPU, memory GiB, accelerator, GPUs, USD per hour, price region, GKE accelerator, bundled SSD GiB."""

_SYSTEM: tuple[tuple[str, int, float, float], ...] = (
    ("e2-standard-4", 4, 16, 0.13402),
    ("e2-standard-8", 8, 32, 0.26805),
    ("e2-standard-16", 16, 64, 0.53609),
    ("n2-standard-4", 4, 16, 0.194236),
    ("n2-standard-8", 8, 32, 0.388472),
    ("n2-standard-16", 16, 64, 0.776944),
)
"""Name, vCPU, memory GiB, USD per hour in us-central1."""

RDMA = "GPUDirect-RDMA"
"""Network of A3 Ultra and A4."""

_FAST = {
    "a3-megagpu-8g": "GPUDirect-TCPXO",
    "a3-ultragpu-8g": RDMA,
    "a4-highgpu-8g": RDMA,
}
"""Machines whose eight GPU network cards GKE wires by itself (accelerator network profile `auto`): TCPXO and RoCE.
a3-highgpu-8g has four cards for TCPX, which would need networks of their own, and is left out.

Source: Google's machine-family pages; the network counts also in GoogleCloudPlatform/cluster-toolkit's examples."""

_SPOT_OR_QUEUED = frozenset({"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"})
"""Sold as Spot or Flex-start only (Google's page on accelerator-optimized machines)."""

GCP_MACHINES = (
    *(
        Machine(
            Cloud.GCP,
            name,
            vcpu,
            memory,
            key,
            gpus,
            price,
            region,
            gke,
            nvme,
            on_demand=name not in _SPOT_OR_QUEUED,
            fast_network=_FAST.get(name),
        )
        for name, vcpu, memory, key, gpus, price, region, gke, nvme in _GPU
    ),
    *(Machine(Cloud.GCP, name, vcpu, memory, None, 0, price, "us-central1") for name, vcpu, memory, price in _SYSTEM),
)
