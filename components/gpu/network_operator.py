"""NVIDIA's Network Operator on AKS: offers the InfiniBand cards of fast pools to pods, as `rdma/ib`."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.gpu.infiniband import POLICY, locked_memory, network_operator_values, nic_cluster_policy
from components.helm import addon_namespace, release
from components.labels import platform_labels
from components.order import after
from components.settings.sections import PodSecurity

NAMESPACE = "nvidia-network-operator"
"""The operator's namespace."""


class NetworkOperatorArgs(TypedDict):
    """What the operator needs to know."""

    version: str
    """Chart version."""

    pools: list[str]
    """Names of the pools whose nodes have InfiniBand cards."""

    taints: list[str]
    """Keys of all taints on GPU nodes, which its pods must tolerate."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


class NetworkOperator(pulumi.ComponentResource):
    """NVIDIA's Network Operator with the cards' driver and device plugin, and room for pods to lock memory.

    Needs the GPU Operator's feature discovery, told of InfiniBand. Puts nodes on no fabric: that is done by the
    subscription's feature Microsoft.ContainerService/AKSInfinibandSupport.
    """

    namespace: pulumi.Output[str]
    """Namespace of the operator."""

    def __init__(self, name: str, args: NetworkOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:NetworkOperator", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        # Driver and plugin work on the host.
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.PRIVILEGED, opts=child)
        self.namespace = namespace.metadata.name
        installed = release(
            f"{name}-release",
            chart="network-operator",
            version=args["version"],
            namespace=self.namespace,
            values=network_operator_values(args["version"], args["images_lock"], args["values"]),
            opts=child,
        )
        # Nothing holds on to it: what the operator made of it is garbage once it is gone.
        kubernetes.apiextensions.CustomResource(
            f"{name}-policy",
            api_version="mellanox.com/v1alpha1",
            kind="NicClusterPolicy",
            metadata={"name": POLICY, "labels": platform_labels()},
            spec=nic_cluster_policy(args["pools"], args["taints"], args["images_lock"]),
            opts=after(child, installed),
        )
        kubernetes.apps.v1.DaemonSet(
            f"{name}-locked-memory",
            metadata={"name": "locked-memory", "namespace": self.namespace, "labels": platform_labels()},
            spec=locked_memory(args["pools"], args["taints"], args["images_lock"]),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(deleted_with=namespace)),
        )
        self.register_outputs({"namespace": self.namespace})
