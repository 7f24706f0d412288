"""What Google Cloud checks outside GKE and its discovery documents do not say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import given, items, known, parse_network, strings
from rehearsal.providers.plugin_values import is_list

_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|(deleted:)?(user|serviceAccount|group|domain|principal|principalSet|projectOwner|"
    r"projectEditor|projectViewer):.+"
)
_ROLE = re.compile(r"roles/[a-zA-Z0-9_.]+|(projects|organizations)/[^/]+/roles/[a-zA-Z0-9_.]+")
_DAY = 86_400


def iam_member(inputs: Inputs) -> Iterator[Violation]:
    """Members have a kind, roles a path (IAM reference, "Policy binding")."""
    for prop in ("member", "members"):
        several = is_list(inputs.get(prop))
        for index, text in strings(inputs, prop):
            if not _MEMBER.fullmatch(text):
                path = (prop, index) if several else (prop,)
                yield Violation(path, "must have a kind, such as serviceAccount:<email>", text)
    role = known(inputs, "role")
    if isinstance(role, str) and not _ROLE.fullmatch(role):
        yield Violation(("role",), "must be roles/<name> or projects/<project>/roles/<name>", role)


def kms_rotation(inputs: Inputs) -> Iterator[Violation]:
    """Keys rotate at most once a day; only symmetric encryption keys rotate by themselves."""
    period = known(inputs, "rotationPeriod")
    if period is None:
        return
    match = re.fullmatch(r"(\d+)(\.\d+)?s", str(period))
    if not match or int(match[1]) < _DAY:
        yield Violation(("rotationPeriod",), f"must be at least {_DAY}s, written as seconds with an s", period)
    purpose = known(inputs, "purpose")
    if purpose not in (None, "ENCRYPT_DECRYPT"):
        yield Violation(("rotationPeriod",), f"a key for {purpose} does not rotate", period)


def router_nat(inputs: Inputs) -> Iterator[Violation]:
    """Manual addresses are listed, and so are the subnetworks when only some of them are translated."""
    option = known(inputs, "natIpAllocateOption")
    if option == "MANUAL_ONLY" and not given(inputs, "natIps"):
        yield Violation(("natIps",), "missing when natIpAllocateOption is MANUAL_ONLY", verdict="needs it")
    if option == "AUTO_ONLY" and strings(inputs, "natIps"):
        yield Violation(("natIps",), "cannot be given when natIpAllocateOption is AUTO_ONLY")
    if known(inputs, "sourceSubnetworkIpRangesToNat") == "LIST_OF_SUBNETWORKS" and not given(inputs, "subnetworks"):
        problem = "missing when sourceSubnetworkIpRangesToNat is LIST_OF_SUBNETWORKS"
        yield Violation(("subnetworks",), problem, verdict="needs it")


def firewall(inputs: Inputs) -> Iterator[Violation]:
    """An ingress rule says from where, an egress rule never does; priorities are 0-65535; ports are ports."""
    direction = known(inputs, "direction") or "INGRESS"
    sources = [prop for prop in ("sourceRanges", "sourceTags", "sourceServiceAccounts") if given(inputs, prop)]
    if direction == "INGRESS" and not sources:
        problem = "missing: an ingress rule has sourceRanges, sourceTags or sourceServiceAccounts"
        yield Violation(("sourceRanges",), problem, verdict="needs it")
    if direction == "EGRESS" and sources:
        yield Violation((sources[0],), "cannot be given for direction EGRESS", known(inputs, sources[0]))
    priority = known(inputs, "priority")
    if isinstance(priority, int) and not 0 <= priority <= 65535:
        yield Violation(("priority",), "must be from 0 to 65535", priority)
    for prop in ("allows", "denies"):
        for index, entry in items(inputs, prop):
            for position, text in strings(entry, "ports"):
                low, _, high = text.partition("-")
                numbers = [int(part) for part in (low, high or low) if part.isdigit()]
                if len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1] <= 65535:
                    yield Violation((prop, index, "ports", position), "must be a port or a range such as 80-443", text)


def subnetwork(inputs: Inputs) -> Iterator[Violation]:
    """Secondary ranges are CIDR blocks with names of their own, and no range overlaps another."""
    seen: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    main = known(inputs, "ipCidrRange")
    if isinstance(main, str):
        network = parse_network(main)
        if not isinstance(network, str):
            seen.append(("ipCidrRange", network))
    names: set[str] = set()
    for index, entry in items(inputs, "secondaryIpRanges"):
        name, text = entry.get("rangeName"), entry.get("ipCidrRange")
        if isinstance(name, str):
            if name in names:
                yield Violation(("secondaryIpRanges", index, "rangeName"), "is used twice", name)
            names.add(name)
        if not isinstance(text, str):
            continue
        network = parse_network(text)
        where = ("secondaryIpRanges", index, "ipCidrRange")
        if isinstance(network, str):
            yield Violation(where, network, text)
            continue
        for other, taken in seen:
            if network.overlaps(taken):
                yield Violation(where, f"overlaps {other} {taken}", text)
        seen.append((str(name), network))


def bucket(inputs: Inputs) -> Iterator[Violation]:
    """Names are global: 3-63 lowercase letters, digits, hyphens, underscores, dots; not `goog...`."""
    name = known(inputs, "name")
    valid = r"(?!goog)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
    if isinstance(name, str) and (not re.fullmatch(valid, name) or any(len(part) > 63 for part in name.split("."))):
        yield Violation(
            ("name",), "must be 3-63 lowercase letters, digits, - _ and dots, and not begin with goog", name
        )


def service_name(inputs: Inputs) -> Iterator[Violation]:
    """An API is named by its host."""
    name = known(inputs, "service")
    if isinstance(name, str) and not re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", name):
        yield Violation(("service",), "must be a host name such as container.googleapis.com", name)
