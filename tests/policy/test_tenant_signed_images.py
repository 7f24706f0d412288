from copy import deepcopy
from typing import Any

import pytest

from components.settings.trust import Attestor, Enforcement
from components.trust.signatures import signed_images_policy
from policy.rules import tenant_signed_images

KEY = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
FIX = "cannot be known before the update; make it plain: text in the program, not an output"
HOLE = "tenant 'vision' (namespace 'vision'): ImageValidatingPolicy 'signed' lets unsigned images run: "


def spec(enforcement: Enforcement = Enforcement.ENFORCE, **changes: Any) -> dict[str, Any]:
    made = signed_images_policy(enforcement, {"release": Attestor(key=KEY)})
    return {**deepcopy(made), **changes}


def guard(world: Any, policy: Any, version: str = "v1") -> Any:
    return world.object(f"policies.kyverno.io/{version}:ImageValidatingPolicy", "signed", policy)


def stack(world: Any, policy: Any, environment: Any = "prod") -> list[Any]:
    return [world.platform(environment), *world.tenant(), guard(world, policy)]


def test_the_policy_that_the_platform_makes_passes(world: Any, judge: Any) -> None:
    assert judge(tenant_signed_images.RULE, stack(world, spec())) == []


def test_an_audit_is_enough_outside_production(world: Any, judge: Any) -> None:
    audit = spec(Enforcement.AUDIT)
    assert judge(tenant_signed_images.RULE, stack(world, audit, "dev")) == []
    assert judge(tenant_signed_images.RULE, stack(world, audit, "prod")) == [
        HOLE + "validationActions is [Audit], and a prod stack must enforce; set it to [Deny]"
    ]


def test_the_environments_that_must_enforce_can_be_set(world: Any, judge: Any) -> None:
    audit = spec(Enforcement.AUDIT)
    assert judge(tenant_signed_images.RULE, stack(world, audit, "prod"), {"enforceIn": []}) == []
    assert judge(tenant_signed_images.RULE, stack(world, audit, "staging"), {"enforceIn": ["staging", "prod"]}) == [
        HOLE + "validationActions is [Audit], and a staging stack must enforce; set it to [Deny]"
    ]


def test_a_stack_that_states_no_environment_must_enforce(world: Any, judge: Any) -> None:
    assert judge(tenant_signed_images.RULE, [*world.tenant(), guard(world, spec())]) == []
    assert judge(tenant_signed_images.RULE, [*world.tenant(), guard(world, spec(Enforcement.AUDIT))]) == [
        HOLE + "validationActions is [Audit], and a stack without a multimodal:index:Platform, which states the "
        "environment, "
        "must enforce; set it to [Deny]"
    ]


def test_a_tenant_that_no_policy_matches_is_refused(world: Any, judge: Any) -> None:
    message = (
        "tenant 'vision' (namespace 'vision') is matched by no ImageValidatingPolicy, so unsigned images run there; "
        "add one "
        "whose matchConstraints.namespaceSelector matches its labels"
    )
    assert judge(tenant_signed_images.RULE, [world.platform(), *world.tenant()]) == [message]
    other = {"matchLabels": {"multimodal.dev/tenant": "audio"}}
    constraints = {**spec()["matchConstraints"], "namespaceSelector": other}
    assert judge(tenant_signed_images.RULE, stack(world, spec(matchConstraints=constraints))) == [message]


@pytest.mark.parametrize(
    "selector",
    [
        None,
        {},
        {"matchLabels": {"multimodal.dev/tenant": "vision"}},
        {"matchExpressions": [{"key": "multimodal.dev/tenant", "operator": "In", "values": ["audio", "vision"]}]},
        {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]},
        {"matchExpressions": [{"key": "multimodal.dev/part-of", "operator": "DoesNotExist"}]},
    ],
)
def test_selectors_are_matched_as_kubernetes_does(world: Any, judge: Any, selector: Any) -> None:
    constraints = {**spec()["matchConstraints"], "namespaceSelector": selector}
    assert judge(tenant_signed_images.RULE, stack(world, spec(matchConstraints=constraints))) == []


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "multimodal.dev/tenant", "operator": "NotIn", "values": ["vision"]},
        {"key": "multimodal.dev/tenant", "operator": "DoesNotExist"},
        {"key": "team", "operator": "Exists"},
        {"key": "team", "operator": "In", "values": ["vision"]},
        {"key": "multimodal.dev/tenant", "operator": "Matches", "values": ["vision"]},
    ],
)
def test_a_selector_that_leaves_the_tenant_out_is_refused(world: Any, judge: Any, expression: Any) -> None:
    selector = {"matchExpressions": [{"key": "multimodal.dev/tenant", "operator": "Exists"}, expression]}
    constraints = {**spec()["matchConstraints"], "namespaceSelector": selector}
    found = judge(tenant_signed_images.RULE, stack(world, spec(matchConstraints=constraints)))
    assert len(found) == 1
    assert "is matched by no ImageValidatingPolicy" in found[0]


def constraints(**changes: Any) -> dict[str, Any]:
    return {"matchConstraints": {**spec()["matchConstraints"], **changes}}


PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
ANYONE = [{"name": "release", "cosign": {"keyless": {"identities": [{"issuer": "https://x", "subjectRegExp": ".*"}]}}}]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"failurePolicy": "Ignore"},
            "failurePolicy is Ignore; set it to Fail, or images run unchecked while Kyverno is away",
        ),
        (
            constraints(resourceRules=[PODS]),
            "no resource rule matches UPDATE of pods; add one to matchConstraints.resourceRules",
        ),
        (
            constraints(resourceRules=[{**PODS, "operations": ["*"]}, {**PODS, "resourceNames": ["web"]}])
            | {"matchConditions": [{"name": "some", "expression": "false"}]},
            "matchConditions can let pods through unchecked; remove them",
        ),
        (
            constraints(resourceRules=[{**PODS, "operations": ["UPDATE"]}, {**PODS, "resourceNames": ["web"]}]),
            "no resource rule matches CREATE of pods; add one to matchConstraints.resourceRules",
        ),
        (
            constraints(excludeResourceRules=[PODS]),
            "matchConstraints.excludeResourceRules excludes pods; remove that rule",
        ),
        (
            constraints(objectSelector={"matchLabels": {"signed": "yes"}}),
            "matchConstraints.objectSelector lets a pod choose not to be checked; remove it",
        ),
        (
            {"matchImageReferences": [{"glob": "ghcr.io/acme/*"}]},
            'matchImageReferences has no glob "*", so other images are skipped; add it',
        ),
        ({"evaluation": {"admission": {"enabled": False}}}, "evaluation.admission.enabled is false; set it to true"),
        ({"evaluation": {"mode": "HTTP"}}, "evaluation.mode is HTTP; only Kubernetes checks pods"),
        ({"attestors": ANYONE}, "attestor 'release' accepts anyone's certificate; name issuer and subject"),
        (
            {"attestors": [{"name": "release"}]},
            "attestor 'release' has no key, certificate or identity; give it one",
        ),
    ],
)
def test_a_policy_with_a_hole_is_refused(world: Any, judge: Any, changes: Any, problem: str) -> None:
    assert judge(tenant_signed_images.RULE, stack(world, spec(**changes))) == [HOLE + problem]


SIGNED = "images.{0}.map(i, verifyImageSignatures(i, [attestors.release])).all(n, n > 0)"


@pytest.mark.parametrize(
    "expression",
    [
        "true",
        "true || " + SIGNED,
        SIGNED.replace(".all(", ".exists("),
        SIGNED.replace(".all(n, n > 0)", "[0] > 0"),
        SIGNED.replace(".map(", ".filter(i, i.startsWith('ghcr.io')).map("),
        SIGNED.replace("n > 0", "n >= 0"),
        SIGNED.replace("attestors.release", "attestors.other"),
        SIGNED.replace("attestors.release", ""),
    ],
)
def test_an_expression_that_an_unsigned_image_passes_is_refused(world: Any, judge: Any, expression: str) -> None:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    validations = [{"expression": (expression if k == "initContainers" else SIGNED).format(k)} for k in kinds]
    assert judge(tenant_signed_images.RULE, stack(world, spec(validations=validations))) == [
        HOLE + "no validation verifies the signatures of all images.initContainers; add one such as "
        "images.initContainers.map(i, verifyImageSignatures(i, [attestors.NAME])).all(n, n > 0)"
    ]


def test_expressions_may_be_apart_or_in_variables(world: Any, judge: Any) -> None:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    apart = [{"expression": SIGNED.format(kind)} for kind in kinds]
    assert judge(tenant_signed_images.RULE, stack(world, spec(validations=apart))) == []
    variables = [{"name": f"ok{index}", "expression": SIGNED.format(kind)} for index, kind in enumerate(kinds)]
    joined = [{"expression": "variables.ok0 && variables.ok1 && variables.ok2"}]
    assert judge(tenant_signed_images.RULE, stack(world, spec(variables=variables, validations=joined))) == []
    partly = [{"expression": "variables.ok0 && variables.ok1"}]
    assert len(judge(tenant_signed_images.RULE, stack(world, spec(variables=variables, validations=partly)))) == 1


def test_a_policy_without_attestors_is_refused(world: Any, judge: Any) -> None:
    assert HOLE + "it has no attestors; name at least one party whose signature counts" in judge(
        tenant_signed_images.RULE, stack(world, spec(attestors=[]))
    )


def test_one_policy_without_a_hole_is_enough(world: Any, judge: Any) -> None:
    audit = guard(world, spec(Enforcement.AUDIT), "v1beta1")
    assert judge(tenant_signed_images.RULE, [*stack(world, spec()), audit]) == []


def test_an_exception_from_the_policy_is_refused(world: Any, judge: Any) -> None:
    def exception(name: str) -> Any:
        references = {"policyRefs": [{"name": name, "kind": "ImageValidatingPolicy"}]}
        return world.object("policies.kyverno.io/v1:PolicyException", "mine", references)

    assert judge(tenant_signed_images.RULE, [*stack(world, spec()), exception("other")]) == []
    assert judge(tenant_signed_images.RULE, [*stack(world, spec()), exception("signed")]) == [
        "PolicyException 'mine' exempts images from the signature policy 'signed'; remove it"
    ]


def test_a_stack_without_tenants_is_not_judged(world: Any, judge: Any) -> None:
    assert judge(tenant_signed_images.RULE, [world.platform("prod")]) == [
        "not applicable: the stack has no tenant namespaces"
    ]


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    hidden = spec(attestors=[{"name": "release", "cosign": {"key": {"data": world.unknown}}}])
    assert judge(tenant_signed_images.RULE, stack(world, hidden))[0] == f"ImageValidatingPolicy 'signed': spec {FIX}"
    assert judge(tenant_signed_images.RULE, stack(world, spec(), world.unknown)) == [
        f"Platform 'platform': environment {FIX}"
    ]
