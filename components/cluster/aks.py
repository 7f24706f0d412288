"""Azure Kubernetes Service: network, control plane, system pool and GPU pools."""

from collections.abc import Sequence
from typing import Any, TypedDict, cast

import pulumi
from pulumi_azure_native import containerservice, managedidentity, monitor, operationalinsights, resources

from components.cluster.addresses import dns_address
from components.cluster.aks_network import aks_network
from components.cluster.aks_nodes import AgentPoolContext, gpu_agent_pool, system_pool_profile
from components.cluster.aks_secrets import NETWORK_CONTRIBUTOR, aks_secrets_key, grant
from components.cluster.kubeconfig import KubeconfigError, aks_kubeconfig
from components.cluster.naming import physical_name
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs

CONTROL_PLANE_LOGS = [
    "kube-apiserver",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "guard",
]
"""Diagnostic categories that are kept (AKS documentation, resource logs). `kube-audit-admin` leaves out reads, which
are most of `kube-audit` and of its price."""

LOG_DAYS = 90
"""How long control-plane logs are kept."""


class AksClusterArgs(TypedDict):
    """What an AKS cluster needs to know."""

    subscription_id: str
    location: str
    """Azure region in short form, such as eastus2."""

    tenant_id: str | None
    """Entra ID tenant of the administrators; None: the subscription's own."""

    network_cidr: str
    """Network of nodes."""

    pods_cidr: str
    """Pod addresses, an overlay that exists only inside the cluster."""

    services_cidr: str
    """Kubernetes service addresses. None of the three may overlap."""

    public_cidrs: list[str]
    """Networks that may reach the public API endpoint. Empty: the cluster is private."""

    kubernetes_version: str
    """Minor version, such as 1.34."""

    admin_groups: list[str]
    """Object ids of the Entra ID groups that administer the cluster. Local accounts are off, so whoever runs Pulumi
    must be a member of one."""

    zones: list[str]
    """Availability zones of the system pool; empty in a region without."""

    system_pool: SystemPoolArgs
    gpu_pools: dict[str, GpuPoolArgs]
    """By name: at most 12 lower-case letters and digits."""

    tags: dict[str, str]
    """Tags of the cloud's own resources, for billing."""


class AksCluster(pulumi.ComponentResource):
    """An AKS cluster with private nodes, workload identity, secrets encrypted under its own key, NetworkPolicy
    enforced by Cilium and control-plane logs in a workspace of its own.

    The key vault cannot be purged: after a destroy it stays, deleted and free of charge, for a week. Raises
    `ValueError` without admin groups: nobody could use the cluster.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]

    def __init__(self, name: str, args: AksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if not args["admin_groups"]:
            raise ValueError("cluster.adminGroups is empty, so nobody could use the cluster; list at least one group")
        super().__init__("multimodal:index:AksCluster", name, cast("dict[str, Any]", dict(args)), opts)
        child = pulumi.ResourceOptions(parent=self)
        location, subscription = args["location"], args["subscription_id"]
        physical = physical_name(name, pulumi.get_stack())

        group = resources.ResourceGroup(f"{name}-group", location=location, tags=args["tags"], opts=child)
        network = aks_network(name, args["network_cidr"], location, group.name, parent=self)
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-control-plane", resource_group_name=group.name, location=location, opts=child
        )
        may_join = grant(
            f"{name}-network",
            role=NETWORK_CONTRIBUTOR,
            scope=network.node_subnet_id,
            principal=identity.principal_id,
            subscription=subscription,
            parent=self,
        )
        key = aks_secrets_key(
            name,
            location=location,
            group=group.name,
            tenant=identity.tenant_id,
            principal=identity.principal_id,
            subscription=subscription,
            parent=self,
        )
        cluster = containerservice.ManagedCluster(
            name,
            resource_name_=physical,
            resource_group_name=group.name,
            location=location,
            node_resource_group=f"{physical}-nodes",
            dns_prefix=physical,
            kubernetes_version=args["kubernetes_version"],
            sku={"name": "Base", "tier": "Standard"},
            identity=containerservice.ManagedClusterIdentityArgs(
                type=containerservice.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
            ),
            enable_rbac=True,
            disable_local_accounts=True,
            aad_profile={
                "managed": True,
                "enable_azure_rbac": False,
                "admin_group_object_ids": args["admin_groups"],
                "tenant_id": args["tenant_id"],
            },
            api_server_access_profile=api_access(args["public_cidrs"]),
            oidc_issuer_profile={"enabled": True},
            security_profile={
                "workload_identity": {"enabled": True},
                "azure_key_vault_kms": {
                    "enabled": True,
                    "key_id": key.key_uri,
                    "key_vault_network_access": "Public",
                    "key_vault_resource_id": key.vault_id,
                },
            },
            network_profile={
                "network_plugin": "azure",
                "network_plugin_mode": "overlay",
                "network_policy": "cilium",
                "network_dataplane": "cilium",
                "pod_cidr": args["pods_cidr"],
                "service_cidr": args["services_cidr"],
                "dns_service_ip": dns_address(args["services_cidr"]),
                "outbound_type": "userAssignedNATGateway",
                "load_balancer_sku": "standard",
            },
            # Versions change when the stack file does; security patches of nodes do not wait for that.
            auto_upgrade_profile={"upgrade_channel": "none", "node_os_upgrade_channel": "SecurityPatch"},
            agent_pool_profiles=[
                system_pool_profile(
                    args["system_pool"],
                    zones=args["zones"],
                    subnet_id=network.node_subnet_id,
                    kubernetes_version=args["kubernetes_version"],
                )
            ],
            tags=args["tags"],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[may_join, key.may_encrypt],
                # The autoscaler owns the size between the two bounds.
                ignore_changes=["agentPoolProfiles[0].count"],
            ),
        )
        self._keep_logs(name, location, group.name, cluster)
        context = AgentPoolContext(
            cluster.name, group.name, network.node_subnet_id, args["kubernetes_version"], args["tags"], self
        )
        for pool_name, pool in args["gpu_pools"].items():
            gpu_agent_pool(f"{name}-gpu-{pool_name}", pool_name, pool, context)

        self.cluster_name = cluster.name
        self.identifier = cluster.id
        self.workload_identity = cluster.oidc_issuer_profile.apply(
            lambda issuer: str(issuer.issuer_url) if issuer else ""
        )
        credentials = containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=group.name,
            resource_name=cluster.name,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(cluster.name, credentials.kubeconfigs.apply(first_credential)).apply(
                lambda known: aks_kubeconfig(known[0], known[1])
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

    def _keep_logs(
        self, name: str, location: str, group: pulumi.Output[str], cluster: containerservice.ManagedCluster
    ) -> None:
        """Send the control plane's logs to a workspace."""
        child = pulumi.ResourceOptions(parent=self)
        workspace = operationalinsights.Workspace(
            f"{name}-logs",
            resource_group_name=group,
            location=location,
            sku={"name": "PerGB2018"},
            retention_in_days=LOG_DAYS,
            opts=child,
        )
        monitor.DiagnosticSetting(
            f"{name}-logs",
            resource_uri=cluster.id,
            workspace_id=workspace.id,
            log_analytics_destination_type="Dedicated",
            logs=[{"category": category, "enabled": True} for category in CONTROL_PLANE_LOGS],
            opts=child,
        )


def api_access(public_cidrs: list[str]) -> containerservice.ManagedClusterAPIServerAccessProfileArgs:
    """How the Kubernetes API is reached: by the networks listed, or by none but the cluster's own."""
    if public_cidrs:
        return containerservice.ManagedClusterAPIServerAccessProfileArgs(
            enable_private_cluster=False, authorized_ip_ranges=public_cidrs, disable_run_command=True
        )
    return containerservice.ManagedClusterAPIServerAccessProfileArgs(
        enable_private_cluster=True,
        enable_private_cluster_public_fqdn=False,
        private_dns_zone="system",
        disable_run_command=True,
    )


def first_credential(kubeconfigs: Sequence[Any]) -> str:
    """The kubeconfig that AKS hands out to a user, in base64. Raises `KubeconfigError` when it hands out none."""
    if not kubeconfigs:
        raise KubeconfigError("AKS returned no user credentials; check that whoever runs Pulumi may list them")
    return str(kubeconfigs[0]["value"])
