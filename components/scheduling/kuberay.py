"""KubeRay: the operator that makes Ray clusters, jobs and services out of their custom resources."""

from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.scheduling.volcano import SCHEDULER
from components.settings.sections import PodSecurity

NAMESPACE = "kuberay"
"""The operator's namespace."""


class KubeRayArgs(TypedDict):
    """What the operator needs to know."""

    version: str
    """Chart version."""

    replicas: int
    """Operator replicas; one leads, the others wait to take over."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def kuberay_values(args: KubeRayArgs) -> dict[str, Any]:
    """Values of the kuberay-operator chart."""
    base: dict[str, Any] = {
        # A head and its workers start as a gang. `batchScheduler.enabled` is the old word for this and must stay unset.
        "batchScheduler": {"name": SCHEDULER},
        "replicas": args["replicas"],
        "leaderElectionEnabled": True,
        # One slow Ray head must not hold up every other cluster.
        "reconcileConcurrency": 4,
        # The chart's 100m and 512Mi throttle it from a few dozen pods on; it takes about 1 MB a pod (values.yaml).
        "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return merge(image_values("kuberay-operator", args["images_lock"], args["version"]), base, args["values"])


class KubeRay(pulumi.ComponentResource):
    """The KubeRay operator, with Volcano as its scheduler. Makes no Ray clusters; tenants bring theirs."""

    namespace: pulumi.Output[str]
    """Namespace of the operator."""

    def __init__(self, name: str, args: KubeRayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:KubeRay", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="kuberay-operator",
            version=args["version"],
            namespace=self.namespace,
            values=kuberay_values(args),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
