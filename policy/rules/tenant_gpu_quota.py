"""Rule `tenant-gpu-quota`: no tenant can take every GPU.

What: each tenant namespace has a ResourceQuota that bounds whole GPUs and every MIG slice of the stack: that any
tenant's quota names, or that a layout of the GPU Operator's mig-parted configuration makes. So it is with turns on
time-sliced GPUs: a quota names them as soon as one tenant may have some, or the device plugin shares any. Where the DRA
driver offers GPUs, the quota bounds the devices of each of its classes.
Why: a resource that a quota does not name is not bounded at all (Kubernetes documentation, Resource Quotas), so a slice
that one tenant's quota forgets is a slice of which that tenant may take all.
Configuration: `resources`, the resources of whole GPUs (default `["requests.nvidia.com/gpu"]`); `maxGpus`, the most
that a tenant's quota may grant of each (default: no bound).
Fix: name the resource in the quota's `spec.hard`; 0 forbids it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from components.catalog.device_classes import CLASSES, quota_resource
from components.catalog.mig import slice_resource
from policy.plain import UNKNOWN
from policy.resources import RELEASE, Resource, has_unknown, listed, mapped, not_known
from policy.stack import Stack, Tenant

QUOTA = "kubernetes:core/v1:ResourceQuota"
DEFAULTS: Mapping[str, Any] = {"resources": ["requests.nvidia.com/gpu"], "maxGpus": None}
_PART = re.compile(r"requests\.nvidia\.com/(?:mig-.+|gpu\.shared)")
"""Quota resources of parts of a GPU: MIG slices, and turns on a shared one."""


def validate_gpu_quotas(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report each tenant without a bound on a GPU resource, and each bound that is none."""
    stack = Stack.read(args)
    stack.begin(args, report)
    config = {**DEFAULTS, **args.get_config()}
    whole = [str(resource) for resource in config["resources"]]
    quotas = stack.of(QUOTA)
    for quota in quotas:
        if quota.namespace is UNKNOWN:
            report(not_known(quota, "metadata.namespace"), quota.urn)
    granted = {str(r) for quota in quotas if quota.namespace in stack.tenants for r in _hard(quota)}
    parts = {r for r in granted if _PART.fullmatch(r)} | _made_slices(stack, report) | _made_turns(stack, report)
    classes = _made_classes(stack)
    for tenant in stack.tenants.values():
        mine = [quota for quota in quotas if quota.namespace == tenant.namespace and not _is_scoped(quota)]
        _check_tenant(tenant, mine, [*whole, *sorted(parts | classes)], report)
        if config["maxGpus"] is not None:
            _check_most(tenant, mine, [*whole, *sorted(classes)], int(config["maxGpus"]), report)


def _check_tenant(tenant: Tenant, quotas: list[Resource], needed: Iterable[str], report: ReportViolation) -> None:
    if not quotas:
        report(
            f"{tenant} has no ResourceQuota; add one whose spec.hard bounds {', '.join(needed)}, with 0 for what the "
            "tenant may not use",
            tenant.urn,
        )
        return
    names = ", ".join(str(quota) for quota in quotas)
    hidden = [quota for quota in quotas if quota.get("spec", "hard") is UNKNOWN]
    for quota in hidden:
        report(not_known(quota, "spec.hard"), quota.urn)
    for resource in needed:
        holders = [quota for quota in quotas if resource in _hard(quota)]
        if not holders and not hidden:
            report(
                f"{tenant}: no quota bounds {resource}, so its pods may take all of them; add it to spec.hard of "
                f"{names}, with 0 if the tenant may not use it",
                tenant.urn,
            )
        for quota in holders:
            value = _hard(quota)[resource]
            if value is UNKNOWN:
                report(not_known(quota, f"spec.hard[{resource!r}]"), quota.urn)
            elif _count(value) is None:
                report(f"{quota}: spec.hard[{resource!r}] is {value!r}; give a whole number of devices", quota.urn)


def _check_most(
    tenant: Tenant, quotas: list[Resource], resources: Iterable[str], most: int, report: ReportViolation
) -> None:
    for resource in resources:
        bounds = [n for quota in quotas if (n := _count(_hard(quota).get(resource))) is not None]
        if bounds and min(bounds) > most:
            report(
                f"{tenant}: its quota grants {min(bounds)} of {resource}, more than the {most} that maxGpus allows; "
                "lower the quota, or raise maxGpus in the policy configuration",
                tenant.urn,
            )


def _hard(quota: Resource) -> dict[str, Any]:
    return mapped(quota.get("spec", "hard"))


def _is_scoped(quota: Resource) -> bool:
    """A quota with scopes bounds some of the pods only."""
    return bool(quota.get("spec", "scopes") or quota.get("spec", "scopeSelector"))


def _count(value: Any) -> int | None:
    """The whole number that a quantity is; None where it is no such number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _made_slices(stack: Stack, report: ReportViolation) -> set[str]:
    """Quota resources of the slices that the GPU Operator's releases make."""
    found: set[str] = set()
    for release in _operators(stack):
        # strategy `single` offers slices as whole GPUs (NVIDIA k8s-device-plugin, README)
        if release.get("values", "mig", "strategy") == "single":
            continue
        text = release.get("values", "migManager", "config", "data", "config.yaml")
        if text is UNKNOWN:
            report(not_known(release, "values.migManager.config.data['config.yaml']"), release.urn)
        elif text is not None:
            profiles = _profiles(text)
            if profiles is None:
                report(
                    f"{release}: values.migManager.config.data['config.yaml'] is not a mig-parted file; give it "
                    "`mig-configs` with a list of entries under each name",
                    release.urn,
                )
            found |= {f"requests.{slice_resource(profile)}" for profile in profiles or ()}
    return found


def _operators(stack: Stack) -> list[Resource]:
    return _releases(stack, "gpu-operator")


def _releases(stack: Stack, chart: str) -> list[Resource]:
    return [r for r in stack.of(RELEASE) if str(r.get("chart")).rpartition("/")[2] == chart]


def _made_classes(stack: Stack) -> set[str]:
    """Quota resources of the classes by which pods claim GPUs, where the DRA driver is installed."""
    return {quota_resource(name) for name in CLASSES} if _releases(stack, "dra-driver-nvidia-gpu") else set()


def _made_turns(stack: Stack, report: ReportViolation) -> set[str]:
    """Quota resources of the turns that the device plugin's configurations make."""
    found: set[str] = set()
    for release in _operators(stack):
        data = release.get("values", "devicePlugin", "config", "data")
        if has_unknown(data):
            report(not_known(release, "values.devicePlugin.config.data"), release.urn)
            continue
        for name, text in mapped(data).items():
            resources = _shared(text)
            if resources is None:
                report(
                    f"{release}: values.devicePlugin.config.data[{name!r}] is not a device plugin configuration; give "
                    "it YAML with `version: v1`",
                    release.urn,
                )
            found |= {f"requests.{resource}" for resource in resources or ()}
    return found


def _shared(text: Any) -> set[str] | None:
    """Names under which a device plugin configuration offers turns; None when it cannot be read."""
    try:
        config = yaml.safe_load(text) if isinstance(text, str) else text
    except yaml.YAMLError:
        return None
    if not isinstance(config, dict):
        return None
    slicing = mapped(mapped(mapped(config).get("sharing")).get("timeSlicing"))
    renames = bool(slicing.get("renameByDefault"))
    names: set[str] = set()
    for entry in map(mapped, listed(slicing.get("resources"))):
        name = str(entry.get("name"))
        names.add(str(entry.get("rename") or (f"{name}.shared" if renames else name)))
    return names


def _profiles(text: Any) -> set[str] | None:
    """The MIG profiles of a mig-parted file; None when it cannot be read."""
    try:
        layouts = mapped(yaml.safe_load(text) if isinstance(text, str) else text)["mig-configs"]
        entries = [entry for layout in layouts.values() for entry in listed(layout)]
    except (yaml.YAMLError, KeyError, AttributeError):
        return None
    if has_unknown(entries):
        return None
    return {str(profile) for entry in entries for profile in mapped(mapped(entry).get("mig-devices"))}


RULE = StackValidationPolicy(
    name="tenant-gpu-quota",
    display_name="Tenants' GPUs are bounded",
    description="Each tenant namespace has a ResourceQuota that bounds whole GPUs, shared ones and every MIG slice.",
    validate=validate_gpu_quotas,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    config_schema=PolicyConfigSchema(
        properties={
            "resources": {"type": "array", "items": {"type": "string"}, "default": DEFAULTS["resources"]},
            "maxGpus": {"type": "integer", "minimum": 0},
        }
    ),
    remediation_steps="Name the resource in spec.hard of the tenant's ResourceQuota; 0 forbids it.",
)
"""The rule as the pack holds it."""
