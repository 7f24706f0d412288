"""Strimzi's operator, which runs Kafka.

Source: strimzi-kafka-operator 1.2.0, helm-charts/helm3/strimzi-kafka-operator/values.yaml; its documentation, "Applying
security context to Strimzi pods and containers" (`restricted`).
"""

from typing import Any, TypedDict

import pulumi

from components.catalog.images import image_values
from components.eventing.kafka_names import NAMESPACE
from components.helm import addon_namespace, merge, release
from components.settings.sections import PodSecurity


class StrimziArgs(TypedDict):
    """What the operator needs to know."""

    version: str
    """Chart version, which is Strimzi's too."""

    replicas: int
    """Operators, of which one leads."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def strimzi_values(args: StrimziArgs) -> dict[str, Any]:
    """Values of the strimzi-kafka-operator chart. The operator watches its own namespace only, which is the default."""
    base: dict[str, Any] = {
        "replicas": args["replicas"],
        "podDisruptionBudget": {"enabled": args["replicas"] > 1},
        "resources": {"requests": {"cpu": "200m", "memory": "384Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        # Pods that it makes satisfy Pod Security restricted.
        "extraEnvs": [{"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"}],
    }
    return merge(image_values("strimzi-kafka-operator", args["images_lock"], args["version"]), base, args["values"])


class Strimzi(pulumi.ComponentResource):
    """Strimzi's operator in Kafka's namespace. Runs no brokers by itself."""

    namespace: pulumi.Output[str]
    """Namespace of the operator and of Kafka."""

    def __init__(self, name: str, args: StrimziArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Strimzi", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="strimzi-kafka-operator",
            version=args["version"],
            namespace=self.namespace,
            values=strimzi_values(args),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
