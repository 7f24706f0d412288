"""Checks of a cluster's addresses, zones and access to its API."""

import ipaddress
from collections.abc import Iterator

from components.settings.cluster import AksCluster, CloudCluster, EksCluster, GkeCluster
from components.settings.network import ExistingVpc, PodNetwork
from components.settings.problems import ABSENT, Problem

SHORTEST_PREFIX = {4: 9, 6: 32}
"""IP version -> shortest prefix that may reach a public endpoint; two /1 networks are the whole world, too."""

OWN_PREFIX = (16, 20)
"""Widest and narrowest network that we make: narrower ones leave no room for every zone's subnets."""

VPC_PREFIX = (16, 28)
"""Widest and narrowest range of a VPC (EC2 API, CreateVpc)."""

EKS_SERVICES = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""Where EKS wants service addresses, between /24 and /12 (EKS API, KubernetesNetworkConfigRequest)."""


def api_problems(cluster: CloudCluster) -> Iterator[Problem]:
    """Networks so wide that the Kubernetes API is open to the world."""
    for index, cidr in enumerate(cluster.api.public_cidrs):
        network = ipaddress.ip_network(cidr)
        if network.prefixlen < SHORTEST_PREFIX[network.version] and not cluster.api.open_to_the_world:
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
            if cluster.network.existing is not None:
                yield from _existing_vpc_problems(cluster, cluster.network.existing)
        case GkeCluster():
            yield from _gke_problems(cluster)
        case AksCluster():
            yield from _repeated(("cluster", "zones"), cluster.zones)


def _range_problems(cluster: CloudCluster) -> Iterator[Problem]:
    network = cluster.network
    ranges = {"cidr": network.cidr, "services": network.services}
    if isinstance(network, PodNetwork):
        ranges["pods"] = network.pods
    if isinstance(cluster, GkeCluster):
        ranges["controlPlane"] = cluster.network.control_plane
    yield from _size_problems(cluster)
    names = list(ranges)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            one, other = ipaddress.ip_network(ranges[first]), ipaddress.ip_network(ranges[second])
            if one.version == other.version and one.overlaps(other):
                yield Problem(
                    ("cluster", "network", second),
                    ranges[second],
                    f"overlaps network.{first} = {ranges[first]}; choose ranges that do not share addresses",
                )


def _size_problems(cluster: CloudCluster) -> Iterator[Problem]:
    path = ("cluster", "network", "cidr")
    prefix = ipaddress.ip_network(cluster.network.cidr).prefixlen
    if not _moves_in(cluster):
        if not OWN_PREFIX[0] <= prefix <= OWN_PREFIX[1]:
            yield Problem(
                path, cluster.network.cidr, "must be between /16 and /20, so that every zone gets its subnets"
            )
    elif isinstance(cluster, EksCluster) and not VPC_PREFIX[0] <= prefix <= VPC_PREFIX[1]:
        yield Problem(
            path, cluster.network.cidr, "no VPC has it: they are between /16 and /28; give the VPC's own range"
        )


def _moves_in(cluster: CloudCluster) -> bool:
    """Whether the cluster moves into a network that is already there."""
    if isinstance(cluster, AksCluster):
        return cluster.network.existing_subnet_id is not None
    return cluster.network.existing is not None


def _eks_zone_problems(cluster: EksCluster) -> Iterator[Problem]:
    for index, zone in enumerate(cluster.zones):
        if zone[:-1] != cluster.region:
            yield Problem(
                ("cluster", "zones", index),
                zone,
                f"not a zone of {cluster.region}, the cluster's region; its zones are {cluster.region}a and so on",
            )
    yield from _repeated(("cluster", "zones"), cluster.zones)


def _eks_services_problems(cluster: EksCluster) -> Iterator[Problem]:
    services = ipaddress.ip_network(cluster.network.services)
    inside = any(services.version == 4 and services.subnet_of(wide) for wide in EKS_SERVICES)  # type: ignore[arg-type]
    if not inside or not 12 <= services.prefixlen <= 24:
        yield Problem(
            ("cluster", "network", "services"),
            cluster.network.services,
            f"EKS wants a range between /12 and /24 within {', '.join(map(str, EKS_SERVICES))}",
        )


def _existing_vpc_problems(cluster: EksCluster, existing: ExistingVpc) -> Iterator[Problem]:
    path = ("cluster", "network", "existing", "privateSubnetIds")
    for zone in cluster.zones:
        if zone not in existing.private_subnet_ids:
            yield Problem(
                (*path, zone),
                ABSENT,
                "missing; name one private subnet for each of cluster.zones, or drop the zone",
            )
    owner: dict[str, str] = {}
    for zone, subnet in existing.private_subnet_ids.items():
        if zone not in cluster.zones:
            yield Problem((*path, zone), subnet, f"not among cluster.zones, which are {', '.join(cluster.zones)}")
        elif subnet in owner:
            yield Problem(
                (*path, zone), subnet, f"{owner[subnet]} has it already; a subnet lives in one zone, so name another"
            )
        owner.setdefault(subnet, zone)


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
    if network.existing is not None:
        region = network.existing.subnetwork.split("/")[3]
        if region != cluster.region:
            yield Problem(
                ("cluster", "network", "existing", "subnetwork"),
                network.existing.subnetwork,
                f"lies in {region}; name a subnetwork of {cluster.region}, the cluster's region",
            )


def _repeated(path: tuple[str, ...], zones: tuple[str, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, zone in enumerate(zones):
        if zone in seen:
            yield Problem((*path, index), zone, "named twice; name each zone once")
        seen.add(zone)
