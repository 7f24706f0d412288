"""Knative as a stack wants it."""

from collections.abc import Mapping

import pulumi

from components.catalog.image_refs import parse_reference
from components.catalog.workload_images import WORKLOAD_IMAGES, workload_image
from components.helm import merge
from components.knative.knative import Knative
from components.knative.specs import serving_config
from components.settings import Settings
from components.settings.knative import Knative as KnativeSettings
from components.settings.model import Environment


def make_knative(
    name: str, settings: Settings, knative: KnativeSettings, lock: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Knative; KServe, models in knative mode and tenants depend on it."""
    mirror = settings.trust.mirror
    pinned = {parse_reference(workload_image(key, lock=lock, mirror=mirror)).registry for key in WORKLOAD_IMAGES}
    pinned |= {registry.partition("/")[0] for registry in settings.trust.registries}
    # Knative compares with the name that Docker's registry answers under.
    registries = tuple(sorted("index.docker.io" if name == "docker.io" else name for name in pinned))
    config = serving_config(workload_image("queue-proxy", lock=lock, mirror=mirror), registries)
    return Knative(
        f"{name}-knative",
        {
            "version": settings.versions.knative,
            "replicas": 2 if settings.environment is Environment.PROD else 1,
            "config": merge(config, knative.config),
            "eventing": knative.eventing.model_dump(mode="json", by_alias=True) if knative.eventing else None,
            "keda": settings.autoscaling is not None,
            "images_lock": dict(lock),
            "values": knative.values,
        },
        opts,
    )
