"""The NVIDIA GPU Operator: device plugin, MIG manager, DCGM exporter, and the driver where it owns it."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.catalog.images import image_values
from components.gpu.drivers import DriverPlan
from components.gpu.google_installer import google_installer
from components.gpu.layouts import ALL_DISABLED, Layout, mig_parted_config
from components.gpu.sharing import plugin_values
from components.helm import addon_namespace, merge, release
from components.labels import platform_labels
from components.manifest import Spec
from components.order import after
from components.settings.sections import Allocation, PodSecurity

NAMESPACE = "gpu-operator"
"""The operator's namespace."""

GPU_CLASSES = ("0300", "0302")
"""PCI classes of GPUs: display and 3D controllers."""

INFINIBAND_CLASS = "0207"
"""PCI class of InfiniBand cards. Ethernet (0200) is left out, unlike in the chart: nodes of every kind on Azure have
such a card, of the same maker."""

MIG_CONFIG_MAP = "mig-layouts"
"""ConfigMap with the layouts of this stack's pools."""


class GpuOperatorArgs(TypedDict):
    """What the operator needs to know."""

    version: str
    """Chart version, which is the operator's too."""

    provider: str
    """eks, gke, aks or existing."""

    driver: str
    """Who owns the driver: cloud, operator or image."""

    layouts: dict[str, dict[str, int]]
    """MIG layout of each GPU pool; empty for whole GPUs."""

    time_slicing: NotRequired[dict[str, int]]
    """Turns on each GPU, by pool; pools whose GPUs nobody shares are left out."""

    taints: list[str]
    """Keys of all taints on GPU nodes, which the operator's pods must tolerate."""

    infiniband: NotRequired[bool]
    """Whether some nodes have InfiniBand cards, which NVIDIA's Network Operator takes care of."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def operator_values(
    version: str,
    plan: DriverPlan,
    layouts: Mapping[str, Layout],
    taints: list[str],
    lock: Mapping[str, str],
    extra: Mapping[str, Any],
    time_slicing: Mapping[str, int] | None = None,
    *,
    infiniband: bool = False,
) -> dict[str, Any]:
    """Values of the gpu-operator chart; `time_slicing` has the turns on each GPU of pools that share theirs.

    With `infiniband` its feature discovery, the only one in the cluster, finds nodes with such cards for the Network
    Operator too. No driver.rdma: that loads nvidia-peermem, for which nodes without InfiniBand would wait in vain,
    and the open kernel modules hand GPU memory to cards by DMA-BUF (GPU Operator documentation, "GPUDirect RDMA").
    """
    tolerations = [{"key": key, "operator": "Exists"} for key in taints]
    discovery: dict[str, Any] = {"tolerations": tolerations}
    if infiniband:
        discovery["config"] = {"sources": {"pci": {"deviceClassWhitelist": [*GPU_CLASSES, INFINIBAND_CLASS]}}}
    base: dict[str, Any] = {
        # Every MIG profile is a resource of its own, so that pools with and without slices live in one cluster.
        "mig": {"strategy": "mixed"},
        "migManager": {
            "enabled": True,
            "config": {
                "create": True,
                "name": MIG_CONFIG_MAP,
                "default": ALL_DISABLED,
                "data": {"config.yaml": yaml.safe_dump(mig_parted_config(layouts), sort_keys=True)},
            },
        },
        "devicePlugin": {
            "enabled": plan.allocation is Allocation.DEVICE_PLUGIN,
            **plugin_values((time_slicing or {}).values()),
        },
        "dcgmExporter": {"enabled": True},
        "daemonsets": {"tolerations": tolerations},
        "nfd": {"enabled": True},
        "node-feature-discovery": {"worker": discovery},
    }
    return merge(image_values("gpu-operator", lock, version), base, plan.operator_values, extra)


class GpuOperator(pulumi.ComponentResource):
    """The NVIDIA GPU Operator, set up for one driver owner and the pools' MIG layouts. Makes no nodes."""

    namespace: pulumi.Output[str]
    """Namespace of the operator."""

    runtime_class: str
    """RuntimeClass for GPU pods."""

    def __init__(
        self, name: str, args: GpuOperatorArgs, plan: DriverPlan, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("multimodal:index:GpuOperator", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        # Driver, toolkit and MIG manager work on the host.
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.PRIVILEGED, opts=child)
        self.namespace = namespace.metadata.name
        # What lives in the namespace goes with it: until then the operator's pods need the quota.
        inside = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(deleted_with=namespace))
        before: list[pulumi.Resource] = []
        if plan.critical_pods_quota:
            before.append(critical_pods_quota(name, "gpu-operator-critical-pods", namespace, child))
        if plan.google_installer:
            before.append(
                kubernetes.apps.v1.DaemonSet(
                    f"{name}-google-driver-installer",
                    metadata={
                        "name": "nvidia-driver-installer",
                        "namespace": self.namespace,
                        "labels": platform_labels(),
                    },
                    spec=google_installer(args["images_lock"]),
                    opts=after(inside, *before),
                )
            )
        release(
            f"{name}-release",
            chart="gpu-operator",
            version=args["version"],
            namespace=self.namespace,
            values=operator_values(
                args["version"],
                plan,
                args["layouts"],
                args["taints"],
                args["images_lock"],
                args["values"],
                args.get("time_slicing"),
                infiniband=args.get("infiniband", False),
            ),
            opts=after(child, *before),
        )
        self.runtime_class = plan.runtime_class
        self.register_outputs({"namespace": self.namespace, "runtimeClass": self.runtime_class})


def critical_pods_quota(
    name: str, title: str, namespace: kubernetes.core.v1.Namespace, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.ResourceQuota:
    """A quota that lets node-critical pods run outside kube-system.

    GKE admits pods of the system priority classes only where a ResourceQuota scoped to those classes exists
    (Kubernetes documentation, "Limit Priority Class consumption by default").

    Args:
        name: Begins the resource's name.
        title: Name of the object.
        namespace: Where the pods run. The quota goes with it: until then they need it.
        opts: Parent.
    """
    scope: Spec = {
        "scopeName": "PriorityClass",
        "operator": "In",
        "values": ["system-node-critical", "system-cluster-critical"],
    }
    spec: Spec = {"hard": {"pods": "1000"}, "scopeSelector": {"matchExpressions": [scope]}}
    return kubernetes.core.v1.ResourceQuota(
        f"{name}-critical-pods",
        metadata={"name": title, "namespace": namespace.metadata.name, "labels": platform_labels()},
        spec=spec,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(deleted_with=namespace)),
    )
