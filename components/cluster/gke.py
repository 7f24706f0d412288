"""Google Kubernetes Engine, Standard mode: network, control plane, system pool and GPU pools."""

from typing import Any, TypedDict, cast

import pulumi
import pulumi_gcp as gcp

from components.cluster.gke_network import (
    ExistingNetworkArgs,
    existing_network,
    own_network,
    webhook_rule,
)
from components.cluster.gke_nodes import NodePoolContext, gpu_node_pool, system_node_pool
from components.cluster.gke_rules import MaintenanceWindow
from components.cluster.gke_secrets import secrets_key
from components.cluster.kubeconfig import gke_kubeconfig
from components.cluster.naming import physical_name
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs

CONTROL_PLANE_LOGS = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"]
"""What goes to Cloud Logging (container API, LoggingComponentConfig). Admin audit logs are always on there."""

CONTROL_PLANE_METRICS = ["SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"]
"""What goes to Cloud Monitoring (container API, MonitoringComponentConfig)."""

NODE_ROLES = {
    "nodes": "roles/container.defaultNodeServiceAccount",
    "images": "roles/artifactregistry.reader",
}
"""Roles of nodes in the project: logs and metrics; images of its own Artifact Registry, which the first one leaves out
(CIS GKE Benchmark 2.0, 5.2.1). Registries of other projects let the account in themselves."""

_ACCOUNT_ID_LIMIT = 30
"""Longest id of a service account (IAM API, projects.serviceAccounts.create)."""


class GkeClusterArgs(TypedDict):
    """What a GKE cluster needs to know."""

    project: str
    """Project id. The APIs container, containerfilesystem (image streaming), compute, cloudkms, iam, logging,
    monitoring, storage and, for shared files, file are on in it."""

    region: str
    """The control plane and the system pool are in all of its zones."""

    existing_network: ExistingNetworkArgs | None
    """The network to move into; None: one is made with the ranges below."""

    flow_logs: bool
    """Keeps a sample of the own network's connections."""

    network_cidr: str
    """Network of nodes."""

    pods_cidr: str
    """Pod addresses."""

    services_cidr: str
    """Kubernetes service addresses."""

    control_plane_cidr: str
    """A /28 for the control plane's side of the peering. None of the four may overlap."""

    public_cidrs: list[str]
    """Networks that may reach the public API endpoint. Empty: there is none."""

    kubernetes_version: str
    """Smallest minor version, such as 1.34; the release channel goes on from there."""

    release_channel: str
    """RAPID, REGULAR, STABLE or EXTENDED."""

    maintenance: MaintenanceWindow
    """When GKE may upgrade control plane and nodes; urgent security patches may come at any time."""

    shared_files: bool
    """Whether pods mount Filestore volumes."""

    admin_group: str | None
    """Google group gke-security-groups@<domain>, whose member groups RBAC can name; None: RBAC knows no groups."""

    system_pool: SystemPoolArgs
    gpu_pools: dict[str, GpuPoolArgs]
    """By name."""

    deletion_protection: bool
    """The provider then refuses to delete the cluster."""

    labels: dict[str, str]
    """Labels of the cloud's own resources, for billing."""


class GkeCluster(pulumi.ComponentResource):
    """A regional GKE cluster with private nodes, workload identity, secrets and disks encrypted under its own key,
    NetworkPolicy enforced by Dataplane V2 and control-plane logs.

    It enables no Google API and installs no NVIDIA driver. Google keeps a KMS key ring for ever, so a destroy leaves
    an empty one, which costs nothing.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]
    network: pulumi.Output[str]
    """The network's path, for what else lies in it."""

    subnetwork: pulumi.Output[str]
    """Path of the nodes' subnetwork."""

    disk_key: pulumi.Output[str]
    """Path of the key for volumes."""

    def __init__(self, name: str, args: GkeClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:GkeCluster", name, cast("dict[str, Any]", dict(args)), opts)
        child = pulumi.ResourceOptions(parent=self)
        project, region = args["project"], args["region"]
        physical = physical_name(name, pulumi.get_stack())
        workload_pool = f"{project}.svc.id.goog"

        network = (
            existing_network(args["existing_network"])
            if args["existing_network"]
            else own_network(
                name,
                {
                    "project": project,
                    "region": region,
                    "nodes": args["network_cidr"],
                    "pods": args["pods_cidr"],
                    "services": args["services_cidr"],
                    "flow_logs": args["flow_logs"],
                },
                self,
            )
        )

        key, may_encrypt = secrets_key(name, project, region, self)
        account = gcp.serviceaccount.Account(
            f"{name}-nodes",
            project=project,
            account_id=physical_name(physical, "nodes", limit=_ACCOUNT_ID_LIMIT),
            display_name=f"Nodes of {physical}",
            opts=child,
        )
        # These roles and no others; the default account of Compute Engine may edit the project.
        may_run = [
            gcp.projects.IAMMember(f"{name}-{suffix}", project=project, role=role, member=account.member, opts=child)
            for suffix, role in NODE_ROLES.items()
        ]

        cluster = gcp.container.Cluster(
            name,
            name=physical,
            project=project,
            location=region,
            deletion_protection=args["deletion_protection"],
            network=network.network,
            subnetwork=network.subnetwork,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy={
                "cluster_secondary_range_name": network.pods_range,
                "services_secondary_range_name": network.services_range,
            },
            datapath_provider="ADVANCED_DATAPATH",
            # Pods of multi-node jobs have a card of the fast network each. It is on from the beginning because it
            # cannot be changed later: the first such pool would replace the cluster.
            enable_multi_networking=True,
            private_cluster_config={
                "enable_private_nodes": True,
                "enable_private_endpoint": not args["public_cidrs"],
                "master_ipv4_cidr_block": args["control_plane_cidr"],
            },
            master_authorized_networks_config={
                "cidr_blocks": [{"cidr_block": cidr, "display_name": cidr} for cidr in args["public_cidrs"]],
                # Otherwise every address of Google Cloud, other customers' included, reaches the endpoint.
                "gcp_public_cidrs_access_enabled": False,
            },
            master_auth={"client_certificate_config": {"issue_client_certificate": False}},
            authenticator_groups_config={"security_group": args["admin_group"]} if args["admin_group"] else None,
            enable_legacy_abac=False,
            enable_shielded_nodes=True,
            workload_identity_config={"workload_pool": workload_pool},
            database_encryption={"state": "ENCRYPTED", "key_name": key.id},
            release_channel={"channel": args["release_channel"]},
            min_master_version=args["kubernetes_version"],
            maintenance_policy={
                "recurring_window": {
                    "start_time": args["maintenance"]["start"],
                    "end_time": args["maintenance"]["end"],
                    "recurrence": args["maintenance"]["recurrence"],
                }
            },
            logging_config={"enable_components": CONTROL_PLANE_LOGS},
            # The platform brings its own Prometheus.
            monitoring_config={"enable_components": CONTROL_PLANE_METRICS, "managed_prometheus": {"enabled": False}},
            # The platform brings its own Gateway API, of one version on every cloud.
            gateway_api_config={"channel": "CHANNEL_DISABLED"},
            addons_config={
                "gce_persistent_disk_csi_driver_config": {"enabled": True},
                # Models can be read from their bucket as files.
                "gcs_fuse_csi_driver_config": {"enabled": True},
                "gcp_filestore_csi_driver_config": {"enabled": args["shared_files"]},
            },
            cost_management_config={"enabled": True},
            resource_labels=args["labels"],
            # GKE insists on a first pool; it lives for a minute, under the same account as the real ones.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config={"service_account": account.email, "shielded_instance_config": {"enable_secure_boot": True}},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*may_encrypt, *may_run, *network.needs],
                ignore_changes=["nodeConfig", "initialNodeCount"],
                # Refused by Pulumi at once; the cloud refuses too late, when most of the stack is gone.
                protect=args["deletion_protection"],
            ),
        )
        needs = [*network.needs, *may_run, *may_encrypt]
        if not args["existing_network"]:
            needs.append(webhook_rule(name, project, network, args["control_plane_cidr"], account.email, self))
        context = NodePoolContext(cluster.name, project, region, account.email, key.id, args["labels"], self, needs)
        system_node_pool(f"{name}-system", args["system_pool"], context)
        for pool_name, pool in args["gpu_pools"].items():
            gpu_node_pool(f"{name}-gpu-{pool_name}", pool_name, pool, context)

        self.cluster_name = cluster.name
        self.identifier = cluster.id
        self.disk_key = key.id
        self.network = pulumi.Output.from_input(network.network)
        self.subnetwork = pulumi.Output.from_input(network.subnetwork)
        # The pool exists only once the project has had a cluster, so whoever binds to it waits for ours.
        self.workload_identity = cluster.id.apply(lambda _: workload_pool)
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(cluster.name, cluster.endpoint, cluster.master_auth.cluster_ca_certificate).apply(
                lambda known: gke_kubeconfig(known[0], known[1], known[2])
            )
        )
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "cluster_name": self.cluster_name,
                "identifier": self.identifier,
                "workload_identity": self.workload_identity,
            }
        )
