"""The Cluster Autoscaler, for EKS: GKE and AKS run one of their own.

It finds the node groups by the tags that EKS puts on their Auto Scaling groups, and knows what an empty group's nodes
would look like by the node-template tags of the GPU pools. Its AWS identity is a component of its own
(`components.cluster.eks_autoscaler_identity`).
Sources: kubernetes/autoscaler, charts/cluster-autoscaler values.yaml, cluster-autoscaler/FAQ.md (flags) and
cloudprovider/aws/README.md (discovery, accelerators).
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.settings.sections import PodSecurity

NAMESPACE = "cluster-autoscaler"
"""The autoscaler's namespace."""

SERVICE_ACCOUNT = "cluster-autoscaler"
"""Its service account, to which the AWS identity is bound."""

GPU_IN_USE = 0.01
"""Share of a node's GPUs in use from which on the node stays. Moving a pod of a gang restarts the whole gang, and a
model server takes minutes to load, so only nodes whose GPUs nobody uses are taken away."""

PROVISION_TIME = "30m"
"""How long a new node may take until it counts as failed. A GPU node waits for capacity, boots, gets its driver checked
and may reboot for MIG; the default of 15 minutes gives such nodes up."""


class ClusterAutoscalerArgs(TypedDict):
    """What the autoscaler needs to know."""

    version: str
    """Chart version."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    region: str
    """AWS region of the cluster."""

    replicas: int
    """More than one, and one leads while the others wait."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def autoscaler_values(
    version: str,
    cluster_name: pulumi.Input[str],
    region: str,
    replicas: int,
    lock: Mapping[str, str],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Values of the cluster-autoscaler chart."""
    base: dict[str, Any] = {
        "fullnameOverride": "cluster-autoscaler",
        "cloudProvider": "aws",
        "awsRegion": region,
        "autoDiscovery": {"clusterName": cluster_name},
        "replicaCount": replicas,
        "rbac": {"serviceAccount": {"create": True, "name": SERVICE_ACCOUNT}},
        "extraArgs": {
            # Of the pools that would do, the one that is left with the least idle hardware.
            "expander": "least-waste",
            # Pools differ by machine, layout or price; filling them evenly would buy the dear beside the cheap.
            "balance-similar-node-groups": False,
            # The platform's own pods come back elsewhere, and scratch space is only that.
            "skip-nodes-with-system-pods": False,
            "skip-nodes-with-local-storage": False,
            # Every GPU node runs the same agents; they are no reason to keep one.
            "ignore-daemonsets-utilization": True,
            "scale-down-gpu-utilization-threshold": GPU_IN_USE,
            "max-node-provision-time": PROVISION_TIME,
            # Until its GPUs are there a GPU node counts as unready, and unready nodes go after 20 minutes by default.
            "scale-down-unready-time": PROVISION_TIME,
        },
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    return merge(image_values("cluster-autoscaler", lock, version), base, extra)


class ClusterAutoscaler(pulumi.ComponentResource):
    """The Cluster Autoscaler of an EKS cluster. Makes no pools; give it `depends_on` its AWS identity."""

    namespace: pulumi.Output[str]
    """Namespace of the autoscaler."""

    def __init__(self, name: str, args: ClusterAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:ClusterAutoscaler", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="cluster-autoscaler",
            version=args["version"],
            namespace=self.namespace,
            values=autoscaler_values(
                args["version"],
                args["cluster_name"],
                args["region"],
                args["replicas"],
                args["images_lock"],
                args["values"],
            ),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
