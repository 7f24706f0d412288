"""Settings of addresses and of who reaches the Kubernetes API."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from components.settings.model import Model


def _cidr(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"not a network in CIDR form such as 10.0.0.0/16 ({error})") from None
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
"""A network in CIDR form; host bits must be zero."""


def _ipv4(value: str) -> str:
    if ipaddress.ip_network(value).version != 4:
        raise ValueError("clusters have IPv4 addresses; write an IPv4 network such as 10.0.0.0/16")
    return value


Ipv4Cidr = Annotated[Cidr, AfterValidator(_ipv4)]
"""An IPv4 network in CIDR form."""

ZONES_AT_MOST = 7
"""Zones for which an EKS network that we make has subnets: one eighth of it each, and one for the public subnets."""


def zone_number(zone: str) -> int:
    """Which part of an EKS network a zone has, by its letter: 0 for a. There is none from `ZONES_AT_MOST` on."""
    return ord(zone[-1]) - ord("a")


class ApiAccess(Model):
    """Who reaches the Kubernetes API. Nodes always use the private endpoint."""

    public_cidrs: tuple[Cidr, ...] = ()
    """Networks that may reach the public endpoint. Empty (the default): no public endpoint."""

    open_to_the_world: bool = False
    """Must be true to list a network as wide as 0.0.0.0/0; the policy pack refuses it all the same by default."""


class Network(Model):
    """Address plan of a cluster; the ranges must not overlap."""

    cidr: Ipv4Cidr = "10.0.0.0/16"
    """The cluster's own network; subnets are cut from it."""

    services: Ipv4Cidr = "172.20.0.0/16"
    """Kubernetes service addresses."""

    flow_logs: bool = False
    """Keeps a log of connections, for audits; it is billed by volume."""


class PodNetwork(Network):
    """Address plan where pods have a range of their own."""

    pods: Ipv4Cidr = "10.128.0.0/14"
    """Pod addresses."""


class ExistingVpc(Model):
    """A VPC that is already there, with routes to a NAT gateway or its like."""

    vpc_id: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    private_subnet_ids: dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")],
        Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")],
    ]
    """Zone -> private subnet; one for each of the cluster's zones."""


class EksNetwork(Network):
    """Address plan of an EKS cluster, or the network that it moves into."""

    existing: ExistingVpc | None = None
    """Use this VPC and make none; `cidr` is then the VPC's."""

    private_endpoints: bool = True
    """Reach ECR, S3, STS, EC2 and CloudWatch Logs without NAT: image layers and weights are most of the traffic."""


class ExistingSubnetwork(Model):
    """A VPC network and subnetwork that are already there, with Cloud NAT and secondary ranges."""

    network: Annotated[str, StringConstraints(pattern=r"^projects/[^/]+/global/networks/[a-z][-a-z0-9]*$")]
    subnetwork: Annotated[str, StringConstraints(pattern=r"^projects/[^/]+/regions/[^/]+/subnetworks/[a-z][-a-z0-9]*$")]
    pods_range: str
    """Name of the secondary range for pods."""

    services_range: str
    """Name of the secondary range for services."""


class GkeNetwork(PodNetwork):
    """Address plan of a GKE cluster, or the network that it moves into."""

    control_plane: Ipv4Cidr = "172.16.0.0/28"
    """The private control plane's peering range; GKE wants a /28."""

    existing: ExistingSubnetwork | None = None
    """Use this network and make none."""


class AksNetwork(PodNetwork):
    """Address plan of an AKS cluster, or the network that it moves into."""

    existing_subnet_id: (
        Annotated[
            str,
            StringConstraints(
                pattern=r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+$"
            ),
        ]
        | None
    ) = None
    """Use this subnet and make no network. It has a NAT gateway."""

    private_endpoints: bool = True
    """Reach the object store by a private address. The audit stream has one of its own and needs this."""


class Maintenance(Model):
    """When the cloud may upgrade by itself: one window a week, in UTC."""

    day: Annotated[str, StringConstraints(pattern=r"^(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)$")] = (
        "Sunday"
    )
    start_hour: Annotated[int, Field(ge=0, le=23)] = 2
    hours: Annotated[int, Field(ge=4, le=24)] = 12
    """Length. AKS wants at least 4 hours, GKE 48 in any 32 days, which is 12 a week."""
