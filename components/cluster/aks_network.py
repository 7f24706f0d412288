"""The network of an AKS cluster: one subnet for nodes, whose only way out is a NAT gateway."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import network as azure

from components.cluster.addresses import first_half


class AksNetwork(NamedTuple):
    """What the cluster needs of its network."""

    node_subnet_id: pulumi.Output[str]
    """Subnet of all nodes; its gateway is in place."""


def aks_network(
    name: str, cidr: str, location: str, group: pulumi.Output[str], *, parent: pulumi.Resource
) -> AksNetwork:
    """Make the network `cidr` in resource group `group`; nodes take its lower half, pods an overlay."""
    child = pulumi.ResourceOptions(parent=parent)
    address = azure.PublicIPAddress(
        f"{name}-nat",
        resource_group_name=group,
        location=location,
        sku={"name": "Standard"},
        public_ip_allocation_method="Static",
        opts=child,
    )
    gateway = azure.NatGateway(
        f"{name}-nat",
        resource_group_name=group,
        location=location,
        sku={"name": "Standard"},
        public_ip_addresses=[{"id": address.id}],
        idle_timeout_in_minutes=10,
        opts=child,
    )
    vnet = azure.VirtualNetwork(
        f"{name}-network",
        resource_group_name=group,
        location=location,
        address_space={"address_prefixes": [cidr]},
        opts=child,
    )
    subnet = azure.Subnet(
        f"{name}-nodes",
        resource_group_name=group,
        virtual_network_name=vnet.name,
        address_prefix=first_half(cidr),
        nat_gateway={"id": gateway.id},
        # Nothing leaves but through the gateway, whose address is known.
        default_outbound_access=False,
        opts=child,
    )
    return AksNetwork(subnet.id)
