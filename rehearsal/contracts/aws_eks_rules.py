"""What EKS checks and its model does not say.

Sources: EKS user guide, "Amazon EKS networking requirements for VPC and subnets", "Managed node groups" and
"Customize managed nodes with launch templates".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import given, items, known, strings
from rehearsal.providers.plugin_values import UNKNOWN, is_list, is_map

# EC2 families with an NVIDIA GPU; the letter after the number says the CPU or the disk.
_NVIDIA = re.compile(r"(p\d|g[4-9](?!ad)|gr\d)[a-z0-9-]*\.")
_GPU_IMAGES = ("_NVIDIA", "_GPU", "CUSTOM")
_ARM = re.compile(r"(\w+?\d+g[a-z]*|a1|p6e-gb\d+)\.")
_MANAGED_LABELS = re.compile(r"(.*\.)?(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)/.*")
_ALLOWED_LABELS = re.compile(r"(node\.kubernetes\.io|kubelet\.kubernetes\.io|node-restriction\.kubernetes\.io)/.*")


def cluster(inputs: Inputs) -> Iterator[Violation]:
    """Two subnets or more, an endpoint at all, and public CIDRs only with a public endpoint."""
    subnets = known(inputs, "vpcConfig.subnetIds")
    if is_list(subnets):
        entries: list[Any] = subnets
        if len(entries) < 2:
            yield Violation(
                ("vpcConfig", "subnetIds"), f"must name at least 2 subnets in different zones, has {len(entries)}"
            )
        named = [entry for entry in entries if entry is not UNKNOWN]
        if len(set(map(str, named))) < len(named):
            yield Violation(("vpcConfig", "subnetIds"), "names a subnet twice", named)
    public, private = known(inputs, "vpcConfig.endpointPublicAccess"), known(inputs, "vpcConfig.endpointPrivateAccess")
    if public is False and private is not True and not _unknown(inputs, "endpointPrivateAccess"):
        yield Violation(
            ("vpcConfig", "endpointPrivateAccess"), "must be true when endpointPublicAccess is false", False
        )
    if public is False and strings(inputs, "vpcConfig.publicAccessCidrs"):
        yield Violation(("vpcConfig", "publicAccessCidrs"), "has no meaning when endpointPublicAccess is false")
    resources = known(inputs, "encryptionConfig.resources")
    if is_list(resources) and resources != ["secrets"] and UNKNOWN not in resources:
        yield Violation(("encryptionConfig", "resources"), "not one of secrets", resources)
    version = known(inputs, "version")
    if isinstance(version, str) and not re.fullmatch(r"1\.\d\d", version):
        yield Violation(("version",), "must be a Kubernetes minor version such as 1.34", version)


def node_group(inputs: Inputs) -> Iterator[Violation]:
    """Sizes in order, an image that fits the machines, labels and taints that EKS lets a user set."""
    yield from _sizes(inputs)
    image = known(inputs, "amiType")
    for index, machine in strings(inputs, "instanceTypes"):
        if isinstance(image, str):
            yield from _image_fits(index, machine, image)
    if given(inputs, "subnetIds") and known(inputs, "subnetIds") == []:
        yield Violation(("subnetIds",), "must name at least 1 subnet, has 0")
    labels = known(inputs, "labels")
    named: dict[str, Any] = labels if is_map(labels) else {}
    for key in named:
        if _MANAGED_LABELS.fullmatch(key) and not _ALLOWED_LABELS.fullmatch(key):
            yield Violation(("labels", key), "is a label prefix that EKS keeps for itself", named[key])
    for index, taint in items(inputs, "taints"):
        if taint.get("key") in (None, ""):
            yield Violation(("taints", index, "key"), "missing", verdict="needs it")
    if known(inputs, "capacityType") == "CAPACITY_BLOCK" and given(inputs, "instanceTypes"):
        problem = "must be in the launch template, not here, when capacityType is CAPACITY_BLOCK"
        yield Violation(("instanceTypes",), problem, known(inputs, "instanceTypes"))


def _sizes(inputs: Inputs) -> Iterator[Violation]:
    sizes = {name: known(inputs, f"scalingConfig.{name}") for name in ("minSize", "desiredSize", "maxSize")}
    low, wanted, high = (value if isinstance(value, int) else None for value in sizes.values())
    if low is not None and wanted is not None and low > wanted:
        yield Violation(("scalingConfig", "desiredSize"), f"must not be below minSize {low}", wanted)
    if wanted is not None and high is not None and wanted > high:
        yield Violation(("scalingConfig", "desiredSize"), f"must not be above maxSize {high}", wanted)
    elif low is not None and high is not None and low > high:
        yield Violation(("scalingConfig", "minSize"), f"must not be above maxSize {high}", low)


def _image_fits(index: int, machine: str, image: str) -> Iterator[Violation]:
    if _NVIDIA.match(machine) and not any(part in image for part in _GPU_IMAGES) and not image.startswith("WINDOWS"):
        problem = f"has NVIDIA GPUs, and amiType {image} has no driver for them: use an image whose name has NVIDIA"
        yield Violation(("instanceTypes", index), problem, machine)
    arm = bool(_ARM.match(machine))
    if image != "CUSTOM" and arm != ("ARM_64" in image):
        have, want = ("Arm", "x86") if arm else ("x86", "Arm")
        yield Violation(("instanceTypes", index), f"is an {have} machine, and amiType {image} is for {want}", machine)


def _unknown(inputs: Inputs, prop: str) -> bool:
    config = inputs.get("vpcConfig")
    return is_map(config) and config.get(prop) is UNKNOWN
