"""From a cloud's node pool to simulated nodes: machine, labels, taints and zones as the cloud would set them.

Pure: inputs in, `fleet.NodePool` out. What each cloud adds to a node by itself:

- EKS (user guide, "Managed node groups"): `eks.amazonaws.com/nodegroup`, `.../capacityType`, `.../nodegroup-image`.
- GKE (documentation, "Cluster and node labels"): `cloud.google.com/gke-nodepool`, `gke-accelerator`,
  `gke-gpu-partition-size`, `gke-spot`, and on GPU pools the taint `nvidia.com/gpu=present:NoSchedule`.
- AKS (documentation, "Use labels in an AKS cluster"): `kubernetes.azure.com/agentpool`, `.../mode`,
  `.../scalesetpriority`, `agentpool`; Spot pools also have the taint
  `kubernetes.azure.com/scalesetpriority=spot:NoSchedule`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.catalog.machines import MACHINES, Cloud, Machine, UnknownMachine
from rehearsal.contracts.rules import given, items, known, strings
from rehearsal.fleet import NodePool
from rehearsal.providers.plugin_values import Props, is_map

EKS = "aws:eks/nodeGroup:NodeGroup"
GKE = "gcp:container/nodePool:NodePool"
AKS = "azure-native:containerservice:AgentPool"
AKS_CLUSTER = "azure-native:containerservice:ManagedCluster"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}

_DEFAULTS = {Cloud.AWS: "t3.medium", Cloud.GCP: "e2-medium", Cloud.AZURE: "Standard_D4s_v5"}
"""Machines where a pool names none: the defaults of EKS and GKE; AKS chooses by capacity, this is one it may choose."""
_FORMS = {
    Cloud.AWS: re.compile(r"([a-z])\d[a-z0-9-]*\.(?:(\d*)xlarge|(large|medium))"),
    Cloud.GCP: re.compile(r"[a-z]\d[a-z]?-(standard|highmem|highcpu)-(\d+)"),
    Cloud.AZURE: re.compile(r"Standard_([DEFB])(\d+)[a-z]*_v\d"),
}
"""General-purpose machine names, of which the catalogue lists a few: family and size follow from the name."""
_GIB_PER_VCPU = {
    "c": 2,
    "m": 4,
    "r": 8,
    "t": 4,
    "D": 4,
    "E": 8,
    "F": 2,
    "B": 4,
    "standard": 4,
    "highmem": 8,
    "highcpu": 1,
}
_ATTACHED = {"nvidia-tesla-t4": "T4", "nvidia-tesla-v100": "V100-16"}
"""GPUs that are attached to n1 machines, by GKE's name."""
_EFA_INTERFACES = ("efa", "efa-only")
"""Kinds of interfaces that are adapters (EC2 API, LaunchTemplateInstanceNetworkInterfaceSpecification)."""
_ZONES_FROM_B = ("us-east1", "europe-west1")
"""Google regions whose zones are b, c and d; elsewhere they begin at a (Compute Engine, regions and zones)."""


def node_pools(token: str, inputs: Props, region: str, zones: Sequence[str] = ()) -> list[NodePool]:
    """The pools that a resource brings: one for a pool resource, those inside an AKS cluster, none for anything else.

    Args:
        token: Pulumi type token.
        inputs: The resource's known inputs, names filled in.
        region: Region or location of the provider, where the inputs name none.
        zones: Zones of the pool's subnets, for EKS, whose node groups name subnets only.

    Raises:
        UnknownMachine: for a machine whose size the catalogue does not know and its name does not tell.
    """
    if token == EKS:
        return [_eks(inputs, str(inputs.get("region") or region), zones)]
    if token == GKE:
        return [_gke(inputs, str(inputs.get("location") or region))]
    if token == AKS:
        return [_aks(inputs, str(known(inputs, "agentPoolName")), region)]
    if token == AKS_CLUSTER:
        location = str(inputs.get("location") or region)
        return [_aks(pool, str(pool.get("name")), location) for _, pool in items(inputs, "agentPoolProfiles")]
    return []


def pool_names(token: str, inputs: Props) -> list[str]:
    """Names of the simulated pools that a resource brought, for its deletion."""
    if token == AKS_CLUSTER:
        return [_node_name(str(pool.get("name"))) for _, pool in items(inputs, "agentPoolProfiles")]
    prop = {EKS: "nodeGroupName", GKE: "name", AKS: "agentPoolName"}.get(token)
    return [_node_name(str(inputs.get(prop)))] if prop else []


def _eks(inputs: Props, region: str, zones: Sequence[str]) -> NodePool:
    """`networkInterfaces` among the inputs are those of the launch template."""
    name = str(known(inputs, "nodeGroupName"))
    types = strings(inputs, "instanceTypes")
    image, capacity = known(inputs, "amiType"), known(inputs, "capacityType") or "ON_DEMAND"
    if capacity == "CAPACITY_BLOCK" and not types:
        raise UnknownMachine(f"the machine of {name} is in a launch template that this run has not seen")
    own = {"eks.amazonaws.com/nodegroup": name, "eks.amazonaws.com/capacityType": str(capacity)}
    if isinstance(image, str):
        own["eks.amazonaws.com/nodegroup-image-type"] = image
    machine = machine_of(Cloud.AWS, types[0][1] if types else None)
    pool = _pool(
        machine,
        name,
        {**own, **_labels(inputs, "labels")},
        _taints(inputs, "taints"),
        zones,
        region,
        known(inputs, "scalingConfig.minSize"),
    )
    cards = [card for _, card in items(inputs, "networkInterfaces") if card.get("interfaceType") in _EFA_INTERFACES]
    return replace(pool, efa_adapters=len(cards), huge_pages_mib=machine.efa_huge_pages_mib if cards else 0)


def _gke(inputs: Props, location: str) -> NodePool:
    name = str(known(inputs, "name"))
    machine = machine_of(Cloud.GCP, known(inputs, "nodeConfig.machineType"))
    attached = next((entry for _, entry in items(inputs, "nodeConfig.guestAccelerators")), None)
    kind = machine.gke_accelerator or (str(attached.get("type")) if attached else None)
    gpus = machine.gpus or (int(attached.get("count") or 0) if attached else 0)
    own = {"cloud.google.com/gke-nodepool": name, "cloud.google.com/gke-os-distribution": "cos"}
    taints = _taints(inputs, "nodeConfig.taints")
    if kind and gpus:
        own |= {"cloud.google.com/gke-accelerator": kind, "cloud.google.com/gke-accelerator-count": str(gpus)}
        if not any(key == "nvidia.com/gpu" for key, _, _ in taints):
            taints = (*taints, ("nvidia.com/gpu", "present", "NoSchedule"))
        size = attached.get("gpuPartitionSize") if attached else None
        if isinstance(size, str) and size:
            own["cloud.google.com/gke-gpu-partition-size"] = size
    if known(inputs, "nodeConfig.spot") is True:
        own["cloud.google.com/gke-spot"] = "true"
    region, zones = google_zones(location, [zone for _, zone in strings(inputs, "nodeLocations")])
    sizes = ("autoscaling.minNodeCount", "autoscaling.totalMinNodeCount", "nodeCount", "initialNodeCount")
    size = next((sizes_at for sizes_at in sizes if given(inputs, sizes_at)), None)
    # Two of the four are per zone, and such a pool has its zones times as many nodes.
    per_zone = len(zones) if size in ("autoscaling.minNodeCount", "nodeCount") else 1
    least = (known(inputs, size) or 0) * per_zone if size else 0
    pool = _pool(machine, name, {**own, **_labels(inputs, "nodeConfig.labels")}, taints, zones, region, least)
    if kind in _ATTACHED and not machine.gpus:
        return _with_gpus(pool, _ATTACHED[kind], gpus)
    return pool


def _aks(inputs: Mapping[str, Any], name: str, region: str) -> NodePool:
    machine = machine_of(Cloud.AZURE, known(inputs, "vmSize"))
    mode = str(known(inputs, "mode") or "User").lower()
    own = {"agentpool": name, "kubernetes.azure.com/agentpool": name, "kubernetes.azure.com/mode": mode}
    own["kubernetes.azure.com/os-sku"] = str(known(inputs, "osSKU") or "Ubuntu")
    taints = tuple(_split_taint(text) for _, text in strings(inputs, "nodeTaints"))
    if machine.gpus:
        own |= {"accelerator": "nvidia", "kubernetes.azure.com/accelerator": "nvidia"}
    if known(inputs, "scaleSetPriority") == "Spot":
        own["kubernetes.azure.com/scalesetpriority"] = "spot"
        spot = ("kubernetes.azure.com/scalesetpriority", "spot", "NoSchedule")
        taints = taints if spot in taints else (*taints, spot)
    zones = [f"{region}-{zone}" for _, zone in strings(inputs, "availabilityZones")]
    least = known(inputs, "minCount") if known(inputs, "enableAutoScaling") else known(inputs, "count")
    pool = _pool(machine, name, {**own, **_labels(inputs, "nodeLabels")}, taints, zones, region, least)
    # One beside each GPU, whatever the pool is told.
    return replace(pool, infiniband_cards=machine.gpus if machine.fast_network == "InfiniBand" else 0)


def machine_of(cloud: Cloud, name: str | None) -> Machine:
    """A machine of the catalogue, or of a general-purpose family whose names tell the size.

    Raises:
        UnknownMachine: for any other name.
    """
    wanted = name or _DEFAULTS[cloud]
    folded = {found.casefold(): found for owner, found in MACHINES if owner is cloud}
    if wanted.casefold() in folded:
        return MACHINES[cloud, folded[wanted.casefold()]]
    match = _FORMS[cloud].fullmatch("e2-standard-2" if wanted == "e2-medium" else wanted)
    if match is None:
        raise UnknownMachine(f"the size of machine type {wanted} is not known, so its nodes are not simulated")
    if cloud is Cloud.AWS:
        family, times, _ = match.groups()
        vcpu = 2 if times is None else 4 * int(times or 1)
    else:
        family, vcpu = match[1], int(match[2])
    return Machine(cloud, wanted, vcpu, vcpu * _GIB_PER_VCPU.get(family, 4), None, 0, None, None)


def _pool(
    machine: Machine,
    name: str,
    labels: Mapping[str, str],
    taints: tuple[tuple[str, str, str], ...],
    zones: Sequence[str],
    region: str,
    least: Any,
) -> NodePool:
    return NodePool(
        name=_node_name(name),
        machine=machine.name,
        vcpu=machine.vcpu,
        memory_gib=machine.memory_gib,
        accelerator=machine.accelerator,
        gpus=machine.gpus,
        gpu_product=machine.gpu_product or "",
        labels={"kubernetes.io/arch": machine.arch, **labels},
        taints=taints,
        zones=tuple(zones),
        region=region,
        # A pool that scales from zero shows one node all the same: what a stack deploys should have somewhere to go.
        count=max(least, 1) if isinstance(least, int) else 1,
    )


def _with_gpus(pool: NodePool, accelerator: str, gpus: int) -> NodePool:
    return replace(pool, accelerator=accelerator, gpus=gpus)


def _labels(inputs: Mapping[str, Any], path: str) -> dict[str, str]:
    found = known(inputs, path)
    return {key: str(value) for key, value in found.items() if value is not None} if is_map(found) else {}


def _taints(inputs: Props, path: str) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (str(entry.get("key")), str(entry.get("value") or ""), _EFFECTS.get(str(entry.get("effect")), "NoSchedule"))
        for _, entry in items(inputs, path)
    )


def _split_taint(text: str) -> tuple[str, str, str]:
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return key, value, effect


def google_zones(location: str, zones: list[str]) -> tuple[str, list[str]]:
    """Region and zones of a location that is either."""
    if location.count("-") > 1:
        return location.rpartition("-")[0], zones or [location]
    letters = "bcd" if location in _ZONES_FROM_B else "abc"
    return location, zones or [f"{location}-{letter}" for letter in letters]


def _node_name(name: str) -> str:
    """A pool's name as nodes can bear it."""
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")
