"""Kyverno, and the rule that an image which nobody signed cannot run."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.labels import platform_labels
from components.order import after
from components.settings.sections import PodSecurity
from components.settings.trust import Attestor, Enforcement
from components.trust.signatures import signed_images_policy

NAMESPACE = "kyverno"
"""Kyverno's namespace."""


class KyvernoArgs(TypedDict):
    """What the admission controller needs to know."""

    version: str
    """Chart version."""

    replicas: int
    """Admission controller replicas; three survive a node loss during an update."""

    enforcement: str
    """audit or enforce."""

    attestors: dict[str, dict[str, Any]]
    """Who signs, as in the stack file."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def kyverno_values(version: str, replicas: int, lock: Mapping[str, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the kyverno chart."""
    base: dict[str, Any] = {
        "admissionController": {"replicas": replicas},
        "backgroundController": {"replicas": 1},
        "cleanupController": {"replicas": 1},
        "reportsController": {"replicas": 1},
    }
    return merge(image_values("kyverno", lock, version), base, extra)


class Kyverno(pulumi.ComponentResource):
    """Kyverno with the image-signature rule for every tenant namespace. Judges nothing else."""

    namespace: pulumi.Output[str]
    """Kyverno's namespace."""

    def __init__(self, name: str, args: KyvernoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Kyverno", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        chart = release(
            f"{name}-release",
            chart="kyverno",
            version=args["version"],
            namespace=self.namespace,
            values=kyverno_values(args["version"], args["replicas"], args["images_lock"], args["values"]),
            opts=child,
        )
        kubernetes.apiextensions.CustomResource(
            f"{name}-signed-images",
            api_version="policies.kyverno.io/v1",
            kind="ImageValidatingPolicy",
            metadata={"name": "tenant-signed-images", "labels": platform_labels()},
            spec=signed_images_policy(
                Enforcement(args["enforcement"]),
                {key: Attestor.model_validate(value) for key, value in args["attestors"].items()},
            ),
            opts=after(child, chart),
        )
        self.register_outputs({"namespace": self.namespace})
