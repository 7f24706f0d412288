"""Every container image that the platform's charts run, pinned, and where each chart takes it from.

A chart's defaults move with the chart, and some default to nothing at all ("the application version"). So each
release sets every image explicitly, and a policy reads the release's values back and sees exactly what will run.

Sources: the charts' ``values.yaml`` and templates at the pinned versions. All charts join name and tag with
":", so a digest goes behind the tag (``v1.19.0@sha256:...``): kyverno ``templates/_helpers/_image.tpl``, volcano
``templates/``, GPU operator ``templates/_helpers.tpl`` and ``internal/image/image.go`` (there a bare ``sha256:...``
works for some operands, not for the operator itself, so it is not accepted here). The driver image is built per
operating system: the operator appends the node's (``595.91.07-ubuntu22.04``) unless the version holds a digest, so it
stays at its exact version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from components.catalog.charts import CHARTS
from components.catalog.image_refs import (
    ImageRef,
    ImageReferenceError,
    Lock,
    LockError,
    load_lock,
    parse_reference,
    render_lock,
)
from components.catalog.image_table import PATHS, PLATFORM_IMAGES, SWITCHES, TAGS, UNLOCKABLE, Image, ImagePaths, table
from components.catalog.versions import COMPONENTS
from components.catalog.workload_images import WORKLOAD_IMAGES, workload_image

__all__ = [
    "BUSYBOX",
    "KOURIER_PROXY",
    "NIC_DRIVER",
    "NIC_PLUGIN",
    "OWN_IMAGES",
    "PAUSE",
    "PLATFORM_IMAGES",
    "Image",
    "ImagePaths",
    "ImageRef",
    "ImageReferenceError",
    "Lock",
    "LockError",
    "image_values",
    "images",
    "images_in",
    "load_lock",
    "lockable",
    "parse_reference",
    "render_lock",
    "value_paths",
]

PAUSE = Image("pause", "registry.k8s.io", "pause", "3.10.1")
"""A container that does nothing, for DaemonSets whose work is an init container. Tag: Kubernetes' own sandbox image."""

BUSYBOX = Image("busybox", "docker.io", "library/busybox", "1.37.0")
"""A shell and nsenter, for an init container that sets a node up."""

NIC_DRIVER = Image("nic-driver", "nvcr.io", "nvidia/mellanox/doca-driver", "doca3.4.1-26.04-1.1.0.0-1", lockable=False)
"""NVIDIA's driver of network cards, the one of Network Operator 26.4.1 (network-operator v26.4.1, hack/release.yaml).
The operator appends the node's operating system to the tag, so that no single digest is right."""

NIC_PLUGIN = Image("nic-plugin", "nvcr.io", "nvidia/mellanox/sriov-network-device-plugin", "network-operator-v26.4.1")
"""Offers network cards to pods; likewise."""

KOURIER_PROXY = Image("kourier-proxy", "docker.io", "envoyproxy/envoy", "v1.37.2")
"""Proxy of Knative's ingress, where the operator v1.22.3 leaves a tag that moves: v1.37-latest. Not the distroless
build: its pod stops by a shell."""

OWN_IMAGES = (PAUSE, BUSYBOX, NIC_DRIVER, NIC_PLUGIN, KOURIER_PROXY)
"""Images that the platform's own objects name, and no chart's values."""


def images(chart_key: str, version: str | None = None) -> tuple[Image, ...]:
    """The images of a chart at a version (default: the pinned one). Raises `ValueError` for one that is not known."""
    known = TAGS.get(chart_key)
    if known is None:
        raise ValueError(f"no chart {chart_key!r} in the catalog; known: {', '.join(TAGS)}")
    chosen = version or COMPONENTS[CHARTS[chart_key].version_from].default
    if chosen not in known:
        raise ValueError(f"the images of {chart_key} {chosen} are not known; known versions: {', '.join(known)}")
    return table(chart_key, chosen)


def value_paths(chart_key: str) -> Mapping[str, ImagePaths]:
    """Where the chart takes each image from, by image key. Raises `ValueError` for an unknown chart."""
    images(chart_key)
    return PATHS[chart_key]


def lockable() -> tuple[str, ...]:
    """Every tagged reference that a lock can pin, sorted: all images of the platform, at every allowed version."""
    found = {i.reference() for chart, known in TAGS.items() for v in known for i in images(chart, v) if i.lockable}
    own = {image.reference() for image in OWN_IMAGES if image.lockable}
    return tuple(sorted({*own, *(i.reference() for i in WORKLOAD_IMAGES.values()), *found}))


def image_values(
    chart_key: str, lock: Lock | None = None, version: str | None = None, *, mirror: str | None = None
) -> dict[str, Any]:
    """Nested chart values that set every image, by digest where the lock has one and by exact tag elsewhere.

    `mirror`: where copies of those lie that the chart's controllers run in tenants' namespaces.
    """
    values: dict[str, Any] = {}
    paths = value_paths(chart_key)
    in_tenants = {image.reference(): key for key, image in WORKLOAD_IMAGES.items()}
    for image in images(chart_key, version):
        key = in_tenants.get(image.reference())
        ref = parse_reference(
            image.reference(lock) if key is None else workload_image(key, lock=lock or {}, mirror=mirror)
        )
        where = paths[image.key]
        name = ref.repository
        if where.registry:
            _set(values, where.registry, ref.registry)
        else:
            name = f"{ref.registry}/{name}"
        if where.repository and where.name:
            name, _, last = name.rpartition("/")
            _set(values, where.name, last)
        tag = f"{ref.tag}@{ref.digest}" if ref.digest else ref.tag
        _set(values, where.repository or where.name or "", name if where.tag else f"{name}:{tag}")
        if where.tag:
            _set(values, where.tag, tag)
    return values


def images_in(chart_key: str, values: Mapping[str, Any]) -> list[ImageRef]:
    """The images that a release with these values runs, one per catalogued image.

    An image of which a part is left to the chart comes back with `ImageRef.problem` ``chart default: not set``; so does
    a switch that makes the chart run images which the catalog does not know.
    """
    found: list[ImageRef] = []
    for key, where in value_paths(chart_key).items():
        found.append(replace(_read(values, where), lockable=(chart_key, key) not in UNLOCKABLE))
    for path, what in SWITCHES[chart_key].items():
        if _get(values, path) not in (None, False, []):
            found.append(_unknown(path, f"{path} runs {what}: not pinned by the catalog"))
    return found


def _read(values: Mapping[str, Any], where: ImagePaths) -> ImageRef:
    parts: list[str] = []
    for path in (where.registry, where.repository, where.name, where.tag):
        if path is None:
            continue
        value = _get(values, path)
        if value is None or value == "":
            return _unknown(path, "chart default: not set")
        if not isinstance(value, str):
            return _unknown(path, f"{value!r} is not text")
        parts.append(value)
    if where.tag is None:
        whole, path = "/".join(parts), where.repository or ""
    else:
        *name, tag = parts
        whole, path = f"{'/'.join(name)}:{tag}", where.tag
        if tag.startswith("sha256:"):
            return _unknown(path, f"{tag} stands alone; put it behind the tag: <tag>@{tag}")
    try:
        return parse_reference(whole)
    except ImageReferenceError as error:
        return _unknown(path, str(error))


def _unknown(path: str, problem: str) -> ImageRef:
    return ImageRef(path, pinned_by_digest=False, exact_tag=False, registry="", problem=problem)


def _steps(path: str) -> Iterator[str]:
    yield from path.split(".")


def _get(values: Mapping[str, Any], path: str) -> Any:
    """The value at the path; None when any step is missing or null."""
    here: Any = values
    for step in _steps(path):
        if not isinstance(here, Mapping):
            return None
        here = cast("Mapping[str, Any]", here).get(step)
    return here


def _set(values: dict[str, Any], path: str, value: str) -> None:
    *parents, last = _steps(path)
    here = values
    for step in parents:
        here = here.setdefault(step, {})
    here[last] = value
