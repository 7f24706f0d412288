"""The network of an EKS cluster: private subnets for nodes, public ones for NAT gateways and load balancers."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cluster.addresses import zone_subnets

_NO_CONTROL_PLANE = ["use1-az3", "usw1-az2", "cac1-az3"]
"""Zones, by id, in which EKS cannot place a control plane's interfaces (EKS user guide, VPC requirements)."""


@dataclass(frozen=True)
class EksNetwork:
    """What the cluster needs of its network."""

    private_subnet_ids: list[pulumi.Output[str]]
    """One per zone."""

    ready: list[pulumi.Resource]
    """Nodes join only while these exist: the way out through NAT."""


def zone_name(names: Sequence[str], index: int) -> str:
    """The zone at `index`; raises `ValueError` when the region has fewer zones."""
    if index >= len(names):
        raise ValueError(
            f"cluster.zones asks for more than the region has for EKS: {len(names)} ({', '.join(names)}); lower it"
        )
    return names[index]


def eks_network(name: str, cidr: str, zones: int, *, nat_per_zone: bool, parent: pulumi.Resource) -> EksNetwork:
    """Make the network `cidr` over `zones` zones of the provider's region, every resource a child of `parent`.

    With `nat_per_zone` each zone has its own NAT gateway and outlives the loss of another; without, all share one,
    which costs a third and is what a development stack wants.
    """
    child = pulumi.ResourceOptions(parent=parent)
    plan = zone_subnets(cidr, zones)
    available = aws.get_availability_zones_output(
        state="available", exclude_zone_ids=_NO_CONTROL_PLANE, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    zone_names = [available.names.apply(lambda names, i=i: zone_name(names, i)) for i in range(zones)]
    # A zone that AWS adds may move the others in the list, and a subnet that changes its zone is replaced.
    fixed = pulumi.ResourceOptions(parent=parent, ignore_changes=["availabilityZone"])

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
    private_subnet_ids: list[pulumi.Output[str]] = []
    nats: list[aws.ec2.NatGateway] = []
    for i, (private_cidr, public_cidr) in enumerate(zip(plan.private, plan.public, strict=True)):
        public = aws.ec2.Subnet(
            f"{name}-public-{i}",
            vpc_id=vpc.id,
            cidr_block=public_cidr,
            availability_zone=zone_names[i],
            tags={"Name": f"{name}-public-{i}", "kubernetes.io/role/elb": "1"},
            opts=fixed,
        )
        public_link = aws.ec2.RouteTableAssociation(
            f"{name}-public-{i}", route_table_id=public_table.id, subnet_id=public.id, opts=child
        )
        if nat_per_zone or not nats:
            nats.append(_nat(f"{name}-nat-{i}", public, needs=[public_route, public_link], parent=parent))
        private = aws.ec2.Subnet(
            f"{name}-private-{i}",
            vpc_id=vpc.id,
            cidr_block=private_cidr,
            availability_zone=zone_names[i],
            tags={"Name": f"{name}-private-{i}", "kubernetes.io/role/internal-elb": "1"},
            opts=fixed,
        )
        # One table per zone even with one NAT gateway, so that turning `nat_per_zone` on changes routes only.
        table = aws.ec2.RouteTable(
            f"{name}-private-{i}", vpc_id=vpc.id, tags={"Name": f"{name}-private-{i}"}, opts=child
        )
        route = aws.ec2.Route(
            f"{name}-private-{i}-out",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nats[-1].id,
            opts=child,
        )
        link = aws.ec2.RouteTableAssociation(
            f"{name}-private-{i}", route_table_id=table.id, subnet_id=private.id, opts=child
        )
        private_subnet_ids.append(private.id)
        ready += [route, link]
    return EksNetwork(private_subnet_ids, ready)


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
