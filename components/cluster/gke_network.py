"""The network under a GKE cluster: one of its own, or one that is already there."""

from typing import NamedTuple, TypedDict

import pulumi
import pulumi_gcp as gcp

WEBHOOK_PORTS = ["8443", "9443"]
"""Ports of admission webhooks (Volcano and Kyverno, and most others). GKE itself opens 443 and 10250 only from the
control plane to nodes (GKE documentation, firewall rules of private clusters); without these every webhook call times
out."""


class ExistingNetworkArgs(TypedDict):
    """A network that is already there, with Cloud NAT and secondary ranges."""

    network: str
    """As projects/<project>/global/networks/<name>."""

    subnetwork: str
    """As projects/<project>/regions/<region>/subnetworks/<name>. Private Google Access is on in it."""

    pods_range: str
    services_range: str
    """Names of its secondary ranges."""


class NetworkArgs(TypedDict):
    """Address plan of a network of the cluster's own."""

    project: str
    region: str
    nodes: str
    pods: str
    services: str
    """CIDR blocks that do not overlap."""

    flow_logs: bool
    """Keeps a sample of connections in Cloud Logging, billed by volume."""


class GkeNetwork(NamedTuple):
    """What a cluster needs to know of its network."""

    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    pods_range: str
    services_range: str
    needs: list[pulumi.Resource]
    """What must be there before a node can reach anything, and outlive the last one."""


def existing_network(args: ExistingNetworkArgs) -> GkeNetwork:
    """Makes nothing. Whoever owns the network lets the control plane's range reach nodes on `WEBHOOK_PORTS`."""
    return GkeNetwork(args["network"], args["subnetwork"], args["pods_range"], args["services_range"], [])


def own_network(name: str, args: NetworkArgs, parent: pulumi.Resource) -> GkeNetwork:
    """A network with one subnetwork, which reaches Google's registries and storage by private addresses (Private Google
    Access) and everything else through Cloud NAT."""
    child = pulumi.ResourceOptions(parent=parent)
    project, region = args["project"], args["region"]
    network = gcp.compute.Network(
        f"{name}-network", project=project, auto_create_subnetworks=False, routing_mode="REGIONAL", opts=child
    )
    subnetwork = gcp.compute.Subnetwork(
        f"{name}-nodes",
        project=project,
        region=region,
        network=network.id,
        ip_cidr_range=args["nodes"],
        private_ip_google_access=True,
        secondary_ip_ranges=[
            {"range_name": "pods", "ip_cidr_range": args["pods"]},
            {"range_name": "services", "ip_cidr_range": args["services"]},
        ],
        log_config=(
            {"aggregation_interval": "INTERVAL_10_MIN", "flow_sampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"}
            if args["flow_logs"]
            else None
        ),
        opts=child,
    )
    router = gcp.compute.Router(f"{name}-router", project=project, region=region, network=network.id, opts=child)
    nat = gcp.compute.RouterNat(
        f"{name}-nat",
        project=project,
        region=region,
        router=router.name,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        log_config={"enable": True, "filter": "ERRORS_ONLY"},
        opts=child,
    )
    return GkeNetwork(network.id, subnetwork.id, "pods", "services", [nat])


def webhook_rule(
    name: str,
    project: str,
    network: GkeNetwork,
    control_plane: str,
    nodes: pulumi.Input[str],
    parent: pulumi.Resource,
) -> gcp.compute.Firewall:
    """Lets the control plane, at `control_plane`, call webhooks on nodes that run as the service account `nodes`."""
    return gcp.compute.Firewall(
        f"{name}-webhooks",
        project=project,
        network=network.network,
        direction="INGRESS",
        source_ranges=[control_plane],
        target_service_accounts=[nodes],
        allows=[{"protocol": "tcp", "ports": WEBHOOK_PORTS}],
        opts=pulumi.ResourceOptions(parent=parent),
    )
