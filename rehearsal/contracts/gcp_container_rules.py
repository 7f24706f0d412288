"""What GKE checks and its discovery document does not say.

Sources: GKE reference of projects.locations.clusters and .nodePools, "Run GPUs in GKE Standard node pools", "Run
multi-instance GPUs", "Flex-start", "Configure automated networking for accelerator VMs", "Maintenance windows and
exclusions", and the preconditions that GoogleCloudPlatform/cluster-toolkit writes down.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.catalog.machines import Cloud, machines
from components.catalog.mig import profiles
from rehearsal.contracts.binding import Inputs, Rule, Violation
from rehearsal.contracts.rules import given, items, known, strings
from rehearsal.providers.plugin_values import Path

# Families that carry their GPUs; a guest accelerator may repeat them, it cannot change them.
_GPU_FAMILIES = ("a2-", "a3-", "a4-", "g2-", "g4-")
_RANGES = (
    ("clusterIpv4CidrBlock", "clusterSecondaryRangeName"),
    ("servicesIpv4CidrBlock", "servicesSecondaryRangeName"),
)
_LONGEST_FLEX_START = 604_800
_COMPACT_FLEX_START = ("a3-ultragpu-", "a4-", "h4d-")
_PROFILED = ("a3-megagpu-", "a3-ultragpu-", "a4-", "a4x-", "ct6e-")
_RDMA = ("a3-ultragpu-", "a4-")
_LOCAL_SSD_GIB = 375
_LEAST_MAINTENANCE = 48
_EFFECTS = ("NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE")


def cluster(inputs: Inputs) -> Iterator[Violation]:
    """Encryption has its key, Autopilot has no node settings, VPC-native has its ranges."""
    state = known(inputs, "databaseEncryption.state")
    if state == "ENCRYPTED" and not given(inputs, "databaseEncryption.keyName"):
        yield Violation(("databaseEncryption", "keyName"), "missing when state is ENCRYPTED", verdict="needs it")
    mode = known(inputs, "networkingMode")
    if mode not in (None, "VPC_NATIVE", "ROUTES"):
        yield Violation(("networkingMode",), "not one of VPC_NATIVE, ROUTES", mode)
    for own, other in _RANGES:
        if given(inputs, f"ipAllocationPolicy.{own}") and given(inputs, f"ipAllocationPolicy.{other}"):
            value = known(inputs, f"ipAllocationPolicy.{own}")
            yield Violation(("ipAllocationPolicy", own), f"cannot be combined with {other}", value)
    if known(inputs, "enableAutopilot") is True:
        for name in ("nodeConfig", "removeDefaultNodePool", "initialNodeCount"):
            if given(inputs, name):
                yield Violation((name,), "cannot be set on an Autopilot cluster", known(inputs, name))
    elif inputs.get("initialNodeCount") is None and not given(inputs, "nodePools") and "enableAutopilot" not in inputs:
        yield Violation(("initialNodeCount",), "missing: a cluster starts with a node pool", verdict="needs it")
    if given(inputs, "nodeConfig"):
        yield from node_config("nodeConfig")(inputs)


def node_pool(inputs: Inputs) -> Iterator[Violation]:
    """Autoscaling limits in order and of one kind; no fixed count beside them; spot or preemptible, not both."""
    for low, high in (("minNodeCount", "maxNodeCount"), ("totalMinNodeCount", "totalMaxNodeCount")):
        first, second = known(inputs, f"autoscaling.{low}"), known(inputs, f"autoscaling.{high}")
        if isinstance(first, int) and isinstance(second, int) and first > second:
            yield Violation(("autoscaling", low), f"must not be above {high} {second}", first)
    if given(inputs, "autoscaling.maxNodeCount") and given(inputs, "autoscaling.totalMaxNodeCount"):
        yield Violation(("autoscaling", "totalMaxNodeCount"), "cannot be combined with maxNodeCount")
    if known(inputs, "queuedProvisioning.enabled") is True:
        yield from _queued(inputs)
    if known(inputs, "nodeConfig.flexStart") is True:
        yield from _flex_start(inputs)
    yield from _close_together(inputs)


def _queued(inputs: Inputs) -> Iterator[Violation]:
    if known(inputs, "nodeConfig.spot") is True:
        yield Violation(("nodeConfig", "spot"), "cannot be combined with queuedProvisioning", True)
    low = known(inputs, "autoscaling.minNodeCount") or known(inputs, "autoscaling.totalMinNodeCount")
    if isinstance(low, int) and low > 0:
        yield Violation(("autoscaling", "minNodeCount"), "must be 0 with queuedProvisioning", low)
    kind = known(inputs, "nodeConfig.reservationAffinity.consumeReservationType")
    if kind not in (None, "NO_RESERVATION"):
        yield Violation(("nodeConfig", "reservationAffinity"), "must be NO_RESERVATION with queuedProvisioning", kind)


def _flex_start(inputs: Inputs) -> Iterator[Violation]:
    if known(inputs, "management.autoRepair") is True:
        yield Violation(("management", "autoRepair"), "must be false with flexStart", True)
    for name in ("spot", "preemptible"):
        if known(inputs, f"nodeConfig.{name}") is True:
            yield Violation(("nodeConfig", name), "cannot be combined with flexStart", True)
    if given(inputs, "nodeCount"):
        yield Violation(("nodeCount",), "cannot be combined with flexStart", known(inputs, "nodeCount"))
    duration = known(inputs, "nodeConfig.maxRunDuration")
    seconds = re.fullmatch(r"(\d+)s", str(duration)) if duration is not None else None
    if duration is not None and not (seconds and 1 <= int(seconds[1]) <= _LONGEST_FLEX_START):
        problem = f"must be 1s to {_LONGEST_FLEX_START}s, seven days, with flexStart"
        yield Violation(("nodeConfig", "maxRunDuration"), problem, duration)


def _close_together(inputs: Inputs) -> Iterator[Violation]:
    """Compact placement and accelerator networks: one zone, and machines that have them."""
    zones, machine = strings(inputs, "nodeLocations"), str(known(inputs, "nodeConfig.machineType"))
    if known(inputs, "placementPolicy.type") == "COMPACT":
        where = ("placementPolicy", "type")
        if len(zones) > 1:
            yield Violation(where, "a compact pool lies in one zone", "COMPACT")
        if known(inputs, "upgradeSettings.strategy") == "BLUE_GREEN":
            yield Violation(where, "cannot be combined with blue-green upgrades", "COMPACT")
        if known(inputs, "queuedProvisioning.enabled") is True:
            yield Violation(where, "cannot be combined with queuedProvisioning", "COMPACT")
        if known(inputs, "nodeConfig.flexStart") is True and not machine.startswith(_COMPACT_FLEX_START):
            families = ", ".join(family.rstrip("-") for family in _COMPACT_FLEX_START)
            yield Violation(where, f"with flexStart only {families} machines are placed close together", "COMPACT")
    profile = known(inputs, "networkConfig.acceleratorNetworkProfile")
    if profile is not None:
        where = ("networkConfig", "acceleratorNetworkProfile")
        if profile != "auto":
            yield Violation(where, "not one of auto", profile)
        if len(zones) != 1:
            yield Violation(where, "the pool must lie in exactly one zone", profile)
        if not machine.startswith(_PROFILED):
            yield Violation(where, f"is there for {', '.join(_PROFILED)} machines only", profile)
    if known(inputs, "nodeConfig.gpudirectStrategy") == "RDMA" and not machine.startswith(_RDMA):
        problem = f"is there for {', '.join(_RDMA)} machines only"
        yield Violation(("nodeConfig", "gpudirectStrategy"), problem, "RDMA")


def maintenance(inputs: Inputs) -> Iterator[Violation]:
    """A recurring window is at least four hours long, and a daily or weekly one leaves 48 hours in any 32 days."""
    window = "maintenancePolicy.recurringWindow"
    begin, end = (_moment(known(inputs, f"{window}.{name}")) for name in ("startTime", "endTime"))
    for name, moment in (("startTime", begin), ("endTime", end)):
        if given(inputs, f"{window}.{name}") and moment is None:
            text = known(inputs, f"{window}.{name}")
            where = ("maintenancePolicy", "recurringWindow", name)
            yield Violation(where, "must be a time such as 2026-01-04T02:00:00Z", text)
    rule = known(inputs, f"{window}.recurrence")
    where = ("maintenancePolicy", "recurringWindow", "recurrence")
    frequency = re.match(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)", str(rule)) if rule is not None else None
    if rule is not None and frequency is None:
        yield Violation(where, "must be an RRULE such as FREQ=WEEKLY;BYDAY=SU", rule)
    if begin is None or end is None or frequency is None:
        return
    hours = (end - begin).total_seconds() / 3600
    if hours < 4:
        at = ("maintenancePolicy", "recurringWindow", "endTime")
        yield Violation(at, "must be at least 4 hours after startTime", known(inputs, f"{window}.endTime"))
        return
    days = re.search(r"BYDAY=([A-Z,]+)", str(rule))
    # Any 32 days hold each weekday four times at least.
    times = {"DAILY": 32, "WEEKLY": 4 * (len(days[1].split(",")) if days else 1)}.get(frequency[1])
    if times is not None and times * hours < _LEAST_MAINTENANCE:
        problem = f"leaves {times * hours:g} hours in 32 days, and {_LEAST_MAINTENANCE} are needed"
        yield Violation(where, problem, rule)


def _moment(text: Any) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None


def node_config(prop: str) -> Rule:
    """GPUs that the machine has, a partition that GKE offers, a reservation with its name, one kind of discount."""

    def check(inputs: Inputs) -> Iterator[Violation]:
        if known(inputs, f"{prop}.spot") is True and known(inputs, f"{prop}.preemptible") is True:
            yield Violation((prop, "preemptible"), "cannot be combined with spot", True)
        kind = known(inputs, f"{prop}.reservationAffinity.consumeReservationType")
        values = known(inputs, f"{prop}.reservationAffinity.values")
        if kind == "SPECIFIC_RESERVATION" and not given(inputs, f"{prop}.reservationAffinity.values"):
            where = (prop, "reservationAffinity", "values")
            yield Violation(where, "missing: a specific reservation is named", values, verdict="needs it")
        if known(inputs, f"{prop}.flexStart") is True and kind not in (None, "NO_RESERVATION"):
            yield Violation((prop, "reservationAffinity"), "must be NO_RESERVATION with flexStart", kind)
        if known(inputs, f"{prop}.spot") is True and kind not in (None, "NO_RESERVATION"):
            yield Violation((prop, "reservationAffinity"), "must be NO_RESERVATION with spot", kind)
        for index, taint in items(inputs, f"{prop}.taints"):
            effect = taint.get("effect")
            if isinstance(effect, str) and effect not in _EFFECTS and effect in ("EFFECT_UNSPECIFIED", ""):
                yield Violation((prop, "taints", index, "effect"), f"not one of {', '.join(_EFFECTS)}", effect)
        machine = known(inputs, f"{prop}.machineType")
        for index, accelerator in items(inputs, f"{prop}.guestAccelerators"):
            yield from _accelerator((prop, "guestAccelerators", index), accelerator, machine)
        disks = known(inputs, f"{prop}.ephemeralStorageLocalSsdConfig.localSsdCount")
        if isinstance(machine, str):
            yield from _machine((prop, "machineType"), machine)
            yield from _local_disks((prop, "ephemeralStorageLocalSsdConfig", "localSsdCount"), disks, machine)

    return check


def _machine(path: Path, machine: str) -> Iterator[Violation]:
    # Only the families whose every size is in the catalogue: of n2 or c3 it lists a few.
    family = [entry.name for entry in machines(Cloud.GCP) if entry.gpus and entry.name.startswith(machine[:3])]
    if machine.startswith(_GPU_FAMILIES) and family and machine not in family:
        problem = f"is not among the catalogue's machines of its family: {', '.join(family)}"
        yield Violation(path, problem, machine, verdict="would most likely refuse it")


def _local_disks(path: Path, disks: Any, machine: str) -> Iterator[Violation]:
    # Machines that come with local disks come with all of them; on the others their number is a choice.
    found = next((entry for entry in machines(Cloud.GCP) if entry.name == machine), None)
    bundled = found.local_nvme_gib // _LOCAL_SSD_GIB if found else 0
    if isinstance(disks, int | float) and bundled and disks not in (0, bundled):
        yield Violation(path, f"machine type {machine} has {bundled}", disks)


def _accelerator(path: Path, accelerator: Mapping[str, Any], machine: Any) -> Iterator[Violation]:
    size, count, kind = accelerator.get("gpuPartitionSize"), accelerator.get("count"), accelerator.get("type")
    found = next((entry for entry in machines(Cloud.GCP) if entry.name == machine), None)
    if found is None:
        return
    if not found.gpus:
        yield Violation(path, f"machine type {machine} takes no GPUs", kind if isinstance(kind, str) else None)
        return
    if isinstance(kind, str) and kind != found.gke_accelerator:
        yield Violation((*path, "type"), f"machine type {machine} has {found.gke_accelerator}", kind)
    if isinstance(count, int) and count != found.gpus:
        yield Violation((*path, "count"), f"machine type {machine} has {found.gpus} GPUs", count)
    if isinstance(size, str) and size:
        yield from _partition((*path, "gpuPartitionSize"), size, found.accelerator or "")


def _partition(path: Path, size: str, accelerator: str) -> Iterator[Violation]:
    # GKE cuts a GPU into equal parts and knows the plain profiles only, without media or graphics variants.
    names = [name for name in profiles(accelerator) if name.replace("g.", "").removesuffix("gb").isdigit()]
    if size not in names:
        allowed = f"not one of {', '.join(names)}" if names else f"{accelerator} cannot be partitioned"
        yield Violation(path, allowed, size)
