"""What adds nodes and replicas."""

from collections.abc import Mapping

import pulumi

from components.autoscaling.cluster_autoscaler import ClusterAutoscaler
from components.autoscaling.keda import Keda
from components.cluster.naming import physical_name
from components.settings import Settings
from components.settings.cluster import EksCluster
from components.settings.model import Environment


def make_autoscaling(
    name: str, settings: Settings, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The autoscaler of nodes, where the cloud runs none of its own, and KEDA, where the stack scales by signals.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        lock: Digests by image reference.
        on_cluster: Parent and provider.
    """
    replicas = 2 if settings.environment is Environment.PROD else 1
    made: list[pulumi.Resource] = []
    if isinstance(settings.cluster, EksCluster):
        # GKE and AKS run one of their own.
        made.append(
            ClusterAutoscaler(
                f"{name}-autoscaler",
                {
                    "version": settings.versions.cluster_autoscaler,
                    "cluster_name": physical_name(f"{name}-cluster", pulumi.get_stack()),
                    "region": settings.cluster.region,
                    "replicas": replicas,
                    "images_lock": dict(lock),
                    "values": {},
                },
                on_cluster,
            )
        )
    if settings.autoscaling is not None:
        made.append(
            Keda(
                f"{name}-keda",
                {
                    "version": settings.versions.keda,
                    "replicas": replicas,
                    "images_lock": dict(lock),
                    "values": settings.autoscaling.values,
                },
                on_cluster,
            )
        )
    return made
