"""Rule `tenant-signed-images`: an image that nobody signed cannot run in a tenant's namespace.

What: each tenant namespace is matched by a Kyverno ImageValidatingPolicy that checks pods when they are created and
changed, fails closed, and wants a signature of a named attestor on every image of every kind of container; in the
environments that must enforce, one whose validationActions hold Deny. No PolicyException of the stack exempts from it.
Why: a pinned digest says which image runs, a signature says that our own build made it.
Configuration: `enforceIn`, the environments that must deny and not only audit (default `["prod"]`). The environment is
the `environment` of the stack's `multimodal:index:Platform`; a stack that does not state one must enforce.
Fix: what each message says; the component `multimodal:index:Kyverno` makes a policy that passes.
"""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.label_selectors import selects
from policy.resources import Resource, has_unknown, listed, mapped, not_known
from policy.signatures import holes
from policy.stack import PLATFORM, Stack, Tenant

IMAGE_POLICY = r"kubernetes:policies\.kyverno\.io/v1((alpha|beta)\d+)?:ImageValidatingPolicy"
EXCEPTION = r"kubernetes:policies\.kyverno\.io/v1((alpha|beta)\d+)?:PolicyException"
DEFAULTS: Mapping[str, Any] = {"enforceIn": ["prod"]}


def validate_signed_images(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report each tenant in whose namespace an unsigned image could run."""
    stack = Stack.read(args)
    stack.begin(args, report)
    config = {**DEFAULTS, **args.get_config()}
    policies: list[Resource] = []
    for policy in stack.of(IMAGE_POLICY):
        if policy.get("spec") is None or has_unknown(policy.get("spec")):
            report(not_known(policy, "spec"), policy.urn)
        else:
            policies.append(policy)
    must_deny = _must_deny(stack, [str(name) for name in config["enforceIn"]], report)
    for tenant in stack.tenants.values():
        _check_tenant(tenant, policies, must_deny, report)
    _check_exceptions(stack, policies, report)


def _must_deny(stack: Stack, enforce_in: list[str], report: ReportViolation) -> str:
    """Why policies must deny; "" where an audit is enough."""
    platforms = stack.of(PLATFORM)
    for platform in platforms:
        environment = platform.get("environment")
        if not isinstance(environment, str):
            report(not_known(platform, "environment"), platform.urn)
        elif environment in enforce_in:
            return f"a {environment} stack must enforce"
    return "" if platforms else f"a stack without a {PLATFORM}, which states the environment, must enforce"


def _check_tenant(tenant: Tenant, policies: list[Resource], must_deny: str, report: ReportViolation) -> None:
    # The API server adds the name label to every namespace.
    labels = {**tenant.labels, "kubernetes.io/metadata.name": tenant.namespace}
    matching = [p for p in policies if selects(p.get("spec", "matchConstraints", "namespaceSelector"), labels)]
    if not matching:
        report(
            f"{tenant} is matched by no ImageValidatingPolicy, so unsigned images run there; add one whose "
            "matchConstraints.namespaceSelector matches its labels",
            tenant.urn,
        )
        return
    found = {policy.urn: _problems(policy, must_deny) for policy in matching}
    if all(found.values()):  # one policy without a hole is enough
        for policy in matching:
            for problem in found[policy.urn]:
                report(f"{tenant}: {policy} lets unsigned images run: {problem}", policy.urn)


def _problems(policy: Resource, must_deny: str) -> list[str]:
    spec = mapped(policy.get("spec"))
    problems = list(holes(spec))
    actions = [str(action) for action in listed(spec.get("validationActions"))]
    if must_deny and "Deny" not in actions:
        problems.append(f"validationActions is [{', '.join(actions)}], and {must_deny}; set it to [Deny]")
    return problems


def _check_exceptions(stack: Stack, policies: list[Resource], report: ReportViolation) -> None:
    names = {policy.get("metadata", "name") for policy in policies}
    for exception in stack.of(EXCEPTION) if stack.tenants else []:
        references = exception.get("spec", "policyRefs")
        if references is None or has_unknown(references):
            report(not_known(exception, "spec.policyRefs"), exception.urn)
            continue
        for name in (mapped(reference).get("name") for reference in listed(references)):
            if name in names:
                report(f"{exception} exempts images from the signature policy {name!r}; remove it", exception.urn)


RULE = StackValidationPolicy(
    name="tenant-signed-images",
    display_name="Tenants' images are signed",
    description="Each tenant namespace is covered by a policy under which an image that nobody signed cannot run.",
    validate=validate_signed_images,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.CRITICAL,
    config_schema=PolicyConfigSchema(
        properties={"enforceIn": {"type": "array", "items": {"type": "string"}, "default": DEFAULTS["enforceIn"]}}
    ),
    remediation_steps="Cover the namespace with an ImageValidatingPolicy like that of multimodal:index:Kyverno.",
)
"""The rule as the pack holds it."""
