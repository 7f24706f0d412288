"""The rule that an image which nobody signed cannot run."""

import pytest

from components.settings.trust import Attestor, Enforcement
from components.trust.signatures import signed_images_policy

KEYLESS = Attestor.model_validate({"keyless": {"issuer": "https://issuer.example", "subject": "ci@acme.example"}})
KEY = Attestor.model_validate({"key": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"})


@pytest.mark.parametrize(("enforcement", "action"), [("enforce", "Deny"), ("audit", "Audit")])
def test_enforcement_decides_between_refusing_and_reporting(enforcement: str, action: str) -> None:
    assert signed_images_policy(Enforcement(enforcement), {"ci": KEYLESS})["validationActions"] == [action]


def test_an_image_that_cannot_be_judged_does_not_run() -> None:
    assert signed_images_policy(Enforcement.ENFORCE, {"ci": KEYLESS})["failurePolicy"] == "Fail"


def test_every_kind_of_container_needs_a_signature_of_any_attestor() -> None:
    spec = signed_images_policy(Enforcement.ENFORCE, {"key": KEY, "ci": KEYLESS})
    (validation,) = spec["validations"]
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        assert f"images.{kind}" in validation["expression"]
    assert validation["expression"].count("[attestors.ci, attestors.key]") == 3
    assert validation["message"] == "an image in this pod carries no signature of ci or key"


def test_attestors_keep_their_kind() -> None:
    spec = signed_images_policy(Enforcement.ENFORCE, {"key": KEY, "ci": KEYLESS})
    ci, key = spec["attestors"]
    assert ci["cosign"]["keyless"]["identities"] == [{"issuer": "https://issuer.example", "subject": "ci@acme.example"}]
    assert key["cosign"] == {"key": {"data": KEY.key}}


def test_only_tenants_namespaces_are_judged() -> None:
    match = signed_images_policy(Enforcement.ENFORCE, {"ci": KEYLESS})["matchConstraints"]
    assert match["namespaceSelector"]["matchExpressions"] == [{"key": "multimodal.dev/tenant", "operator": "Exists"}]
