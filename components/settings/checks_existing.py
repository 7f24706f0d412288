"""Checks of a cluster that moves into a network which is already there."""

from collections.abc import Iterator

from components.settings.cluster import AksCluster, CloudCluster, EksCluster, GkeCluster
from components.settings.network import ExistingSubnetwork, ExistingVpc
from components.settings.problems import ABSENT, Problem


def moves_in(cluster: CloudCluster) -> bool:
    """Whether the cluster moves into a network that is already there."""
    if isinstance(cluster, AksCluster):
        return cluster.network.existing_subnet_id is not None
    return cluster.network.existing is not None


def existing_network_problems(cluster: CloudCluster) -> Iterator[Problem]:
    """What does not go together with the network, and what only its owner could do."""
    if isinstance(cluster, EksCluster) and cluster.network.existing is not None:
        yield from _vpc_problems(cluster, cluster.network.existing)
        if cluster.network.private_endpoints and "private_endpoints" in cluster.network.model_fields_set:
            yield Problem(
                ("cluster", "network", "privateEndpoints"),
                True,
                "an existing VPC has those that its owner made; make them there and leave it out",
            )
    if isinstance(cluster, GkeCluster) and cluster.network.existing is not None:
        yield from _subnetwork_problems(cluster, cluster.network.existing)
        if cluster.network.flow_logs:
            yield Problem(
                ("cluster", "network", "flowLogs"),
                True,
                "the owner of an existing subnetwork turns them on in it; do that and leave it out",
            )


def _vpc_problems(cluster: EksCluster, existing: ExistingVpc) -> Iterator[Problem]:
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


def _subnetwork_problems(cluster: GkeCluster, existing: ExistingSubnetwork) -> Iterator[Problem]:
    path = ("cluster", "network", "existing", "subnetwork")
    project, region = existing.subnetwork.split("/")[1], existing.subnetwork.split("/")[3]
    if region != cluster.region:
        yield Problem(
            path, existing.subnetwork, f"lies in {region}; name a subnetwork of {cluster.region}, the cluster's region"
        )
    owner = existing.network.split("/")[1]
    if project != owner:
        yield Problem(
            path,
            existing.subnetwork,
            f"belongs to project {project} and the network to {owner}; name a subnetwork of that network",
        )
