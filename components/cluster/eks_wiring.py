"""Elastic Fabric Adapter: how nodes of multi-node jobs are wired and placed."""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.catalog.machines import Machine
from components.settings.pools import Capacity

_WITHOUT_GROUP = (Capacity.RESERVED, Capacity.CAPACITY_BLOCK)
"""A reservation brings its own placement; a group of ours on top of it leaves reserved machines unused
(eksctl-io/eksctl#7949, terraform-aws-modules/terraform-aws-eks#3730)."""


class CardInterface(NamedTuple):
    """One interface of a machine."""

    card: int
    device: int
    kind: str
    """`interface` (plain) or `efa-only`."""


def card_interfaces(machine: Machine) -> list[CardInterface]:
    """The interfaces of a machine that uses every adapter it has and one private address.

    A plain one first, since an EFA-only interface cannot be the primary; then an adapter on each card that takes one:
    on card 0 as the second device, elsewhere as the first (EC2 user guide, "Maximize network bandwidth on instances
    with multiple network cards"). Secondary cards that also carried IP would be taken up by the node's setup, and the
    node would not join.
    """
    adapters = [CardInterface(0, 1, "efa-only")] if machine.efa_interfaces >= machine.network_cards else []
    others = [CardInterface(card, 0, "efa-only") for card in range(1, machine.network_cards)]
    return [CardInterface(0, 0, "interface"), *adapters, *others]


def network_interfaces(
    machine: Machine, security_groups: Sequence[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """The same for a launch template. EKS then adds no security group by itself, so the cluster's is among these."""
    return [
        {
            "network_card_index": card,
            "device_index": device,
            "interface_type": kind,
            "associate_public_ip_address": "false",
            "delete_on_termination": "true",
            "security_groups": list(security_groups),
        }
        for card, device, kind in card_interfaces(machine)
    ]


class Fabric(NamedTuple):
    """What the nodes of one pool share."""

    group_id: pulumi.Output[str]
    """Security group inside which everything may pass."""

    placement_group: pulumi.Output[str] | None
    """Keeps the nodes close together; None where a reservation does."""

    ready: list[pulumi.Resource]


def fabric(name: str, vpc_id: pulumi.Input[str], capacity: str, parent: pulumi.Resource) -> Fabric:
    """A security group and, unless the machines are reserved, a placement group for one pool."""
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        f"{name}-fabric",
        description="Traffic between the nodes of one pool, which EFA wants wholly open both ways",
        vpc_id=vpc_id,
        tags={"Name": f"{name}-fabric"},
        opts=child,
    )
    inward = aws.vpc.SecurityGroupIngressRule(
        f"{name}-fabric-in",
        security_group_id=group.id,
        ip_protocol="-1",
        referenced_security_group_id=group.id,
        opts=child,
    )
    outward = aws.vpc.SecurityGroupEgressRule(
        f"{name}-fabric-out",
        security_group_id=group.id,
        ip_protocol="-1",
        referenced_security_group_id=group.id,
        opts=child,
    )
    placement = None
    if capacity not in _WITHOUT_GROUP:
        placement = aws.ec2.PlacementGroup(
            name, strategy=aws.ec2.PlacementStrategy.CLUSTER, tags={"Name": name}, opts=child
        ).name
    return Fabric(group.id, placement, [inward, outward])
