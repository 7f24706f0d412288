"""From settings to a GkeCluster and its storage, with a provider of their own."""

import pulumi
import pulumi_gcp as gcp

from components.cluster.billing import billing_labels, is_protected
from components.cluster.gke import GkeCluster as Gke
from components.cluster.gke_network import ExistingNetworkArgs
from components.cluster.gke_rules import boot_disk_type, maintenance_window
from components.cluster.naming import physical_name
from components.cluster.outputs import Foundation
from components.cluster.pools import gpu_pool_args, system_pool_args
from components.eventing.gmk import Gmk
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import GkeCluster
from components.settings.event_topics import all_users
from components.settings.events import KafkaProvider, are_kept, google_size
from components.settings.network import ExistingSubnetwork
from components.storage.classes import google_classes
from components.storage.gcp import GcpStorage
from components.storage.retention import expiring
from components.trust.audit.feed import Feed
from components.trust.audit.feed_gcp import GcpAuditFeed


def make_gke(
    name: str, settings: Settings, cluster: GkeCluster, plan: DriverPlan, parent: pulumi.Resource
) -> Foundation:
    """The cluster of `settings`, and the stores that its workloads reach by workload identity."""
    provider = gcp.Provider(
        f"{name}-gcp",
        project=cluster.project,
        region=cluster.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    opts = pulumi.ResourceOptions(parent=parent, provider=provider)
    network, window, shared = cluster.network, cluster.maintenance, settings.storage.shared_files
    made = Gke(
        f"{name}-cluster",
        {
            "project": cluster.project,
            "region": cluster.region,
            "existing_network": _existing(network.existing) if network.existing else None,
            "flow_logs": network.flow_logs,
            "network_cidr": network.cidr,
            "pods_cidr": network.pods,
            "services_cidr": network.services,
            "control_plane_cidr": network.control_plane,
            "public_cidrs": list(cluster.api.public_cidrs),
            "kubernetes_version": settings.versions.kubernetes,
            "release_channel": cluster.release_channel.value,
            "maintenance": maintenance_window(window.day, window.start_hour, window.hours),
            "shared_files": shared is not None,
            "admin_group": cluster.admin_group,
            "system_pool": system_pool_args(cluster),
            "gpu_pools": gpu_pool_args(cluster, plan),
            "deletion_protection": is_protected(settings, cluster),
            "labels": billing_labels(settings),
        },
        opts,
    )
    storage = GcpStorage(
        f"{name}-storage",
        {
            "project": cluster.project,
            "region": cluster.region,
            "workload_pool": made.workload_identity,
            "network": made.network,
            "shared_vpc": network.existing is not None and _project(network.existing) != cluster.project,
            "shared_files_gib": shared.size_gib if shared else None,
            "expiring": expiring(settings),
            "keep_data": settings.storage.keep_data,
            "labels": billing_labels(settings),
        },
        opts,
    )
    classes = google_classes(
        # What the platform keeps, it keeps beside its controllers.
        boot_disk_type(cluster.system_pool.machine),
        [boot_disk_type(pool.machine) for pool in cluster.gpu_pools.values()],
        made.disk_key,
        billing_labels(settings),
    )
    feed: Feed | None = None
    if settings.events is not None and settings.events.audit is not None:
        feed = GcpAuditFeed(
            f"{name}-audit-feed",
            {
                "project": cluster.project,
                "region": cluster.region,
                "cluster_name": made.cluster_name,
                "workload_pool": made.workload_identity,
                "labels": billing_labels(settings),
            },
            opts,
        ).feed
    kafka = _kafka(name, settings, cluster, made, provider, opts)
    return Foundation(made, storage, classes, feed, kafka, None if kafka is None else kafka.authorities)


def _kafka(
    name: str,
    settings: Settings,
    cluster: GkeCluster,
    made: Gke,
    provider: gcp.Provider,
    opts: pulumi.ResourceOptions,
) -> Gmk | None:
    """Kafka of Google's, where the stack asks for it."""
    events = settings.events
    if events is None or events.provider is not KafkaProvider.GOOGLE:
        return None
    vcpus, memory = google_size(events)
    return Gmk(
        f"{name}-kafka",
        {
            "cluster_id": physical_name(f"{name}-kafka", pulumi.get_stack(), limit=63),
            "project": cluster.project,
            "region": cluster.region,
            "subnetwork": made.subnetwork,
            "network_cidr": cluster.network.cidr,
            "workload_pool": made.workload_identity,
            "vcpus": vcpus,
            "memory_gib": memory,
            "keep_records": are_kept(events, settings.environment),
            "labels": billing_labels(settings),
        },
        all_users(events, settings.environment, settings.tenants),
        provider,
        opts,
    )


def _project(found: ExistingSubnetwork) -> str:
    """The project that owns a network, from projects/<project>/global/networks/<name>."""
    return found.network.split("/")[1]


def _existing(found: ExistingSubnetwork) -> ExistingNetworkArgs:
    return {
        "network": found.network,
        "subnetwork": found.subnetwork,
        "pods_range": found.pods_range,
        "services_range": found.services_range,
    }
