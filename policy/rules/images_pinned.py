"""Rule `images-pinned`: every container image comes from an allowed registry and is pinned.

What: in a tenant's namespace, each image comes from the tenant's registries (argument `registries` of its
`multimodal:index:Tenant`) and names its digest, or is one that the platform runs there (a model server, Ray) exactly as
the catalog pins it, from its maker or from the stack's mirror (`trust.mirror`). Elsewhere, each comes from a registry
of the catalog and has an exact tag or a digest; once images.lock knows the tag, the digest must be the one that it
holds. Containers of every kind, init and ephemeral ones and image volumes are looked at, in any object that has them. A
Helm release must be of a chart in the catalog and set all of that chart's images.
Why: a tag can be moved to another image after the review, and a registry that anyone can write to serves anyone's.
Configuration: `platformRegistries`, further registries for the platform's images (default none); `tenantRegistries`,
bounds what tenants' registries may be (default none, which is no bound); `nodeImages`, images that a node brings along
(default `["cos-nvidia-installer:fixed"]`), accepted in platform namespaces where `imagePullPolicy` is Never.
Fix: what each message says.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from components.catalog.image_refs import lies_within
from components.catalog.images import OWN_IMAGES, PLATFORM_IMAGES, Lock, LockError, load_lock
from components.catalog.workload_images import WORKLOAD_IMAGES, accepted_references
from policy.charts import CHART_COMPONENTS, release_faults
from policy.images import Demand, fault, registry_roots, uses
from policy.plain import UNKNOWN
from policy.resources import RELEASE, Resource, not_known
from policy.stack import PLATFORM, Stack

LOCK_FILE = Path(__file__).resolve().parents[2] / "images.lock"
"""Written by `make lock`."""

DEFAULTS: Mapping[str, Any] = {
    "platformRegistries": [],
    "tenantRegistries": [],
    "nodeImages": ["cos-nvidia-installer:fixed"],
}

_NEEDS_IMAGE = r"kubernetes:(core|apps|batch|batch\.volcano\.sh|ray\.io)/\w+:(?!\w+Patch$)\w+"
"""Types whose containers cannot run without an image; elsewhere one may be an override of another's."""


def validate_images(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report each image that is not from an allowed registry or not pinned."""
    stack = Stack.read(args)
    for message, urn in stack.blind_spots:
        report(message, urn)
    objects = stack.of(r"kubernetes:.+")
    if not objects and not stack.blind_spots:
        args.not_applicable("the stack has no Kubernetes objects")
    config = {key: tuple(map(str, value)) for key, value in {**DEFAULTS, **args.get_config()}.items()}
    charts = (image for images in PLATFORM_IMAGES.values() for image in images)
    mirror = _mirror(stack)
    catalogued = registry_roots((*OWN_IMAGES, *charts, *WORKLOAD_IMAGES.values())) + ((mirror,) if mirror else ())
    lock = _lock(report)
    platform = Demand((*catalogued, *config["platformRegistries"]), False, lock)
    shared = accepted_references(lock=lock, mirror=mirror)
    _check_tenant_registries(stack, config["tenantRegistries"], report)
    for resource in objects:
        for message in _faults(resource, stack, platform, shared, config["nodeImages"]):
            report(message, resource.urn)


def _lock(report: ReportViolation) -> Lock:
    try:
        return load_lock(LOCK_FILE)
    except LockError as error:
        report(str(error), None)
        return {}


def _check_tenant_registries(stack: Stack, bounds: tuple[str, ...], report: ReportViolation) -> None:
    for tenant in stack.tenants.values() if bounds else ():
        for registry in tenant.registries or ():
            if not lies_within(registry, bounds):
                report(
                    f"{tenant}: registry {registry!r} is not one that tenants may use ({', '.join(bounds)}); use one "
                    "of them, or add it to tenantRegistries in the policy configuration",
                    tenant.urn,
                )


def _mirror(stack: Stack) -> str | None:
    """The stack's own copies of workload images; None where no platform says so."""
    found = (platform.get("settings", "trust", "mirror") for platform in stack.of(PLATFORM))
    return next((mirror for mirror in found if isinstance(mirror, str)), None)


def _faults(
    resource: Resource, stack: Stack, platform: Demand, shared: Collection[str], node_images: tuple[str, ...]
) -> Iterator[str]:
    if not resource.inputs:
        yield not_known(resource, "everything that it holds")
        return
    if resource.is_a(CHART_COMPONENTS):
        yield f"{resource}: a policy cannot see what is inside this component; use {RELEASE.replace('kubernetes:', '')}"
        return
    found = list(uses(resource.inputs))
    is_release = resource.type == RELEASE
    if not found and not is_release:
        return
    if resource.namespace is UNKNOWN:
        yield not_known(resource, "namespace" if is_release else "metadata.namespace")
        return
    tenant = stack.tenants.get(resource.namespace)
    demand = Demand(tenant.registries or (), True, {}) if tenant else platform
    if is_release:
        yield from release_faults(resource, demand)
    for use in found:
        where = f"{resource}: {use.path}"
        if use.image is UNKNOWN:
            yield not_known(resource, use.path)
        elif not use.image:
            if resource.is_a(_NEEDS_IMAGE):
                yield f"{where}: the container names no image; give it one"
        elif (tenant and use.image in shared) or (not tenant and use.never_pulled and use.image in node_images):
            continue
        else:
            message = fault(str(use.image), demand)
            if message:
                yield f"{where}: {message}"


def _schema(key: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "default": DEFAULTS[key]}


RULE = StackValidationPolicy(
    name="images-pinned",
    display_name="Images are pinned",
    description="Every container image comes from an allowed registry and is pinned, a tenant's by digest.",
    validate=validate_images,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.CRITICAL,
    config_schema=PolicyConfigSchema(properties={key: _schema(key) for key in DEFAULTS}),
    remediation_steps="Use an allowed registry and pin by digest; `make lock` does so for the platform's own images.",
)
"""The rule as the pack holds it."""
