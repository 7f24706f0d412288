"""Rule `tenant-gpu-quota`: no tenant can take every GPU.

What: each tenant namespace has a ResourceQuota that bounds whole GPUs and every MIG slice of the stack: that any
tenant's quota names, or that a layout of the GPU Operator's mig-parted configuration makes.
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

from policy.resources import RELEASE, UNKNOWN, Resource, has_unknown, listed, mapped, not_known
from policy.stack import Stack, Tenant

QUOTA = "kubernetes:core/v1:ResourceQuota"
DEFAULTS: Mapping[str, Any] = {"resources": ["requests.nvidia.com/gpu"], "maxGpus": None}
_SLICE = re.compile(r"requests\.nvidia\.com/mig-.+")


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
    slices = {r for r in granted if _SLICE.fullmatch(r)} | _made_slices(stack, report)
    for tenant in stack.tenants.values():
        mine = [quota for quota in quotas if quota.namespace == tenant.namespace and not _is_scoped(quota)]
        _check_tenant(tenant, mine, [*whole, *sorted(slices)], report)
        if config["maxGpus"] is not None:
            _check_most(tenant, mine, whole, int(config["maxGpus"]), report)


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
    for release in stack.of(RELEASE):
        chart = release.get("chart")
        # strategy `single` offers slices as whole GPUs (NVIDIA k8s-device-plugin, README)
        if str(chart).rpartition("/")[2] != "gpu-operator" or release.get("values", "mig", "strategy") == "single":
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
            found |= {f"requests.nvidia.com/mig-{profile.replace('+', '.')}" for profile in profiles or ()}
    return found


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
    description="Each tenant namespace has a ResourceQuota that bounds whole GPUs and every MIG slice of the stack.",
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
