"""What GKE checks and its discovery document does not say.

Sources: GKE reference of projects.locations.clusters and .nodePools, "Run GPUs in GKE Standard node pools", "Run
multi-instance GPUs", and the preconditions that GoogleCloudPlatform/cluster-toolkit writes down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.catalog.machines import Cloud, machines
from components.catalog.mig import profiles
from rehearsal.contracts.binding import Inputs, Rule, Violation
from rehearsal.contracts.rules import given, items, known
from rehearsal.providers.plugin_values import Path

# Families that carry their GPUs; a guest accelerator may repeat them, it cannot change them.
_GPU_FAMILIES = ("a2-", "a3-", "a4-", "g2-", "g4-")
_RANGES = (
    ("clusterIpv4CidrBlock", "clusterSecondaryRangeName"),
    ("servicesIpv4CidrBlock", "servicesSecondaryRangeName"),
)
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
    if known(inputs, "placementPolicy.type") == "COMPACT" and len(known(inputs, "nodeLocations") or []) > 1:
        yield Violation(("placementPolicy", "type"), "a compact pool lies in one zone", "COMPACT")


def _queued(inputs: Inputs) -> Iterator[Violation]:
    if known(inputs, "nodeConfig.spot") is True:
        yield Violation(("nodeConfig", "spot"), "cannot be combined with queuedProvisioning", True)
    low = known(inputs, "autoscaling.minNodeCount") or known(inputs, "autoscaling.totalMinNodeCount")
    if isinstance(low, int) and low > 0:
        yield Violation(("autoscaling", "minNodeCount"), "must be 0 with queuedProvisioning", low)
    kind = known(inputs, "nodeConfig.reservationAffinity.consumeReservationType")
    if kind not in (None, "NO_RESERVATION"):
        yield Violation(("nodeConfig", "reservationAffinity"), "must be NO_RESERVATION with queuedProvisioning", kind)


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
        for index, taint in items(inputs, f"{prop}.taints"):
            effect = taint.get("effect")
            if isinstance(effect, str) and effect not in _EFFECTS and effect in ("EFFECT_UNSPECIFIED", ""):
                yield Violation((prop, "taints", index, "effect"), f"not one of {', '.join(_EFFECTS)}", effect)
        machine = known(inputs, f"{prop}.machineType")
        for index, accelerator in items(inputs, f"{prop}.guestAccelerators"):
            yield from _accelerator((prop, "guestAccelerators", index), accelerator, machine)
        if isinstance(machine, str):
            yield from _machine((prop, "machineType"), machine)

    return check


def _machine(path: Path, machine: str) -> Iterator[Violation]:
    # Only the families whose every size is in the catalogue: of n2 or c3 it lists a few.
    family = [entry.name for entry in machines(Cloud.GCP) if entry.gpus and entry.name.startswith(machine[:3])]
    if machine.startswith(_GPU_FAMILIES) and family and machine not in family:
        problem = f"is not among the catalogue's machines of its family: {', '.join(family)}"
        yield Violation(path, problem, machine, verdict="would most likely refuse it")


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
