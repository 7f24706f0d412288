"""The rehearsal's AWS provider: checks resources with botocore's service models; calls nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import ClassVar

from rehearsal.contracts.aws import BINDINGS
from rehearsal.contracts.aws_ec2_rules import template_of_block
from rehearsal.contracts.binding import Violation
from rehearsal.contracts.rules import known, strings
from rehearsal.providers.aws_policy import policy_document
from rehearsal.providers.cloud import CloudProvider, Function, setting
from rehearsal.providers.install import sdk_version
from rehearsal.providers.outputs import digest
from rehearsal.providers.outputs_aws import ACCOUNT, OUTPUTS, partition
from rehearsal.providers.plugin import Props, contains_unknown, is_map, serve

_VPC, _SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
_TEMPLATE, _NODES = "aws:ec2/launchTemplate:LaunchTemplate", "aws:eks/nodeGroup:NodeGroup"
# Regions that have other zones than a, b and c (EC2 user guide, regions and zones).
_ZONES = {"us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd", "ca-central-1": "abd", "ap-northeast-1": "acd"}
_DIRECTIONS = {"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw"}


class AwsProvider(CloudProvider):
    """AWS in one region and one account that does not exist."""

    bindings = BINDINGS
    rules = OUTPUTS
    protectable: ClassVar[Mapping[str, tuple[str, bool]]] = {"aws:eks/cluster:Cluster": ("deletionProtection", False)}
    stores = frozenset({"aws:s3/bucket:Bucket"})

    def __init__(self) -> None:
        super().__init__()
        self._subnet_zones: dict[str, str] = {}
        # The engine has every resource checked in every run, so these are known before anything that uses them.
        self._templates: dict[str, Props] = {}
        self._default_tags: Props = {}

    def configure(self, config: Props) -> None:
        environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        self.region = str(config.get("region") or environment)
        accounts = setting(config, "allowedAccountIds")
        self.owner = str(accounts[0]) if accounts else ACCOUNT
        tags = setting(config, "defaultTags")
        self._default_tags = dict(tags.get("tags") or {}) if is_map(tags) else {}

    def normalize_inputs(self, type_: str, urn: str, inputs: Props, old_inputs: Props) -> Props:
        named = super().normalize_inputs(type_, urn, inputs, old_inputs)
        binding = self.bindings.get(type_)
        documents = {key: named[key] for key in binding.documents if is_map(named.get(key))} if binding else {}
        # The official provider sends documents as text too; those with a part that is not known yet have to wait.
        whole = {key: json.dumps(value) for key, value in documents.items() if not contains_unknown(value)}
        return {**named, **whole}

    def cross_check(self, type_: str, urn: str, inputs: Props) -> Iterator[Violation]:
        if not self.region and not inputs.get("region"):
            yield Violation(("region",), "missing: set it on the provider or as aws:region", verdict="needs it")
        if type_ == _VPC:
            self.addresses.add_network(self._id(type_, urn, inputs), [text for _, text in strings(inputs, "cidrBlock")])
        elif type_ == _SUBNET:
            zone, network, block = inputs.get("availabilityZone"), inputs.get("vpcId"), inputs.get("cidrBlock")
            if isinstance(zone, str):
                self._subnet_zones[self._id(type_, urn, inputs)] = zone
            if isinstance(block, str):
                key = network if isinstance(network, str) else None
                yield from self.addresses.subnet(key, urn, ("cidrBlock",), block)
        elif type_ == _TEMPLATE:
            self._templates[self._id(type_, urn, inputs)] = inputs
        elif type_ == _NODES and inputs.get("capacityType") == "CAPACITY_BLOCK":
            template = self._template(inputs)
            if template is not None:
                for problem in template_of_block(template):
                    yield Violation(("launchTemplate", "id"), problem, known(inputs, "launchTemplate.id"))

    def _show_nodes(self, type_: str, urn: str, inputs: Props) -> None:
        shown = dict(inputs)
        template = self._template(inputs) if type_ == _NODES else None
        if template is not None:
            # A node group that names no machine takes its launch template's.
            if template.get("instanceType") and not inputs.get("instanceTypes"):
                shown["instanceTypes"] = [template["instanceType"]]
            shown["networkInterfaces"] = template.get("networkInterfaces") or []
        super()._show_nodes(type_, urn, shown)

    def _template(self, inputs: Props) -> Props | None:
        """The launch template of a node group; None while its id is not known yet."""
        return self._templates.get(str(known(inputs, "launchTemplate.id")))

    def answer(self, type_: str, urn: str, inputs: Props) -> tuple[str, Props]:
        id_, computed = super().answer(type_, urn, inputs)
        binding, tags = self.bindings.get(type_), inputs.get("tags")
        if binding is None or ("tags" not in binding.local and binding.shape().find("tags") is None):
            return id_, computed
        return id_, {**computed, "tagsAll": {**self._default_tags, **(tags if is_map(tags) else {})}}

    def zones(self, inputs: Props) -> tuple[str, ...]:
        subnets = [subnet for _, subnet in strings(inputs, "subnetIds")]
        return tuple(dict.fromkeys(self._subnet_zones[subnet] for subnet in subnets if subnet in self._subnet_zones))

    def functions(self) -> Mapping[str, Function]:
        return {
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._availability_zones,
            "aws:index/getCallerIdentity:getCallerIdentity": self._caller_identity,
            "aws:index/getPartition:getPartition": self._partition,
            "aws:index/getRegion:getRegion": self._region,
            "aws:iam/getPolicyDocument:getPolicyDocument": policy_document,
            "aws:eks/getClusterAuth:getClusterAuth": self._cluster_auth,
        }

    def _id(self, type_: str, urn: str, inputs: Props) -> str:
        return self.rules[type_](self.facts(urn, inputs))[0]

    def _availability_zones(self, args: Props) -> Props:
        region = str(args.get("region") or self.region)
        zones = [
            (f"{region}{letter}", f"{zone_code(region)}-az{ord(letter) - ord('a') + 1}")
            for letter in _ZONES.get(region, "abc")
        ]
        names = {name for _, name in strings(args, "excludeNames")}
        ids = {id_ for _, id_ in strings(args, "excludeZoneIds")}
        kept = [(name, id_) for name, id_ in zones if name not in names and id_ not in ids]
        found: Props = {"names": [name for name, _ in kept], "zoneIds": [id_ for _, id_ in kept]}
        return {**args, **found, "groupNames": [region], "id": region, "region": region}

    def _caller_identity(self, args: Props) -> Props:
        arn = f"arn:{partition(self.region)}:sts::{self.owner}:assumed-role/rehearsal/rehearsal"
        return {**args, "accountId": self.owner, "arn": arn, "userId": "AROAREHEARSAL:rehearsal", "id": self.owner}

    def _partition(self, args: Props) -> Props:
        name = partition(self.region)
        suffix = "amazonaws.com.cn" if name == "aws-cn" else "amazonaws.com"
        reverse = ".".join(reversed(suffix.split(".")))
        return {**args, "partition": name, "dnsSuffix": suffix, "reverseDnsPrefix": reverse, "id": name}

    def _region(self, args: Props) -> Props:
        region = str(args.get("region") or args.get("name") or self.region)
        endpoint = f"ec2.{region}.amazonaws.com"
        return {**args, "region": region, "name": region, "id": region, "endpoint": endpoint, "description": region}

    def _cluster_auth(self, args: Props) -> Props:
        name = str(args.get("name"))
        return {**args, "id": name, "region": self.region, "token": f"k8s-aws-v1.rehearsal-{digest(name, 24)}"}


def zone_code(region: str) -> str:
    """How zone ids spell a region: `use1` for us-east-1, `apse2` for ap-southeast-2."""
    first, *middle, last = region.replace("us-gov", "usg").split("-")
    return first + "".join(_DIRECTIONS.get(word, word[:1]) for word in middle) + last


if __name__ == "__main__":
    serve(AwsProvider(), "aws", sdk_version("pulumi-aws"))
