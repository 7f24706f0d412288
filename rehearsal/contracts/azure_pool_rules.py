"""What AKS and Azure Compute check about disks, reservations, neighbours and upgrades.

Sources: AKS documentation, "Capacity reservation groups", "Proximity placement groups", "Planned maintenance" and
"Auto-upgrade"; Azure Compute documentation, "On-demand capacity reservation", "Ephemeral OS disks", pages of GPU sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.catalog.azure_limits import EPHEMERAL_AT_MOST, TEMP_DISK_GIB, reservable
from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import given, known, strings
from rehearsal.providers.plugin_values import Path

_RESERVATIONS = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/capacityReservationGroups/[^/]+", re.I
)
_GPU_SIZE = re.compile(r"Standard_N[CDVG]", re.I)
_SCHEDULES = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_OFFSET = re.compile(r"[+-]([01]\d):[0-5]\d")
_KINDS = ("daily", "weekly", "absoluteMonthly", "relativeMonthly")


def pool_placement(inputs: Inputs, path: Path = ()) -> Iterator[Violation]:
    """Reservations, placement groups and ephemeral disks of a pool."""
    yield from _reservation(inputs, path)
    zones = [zone for _, zone in strings(inputs, "availabilityZones")]
    if given(inputs, "proximityPlacementGroupID") and len(zones) > 1:
        problem = "must name one zone at most in a proximity placement group"
        yield Violation((*path, "availabilityZones"), problem, zones)
    size, disk = known(inputs, "vmSize"), known(inputs, "osDiskSizeGB")
    if known(inputs, "osDiskType") == "Ephemeral" and isinstance(size, str) and isinstance(disk, int):
        room = min(TEMP_DISK_GIB.get(size, EPHEMERAL_AT_MOST), EPHEMERAL_AT_MOST)
        if disk > room:
            yield Violation((*path, "osDiskSizeGB"), f"an ephemeral disk of {size} has at most {room} GiB", disk)


def _reservation(inputs: Inputs, path: Path) -> Iterator[Violation]:
    where: Path = (*path, "capacityReservationGroupID")
    if not given(inputs, "capacityReservationGroupID"):
        return
    group, size = known(inputs, "capacityReservationGroupID"), known(inputs, "vmSize")
    if isinstance(group, str) and not _RESERVATIONS.fullmatch(group):
        yield Violation(where, "must be the id of a Microsoft.Compute/capacityReservationGroups", group)
    if known(inputs, "scaleSetPriority") == "Spot":
        yield Violation(where, "cannot be given for a Spot pool", group)
    if given(inputs, "proximityPlacementGroupID"):
        yield Violation(where, "cannot be combined with proximityPlacementGroupID", group)
    if isinstance(size, str) and _GPU_SIZE.match(size) and not reservable(size):
        yield Violation(where, f"Azure takes no reservations of {size}", group)


def channels(inputs: Inputs) -> Iterator[Violation]:
    """Under the channel node-image, images are what the other channel must say, too."""
    versions = known(inputs, "autoUpgradeProfile.upgradeChannel")
    images = known(inputs, "autoUpgradeProfile.nodeOSUpgradeChannel")
    if versions == "node-image" and images not in (None, "NodeImage"):
        where: Path = ("autoUpgradeProfile", "nodeOSUpgradeChannel")
        yield Violation(where, "must be NodeImage under upgradeChannel node-image", images)


def maintenance(inputs: Inputs) -> Iterator[Violation]:
    """A known name; a window of 4-24 hours, once a day, week or month, for the two named schedules."""
    name = known(inputs, "configName")
    if isinstance(name, str) and name not in _SCHEDULES:
        yield Violation(("configName",), f"not one of {', '.join(_SCHEDULES)}", name)
    if name in _SCHEDULES[1:] and not given(inputs, "maintenanceWindow"):
        yield Violation(("maintenanceWindow",), f"missing: {name} is a window", verdict="needs it")
    hours = known(inputs, "maintenanceWindow.durationHours")
    if isinstance(hours, int) and not 4 <= hours <= 24:
        yield Violation(("maintenanceWindow", "durationHours"), "must be from 4 to 24", hours)
    start, offset = known(inputs, "maintenanceWindow.startTime"), known(inputs, "maintenanceWindow.utcOffset")
    if isinstance(start, str) and not _HOUR.fullmatch(start):
        yield Violation(("maintenanceWindow", "startTime"), "must be from 00:00 to 23:59", start)
    if isinstance(offset, str) and not _OFFSET.fullmatch(offset):
        yield Violation(("maintenanceWindow", "utcOffset"), "must be such as +00:00 or -07:00", offset)
    kinds = [kind for kind in _KINDS if given(inputs, f"maintenanceWindow.schedule.{kind}")]
    if given(inputs, "maintenanceWindow") and len(kinds) != 1:
        problem = f"must have exactly one of {', '.join(_KINDS)}, has {len(kinds)}"
        yield Violation(("maintenanceWindow", "schedule"), problem)
