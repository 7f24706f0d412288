"""Rule `mig-layout-change`: no pool's MIG layout changes by the way.

What: the platform says which layout each GPU pool had after the last update (`previousLayouts`) and which it gets now
(`layouts`). A pool whose layout differs must be named in the stack file, `gpu.allowLayoutChange`. New pools and pools
that go are no change of a layout.
Why: in the plan a new layout is one changed node label, in the cluster it is a drain and a reboot of every node of that
pool (NVIDIA mig-parted: slices are made anew only when nothing uses the GPU).
Configuration: `allow`, pools that may change in any update (default none).
Fix: follow docs/runbooks/mig-layout.md and name the pool for this one update, or give it its old layout back.
"""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policy.plain import plain
from policy.resources import Resource, has_unknown, listed, mapped, not_known
from policy.stack import PLATFORM

DEFAULTS: Mapping[str, Any] = {"allow": []}
WHOLE = "all-disabled"
"""The layout of whole GPUs."""


def validate_layouts(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report each pool whose layout changes without being named."""
    platform = Resource(args.resource_type, args.name, args.urn, mapped(plain(args.props)))
    if platform.type != PLATFORM:
        args.not_applicable(f"{args.resource_type} is not the platform")
        return
    before, after = platform.get("previousLayouts"), platform.get("layouts")
    if before is None and after is None:
        args.not_applicable("the platform does not say which layouts its pools have")
        return
    allowed = platform.get("settings", "gpu", "allowLayoutChange")
    hidden = [
        name
        for name, value in (
            ("previousLayouts", before),
            ("layouts", after),
            ("settings.gpu.allowLayoutChange", allowed),
        )
        if has_unknown(value)
    ]
    for name in hidden:
        report(not_known(platform, name), platform.urn)
    for name, value in (("previousLayouts", before), ("layouts", after)):
        if name not in hidden and not isinstance(value, dict):
            report(
                f"{platform}: {name} is {value!r}; give a map of pool to layout, {{}} where there is none", platform.urn
            )
            hidden.append(name)
    if hidden:
        return
    named = {str(pool) for pool in (*listed(allowed), *{**DEFAULTS, **args.get_config()}["allow"])}
    for pool, old in sorted(mapped(before).items()):
        new = mapped(after).get(pool, old)
        if new != old and pool not in named:
            report(
                f"{platform}: the MIG layout of pool {pool!r} changes from {_told(old)} to {_told(new)}: its nodes are "
                "drained and rebooted, and pods that want the old slices wait until some other pool has them. Follow "
                f"docs/runbooks/mig-layout.md and name {pool} in multimodal:gpu.allowLayoutChange for this update, or "
                "give the pool its old layout back",
                platform.urn,
            )


def _told(layout: Any) -> str:
    return "whole GPUs" if layout == WHOLE else str(layout)


RULE = ResourceValidationPolicy(
    name="mig-layout-change",
    display_name="MIG layouts change on purpose only",
    description="A pool's MIG layout differs from that of the last update only if the stack file names the pool.",
    validate=validate_layouts,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    config_schema=PolicyConfigSchema(
        properties={"allow": {"type": "array", "items": {"type": "string"}, "default": DEFAULTS["allow"]}}
    ),
    remediation_steps="Follow docs/runbooks/mig-layout.md, then name the pool in gpu.allowLayoutChange for one update.",
)
"""The rule as the pack holds it."""
