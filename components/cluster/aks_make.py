"""From settings to an AksCluster and its storage, with a provider of their own."""

import pulumi
from pulumi_azure_native.provider import Provider as AzureProvider

from components.cluster.aks import AksCluster as Aks
from components.cluster.billing import billing_labels, is_protected
from components.cluster.outputs import Foundation
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import AksCluster
from components.settings.model import Environment
from components.storage.azure import AzureStorage
from components.storage.classes import azure_classes
from components.trust.audit.feed import Feed
from components.trust.audit.feed_azure import AzureAuditFeed


def make_aks(
    name: str, settings: Settings, cluster: AksCluster, plan: DriverPlan, parent: pulumi.Resource
) -> Foundation:
    """Build the cluster of `settings` and its stores."""
    provider = AzureProvider(
        f"{name}-azure",
        subscription_id=cluster.subscription_id,
        location=cluster.location,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    opts = pulumi.ResourceOptions(parent=parent, provider=provider)
    tags = billing_labels(settings)
    audit = settings.events.audit if settings.events is not None else None
    made = Aks(
        f"{name}-cluster",
        {
            "subscription_id": cluster.subscription_id,
            "location": cluster.location,
            "tenant_id": cluster.tenant_id,
            "network_cidr": cluster.network.cidr,
            "existing_subnet_id": cluster.network.existing_subnet_id,
            "flow_logs": cluster.network.flow_logs,
            "pods_cidr": cluster.network.pods,
            "services_cidr": cluster.network.services,
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "upgrade_channel": cluster.upgrade_channel.value,
            "maintenance": {
                "day": cluster.maintenance.day,
                "start_hour": cluster.maintenance.start_hour,
                "hours": cluster.maintenance.hours,
            },
            "uptime_sla": settings.environment is not Environment.DEV,
            "locked": is_protected(settings, cluster),
            "admin_groups": list(cluster.admin_groups),
            "zones": list(cluster.zones),
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "audited_changes": audit.changes_per_second if audit is not None else None,
            "tags": tags,
        },
        opts,
    )
    files = settings.storage.shared_files
    storage = AzureStorage(
        f"{name}-stores",
        {
            "subscription_id": cluster.subscription_id,
            "location": cluster.location,
            "zonal": bool(cluster.zones),
            "keep_data": settings.storage.keep_data,
            "shared_files_gib": files.size_gib if files else None,
            "private_endpoints": cluster.network.private_endpoints,
            "cluster_group": made.group_name,
            "vnet_id": made.network.vnet_id,
            "endpoint_subnet_id": made.network.endpoint_subnet_id,
            "admitted_subnet_id": made.network.node_subnet_id if made.network.admits_storage else None,
            "issuer": made.workload_identity,
            "tags": tags,
        },
        opts,
    )
    zonal = [bool(cluster.zones), *(bool(pool.zones) for pool in cluster.gpu_pools.values())]
    feed: Feed | None = None
    if made.audit_log is not None:
        feed = AzureAuditFeed(
            f"{name}-audit-feed",
            {
                "subscription_id": cluster.subscription_id,
                "location": cluster.location,
                "cluster_group": made.group_name,
                "vnet_id": made.network.vnet_id,
                "endpoint_subnet_id": made.network.endpoint_subnet_id,
                "issuer": made.workload_identity,
                "tags": tags,
            },
            made.audit_log,
            opts,
        ).feed
    return Foundation(made, storage, azure_classes(zonal, made.disk_encryption_set, tags), feed)
