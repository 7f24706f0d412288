"""The model servers that tenants' models run on, known to KServe."""

from itertools import product
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.workload_images import workload_image
from components.labels import platform_labels
from components.serving.names import KNATIVE_SUFFIX
from components.serving.runtime_specs import RUNTIME_IMAGES, runtime_spec
from components.serving.webhooks import patient


class ServingRuntimesArgs(TypedDict):
    """What the runtimes need to know."""

    mirror: str | None
    """Where copies of their images lie; None: at their makers."""

    knative: bool
    """Whether models may run in knative mode, which asks for runtimes of its own."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""


class ServingRuntimes(pulumi.ComponentResource):
    """Triton, vLLM and Hugging Face as ClusterServingRuntimes, in place of KServe's own. Serves no models."""

    def __init__(self, name: str, args: ServingRuntimesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:ServingRuntimes", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self, hooks=patient(f"{name}-webhook"))
        modes = {"": False, **({KNATIVE_SUFFIX: True} if args["knative"] else {})}
        for (key, image), (suffix, knative) in product(RUNTIME_IMAGES.items(), modes.items()):
            reference = workload_image(image, lock=args["images_lock"], mirror=args["mirror"])
            kubernetes.apiextensions.CustomResource(
                f"{name}-{key}{suffix}",
                api_version="serving.kserve.io/v1alpha1",
                kind="ClusterServingRuntime",
                metadata={"name": f"multimodal-{key}{suffix}", "labels": platform_labels()},
                spec=runtime_spec(key, reference, knative=knative),
                opts=child,
            )
        self.register_outputs({})
