"""Private addresses of what Azure keeps outside the cluster's network."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import network, privatedns

ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "file": "privatelink.file.core.windows.net",
    "namespace": "privatelink.servicebus.windows.net",
}
"""Part of a storage account or of Event Hubs -> zone of its private names (Private Link documentation, DNS)."""


class Neighbourhood(NamedTuple):
    """Where they are reached from."""

    group: pulumi.Input[str]
    """Resource group of the cluster's network, which goes with the cluster."""

    location: str
    vnet_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    """Subnet that the addresses are taken from."""

    tags: dict[str, str]
    parent: pulumi.Resource


def private_endpoint(name: str, service: str, owner_id: pulumi.Input[str], where: Neighbourhood) -> pulumi.Resource:
    """Give `service` (of `ZONES`) of what `owner_id` names an address in the network, and its public name that address.

    A network can be linked to one zone of a name only: one that has a privatelink zone for `service` already, from a
    hub, must do without ours. Gives what has to be there before the name leads to the address.
    """
    child = pulumi.ResourceOptions(parent=where.parent)
    zone = privatedns.PrivateZone(
        f"{name}-{service}",
        private_zone_name=ZONES[service],
        resource_group_name=where.group,
        # Private DNS is in no region.
        location="global",
        tags=where.tags,
        opts=child,
    )
    link = privatedns.VirtualNetworkLink(
        f"{name}-{service}",
        private_zone_name=zone.name,
        resource_group_name=where.group,
        location="global",
        virtual_network={"id": where.vnet_id},
        registration_enabled=False,
        tags=where.tags,
        opts=child,
    )
    endpoint = network.PrivateEndpoint(
        f"{name}-{service}",
        resource_group_name=where.group,
        location=where.location,
        subnet={"id": where.subnet_id},
        private_link_service_connections=[
            {"name": service, "private_link_service_id": owner_id, "group_ids": [service]}
        ],
        tags=where.tags,
        opts=child,
    )
    return network.PrivateDnsZoneGroup(
        f"{name}-{service}",
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        resource_group_name=where.group,
        private_dns_zone_configs=[{"name": service, "private_dns_zone_id": zone.id}],
        opts=pulumi.ResourceOptions(parent=where.parent, depends_on=[link]),
    )
