"""NVIDIA's DRA driver: pods claim GPUs of the class `gpu.nvidia.com`, instead of counting `nvidia.com/gpu`.

The driver and the device plugin know nothing of each other, so a GPU that both offer is given away twice: where this
driver runs, the GPU Operator's plugin is off.
Source: kubernetes-sigs/dra-driver-nvidia-gpu v0.4.1, chart (values.yaml, templates/validation.yaml) and documentation
(install, prerequisites, MIG).
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.gpu.drivers import DriverPlan
from components.gpu.operator import critical_pods_quota
from components.helm import addon_namespace, merge, release
from components.order import after
from components.settings.sections import PodSecurity

NAMESPACE = "dra-driver-nvidia-gpu"
"""The driver's namespace."""


class DraDriverArgs(TypedDict):
    """What the driver needs to know."""

    version: str
    """Chart version, which is the driver's too."""

    driver_root: str
    """Where the NVIDIA driver lies on the nodes."""

    taints: list[str]
    """Keys of all taints on GPU nodes, which the driver's pods must tolerate."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def dra_values(
    version: str, driver_root: str, taints: Iterable[str], lock: Mapping[str, str], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Values of the dra-driver-nvidia-gpu chart."""
    base: dict[str, Any] = {
        "nvidiaDriverRoot": driver_root,
        # The chart wants it said that no device plugin offers the same GPUs.
        "gpuResourcesEnabledOverride": True,
        # Compute domains join the NVLinks of several nodes, which no machine of the catalog has; their classes would be
        # a way to devices that quotas do not name.
        "resources": {"gpus": {"enabled": True}, "computeDomains": {"enabled": False}},
        "kubeletPlugin": {"tolerations": [{"key": key, "operator": "Exists"} for key in taints]},
    }
    return merge(image_values("dra-driver-nvidia-gpu", lock, version), base, extra)


class DraDriver(pulumi.ComponentResource):
    """NVIDIA's DRA driver for whole GPUs. Give it `depends_on` the GPU Operator, whose labels place its pods."""

    namespace: pulumi.Output[str]
    """Namespace of the driver."""

    def __init__(
        self, name: str, args: DraDriverArgs, plan: DriverPlan, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("multimodal:index:DraDriver", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        # Its pods write to the kubelet's folders and open the GPUs.
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.PRIVILEGED, opts=child)
        self.namespace = namespace.metadata.name
        before: list[pulumi.Resource] = []
        if plan.critical_pods_quota:
            before.append(critical_pods_quota(name, "dra-driver-critical-pods", namespace, child))
        release(
            f"{name}-release",
            chart="dra-driver-nvidia-gpu",
            version=args["version"],
            namespace=self.namespace,
            values=dra_values(
                args["version"], args["driver_root"], args["taints"], args["images_lock"], args["values"]
            ),
            opts=after(child, *before),
        )
        self.register_outputs({"namespace": self.namespace})
