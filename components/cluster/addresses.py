"""Address plans: which part of a network goes where. Plain text in and out."""

import ipaddress
from typing import NamedTuple

_BLOCKS = 8
"""Into how many equal blocks an EKS network is cut. It does not depend on the number of zones, so that adding a zone
moves no subnet: one that moves is replaced, with every node in it."""

MAX_ZONES = _BLOCKS - 1
"""One block is left for the public subnets."""

_AWS_LARGEST, _AWS_SMALLEST = 16, 28
"""Prefix lengths that a VPC and its subnets may have (EC2 API, CreateVpc and CreateSubnet)."""


class ZoneSubnets(NamedTuple):
    """The subnets of each zone, in the zones' order."""

    private: tuple[str, ...]
    """One eighth of the network each: nodes and, with the VPC CNI, pods."""

    public: tuple[str, ...]
    """One sixty-fourth each: NAT gateways and load balancers only."""


def zone_subnets(cidr: str, zones: int) -> ZoneSubnets:
    """A private and a public subnet of `cidr` for each of `zones`.

    `10.0.0.0/16` gives private /19s (8,187 addresses) and public /22s. The subnets of a zone are the same whatever
    the number of zones.

    Raises `ValueError` for a network that AWS cannot cut this way, or for a number of zones outside 1 to `MAX_ZONES`.
    """
    network = ipaddress.ip_network(cidr)
    if not isinstance(network, ipaddress.IPv4Network):
        raise ValueError(f"{cidr}: EKS nodes need an IPv4 network, such as 10.0.0.0/16")
    if not 1 <= zones <= MAX_ZONES:
        raise ValueError(f"{zones} zones: the address plan has room for 1 to {MAX_ZONES}")
    smallest = _AWS_SMALLEST - 6
    if not _AWS_LARGEST <= network.prefixlen <= smallest:
        raise ValueError(
            f"{cidr}: a VPC with subnets for {MAX_ZONES} zones is a /{_AWS_LARGEST} to a /{smallest}; "
            f"choose one in that range, such as {network.network_address}/{_AWS_LARGEST}"
        )
    *private, rest = (str(block) for block in network.subnets(prefixlen_diff=3))
    public = [str(block) for block in ipaddress.ip_network(rest).subnets(prefixlen_diff=3)]
    return ZoneSubnets(tuple(private[:zones]), tuple(public[:zones]))


def first_half(cidr: str) -> str:
    """The lower half of `cidr`: nodes; the rest stays free for private endpoints and gateways.

    Raises `ValueError` when there is nothing to halve.
    """
    network = ipaddress.ip_network(cidr)
    if network.prefixlen >= 28:
        raise ValueError(f"{cidr}: too small for nodes; choose a /27 or larger, such as 10.0.0.0/16")
    return str(next(iter(network.subnets())))


def dns_address(services: str) -> str:
    """The cluster DNS address in the network of Kubernetes services: the tenth, as the clouds themselves take it.

    Raises `ValueError` when the network is too small to have one.
    """
    network = ipaddress.ip_network(services)
    if network.num_addresses <= 16:
        raise ValueError(f"{services}: too small for Kubernetes services; choose a /24 or larger")
    return str(network[10])
