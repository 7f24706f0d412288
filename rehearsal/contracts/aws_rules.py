"""What AWS checks and its models do not say: ranges, policies, and properties that exclude each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.contracts.binding import Inputs, Rule, Violation
from rehearsal.contracts.botocore_model import shape
from rehearsal.contracts.check import not_one_of
from rehearsal.contracts.rules import cidr, exactly_one, items, known
from rehearsal.providers.plugin_values import UNKNOWN, Path, is_list, is_map

__all__ = ["cidr", "exactly_one"]

_PORTS = (-1, 65535)


def tags(inputs: Inputs) -> Iterator[Violation]:
    """At most 50 tags; keys of 1-128 characters that do not begin with `aws:`; values of at most 256.

    Source: AWS tagging guide, "Tag naming limits and requirements".
    """
    mapping = inputs.get("tags")
    if not is_map(mapping):
        return
    entries: Mapping[str, Any] = mapping
    if len(entries) > 50:
        yield Violation(("tags",), f"at most 50 tags, has {len(entries)}")
    for key, value in entries.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            yield Violation(("tags", key), "a tag key has 1-128 characters and does not begin with aws:", value)
        if isinstance(value, str) and len(value) > 256:
            yield Violation(("tags", key), f"a tag value has at most 256 characters, has {len(value)}")


def ports(inputs: Inputs, path: Path = (), protocol: str = "ipProtocol") -> Iterator[Violation]:
    """Port ranges run upward; with protocol -1 (all) there is none."""
    low, high, kind = known(inputs, "fromPort"), known(inputs, "toPort"), known(inputs, protocol)
    for name, port in (("fromPort", low), ("toPort", high)):
        if isinstance(port, int) and not _PORTS[0] <= port <= _PORTS[1]:
            yield Violation((*path, name), f"must be a port from {_PORTS[0]} to {_PORTS[1]}", port)
    if kind in ("tcp", "udp", "6", "17") and isinstance(low, int) and isinstance(high, int) and low > high:
        yield Violation((*path, "fromPort"), f"must not be above toPort {high}", low)


def security_group_rules(inputs: Inputs) -> Iterator[Violation]:
    """Inline rules: each has a range of ports and at least one peer."""
    for direction in ("ingress", "egress"):
        yield from cidr(f"{direction}.cidrBlocks")(inputs)
        for index, entry in items(inputs, direction):
            path: Path = (direction, index)
            yield from ports(entry, path, "protocol")
            peers = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups", "self")
            if not any(peer in entry and entry[peer] not in (None, [], False) for peer in peers):
                yield Violation(path, f"needs one of {', '.join(peers)}")


def nat_gateway(inputs: Inputs) -> Iterator[Violation]:
    """A public NAT gateway of one zone needs a subnet and an address; a private one has no address."""
    if known(inputs, "availabilityMode") == "regional":
        return
    if inputs.get("subnetId") is None:
        yield Violation(("subnetId",), "missing", verdict="needs it")
    kind = known(inputs, "connectivityType") or "public"
    if kind == "public" and inputs.get("allocationId") is None:
        yield Violation(("allocationId",), "missing: a public NAT gateway has an Elastic IP", verdict="needs it")
    if kind == "private" and inputs.get("allocationId") is not None:
        yield Violation(("allocationId",), "a private NAT gateway has no Elastic IP", inputs["allocationId"])


def instance_type_exists(prop: str) -> Rule:
    """An EC2 instance type, or a list of them, that the EC2 model knows."""

    def check(inputs: Inputs) -> Iterator[Violation]:
        value = known(inputs, prop)
        entries: list[Any] = value if is_list(value) else [value]
        for index, entry in enumerate(entries):
            if isinstance(entry, str) and entry not in shape("ec2", "InstanceType").enum:
                path: Path = (prop, index) if is_list(value) else (prop,)
                yield Violation(path, not_one_of(entry, shape("ec2", "InstanceType").enum), entry)

    return check


def json_policy(prop: str, *, principal: bool = False) -> Rule:
    """An IAM policy document: JSON with Version and Statements, each with Effect and Action.

    Args:
        prop: the property.
        principal: whether statements must say who (a role's trust policy) instead of on what.
    """

    def check(inputs: Inputs) -> Iterator[Violation]:
        value = known(inputs, prop)
        document: Any = value
        if isinstance(value, str):
            try:
                document = json.loads(value)
            except ValueError as error:
                yield Violation((prop,), f"is not JSON ({error})", value)
                return
        if document is None:
            return
        if not is_map(document):
            yield Violation((prop,), "must be a JSON object with Version and Statement", value)
            return
        policy: dict[str, Any] = document
        if policy.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
            yield Violation((prop,), f"Version {policy['Version']}: not one of 2012-10-17, 2008-10-17")
        statements = policy.get("Statement")
        listed: list[Any] = statements if is_list(statements) else [statements]
        if statements is None or not listed:
            yield Violation((prop,), "has no Statement")
            return
        for index, statement in enumerate(listed):
            for problem in _statement(statement, principal):
                yield Violation((prop,), f"Statement[{index}] {problem}")

    return check


def _statement(statement: Any, principal: bool) -> Iterator[str]:
    if statement is UNKNOWN:
        return
    if not is_map(statement):
        yield "must be an object"
        return
    entry: dict[str, Any] = statement
    if entry.get("Effect") not in ("Allow", "Deny", UNKNOWN):
        yield f"Effect {json.dumps(entry.get('Effect'), default=repr)}: not one of Allow, Deny"
    if "Action" not in entry and "NotAction" not in entry:
        yield "has no Action"
    if principal and "Principal" not in entry and "NotPrincipal" not in entry:
        yield "has no Principal: a trust policy says who may assume the role"
    if principal and "Resource" in entry:
        yield "has a Resource, which a trust policy must not have"
    if not principal and "Resource" not in entry and "NotResource" not in entry:
        yield "has no Resource"


def kms_deletion_window(inputs: Inputs) -> Iterator[Violation]:
    """KMS waits 7-30 days before it deletes a key."""
    days = known(inputs, "deletionWindowInDays")
    if isinstance(days, int) and not 7 <= days <= 30:
        yield Violation(("deletionWindowInDays",), "must be from 7 to 30 days", days)


_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def log_retention(inputs: Inputs) -> Iterator[Violation]:
    """CloudWatch Logs keeps events for one of a fixed set of days (PutRetentionPolicy's reference); 0 is for ever."""
    days = known(inputs, "retentionInDays")
    if isinstance(days, int) and days not in (0, *_RETENTIONS):
        yield Violation(("retentionInDays",), f"not one of {', '.join(map(str, _RETENTIONS))} days", days)


def lifecycle(inputs: Inputs) -> Iterator[Violation]:
    """Each rule does something, to what its filter (or old prefix) names; ids are unique.

    Source: S3 API reference, PutBucketLifecycleConfiguration.
    """
    seen: set[str] = set()
    actions = ("abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration")
    for index, entry in items(inputs, "rules"):
        if not any(entry.get(action) for action in (*actions, "noncurrentVersionTransitions", "transitions")):
            yield Violation(("rules", index), f"does nothing: one of {', '.join(actions)} or transitions is needed")
        name = entry.get("id")
        if isinstance(name, str) and name in seen:
            yield Violation(("rules", index, "id"), "is the id of another rule too", name)
        seen.add(str(name))


def file_system(inputs: Inputs) -> Iterator[Violation]:
    """A key needs encryption, and provisioned throughput its number (EFS API reference, CreateFileSystem)."""
    if inputs.get("kmsKeyId") is not None and known(inputs, "encrypted") is not True:
        yield Violation(("encrypted",), "must be true when kmsKeyId is given", known(inputs, "encrypted"))
    provisioned = known(inputs, "throughputMode") == "provisioned"
    if provisioned != (inputs.get("provisionedThroughputInMibps") is not None):
        problem = "must be given with throughputMode provisioned, and only then"
        yield Violation(("provisionedThroughputInMibps",), problem, inputs.get("provisionedThroughputInMibps"))
