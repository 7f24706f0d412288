"""What Azure checks outside AKS and its models do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import Network, inside, items, known, parse_network, strings
from rehearsal.providers.plugin_values import Path, is_list, is_map

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ROLE = re.compile(r"(/.*)?/providers/Microsoft\.Authorization/roleDefinitions/[0-9a-fA-F-]{36}", re.IGNORECASE)


def tags(inputs: Inputs) -> Iterator[Violation]:
    """At most 50 tags; keys of at most 512 characters without <>%&\\?/; values of at most 256.

    Source: Azure Resource Manager, "Use tags to organize your Azure resources", limitations.
    """
    mapping = inputs.get("tags")
    if not is_map(mapping):
        return
    entries: Mapping[str, Any] = mapping
    if len(entries) > 50:
        yield Violation(("tags",), f"at most 50 tags, has {len(entries)}")
    for key, value in entries.items():
        if not 1 <= len(key) <= 512 or any(letter in "<>%&\\?/" for letter in key):
            yield Violation(("tags", key), "a tag key has 1-512 characters and none of <>%&\\?/", value)
        if isinstance(value, str) and len(value) > 256:
            yield Violation(("tags", key), f"a tag value has at most 256 characters, has {len(value)}")


def virtual_network(inputs: Inputs) -> Iterator[Violation]:
    """Address spaces are CIDR blocks that do not overlap; inline subnets lie inside one and overlap no other."""
    spaces: list[Network] = []
    for index, text in strings(inputs, "addressSpace.addressPrefixes"):
        where: Path = ("addressSpace", "addressPrefixes", index)
        network = parse_network(text)
        if isinstance(network, str):
            yield Violation(where, network, text)
            continue
        for other in spaces:
            if network.overlaps(other):
                yield Violation(where, f"overlaps {other}", text)
        spaces.append(network)
    taken: list[tuple[str, Network]] = []
    for index, entry in items(inputs, "subnets"):
        text = entry.get("addressPrefix")
        if not isinstance(text, str):
            continue
        where = ("subnets", index, "addressPrefix")
        network = parse_network(text)
        if isinstance(network, str):
            yield Violation(where, network, text)
            continue
        if spaces and not any(inside(network, space) for space in spaces):
            yield Violation(where, f"lies outside the network {', '.join(map(str, spaces))}", text)
        for name, other in taken:
            if network.overlaps(other):
                yield Violation(where, f"overlaps subnet {name} {other}", text)
        taken.append((str(entry.get("name", index)), network))


def subnet(inputs: Inputs) -> Iterator[Violation]:
    """A subnet has CIDR blocks of /29 or larger (Azure keeps five addresses of each)."""
    for prop in ("addressPrefix", "addressPrefixes"):
        several = is_list(inputs.get(prop))
        for index, text in strings(inputs, prop):
            where: Path = (prop, index) if several else (prop,)
            network = parse_network(text)
            if isinstance(network, str):
                yield Violation(where, network, text)
            elif network.version == 4 and network.prefixlen > 29:
                yield Violation(where, "must be /29 or larger", text)
    if all(inputs.get(prop) is None for prop in ("addressPrefix", "addressPrefixes", "ipamPoolPrefixAllocations")):
        yield Violation(("addressPrefix",), "missing", verdict="needs it")


def security_group(inputs: Inputs) -> Iterator[Violation]:
    """Rules have priorities of 100-4096, each once per direction."""
    seen: dict[tuple[Any, Any], Any] = {}
    for index, rule in items(inputs, "securityRules"):
        priority, direction = rule.get("priority"), rule.get("direction")
        if not isinstance(priority, int):
            continue
        where: Path = ("securityRules", index, "priority")
        if not 100 <= priority <= 4096:
            yield Violation(where, "must be from 100 to 4096", priority)
        if (direction, priority) in seen:
            yield Violation(where, f"is also that of rule {seen[direction, priority]}", priority)
        seen[direction, priority] = rule.get("name", index)


def public_address(inputs: Inputs) -> Iterator[Violation]:
    """A Standard address is static; Basic ones were retired in September 2025."""
    tier, allocation = known(inputs, "sku.name"), known(inputs, "publicIPAllocationMethod")
    if tier == "Standard" and allocation == "Dynamic":
        yield Violation(("publicIPAllocationMethod",), "must be Static for a Standard address", allocation)


def nat_gateway(inputs: Inputs) -> Iterator[Violation]:
    """A Standard NAT gateway is zonal: one zone at most; idle timeout 4-120 minutes."""
    zones = strings(inputs, "zones")
    if len(zones) > 1 and known(inputs, "sku.name") == "Standard":
        yield Violation(("zones",), "must name one zone at most", [zone for _, zone in zones])
    minutes = known(inputs, "idleTimeoutInMinutes")
    if isinstance(minutes, int) and not 4 <= minutes <= 120:
        yield Violation(("idleTimeoutInMinutes",), "must be from 4 to 120", minutes)


def role_assignment(inputs: Inputs) -> Iterator[Violation]:
    """Roles by full id, principals and names by GUID, and a kind of principal."""
    role = known(inputs, "roleDefinitionId")
    if isinstance(role, str) and not _ROLE.fullmatch(role):
        problem = "must be .../providers/Microsoft.Authorization/roleDefinitions/<guid>"
        yield Violation(("roleDefinitionId",), problem, role)
    for prop in ("principalId", "roleAssignmentName"):
        value = known(inputs, prop)
        if isinstance(value, str) and not _GUID.fullmatch(value):
            yield Violation((prop,), "must be a GUID", value)
    if inputs.get("scope") is None:
        yield Violation(("scope",), "missing", verdict="needs it")


def vault(inputs: Inputs) -> Iterator[Violation]:
    """Purge protection cannot be switched off, only left out; deleted vaults are kept for 7-90 days."""
    if known(inputs, "properties.enablePurgeProtection") is False:
        problem = "can only be true or left out: it cannot be switched off"
        yield Violation(("properties", "enablePurgeProtection"), problem, False)
    days = known(inputs, "properties.softDeleteRetentionInDays")
    if isinstance(days, int) and not 7 <= days <= 90:
        yield Violation(("properties", "softDeleteRetentionInDays"), "must be from 7 to 90 days", days)


def workspace(inputs: Inputs) -> Iterator[Violation]:
    """Logs are kept for 30-730 days; the free tier for 7."""
    days, tier = known(inputs, "retentionInDays"), known(inputs, "sku.name")
    if isinstance(days, int) and tier != "Free" and not 30 <= days <= 730:
        yield Violation(("retentionInDays",), "must be from 30 to 730 days", days)


def federated_credential(inputs: Inputs) -> Iterator[Violation]:
    """The subject of a workload is a service account; Azure takes one audience."""
    subject = known(inputs, "subject")
    if isinstance(subject, str) and subject.startswith("system:serviceaccount:") and subject.count(":") != 3:
        yield Violation(("subject",), "must be system:serviceaccount:<namespace>:<name>", subject)
    audiences = known(inputs, "audiences")
    if is_list(audiences) and len(audiences) != 1:
        yield Violation(("audiences",), f"must have one entry, has {len(audiences)}", audiences)


def private_endpoint(inputs: Inputs) -> Iterator[Violation]:
    """An endpoint leads to one service, and says to which part of it."""
    both = [
        (prop, index, entry)
        for prop in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        for index, entry in items(inputs, prop)
    ]
    if not both and inputs.get("privateLinkServiceConnections") is None:
        yield Violation(("privateLinkServiceConnections",), "missing", verdict="needs it")
    for prop, index, entry in both:
        if entry.get("privateLinkServiceId") is None:
            yield Violation((prop, index, "privateLinkServiceId"), "missing", verdict="needs it")
        groups = entry.get("groupIds")
        if is_list(groups) and len(groups) > 1:
            yield Violation((prop, index, "groupIds"), "must name one part of the service", groups)


def flow_log(inputs: Inputs) -> Iterator[Violation]:
    """Retention of 0-365 days; security groups get no new flow logs since June 2025 (Network Watcher documentation)."""
    days = known(inputs, "retentionPolicy.days")
    if isinstance(days, int) and not 0 <= days <= 365:
        yield Violation(("retentionPolicy", "days"), "must be from 0 to 365 days", days)
    target = known(inputs, "targetResourceId")
    if isinstance(target, str) and "/networksecuritygroups/" in target.lower():
        yield Violation(("targetResourceId",), "must be a network, a subnet or an interface", target)


def placement_group(inputs: Inputs) -> Iterator[Violation]:
    """One zone, and one only for sizes that the group is meant for."""
    zones = [zone for _, zone in strings(inputs, "zones")]
    if len(zones) > 1:
        yield Violation(("zones",), "must name one zone at most", zones)
    if zones and not known(inputs, "intent.vmSizes"):
        yield Violation(("zones",), "needs intent.vmSizes", zones)


def diagnostics(inputs: Inputs) -> Iterator[Violation]:
    """A setting leads somewhere, and a log is named by category or by group of categories."""
    sinks = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
    if all(inputs.get(sink) is None for sink in sinks):
        yield Violation(("workspaceId",), f"missing: one of {', '.join(sinks)} is needed", verdict="needs it")
    for index, log in items(inputs, "logs"):
        if (log.get("category") is None) == (log.get("categoryGroup") is None):
            yield Violation(("logs", index, "category"), "give either category or categoryGroup", log.get("category"))
