"""Networks put together. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

Network = IPv4Network | IPv6Network


def put_together(cidrs: Iterable[object]) -> tuple[list[Network], list[object]]:
    """The fewest networks that hold the same addresses, and what of the list is no network.

    `["0.0.0.0/1", "128.0.0.0/1"]` is 0.0.0.0/0: only so does a list of halves show how much it opens.
    """
    v4: list[IPv4Network] = []
    v6: list[IPv6Network] = []
    bad: list[object] = []
    for cidr in cidrs:
        try:
            network = ip_network(str(cidr), strict=False)
        except ValueError:
            bad.append(cidr)
            continue
        if isinstance(network, IPv4Network):
            v4.append(network)
        else:
            v6.append(network)
    return [*collapse_addresses(v4), *collapse_addresses(v6)], bad
