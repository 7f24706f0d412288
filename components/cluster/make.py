"""From settings to the one cluster that they name. Cloud SDKs are imported here only when their cloud is chosen."""

import pulumi

from components.cluster.outputs import Foundation
from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import AksCluster, EksCluster, ExistingCluster, GkeCluster


def make_cluster(name: str, settings: Settings, plan: DriverPlan, parent: pulumi.Resource) -> Foundation:
    """Builds the cluster of `settings` and its storage, with a provider bound to the account of the stack file."""
    cluster = settings.cluster
    match cluster:
        case EksCluster():
            from components.cluster.eks_make import make_eks

            return make_eks(name, settings, cluster, plan, parent)
        case GkeCluster():
            from components.cluster.gke_make import make_gke

            return make_gke(name, settings, cluster, plan, parent)
        case AksCluster():
            from components.cluster.aks_make import make_aks

            return make_aks(name, settings, cluster, plan, parent)
        case ExistingCluster():
            from components.cluster.existing import ExistingCluster as Existing

            existing = Existing(
                f"{name}-cluster",
                {"kubeconfig": cluster.kubeconfig, "context": cluster.context},
                pulumi.ResourceOptions(parent=parent),
            )
            return Foundation(existing, None, {})
