"""Azure Kubernetes Service: network, control plane, system pool and GPU pools."""

from collections.abc import Sequence
from typing import Any, cast

import pulumi
from pulumi_azure_native import authorization, containerservice, managedidentity, resources

from components.cluster.addresses import dns_address
from components.cluster.aks_args import AksClusterArgs
from components.cluster.aks_audit_log import AuditLog, stream_audit_log
from components.cluster.aks_disks import disk_encryption
from components.cluster.aks_flow_logs import keep_flow_logs
from components.cluster.aks_logs import keep_logs
from components.cluster.aks_network import AksNetwork, aks_network, existing_network
from components.cluster.aks_nodes import (
    AgentPoolContext,
    gpu_agent_pool,
    may_use_reservations,
    system_pool_profile,
)
from components.cluster.aks_roles import NETWORK_CONTRIBUTOR, grant
from components.cluster.aks_secrets import aks_secrets_key
from components.cluster.aks_upgrades import image_channel, keep_to_window, moved_by_channel
from components.cluster.kubeconfig import KubeconfigError, aks_kubeconfig
from components.cluster.naming import physical_name


class AksCluster(pulumi.ComponentResource):
    """An AKS cluster with private nodes, workload identity, secrets and disks encrypted under its own keys,
    NetworkPolicy enforced by Cilium, upgrades within a window and control-plane logs in a workspace of its own.

    The key vault cannot be purged: after a destroy it stays, deleted and free of charge, for a week.

    A locked cluster cannot be deleted from the portal or by any other tool. The lock covers what the cluster consists
    of, its pools too, so to remove or replace a pool run `pulumi destroy --target <lock> --target <pool>` and then
    `up`, which sets the lock again. A destroy of the whole stack takes the lock off first, by itself.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]
    group_name: pulumi.Output[str]
    """Resource group of the cluster and its network."""

    disk_encryption_set: pulumi.Output[str]
    """What encrypts its disks, by resource id; storage classes name it for volumes."""

    network: AksNetwork

    audit_log: AuditLog | None
    """Where its log of changes can be read; None unless it was asked for."""

    def __init__(self, name: str, args: AksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:AksCluster", name, cast("dict[str, Any]", dict(args)), opts)
        child = pulumi.ResourceOptions(parent=self)
        location, subscription = args["location"], args["subscription_id"]
        physical = physical_name(name, pulumi.get_stack())

        group = resources.ResourceGroup(f"{name}-group", location=location, tags=args["tags"], opts=child)
        network = self._network(name, args, group.name)
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-control-plane", resource_group_name=group.name, location=location, tags=args["tags"], opts=child
        )
        may_join = grant(
            f"{name}-network",
            role=NETWORK_CONTRIBUTOR,
            scope=network.node_subnet_id,
            principal=identity.principal_id,
            subscription=subscription,
            opts=child,
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
        disks = disk_encryption(
            name,
            key,
            location=location,
            group=group.name,
            principal=identity.principal_id,
            subscription=subscription,
            tags=args["tags"],
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
            sku={"name": "Base", "tier": "Standard" if args["uptime_sla"] else "Free"},
            identity=containerservice.ManagedClusterIdentityArgs(
                type=containerservice.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
            ),
            # Of nodes, in every pool.
            disk_encryption_set_id=disks.set_id,
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
            auto_upgrade_profile={
                "upgrade_channel": args["upgrade_channel"],
                "node_os_upgrade_channel": image_channel(args["upgrade_channel"]),
            },
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
                depends_on=[may_join, key.may_encrypt, *disks.granted],
                # Refused by Pulumi at once; the lock is for everybody else.
                protect=args["locked"],
                # The autoscaler owns the size between the two bounds.
                ignore_changes=[
                    "agentPoolProfiles[0].count",
                    *moved_by_channel(args["upgrade_channel"], "agentPoolProfiles[0].orchestratorVersion"),
                    *moved_by_channel(args["upgrade_channel"], "kubernetesVersion"),
                ],
            ),
        )
        parts: list[pulumi.Resource] = [
            keep_logs(name, location=location, group=group.name, cluster=cluster.id, tags=args["tags"], parent=self),
            *keep_to_window(name, args["maintenance"], group=group.name, cluster=cluster.name, parent=self),
        ]
        self.audit_log = None
        if (changes := args["audited_changes"]) is not None:
            self.audit_log = stream_audit_log(
                name,
                changes_per_second=changes,
                location=location,
                group=group.name,
                cluster=cluster.id,
                tags=args["tags"],
                parent=self,
            )
            parts.append(self.audit_log.setting)
        granted = may_use_reservations(
            name, args["gpu_pools"], principal=identity.principal_id, subscription=subscription, parent=self
        )
        context = AgentPoolContext(
            cluster.name,
            group.name,
            location,
            network.node_subnet_id,
            args["kubernetes_version"],
            moved_by_channel(args["upgrade_channel"], "orchestratorVersion"),
            args["tags"],
            self,
        )
        for pool_name, pool in args["gpu_pools"].items():
            parts.append(gpu_agent_pool(f"{name}-gpu-{pool_name}", pool_name, pool, context, granted))
        if args["locked"]:
            authorization.ManagementLockByScope(
                f"{name}-lock",
                scope=cluster.id,
                level=authorization.LockLevel.CAN_NOT_DELETE,
                notes="Belongs to the Pulumi stack of this cluster, which takes it off before it deletes anything.",
                # The lock covers them all, so it comes last and goes first.
                opts=pulumi.ResourceOptions(parent=self, depends_on=parts),
            )

        self.group_name, self.network = group.name, network
        self.disk_encryption_set = disks.set_id
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

    def _network(self, name: str, args: AksClusterArgs, group: pulumi.Output[str]) -> AksNetwork:
        subnet, location = args["existing_subnet_id"], args["location"]
        if subnet is None:
            network = aks_network(name, args["network_cidr"], location, group, args["tags"], parent=self)
        else:
            network = existing_network(subnet)
        if args["flow_logs"]:
            keep_flow_logs(
                name,
                target=network.flow_target,
                location=location,
                group=group,
                subscription=args["subscription_id"],
                tags=args["tags"],
                parent=self,
            )
        return network


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
