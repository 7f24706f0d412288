"""Address plans: which part of a network goes where. Plain text in and out."""

import ipaddress
from typing import NamedTuple

from components.settings.network import ZONES_AT_MOST


class ZoneSubnets(NamedTuple):
    """The subnets of each zone, in the zones' order."""

    private: tuple[str, ...]
    """One eighth of the network each: nodes and, with the VPC CNI, pods."""

    public: tuple[str, ...]
    """One sixty-fourth each: NAT gateways and load balancers only."""


def zone_subnets(cidr: str) -> ZoneSubnets:
    """A private and a public subnet of `cidr`, an IPv4 network, for each zone that it may have.

    `10.0.0.0/16` gives private /19s (8,187 addresses) and public /22s. The number of zones in use makes no difference,
    so that adding a zone moves no subnet: one that moves is replaced, with every node in it.
    """
    *private, rest = ipaddress.ip_network(cidr).subnets(prefixlen_diff=3)
    public = list(rest.subnets(prefixlen_diff=3))[:ZONES_AT_MOST]
    return ZoneSubnets(tuple(map(str, private)), tuple(map(str, public)))


def first_half(cidr: str) -> str:
    """The lower half of `cidr`: nodes; the rest stays free for private endpoints and gateways."""
    return str(next(iter(ipaddress.ip_network(cidr).subnets())))


def dns_address(services: str) -> str:
    """The cluster DNS address in the network of Kubernetes services: the tenth, as the clouds themselves take it."""
    return str(ipaddress.ip_network(services)[10])
