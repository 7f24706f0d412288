"""The network of an AKS cluster: one subnet for nodes, whose only way out is a NAT gateway."""

import ipaddress
from typing import NamedTuple

import pulumi
from pulumi_azure_native import network as azure

from components.cluster.addresses import first_half

_ENDPOINTS_PREFIX = 27
"""27 addresses are left for private endpoints, of which a stack has three at most."""


class AksNetwork(NamedTuple):
    """What the cluster and its storage need of their network."""

    vnet_id: pulumi.Input[str]
    node_subnet_id: pulumi.Input[str]
    """Subnet of all nodes; its gateway is in place."""

    endpoint_subnet_id: pulumi.Input[str]
    """Subnet of private endpoints."""

    flow_target: pulumi.Input[str]
    """What a flow log watches: our network as a whole, of another's network the one subnet that we were given."""

    admits_storage: bool
    """Whether storage accounts may name the node subnet as the one that gets in."""


def endpoint_block(cidr: str) -> str:
    """Where private endpoints get their addresses: the first /27 of the upper half of `cidr`."""
    upper = list(ipaddress.ip_network(cidr).subnets())[1]
    return str(next(iter(upper.subnets(new_prefix=_ENDPOINTS_PREFIX))))


def network_of(subnet_id: str) -> str:
    """The virtual network of a subnet, by resource id."""
    return subnet_id.rpartition("/subnets/")[0]


def existing_network(subnet_id: str) -> AksNetwork:
    """The network that `subnet_id` belongs to: nodes and private endpoints go into that subnet, and nothing is made.

    Its owner has given it a NAT gateway and enough addresses.
    """
    return AksNetwork(network_of(subnet_id), subnet_id, subnet_id, subnet_id, admits_storage=False)


def aks_network(
    name: str, cidr: str, location: str, group: pulumi.Output[str], tags: dict[str, str], *, parent: pulumi.Resource
) -> AksNetwork:
    """Make the network `cidr` in resource group `group`; nodes take its lower half, pods an overlay."""
    child = pulumi.ResourceOptions(parent=parent)
    address = azure.PublicIPAddress(
        f"{name}-nat",
        resource_group_name=group,
        location=location,
        sku={"name": "Standard"},
        public_ip_allocation_method="Static",
        tags=tags,
        opts=child,
    )
    gateway = azure.NatGateway(
        f"{name}-nat",
        resource_group_name=group,
        location=location,
        sku={"name": "Standard"},
        public_ip_addresses=[{"id": address.id}],
        idle_timeout_in_minutes=10,
        tags=tags,
        opts=child,
    )
    vnet = azure.VirtualNetwork(
        f"{name}-network",
        resource_group_name=group,
        location=location,
        address_space={"address_prefixes": [cidr]},
        tags=tags,
        opts=child,
    )
    nodes = azure.Subnet(
        f"{name}-nodes",
        resource_group_name=group,
        virtual_network_name=vnet.name,
        address_prefix=first_half(cidr),
        nat_gateway={"id": gateway.id},
        # Nothing leaves but through the gateway, whose address is known.
        default_outbound_access=False,
        # Costs nothing, and lets storage accounts admit this subnet alone.
        service_endpoints=[{"service": "Microsoft.Storage"}],
        opts=child,
    )
    endpoints = azure.Subnet(
        f"{name}-endpoints",
        resource_group_name=group,
        virtual_network_name=vnet.name,
        address_prefix=endpoint_block(cidr),
        default_outbound_access=False,
        # Azure changes one subnet of a network at a time, and refuses the second meanwhile.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[nodes]),
    )
    return AksNetwork(vnet.id, nodes.id, endpoints.id, vnet.id, admits_storage=True)
