"""What Azure allows for GPU machines beyond what a machine type says."""

RESERVABLE = ("Standard_NC", "_T4_v3"), ("Standard_NC", "_A100_v4")
"""Beginning and end of the GPU sizes of the catalog that on-demand capacity reservations take. ND sizes and NCads H100
v5 are not among them (MicrosoftDocs/azure-compute-docs, capacity-reservation-overview, read 2026-11)."""

SINGLE_PLACEMENT_AT_MOST = 100
"""Nodes of one placement group, which InfiniBand does not leave (Azure documentation, VM sizes for HPC)."""


def reservable(machine: str) -> bool:
    """Whether Azure takes reservations for a GPU size."""
    return any(machine.startswith(first) and machine.endswith(last) for first, last in RESERVABLE)


OS_DISK_AT_MOST = 2048
"""GiB of a node's OS disk (container service API, ContainerServiceOSDisk)."""

TEMP_DISK_GIB = {
    "Standard_NC4as_T4_v3": 176,
    "Standard_NC8as_T4_v3": 352,
    "Standard_NC16as_T4_v3": 352,
    "Standard_NC64as_T4_v3": 2816,
    "Standard_NC24ads_A100_v4": 64,
    "Standard_NC48ads_A100_v4": 128,
    "Standard_NC96ads_A100_v4": 256,
    "Standard_NC40ads_H100_v5": 3576,
    "Standard_NC80adis_H100_v5": 7152,
    "Standard_ND96asr_v4": 6000,
    "Standard_ND96amsr_A100_v4": 6400,
    "Standard_ND96isr_H100_v5": 1024,
    "Standard_ND96isr_H200_v5": 1024,
}
"""Temporary disk in GiB of sizes that support ephemeral OS disks (MicrosoftDocs/azure-compute-docs,
sizes/gpu-accelerated, local storage and feature support; read 2026-11). NVMe disks beside it are not counted."""

EPHEMERAL_AT_MOST = 2040
"""GiB; the largest ephemeral OS disk (Azure documentation, ephemeral OS disks)."""


def os_disk(machine: str, disk_gib: int) -> str:
    """Ephemeral where the machine's temporary disk holds the OS disk: faster, and free of charge. Else Managed."""
    fits = disk_gib <= min(TEMP_DISK_GIB.get(machine, 0), EPHEMERAL_AT_MOST)
    return "Ephemeral" if fits else "Managed"
