"""From settings to an EKS cluster and its storage, with a provider of their own."""

import pulumi
import pulumi_aws as aws

from components.autoscaling.cluster_autoscaler import NAMESPACE, SERVICE_ACCOUNT
from components.cluster.billing import billing_labels, is_production, is_protected
from components.cluster.eks import EksCluster as Eks
from components.cluster.eks_autoscaler_identity import EksAutoscalerIdentity
from components.cluster.eks_keda_identity import EksKedaIdentity
from components.cluster.eks_network import ExistingVpcArgs
from components.cluster.naming import physical_name
from components.cluster.outputs import Foundation
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.eventing.msk import Msk
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cache import cached_models
from components.settings.cluster import EksCluster
from components.settings.events import DEFAULT_MACHINE, KafkaProvider, are_kept, broker_count, msk_zones
from components.storage.aws import AwsStorage
from components.storage.classes import ebs_classes
from components.storage.retention import expiring
from components.trust.audit.feed import Feed
from components.trust.audit.feed_aws import AwsAuditFeed


def make_eks(
    name: str, settings: Settings, cluster: EksCluster, plan: DriverPlan, parent: pulumi.Resource
) -> Foundation:
    """Cluster and storage of one stack, in the account and region of its file."""
    tags = billing_labels(settings)
    provider = aws.Provider(
        f"{name}-aws",
        region=cluster.region,
        allowed_account_ids=[cluster.account_id] if cluster.account_id else None,
        default_tags={"tags": tags},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    placed = pulumi.ResourceOptions(parent=parent, provider=provider)
    existing: ExistingVpcArgs | None = None
    if cluster.network.existing is not None:
        found = cluster.network.existing
        existing = {"vpc_id": found.vpc_id, "private_subnet_ids": dict(found.private_subnet_ids)}
    files = settings.storage.shared_files
    eks = Eks(
        f"{name}-cluster",
        {
            "region": cluster.region,
            "network_cidr": cluster.network.cidr,
            "services_cidr": cluster.network.services,
            "zones": list(cluster.zones),
            "existing": existing,
            "nat_per_zone": is_production(settings),
            "private_endpoints": cluster.network.private_endpoints,
            "flow_logs": cluster.network.flow_logs,
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "extended_support": cluster.extended_support,
            "admins": list(cluster.admins),
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan, {one.pool for one in cached_models(cluster, settings.tenants)}),
            "shared_files": files is not None,
            "deletion_protection": is_protected(settings, cluster),
            "tags": tags,
        },
        placed,
    )
    storage = AwsStorage(
        f"{name}-storage",
        {
            "region": cluster.region,
            "cluster_name": eks.workload_identity,
            "vpc_id": eks.network.vpc_id,
            "network_cidr": cluster.network.cidr,
            "subnet_ids": dict(eks.network.private),
            "shared_files_gib": files.size_gib if files else None,
            "expiring": expiring(settings),
            "keep_data": settings.storage.keep_data,
        },
        placed,
    )
    # A part of the cluster, so that everything on the cluster waits for it.
    EksAutoscalerIdentity(
        f"{name}-autoscaler-identity",
        {"cluster_name": eks.cluster_name, "namespace": NAMESPACE, "service_account": SERVICE_ACCOUNT},
        pulumi.ResourceOptions(parent=eks, provider=provider),
    )
    feed: Feed | None = None
    if settings.events is not None and settings.events.audit is not None:
        feed = AwsAuditFeed(
            f"{name}-audit-feed",
            {"cluster_name": eks.cluster_name, "log_group": eks.log_group, "region": cluster.region},
            placed,
        ).feed
    return Foundation(
        eks, storage, ebs_classes(eks.disk_key, tags), feed, _kafka(name, settings, cluster, eks, provider, parent)
    )


def _kafka(
    name: str,
    settings: Settings,
    cluster: EksCluster,
    eks: Eks,
    provider: aws.Provider,
    parent: pulumi.Resource,
) -> Msk | None:
    """Kafka of Amazon's, where the stack asks for it."""
    events = settings.events
    if events is None or events.provider is not KafkaProvider.MSK:
        return None
    scaler: pulumi.Output[str] | None = None
    if settings.autoscaling is not None:
        # A part of the cluster, so that everything on the cluster waits for it.
        scaler = EksKedaIdentity(
            f"{name}-keda-identity",
            {"cluster_name": eks.cluster_name},
            pulumi.ResourceOptions(parent=eks, provider=provider),
        ).role_name
    physical = physical_name(f"{name}-cluster", pulumi.get_stack())
    brokers = broker_count(events, settings.environment)
    return Msk(
        f"{name}-kafka",
        {
            "cluster_name": physical_name(f"{name}-kafka", pulumi.get_stack(), limit=64),
            "region": cluster.region,
            "eks_cluster": eks.workload_identity,
            "vpc_id": eks.network.vpc_id,
            "network_cidr": cluster.network.cidr,
            "subnet_ids": [eks.network.private[zone] for zone in msk_zones(cluster.zones, brokers)],
            "clients_group": eks.nodes_group,
            # The policy of the cluster's key lets CloudWatch use it below this name.
            "log_key": eks.disk_key,
            "log_group": f"/aws/eks/{physical}/kafka",
            "brokers": brokers,
            "machine": events.broker_machine or DEFAULT_MACHINE,
            "storage_gib": events.storage_gib,
            "keep_records": are_kept(events, settings.environment),
            "detailed_metrics": is_production(settings),
        },
        provider,
        scaler,
        pulumi.ResourceOptions(parent=parent, provider=provider),
    )
