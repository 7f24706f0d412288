"""What every resource asks for, noted so that rules about the whole stack can see it.

The engine shows a stack rule each resource's *outputs*, once everything has been created or previewed (pulumi
`resource/deploy/step_generator.go`, AnalyzeResources). In a preview whose provider is not configured yet, such as the
Kubernetes of a cluster that does not exist, those are empty (`resource/plugin/provider_plugin.go`, Create), and a
component's outputs leave its arguments out. Either way a stack rule would pass because it saw nothing. Each resource's
*inputs* do come by in the same process, one at a time, before the resource is created: they are kept here by URN,
made plain once and not again by every rule.
"""

from typing import Any, cast

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from policy.plain import plain

_INPUTS: dict[str, dict[str, Any]] = {}


def recorded(urn: str) -> dict[str, Any] | None:
    """The inputs last seen of this resource, plain; None when it never came by."""
    return _INPUTS.get(urn)


def forget() -> None:
    """Drop everything that was noted."""
    _INPUTS.clear()


def record_inputs(args: ResourceValidationArgs, _report: ReportViolation) -> None:
    """Note the resource. Refuses nothing."""
    _INPUTS[args.urn] = cast("dict[str, Any]", plain(args.props))


recorder = ResourceValidationPolicy(
    name="inputs-recorded",
    description="Notes what each resource asks for, so that the rules about the whole stack see it. Refuses nothing.",
    validate=record_inputs,
    enforcement_level=EnforcementLevel.MANDATORY,
)
"""Must be in every pack that holds a stack rule; without it they see outputs only, and refuse what they cannot see."""
