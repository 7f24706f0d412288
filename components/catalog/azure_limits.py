"""What Azure allows for GPU machines beyond what a machine type says."""

RESERVABLE = ("Standard_NC", "_T4_v3"), ("Standard_NC", "_A100_v4")
"""Beginning and end of the GPU sizes of the catalog that on-demand capacity reservations take. ND sizes and NCads H100
v5 are not among them (MicrosoftDocs/azure-compute-docs, capacity-reservation-overview, read 2026-11)."""

SINGLE_PLACEMENT_AT_MOST = 100
"""Nodes of one placement group, which InfiniBand does not leave (Azure documentation, VM sizes for HPC)."""


def reservable(machine: str) -> bool:
    """Whether Azure takes reservations for a GPU size."""
    return any(machine.startswith(first) and machine.endswith(last) for first, last in RESERVABLE)
