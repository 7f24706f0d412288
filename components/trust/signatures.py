"""The image-signature rule, as a Kyverno ImageValidatingPolicy.

Source: kyverno, config/crds/policies.kyverno.io (fields) and its conformance tests for ImageValidatingPolicy (CEL).
"""

from collections.abc import Mapping
from typing import Any

from components.labels import TENANT
from components.settings.trust import Attestor, Enforcement


def signed_images_policy(enforcement: Enforcement, attestors: Mapping[str, Attestor]) -> dict[str, Any]:
    """Spec of the policy: every container of every pod in a tenant's namespace is signed by one of `attestors`."""
    names = ", ".join(f"attestors.{name}" for name in sorted(attestors))
    signed = f"verifyImageSignatures(image, [{names}]) > 0"
    return {
        "validationActions": ["Deny" if enforcement is Enforcement.ENFORCE else "Audit"],
        # An image that cannot be judged does not run.
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [{"key": TENANT, "operator": "Exists"}]},
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
            ],
        },
        "matchImageReferences": [{"glob": "*"}],
        "attestors": [{"name": name, **_attestor(attestor)} for name, attestor in sorted(attestors.items())],
        "validations": [
            {
                "expression": " && ".join(
                    f"images.{kind}.map(image, {signed}).all(verified, verified)"
                    for kind in ("containers", "initContainers", "ephemeralContainers")
                ),
                "message": f"an image in this pod carries no signature of {' or '.join(sorted(attestors))}",
            }
        ],
        # The digest that was verified is the one that runs, even if the tag moves later.
        "validationConfigurations": {"mutateDigest": True, "required": True, "verifyDigest": True},
        "webhookConfiguration": {"timeoutSeconds": 15},
    }


def _attestor(attestor: Attestor) -> dict[str, Any]:
    if attestor.keyless is not None:
        identity = {"issuer": attestor.keyless.issuer, "subject": attestor.keyless.subject}
        return {"cosign": {"keyless": {"identities": [identity]}, "ctlog": {"url": "https://rekor.sigstore.dev"}}}
    return {"cosign": {"key": {"data": attestor.key}}}
