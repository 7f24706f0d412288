"""KEDA: replicas by real signals: requests that wait, queue times, messages that pile up."""

from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.settings.sections import PodSecurity

NAMESPACE = "keda"
"""KEDA's namespace."""

OPERATOR_ACCOUNT = "keda-operator"
"""Service account of its operator (keda chart, serviceAccount.operator.name)."""


class KedaArgs(TypedDict):
    """What the autoscaler needs to know."""

    version: str
    """Chart version, which is KEDA's too."""

    replicas: int
    """Operators, of which one leads, and metrics servers and webhooks."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def keda_values(args: KedaArgs) -> dict[str, Any]:
    """Values of the keda chart."""
    base: dict[str, Any] = {
        "image": {"pullPolicy": "IfNotPresent"},
        "operator": {"replicaCount": args["replicas"]},
        "metricsServer": {"replicaCount": args["replicas"]},
        # Two ScaledObjects of one Deployment would fight; the webhook refuses the second. Without an answer it lets
        # objects pass, so that a lost webhook stops no rollout and no destroy.
        "webhooks": {"replicaCount": args["replicas"], "failurePolicy": "Ignore"},
        "resources": {
            "operator": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
            "metricServer": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
            "webhooks": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        },
    }
    if args["replicas"] > 1:
        keep_one = {"maxUnavailable": 1}
        base["podDisruptionBudget"] = {"operator": keep_one, "metricServer": keep_one, "webhooks": keep_one}
    return merge(image_values("keda", args["images_lock"], args["version"]), base, args["values"])


class Keda(pulumi.ComponentResource):
    """KEDA's operator, metrics server and webhooks. Scales nothing by itself; workloads bring their ScaledObjects."""

    namespace: pulumi.Output[str]
    """Namespace of KEDA."""

    def __init__(self, name: str, args: KedaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Keda", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="keda",
            version=args["version"],
            namespace=self.namespace,
            values=keda_values(args),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
