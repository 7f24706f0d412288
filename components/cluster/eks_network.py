"""The network of an EKS cluster: private subnets for nodes, public ones for NAT gateways and load balancers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.cluster.addresses import zone_subnets
from components.settings.network import zone_number


class ExistingVpcArgs(TypedDict):
    """A VPC that somebody else made and keeps."""

    vpc_id: str
    private_subnet_ids: dict[str, str]
    """Zone -> private subnet with a way out."""


@dataclass(frozen=True)
class EksNetwork:
    """What the cluster needs of its network."""

    vpc_id: pulumi.Input[str]

    private: Mapping[str, pulumi.Input[str]]
    """Zone -> private subnet, in the order of the cluster's zones."""

    route_table_ids: list[pulumi.Input[str]]
    """Route tables of the private subnets; none of an existing network."""

    ready: list[pulumi.Resource]
    """Nodes join only while these exist: the way out through NAT."""


class ZoneBlocks(TypedDict):
    """The two networks of one zone."""

    private: str
    public: str


def zone_blocks(cidr: str, zones: Sequence[str]) -> dict[str, ZoneBlocks]:
    """The networks of each zone, cut from `cidr` by the zone's letter.

    So a zone that is added, dropped or moved in the list moves no other: a subnet whose addresses change is replaced,
    with every node in it.
    """
    plan = zone_subnets(cidr)
    return {
        zone: {"private": plan.private[zone_number(zone)], "public": plan.public[zone_number(zone)]} for zone in zones
    }


def existing_network(args: ExistingVpcArgs, zones: Sequence[str]) -> EksNetwork:
    """A network that is already there. Nothing is made in it; its owner sees to NAT and private endpoints."""
    return EksNetwork(args["vpc_id"], {zone: args["private_subnet_ids"][zone] for zone in zones}, [], [])


def own_network(
    name: str, cidr: str, zones: Sequence[str], *, nat_per_zone: bool, parent: pulumi.Resource
) -> EksNetwork:
    """Make the network `cidr` over `zones`, every resource a child of `parent`.

    With `nat_per_zone` each zone has its own NAT gateway and outlives the loss of another; without, all share one,
    which costs a third and is what a development stack wants.
    """
    child = pulumi.ResourceOptions(parent=parent)
    blocks = zone_blocks(cidr, zones)
    vpc = aws.ec2.Vpc(
        f"{name}-vpc",
        cidr_block=cidr,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags={"Name": name},
        opts=child,
    )
    gateway = aws.ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, tags={"Name": name}, opts=child)
    public_table = aws.ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, tags={"Name": f"{name}-public"}, opts=child)
    public_route = aws.ec2.Route(
        f"{name}-public-out",
        route_table_id=public_table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=gateway.id,
        opts=child,
    )

    ready: list[pulumi.Resource] = []
    tables: list[pulumi.Input[str]] = []
    subnets: dict[str, pulumi.Input[str]] = {}
    nats: list[aws.ec2.NatGateway] = []
    for zone in zones:
        public = _subnet(f"{name}-public-{zone}", vpc, blocks[zone]["public"], zone, "elb", parent)
        public_link = aws.ec2.RouteTableAssociation(
            f"{name}-public-{zone}", route_table_id=public_table.id, subnet_id=public.id, opts=child
        )
        if nat_per_zone or not nats:
            nats.append(_nat(f"{name}-nat-{zone}", public, needs=[public_route, public_link], parent=parent))
        private = _subnet(f"{name}-private-{zone}", vpc, blocks[zone]["private"], zone, "internal-elb", parent)
        # One table per zone even with one NAT gateway, so that turning `nat_per_zone` on changes routes only.
        table = aws.ec2.RouteTable(
            f"{name}-private-{zone}", vpc_id=vpc.id, tags={"Name": f"{name}-private-{zone}"}, opts=child
        )
        route = aws.ec2.Route(
            f"{name}-private-{zone}-out",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nats[-1].id,
            opts=child,
        )
        link = aws.ec2.RouteTableAssociation(
            f"{name}-private-{zone}", route_table_id=table.id, subnet_id=private.id, opts=child
        )
        subnets[zone] = private.id
        tables.append(table.id)
        ready += [route, link]
    return EksNetwork(vpc.id, subnets, tables, ready)


def _subnet(
    name: str, vpc: aws.ec2.Vpc, cidr: str, zone: str, balancers: str, parent: pulumi.Resource
) -> aws.ec2.Subnet:
    """A subnet in which load balancers of the kind `balancers` are placed (EKS user guide, subnet tags)."""
    return aws.ec2.Subnet(
        name,
        vpc_id=vpc.id,
        cidr_block=cidr,
        availability_zone=zone,
        tags={"Name": name, f"kubernetes.io/role/{balancers}": "1"},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _nat(
    name: str, subnet: aws.ec2.Subnet, *, needs: Sequence[pulumi.Resource], parent: pulumi.Resource
) -> aws.ec2.NatGateway:
    """A NAT gateway with its address. It works only while its subnet has a way out, hence `needs`."""
    address = aws.ec2.Eip(
        name, domain="vpc", tags={"Name": name}, opts=pulumi.ResourceOptions(parent=parent, depends_on=needs)
    )
    return aws.ec2.NatGateway(
        name,
        allocation_id=address.allocation_id,
        subnet_id=subnet.id,
        tags={"Name": name},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=needs),
    )
