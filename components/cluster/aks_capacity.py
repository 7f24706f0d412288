"""What Azure allows for a GPU pool's machines: disks, reservations, neighbours. Plain values in and out."""

from typing import TYPE_CHECKING

from components.catalog.azure_limits import SINGLE_PLACEMENT_AT_MOST, reservable

if TYPE_CHECKING:
    from components.cluster.pools import GpuPoolArgs

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


def check_pool(name: str, pool: "GpuPoolArgs") -> None:
    """Refuse what Azure would refuse half an hour later.

    Raises `ValueError` for a reservation of machines that Azure does not reserve, a reservation together with
    placement, and a fast network across zones or across more nodes than one placement group has.
    """
    reserved, fast = pool["capacity"] == "reserved", pool["fast_network"]
    if reserved and not pool["reservation"]:
        raise ValueError(f"pool {name}: capacity reserved without a reservation; name the capacity reservation group")
    if reserved and not reservable(pool["machine"]):
        raise ValueError(
            f"pool {name}: Azure reserves no {pool['machine']}, only NCas T4 v3 and NC A100 v4 of the GPU sizes known"
            " here; buy on-demand"
        )
    if reserved and fast:
        raise ValueError(
            f"pool {name}: a capacity reservation and a proximity placement group exclude each other; buy on-demand or"
            " leave the fast network out"
        )
    if fast and len(pool["zones"]) > 1:
        raise ValueError(f"pool {name}: InfiniBand does not leave a zone; name one zone at most")
    if fast and pool["max_nodes"] > SINGLE_PLACEMENT_AT_MOST:
        raise ValueError(
            f"pool {name}: {pool['max_nodes']} nodes, but InfiniBand reaches {SINGLE_PLACEMENT_AT_MOST} at most; "
            "make two pools"
        )
