"""Container images in Kubernetes objects, and what is wrong with one. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from components.catalog.image_refs import lies_within
from components.catalog.images import Image, ImageRef, ImageReferenceError, Lock, parse_reference
from policy.plain import UNKNOWN
from policy.resources import listed, mapped

_CONTAINERS = re.compile(r"containers|[A-Za-z]*Containers")
"""Keys of container lists: `containers`, `initContainers`, `ephemeralContainers`, and charts' `extraContainers`."""

_NIC_PARTS = ("ofedDriver", "sriovDevicePlugin")
"""Parts of a NicClusterPolicy that name an image."""


@dataclass(frozen=True, slots=True)
class Use:
    """One place that names an image."""

    path: str
    """Where in the object, such as spec.template.spec.containers[0].image."""

    image: Any
    """The reference, None where the container names none, or `UNKNOWN`."""

    never_pulled: bool
    """Whether the container's pull policy is Never: only an image that the node has can run."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What an image must be."""

    registries: tuple[str, ...]
    """Registries, or paths in them, from which it may come."""

    digest: bool
    """Whether it must be pinned by digest; else by exact tag or digest."""

    lock: Lock
    """Digests that tagged images must have."""


def uses(value: Any, path: str = "") -> Iterator[Use]:
    """Every container's image and every image volume, however deep: each kind has its pod template elsewhere."""
    if isinstance(value, list):
        for index, item in enumerate(listed(value)):
            yield from uses(item, f"{path}[{index}]")
        return
    for key, item in mapped(value).items():
        here = f"{path}.{key}" if path else key
        if _CONTAINERS.fullmatch(key) and (item is UNKNOWN or isinstance(item, list)):
            if item is UNKNOWN:
                yield Use(here, UNKNOWN, never_pulled=False)
            for index, container in enumerate(listed(item)):
                yield from _container(container, f"{here}[{index}]")
        elif key == "autoscalerOptions" and "image" in mapped(item):
            # KubeRay makes a container of a Ray head out of it.
            yield Use(f"{here}.image", mapped(item)["image"], never_pulled=False)
        elif key in _NIC_PARTS and "image" in mapped(item):
            # NVIDIA's Network Operator makes a DaemonSet out of each.
            parts = (mapped(item).get(part) for part in ("repository", "image", "version"))
            repository, name, version = (part if isinstance(part, str) else "" for part in parts)
            yield Use(here, f"{repository}/{name}:{version}", never_pulled=False)
        elif key == "queue-sidecar-image":
            # Knative makes a container of it in every pod that answers requests.
            yield Use(here, item, never_pulled=False)
        elif key == "registry" and "override" in mapped(item):
            # Knative's operator puts these in place of those of its manifests.
            for name, image in mapped(mapped(item)["override"]).items():
                yield Use(f"{here}.override[{name}]", image, never_pulled=False)
        elif key == "volumes":
            for index, volume in enumerate(listed(item)):
                if "image" in mapped(volume):
                    reference = mapped(mapped(volume)["image"]).get("reference", UNKNOWN)
                    yield Use(f"{here}[{index}].image.reference", reference, never_pulled=False)
        yield from uses(item, here)


def _container(container: Any, path: str) -> Iterator[Use]:
    if container is UNKNOWN:
        yield Use(path, UNKNOWN, never_pulled=False)
    elif isinstance(container, dict):
        fields = mapped(container)
        yield Use(f"{path}.image", fields.get("image"), fields.get("imagePullPolicy") == "Never")


def within(image: ImageRef, registries: Iterable[str]) -> bool:
    """Whether the image comes from one of the registries, or from a path in it."""
    return lies_within(f"{image.registry}/{image.repository}", registries)


def fault(image: str, demand: Demand) -> str:
    """What is wrong with the image, and how to fix it; "" when nothing is."""
    try:
        return reference_fault(parse_reference(image), demand)
    except ImageReferenceError as error:
        return str(error)


def reference_fault(image: ImageRef, demand: Demand) -> str:
    """As `fault`, for a reference that was read already."""
    if not within(image, demand.registries):
        allowed = ", ".join(demand.registries) or "none"
        return f"image {image.reference!r} is not from an allowed registry ({allowed}); copy it to one of them"
    if demand.digest and not image.pinned_by_digest:
        return (
            f"image {image.reference!r} is not pinned by digest; write it as {_tagged(image)}@sha256:..., with the "
            "digest that your build or registry states"
        )
    if not image.pinned_by_digest and not image.exact_tag:
        return f"image {image.reference!r} is not pinned; give it an exact tag (not latest) or a digest"
    locked = demand.lock.get(_tagged(image))
    if locked and image.digest != locked:
        return f"image {image.reference!r} is not the one in images.lock; use {_tagged(image)}@{locked}"
    return ""


def _tagged(image: ImageRef) -> str:
    return f"{image.registry}/{image.repository}" + (f":{image.tag}" if image.tag else "")


def registry_roots(images: Iterable[Image]) -> tuple[str, ...]:
    """Registry and first part of each image's repository: on a registry that many share, the owner's part.

    Docker's own `library` belongs to many, so of it each image counts for itself.
    """
    return tuple(sorted({f"{image.registry}/{_owned(image.repository)}" for image in images}))


def _owned(repository: str) -> str:
    return repository if repository.startswith("library/") else repository.partition("/")[0]
