"""Where pods find the Kubernetes API, for holes in closed networks. Pure."""

import ipaddress

from components.manifest import Spec
from components.settings.cluster import AksCluster, Cluster, EksCluster, GkeCluster

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Private address ranges (RFC 1918)."""

API_PORTS = (443, 6443)
"""Where API servers listen: the clouds' at 443, others mostly at 6443."""

LINK_LOCAL = "169.254.0.0/16"
"""Addresses of a node's metadata service, which tells a node's own credentials to whoever asks."""

PUBLIC: Spec = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [LINK_LOCAL]}}]
"""Peers of a network policy for servers on the internet, whose addresses nobody knows beforehand."""


def api_addresses(cluster: Cluster, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Networks in which pods find the Kubernetes API; empty where it is public, so that nobody knows them beforehand.

    On EKS its network interfaces lie in the cluster's subnets, and the VPC CNI judges a connection before the service
    address is translated, so that address counts too. GKE peers with a range of its own. A private AKS cluster has a
    private endpoint in its network.
    """
    if chosen:
        return chosen
    match cluster:
        case EksCluster():
            service = next(ipaddress.ip_network(cluster.network.services).hosts())
            return (cluster.network.cidr, f"{service}/32")
        case GkeCluster():
            return (cluster.network.control_plane,)
        case AksCluster():
            return () if cluster.api.public_cidrs else (cluster.network.cidr,)
        case _:
            return _PRIVATE


def allow_api(pods: Spec, addresses: tuple[str, ...]) -> Spec:
    """Spec of the network policy by which `pods` reach the Kubernetes API.

    Args:
        pods: Selector of the pods.
        addresses: Of `api_addresses`; where there are none the API is public and listens at 443.
    """
    ports = API_PORTS if addresses else API_PORTS[:1]
    return {
        "podSelector": pods,
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": address}} for address in addresses] or PUBLIC,
                "ports": [{"protocol": "TCP", "port": port} for port in ports],
            }
        ],
    }
