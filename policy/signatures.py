"""What is wrong with an ImageValidatingPolicy as the guard of a namespace. Pure.

Fields and CEL functions: kyverno, CRD `imagevalidatingpolicies.policies.kyverno.io` and its conformance tests.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.resources import listed, lookup, mapped

CONTAINER_KINDS = ("containers", "initContainers", "ephemeralContainers")
"""The three lists of containers in a pod."""

_ANYONE = re.compile(r"\^?(\.\*|\.\+)?\$?")


def holes(spec: Mapping[str, Any]) -> Iterator[str]:
    """Why an image that nobody signed could run where the policy's namespace selector matches; none if it cannot."""
    yield from _scope_holes(spec)
    yield from _attestor_holes(spec)
    for kind in CONTAINER_KINDS:
        if not any(_verifies(part, kind, spec) for part in _conjuncts(spec)):
            yield (
                f"no validation verifies the signatures of all images.{kind}; add one such as images.{kind}.map(i, "
                "verifyImageSignatures(i, [attestors.NAME])).all(n, n > 0)"
            )


def _scope_holes(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("failurePolicy") not in (None, "Fail"):
        yield f"failurePolicy is {spec['failurePolicy']}; set it to Fail, or images run unchecked while Kyverno is away"
    constraints = mapped(spec.get("matchConstraints"))
    rules = [mapped(rule) for rule in listed(constraints.get("resourceRules"))]
    for operation in ("CREATE", "UPDATE"):
        if not any(_matches_pods(rule, operation) for rule in rules):
            yield f"no resource rule matches {operation} of pods; add one to matchConstraints.resourceRules"
    if any(_matches_pods(mapped(rule), "*") for rule in listed(constraints.get("excludeResourceRules"))):
        yield "matchConstraints.excludeResourceRules excludes pods; remove that rule"
    if any(mapped(constraints.get("objectSelector")).values()):
        yield "matchConstraints.objectSelector lets a pod choose not to be checked; remove it"
    if spec.get("matchConditions"):
        yield "matchConditions can let pods through unchecked; remove them"
    references = listed(spec.get("matchImageReferences"))
    if not any(mapped(reference).get("glob") == "*" for reference in references):
        yield 'matchImageReferences has no glob "*", so other images are skipped; add it'
    if lookup(spec, "evaluation", "admission", "enabled") is False:
        yield "evaluation.admission.enabled is false; set it to true"
    if lookup(spec, "evaluation", "mode") not in (None, "Kubernetes"):
        yield f"evaluation.mode is {lookup(spec, 'evaluation', 'mode')}; only Kubernetes checks pods"


def _matches_pods(rule: Mapping[str, Any], operation: str) -> bool:
    """Whether a resource rule covers the operation on every pod; with "*", any operation on any pod."""
    has = {key: set(map(str, listed(rule.get(key)))) for key in ("apiGroups", "apiVersions", "resources", "operations")}
    pods = (
        bool(has["apiGroups"] & {"", "*"})
        and bool(has["apiVersions"] & {"v1", "*"})
        and bool(has["resources"] & {"pods", "*", "*/*"})
        and rule.get("scope") in (None, "*", "Namespaced")
    )
    if operation == "*":
        return pods
    return pods and bool(has["operations"] & {operation, "*"}) and not rule.get("resourceNames")


def _attestor_holes(spec: Mapping[str, Any]) -> Iterator[str]:
    attestors = [mapped(attestor) for attestor in listed(spec.get("attestors"))]
    if not attestors:
        yield "it has no attestors; name at least one party whose signature counts"
    for attestor in attestors:
        name = attestor.get("name")
        if not attestor.get("cosign") and not attestor.get("notary"):
            yield f"attestor {name!r} has no key, certificate or identity; give it one"
        keyless = lookup(attestor, "cosign", "keyless")
        if keyless is None:
            continue
        identities = [mapped(identity) for identity in listed(lookup(keyless, "identities"))]
        if not identities or any(_is_anyone(identity) for identity in identities):
            yield f"attestor {name!r} accepts anyone's certificate; name issuer and subject"


def _is_anyone(identity: Mapping[str, Any]) -> bool:
    subject = [identity.get("subject"), identity.get("subjectRegExp"), identity.get("subjectExpression")]
    return all(part is None or _ANYONE.fullmatch(str(part)) for part in subject)


def _conjuncts(spec: Mapping[str, Any]) -> Iterator[str]:
    """The parts that must all hold, without white space and with variables written out."""
    variables = {
        str(mapped(v).get("name")): "".join(str(mapped(v).get("expression")).split())
        for v in listed(spec.get("variables"))
    }
    for validation in map(mapped, listed(spec.get("validations"))):
        text = "".join(str(validation.get("expression", "")).split())
        for _ in variables:  # a variable may use those before it
            text = re.sub(r"variables\.(\w+)", lambda found: variables.get(found[1], found[0]), text)
        if "||" not in text:  # an alternative could hold without a signature
            yield from text.split("&&")


def _verifies(part: str, kind: str, spec: Mapping[str, Any]) -> bool:
    """Whether the part holds only if every image of the kind has a signature of a declared attestor."""
    declared = {str(mapped(attestor).get("name")) for attestor in listed(spec.get("attestors"))}
    used = set(re.findall(r"attestors\.(\w+)", part))
    return (
        re.search(rf"images\.\??{kind}\b", part) is not None
        and "verifyImageSignatures(" in part
        and ".all(" in part
        and ".exists(" not in part
        and ".filter(" not in part
        and "!verifyImageSignatures" not in part
        and re.search(r"(>0|>=1|!=0)(?!\d)", part) is not None
        and bool(used)
        and used <= declared
    )
