"""From settings to the one cluster that they name. Cloud SDKs are imported here only when their cloud is chosen."""

from typing import TYPE_CHECKING

import pulumi

from components.cluster.pools import gpu_pool_args, system_pool_args
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import AksCluster, EksCluster, ExistingCluster, GkeCluster
from components.settings.model import Environment

if TYPE_CHECKING:
    from components.cluster.aks import AksCluster as Aks
    from components.cluster.eks import EksCluster as Eks
    from components.cluster.existing import ExistingCluster as Existing
    from components.cluster.gke import GkeCluster as Gke


def make_cluster(
    name: str, settings: Settings, plan: DriverPlan, parent: pulumi.Resource
) -> "Eks | Gke | Aks | Existing":
    """Builds the cluster of `settings`, with a provider bound to the region and account of the stack file.

    Whichever it is, it has the outputs of `components.cluster.outputs.ClusterOutputs`.
    """
    cluster = settings.cluster
    match cluster:
        case EksCluster():
            return _eks(name, settings, cluster, plan, parent)
        case GkeCluster():
            return _gke(name, settings, cluster, plan, parent)
        case AksCluster():
            return _aks(name, settings, cluster, plan, parent)
        case ExistingCluster():
            from components.cluster.existing import ExistingCluster as Existing

            return Existing(
                f"{name}-cluster",
                {"kubeconfig": cluster.kubeconfig, "context": cluster.context},
                pulumi.ResourceOptions(parent=parent),
            )


def billing_labels(settings: Settings) -> dict[str, str]:
    """Labels of everything that a cloud bills, in the characters that all three clouds take."""
    return {"platform": "multimodal", "environment": settings.environment.value, "stack": pulumi.get_stack()}


def _eks(name: str, settings: Settings, cluster: EksCluster, plan: DriverPlan, parent: pulumi.Resource) -> "Eks":
    import pulumi_aws as aws

    from components.cluster.eks import EksCluster as Eks

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
            "zones": cluster.zones,
            "nat_per_zone": _production(settings),
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "admins": list(cluster.admins),
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "deletion_protection": _production(settings),
        },
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )


def _gke(name: str, settings: Settings, cluster: GkeCluster, plan: DriverPlan, parent: pulumi.Resource) -> "Gke":
    import pulumi_gcp as gcp

    from components.cluster.gke import GkeCluster as Gke

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
            "deletion_protection": _production(settings),
            "labels": billing_labels(settings),
        },
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )


def _aks(name: str, settings: Settings, cluster: AksCluster, plan: DriverPlan, parent: pulumi.Resource) -> "Aks":
    from pulumi_azure_native.provider import Provider as AzureProvider

    from components.cluster.aks import AksCluster as Aks

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


def _production(settings: Settings) -> bool:
    return settings.environment is Environment.PROD
