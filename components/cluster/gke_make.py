"""From settings to an GkeCluster, with a provider of its own."""

import pulumi
import pulumi_gcp as gcp

from components.cluster.billing import billing_labels, is_production
from components.cluster.gke import GkeCluster as Gke
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import GkeCluster


def make_gke(name: str, settings: Settings, cluster: GkeCluster, plan: DriverPlan, parent: pulumi.Resource) -> Gke:
    provider = gcp.Provider(
        f"{name}-gcp",
        project=cluster.project,
        region=cluster.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Gke(
        f"{name}-cluster",
        {
            "project": cluster.project,
            "region": cluster.region,
            "network_cidr": cluster.network.cidr,
            "pods_cidr": cluster.network.pods,
            "services_cidr": cluster.network.services,
            "control_plane_cidr": cluster.network.control_plane,
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "release_channel": cluster.release_channel.value,
            "admin_group": cluster.admin_group,
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "deletion_protection": is_production(settings),
            "labels": billing_labels(settings),
        },
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )
