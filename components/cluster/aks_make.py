"""From settings to an AksCluster, with a provider of its own."""

import pulumi
from pulumi_azure_native.provider import Provider as AzureProvider

from components.cluster.aks import AksCluster as Aks
from components.cluster.billing import billing_labels
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import AksCluster


def make_aks(name: str, settings: Settings, cluster: AksCluster, plan: DriverPlan, parent: pulumi.Resource) -> Aks:
    provider = AzureProvider(
        f"{name}-azure",
        subscription_id=cluster.subscription_id,
        location=cluster.location,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Aks(
        f"{name}-cluster",
        {
            "subscription_id": cluster.subscription_id,
            "location": cluster.location,
            "tenant_id": cluster.tenant_id,
            "network_cidr": cluster.network.cidr,
            "pods_cidr": cluster.network.pods,
            "services_cidr": cluster.network.services,
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "admin_groups": list(cluster.admin_groups),
            "zones": list(cluster.zones),
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "tags": billing_labels(settings),
        },
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )
