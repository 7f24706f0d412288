"""What EC2 checks of launch templates, endpoints and flow logs and its model does not say.

Sources: EC2 user guide, "Elastic Fabric Adapter", "Maximize network bandwidth on instances with multiple network
cards", "Launch instances using Capacity Blocks"; VPC user guide on endpoints and flow logs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from rehearsal.contracts.aws_rules import tags
from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.check import not_one_of
from rehearsal.contracts.rules import given, items, known
from rehearsal.providers.plugin_values import UNKNOWN, is_map

_KINDS = ("interface", "efa", "efa-only")
_USER_DATA = 16384
"""Bytes of user data before it is encoded (EC2 user guide)."""
_BLOCK = "capacity-block"
_RESERVATION = "capacityReservationSpecification.capacityReservationTarget"
_TARGETS = (f"{_RESERVATION}.capacityReservationId", f"{_RESERVATION}.capacityReservationResourceGroupArn")


def launch_template(inputs: Inputs) -> Iterator[Violation]:
    """Interfaces, user data, purchase and metadata of a launch template fit together."""
    yield from _interfaces(inputs)
    yield from _purchase(inputs)
    yield from _user_data(inputs)
    hops = known(inputs, "metadataOptions.httpPutResponseHopLimit")
    if isinstance(hops, int) and not 1 <= hops <= 64:
        yield Violation(("metadataOptions", "httpPutResponseHopLimit"), "must be from 1 to 64", hops)
    for index, entry in items(inputs, "tagSpecifications"):
        yield from (
            Violation(("tagSpecifications", index, *found.path), found.problem, found.value) for found in tags(entry)
        )


def _interfaces(inputs: Inputs) -> Iterator[Violation]:
    """Security groups stand with the interfaces; each has its own place; the primary one carries IP."""
    if inputs.get("vpcSecurityGroupIds") and inputs.get("networkInterfaces"):
        problem = "with networkInterfaces, give the security groups there"
        yield Violation(("vpcSecurityGroupIds",), problem)
    entries = list(items(inputs, "networkInterfaces"))
    seen: set[tuple[Any, Any]] = set()
    for index, entry in entries:
        place = (entry.get("networkCardIndex") or 0, entry.get("deviceIndex") or 0)
        if UNKNOWN not in place and place in seen:
            yield Violation(("networkInterfaces", index), f"card {place[0]} device {place[1]} is used twice")
        seen.add(place)
        kind = entry.get("interfaceType")
        if isinstance(kind, str) and kind not in _KINDS:
            yield Violation(("networkInterfaces", index, "interfaceType"), not_one_of(kind, _KINDS), kind)
        if kind == "efa-only" and place == (0, 0):
            problem = "cannot be the primary interface (card 0 device 0), which carries IP"
            yield Violation(("networkInterfaces", index, "interfaceType"), problem, kind)
        if len(entries) > 1 and entry.get("associatePublicIpAddress") in (True, "true"):
            problem = "must be false: a machine with several interfaces gets no public address"
            yield Violation(("networkInterfaces", index, "associatePublicIpAddress"), problem, True)
    if entries and UNKNOWN not in {part for place in seen for part in place} and (0, 0) not in seen:
        yield Violation(("networkInterfaces",), "has no primary interface: one is on card 0 as device 0")


def _purchase(inputs: Inputs) -> Iterator[Violation]:
    """A capacity block is named, with its machine, and brings its own placement."""
    if known(inputs, "instanceMarketOptions.marketType") != _BLOCK:
        return
    if not given(inputs, "instanceType"):
        yield Violation(
            ("instanceType",), f"missing: marketType {_BLOCK} needs the block's machine", verdict="needs it"
        )
    if not any(given(inputs, target) for target in _TARGETS):
        path = tuple(_RESERVATION.split("."))
        yield Violation(path, f"missing: marketType {_BLOCK} needs the block's id", verdict="needs it")
    if given(inputs, "placement.groupName") or given(inputs, "placement.groupId"):
        yield Violation(("placement",), f"cannot be combined with marketType {_BLOCK}, which is placed already")


def _user_data(inputs: Inputs) -> Iterator[Violation]:
    text = known(inputs, "userData")
    if not isinstance(text, str):
        return
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        yield Violation(("userData",), "must be base64", text)
        return
    if size > _USER_DATA:
        yield Violation(("userData",), f"must be at most {_USER_DATA} bytes before base64, is {size}")


def endpoint(inputs: Inputs) -> Iterator[Violation]:
    """Gateways hang on route tables; interfaces sit in subnets, one a zone, behind security groups."""
    kind = known(inputs, "vpcEndpointType") or "Gateway"
    unfit = {
        "Gateway": ("subnetIds", "securityGroupIds", "privateDnsEnabled"),
        "Interface": ("routeTableIds",),
    }
    for prop in unfit.get(str(kind), ()):
        if inputs.get(prop) not in (None, [], False):
            yield Violation((prop,), f"has no meaning for vpcEndpointType {kind}")
    name = known(inputs, "serviceName")
    if kind == "Gateway" and isinstance(name, str) and name.rpartition(".")[2] not in ("s3", "dynamodb"):
        yield Violation(("vpcEndpointType",), "must be Interface: only s3 and dynamodb have gateways", kind)


def flow_log(inputs: Inputs) -> Iterator[Violation]:
    """A log in CloudWatch needs a destination and a role that may write there."""
    if known(inputs, "logDestinationType") not in (None, "cloud-watch-logs"):
        return
    if not given(inputs, "logDestination"):
        yield Violation(("logDestination",), "missing: the log group's ARN", verdict="needs it")
    if not given(inputs, "iamRoleArn"):
        yield Violation(("iamRoleArn",), "missing: flow logs in CloudWatch are written by a role", verdict="needs it")


def template_of_block(template: Inputs) -> Iterator[str]:
    """What a node group of capacity type CAPACITY_BLOCK finds wanting in its launch template."""
    if not given(template, "instanceType"):
        yield "names no instanceType, which a CAPACITY_BLOCK node group takes from there"
    options = template.get("instanceMarketOptions")
    if is_map(options) or options is None:
        market = known(template, "instanceMarketOptions.marketType")
        if market != _BLOCK:
            yield f"has no instanceMarketOptions.marketType {_BLOCK}, which a CAPACITY_BLOCK node group needs"
