"""From settings to the one cluster that they name. Cloud SDKs are imported here only when their cloud is chosen."""

from typing import TYPE_CHECKING

import pulumi

from components.gpu.drivers import DriverPlan
from components.settings import Settings
from components.settings.cluster import AksCluster, EksCluster, ExistingCluster, GkeCluster

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

            return Existing(
                f"{name}-cluster",
                {"kubeconfig": cluster.kubeconfig, "context": cluster.context},
                pulumi.ResourceOptions(parent=parent),
            )
