"""From settings to an EksCluster, with a provider of its own."""

import pulumi
import pulumi_aws as aws

from components.cluster.billing import billing_labels, is_production
from components.cluster.eks import EksCluster as Eks
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import EksCluster


def make_eks(name: str, settings: Settings, cluster: EksCluster, plan: DriverPlan, parent: pulumi.Resource) -> Eks:
    provider = aws.Provider(
        f"{name}-aws",
        region=cluster.region,
        allowed_account_ids=[cluster.account_id] if cluster.account_id else None,
        default_tags={"tags": billing_labels(settings)},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Eks(
        f"{name}-cluster",
        {
            "region": cluster.region,
            "network_cidr": cluster.network.cidr,
            "services_cidr": cluster.network.services,
            "zones": list(cluster.zones),
            "nat_per_zone": is_production(settings),
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "admins": list(cluster.admins),
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "deletion_protection": is_production(settings),
        },
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )
