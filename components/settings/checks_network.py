"""Checks of a cluster's addresses, zones and access to its API."""

import ipaddress
from collections.abc import Iterator

from components.settings.checks_existing import existing_network_problems, moves_in
from components.settings.cluster import AksCluster, CloudCluster, EksCluster, GkeCluster
from components.settings.network import ZONES_AT_MOST, zone_number
from components.settings.problems import Problem

SHORTEST_PREFIX = {4: 9, 6: 32}
"""IP version -> shortest prefix that may reach a public endpoint; two /1 networks are the whole world, too."""

OWN_PREFIX = (16, 20)
"""Widest and narrowest network that we make: narrower ones leave no room for every zone's subnets."""

VPC_PREFIX = (16, 28)
"""Widest and narrowest range of a VPC (EC2 API, CreateVpc)."""

EKS_SERVICES = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""Where EKS wants service addresses, between /24 and /12 (EKS API, KubernetesNetworkConfigRequest)."""

AKS_SERVICES = (13, 24)
"""Widest and narrowest range of service addresses: AKS wants one smaller than /12 (Azure CNI documentation), and the
tenth address, which is the cluster's DNS, must be in it."""

AKS_TAKEN = tuple(
    ipaddress.IPv4Network(text) for text in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
)
"""Addresses that AKS keeps for itself (AKS documentation, CNI networking, prerequisites)."""

NODE_PREFIX = 24
"""What a node takes of the pod addresses: on GKE with the default of 110 pods a node (GKE documentation, VPC-native
clusters), on AKS always (AKS documentation, Azure CNI Overlay)."""


def api_problems(cluster: CloudCluster) -> Iterator[Problem]:
    """Networks so wide that the Kubernetes API is open to the world, and those that cannot reach it."""
    networks = [ipaddress.ip_network(cidr) for cidr in cluster.api.public_cidrs]
    wide = [network.prefixlen < SHORTEST_PREFIX[network.version] for network in networks]
    if cluster.api.open_to_the_world and not any(wide):
        yield Problem(
            ("cluster", "api", "openToTheWorld"),
            True,
            "no network in cluster.api.publicCidrs is that wide; drop it, so that none gets in unseen later",
        )
    for index, (cidr, network) in enumerate(zip(cluster.api.public_cidrs, networks, strict=True)):
        if network.version == 6 and isinstance(cluster, EksCluster):
            yield Problem(
                ("cluster", "api", "publicCidrs", index),
                cidr,
                "EKS takes IPv6 networks for IPv6 clusters only, and this one has IPv4; list IPv4 networks",
            )
        if wide[index] and not cluster.api.open_to_the_world:
            yield Problem(
                ("cluster", "api", "publicCidrs", index),
                cidr,
                "opens the Kubernetes API to the world; list the networks of your office or VPN,"
                " or set cluster.api.openToTheWorld: true to ask for it by name",
            )


def network_problems(cluster: CloudCluster) -> Iterator[Problem]:
    """Address ranges, zones and existing networks that do not go together."""
    yield from _range_problems(cluster)
    match cluster:
        case EksCluster():
            yield from _eks_zone_problems(cluster)
            yield from _eks_services_problems(cluster)
        case GkeCluster():
            yield from _gke_problems(cluster)
        case AksCluster():
            yield from _repeated(("cluster", "zones"), cluster.zones)
            yield from _aks_problems(cluster)
    yield from existing_network_problems(cluster)


def _ranges(cluster: CloudCluster) -> dict[str, str]:
    """The ranges of the cluster by key, less those that an existing network brings along."""
    network, ours = cluster.network, not moves_in(cluster)
    ranges = {"cidr": network.cidr} if ours or isinstance(cluster, EksCluster) else {}
    match cluster:
        case EksCluster():
            return {**ranges, "services": network.services}
        case AksCluster():
            return {**ranges, "services": network.services, "pods": cluster.network.pods}
        case GkeCluster():
            found = {"services": network.services, "pods": cluster.network.pods} if ours else {}
            return {**ranges, **found, "controlPlane": cluster.network.control_plane}


def _range_problems(cluster: CloudCluster) -> Iterator[Problem]:
    ranges = _ranges(cluster)
    yield from _size_problems(cluster)
    names = list(ranges)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            if ipaddress.ip_network(ranges[first]).overlaps(ipaddress.ip_network(ranges[second])):
                yield Problem(
                    ("cluster", "network", second),
                    ranges[second],
                    f"overlaps network.{first} = {ranges[first]}; choose ranges that do not share addresses",
                )
    if "pods" in ranges:
        yield from _pods_problems(cluster, ranges["pods"])


def _pods_problems(cluster: CloudCluster, pods: str) -> Iterator[Problem]:
    room = 2 ** max(0, NODE_PREFIX - ipaddress.ip_network(pods).prefixlen)
    nodes = cluster.system_pool.max_nodes + sum(pool.max_nodes for pool in cluster.gpu_pools.values())
    if nodes > room:
        yield Problem(
            ("cluster", "network", "pods"),
            pods,
            f"has room for {room} nodes, each of which takes a /{NODE_PREFIX}, and the pools may have {nodes} together;"
            " choose a larger range or lower maxNodes",
        )


def _size_problems(cluster: CloudCluster) -> Iterator[Problem]:
    path = ("cluster", "network", "cidr")
    prefix = ipaddress.ip_network(cluster.network.cidr).prefixlen
    if not moves_in(cluster):
        if not OWN_PREFIX[0] <= prefix <= OWN_PREFIX[1]:
            yield Problem(
                path, cluster.network.cidr, "must be between /16 and /20, so that every zone gets its subnets"
            )
    elif isinstance(cluster, EksCluster) and not VPC_PREFIX[0] <= prefix <= VPC_PREFIX[1]:
        yield Problem(
            path, cluster.network.cidr, "no VPC has it: they are between /16 and /28; give the VPC's own range"
        )


def _eks_zone_problems(cluster: EksCluster) -> Iterator[Problem]:
    for index, zone in enumerate(cluster.zones):
        if zone[:-1] != cluster.region:
            yield Problem(
                ("cluster", "zones", index),
                zone,
                f"not a zone of {cluster.region}, the cluster's region; its zones are {cluster.region}a and so on",
            )
        elif not moves_in(cluster) and zone_number(zone) >= ZONES_AT_MOST:
            last = chr(ord("a") + ZONES_AT_MOST - 1)
            yield Problem(
                ("cluster", "zones", index),
                zone,
                f"the network that is made has subnets for zones a to {last}; choose among those, or bring a network of"
                " your own as cluster.network.existing",
            )
    yield from _repeated(("cluster", "zones"), cluster.zones)


def _eks_services_problems(cluster: EksCluster) -> Iterator[Problem]:
    services = ipaddress.IPv4Network(cluster.network.services)
    inside = any(services.subnet_of(wide) for wide in EKS_SERVICES)
    if not inside or not 12 <= services.prefixlen <= 24:
        yield Problem(
            ("cluster", "network", "services"),
            cluster.network.services,
            f"EKS wants a range between /12 and /24 within {', '.join(map(str, EKS_SERVICES))}",
        )


GKE_MAINTENANCE_HOURS = 12
"""GKE wants 48 hours of windows in any 32 days, which are sure to hold four weekly ones (GKE documentation on
maintenance windows)."""


def _gke_problems(cluster: GkeCluster) -> Iterator[Problem]:
    network = cluster.network
    if ipaddress.ip_network(network.control_plane).prefixlen != 28:
        yield Problem(("cluster", "network", "controlPlane"), network.control_plane, "GKE wants a /28 here")
    hours = cluster.maintenance.hours
    if hours < GKE_MAINTENANCE_HOURS:
        yield Problem(
            ("cluster", "maintenance", "hours"),
            hours,
            f"GKE wants 48 hours in any 32 days, so a weekly window must have {GKE_MAINTENANCE_HOURS} at least",
        )


def _aks_problems(cluster: AksCluster) -> Iterator[Problem]:
    services = cluster.network.services
    widest, narrowest = AKS_SERVICES
    if not widest <= ipaddress.ip_network(services).prefixlen <= narrowest:
        yield Problem(
            ("cluster", "network", "services"), services, f"AKS wants a range between /{widest} and /{narrowest}"
        )
    for key, text in _ranges(cluster).items():
        for taken in AKS_TAKEN:
            if ipaddress.IPv4Network(text).overlaps(taken):
                yield Problem(("cluster", "network", key), text, f"AKS uses {taken} itself; choose another range")


def _repeated(path: tuple[str, ...], zones: tuple[str, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, zone in enumerate(zones):
        if zone in seen:
            yield Problem((*path, index), zone, "named twice; name each zone once")
        seen.add(zone)
