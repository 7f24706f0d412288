"""The EFA device plugin: offers the Elastic Fabric Adapters of EKS nodes to pods, as `vpc.amazonaws.com/efa`.

The node image brings the driver and sets huge pages aside; the adapters themselves are wired by
`components.cluster.eks_wiring`.
Sources: aws/eks-charts, aws-efa-k8s-device-plugin (values.yaml, templates/daemonset.yaml); EKS user guide, "Run machine
learning training on Amazon EKS with Elastic Fabric Adapter".
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.labels import GPU_POOL
from components.settings.sections import PodSecurity

NAMESPACE = "aws-efa"
"""The plugin's namespace."""


class EfaDevicePluginArgs(TypedDict):
    """What the plugin needs to know."""

    version: str
    """Chart version."""

    pools: list[str]
    """Names of the pools whose nodes are wired with adapters."""

    taints: list[str]
    """Keys of all taints on GPU nodes, which the plugin's pods must tolerate."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def efa_values(
    version: str, pools: Iterable[str], taints: Iterable[str], lock: Mapping[str, str], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Values of the aws-efa-k8s-device-plugin chart: one pod on each node of `pools`, and on no other."""
    base: dict[str, Any] = {
        # The chart asks for machine types that could have adapters; a machine has them only where its pool wired them.
        "supportedInstanceLabels": {"keys": [GPU_POOL], "values": sorted(pools)},
        "tolerations": [{"key": key, "operator": "Exists"} for key in taints],
    }
    return merge(image_values("aws-efa-k8s-device-plugin", lock, version), base, extra)


class EfaDevicePlugin(pulumi.ComponentResource):
    """The EFA device plugin of an EKS cluster. Wires no node and sets no pages aside."""

    namespace: pulumi.Output[str]
    """Namespace of the plugin."""

    def __init__(self, name: str, args: EfaDevicePluginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:EfaDevicePlugin", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        # It opens the host's devices and the kubelet's socket, on the host's network.
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.PRIVILEGED, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="aws-efa-k8s-device-plugin",
            version=args["version"],
            namespace=self.namespace,
            values=efa_values(args["version"], args["pools"], args["taints"], args["images_lock"], args["values"]),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
