"""The admission rule that lets nobody have a certificate of another tenant's user of Kafka.

Kafka knows a client by its certificate's whole subject, so whoever may ask cert-manager for a certificate of Kafka's
authority could be anybody: another tenant, a broker, or one of Strimzi's own parts, which may do everything and differ
from tenants' users in an `O=io.strimzi` only. Tenants' roles cannot make Certificates; this rule holds for whoever can.

An authority of Google's is reached by any issuer of google-cas-issuer's group, of whatever name, since its controller
signs for all of them with one identity; so there the rule looks at all of the group.

The rule is a ValidatingAdmissionPolicy: the API server judges by itself, with no webhook that could be away.
Sources: cert-manager v1.20, its Certificate and CertificateRequest; its documentation, "ingress-shim" (Certificates
that it makes for others, which this rule sees too); google-cas-issuer v0.12.0, README, "Multi-tenancy and security
considerations".
"""

from dataclasses import asdict
from typing import TypedDict

import pulumi

from components.admission import refuse
from components.eventing.certificates import OWN_ISSUER, Issuer
from components.eventing.kafka_names import NAMESPACE
from components.manifest import Spec
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER

NAME = "kafka-certificates"
"""Name of the policy and of its binding."""

_OTHER_NAMES = (
    "subject",
    "literalSubject",
    "dnsNames",
    "ipAddresses",
    "uris",
    "emailAddresses",
    "otherNames",
    "nameConstraints",
)
"""What else a certificate can be called by, as keys of a Certificate's spec."""

_CONTROLLER = f"system:serviceaccount:{CERT_MANAGER}:cert-manager"
"""Who makes CertificateRequests of Certificates."""


def _watched(issuer: Issuer) -> list[dict[str, str]]:
    """Which certificates the rule looks at, as match conditions."""
    if issuer != OWN_ISSUER:
        return [
            {
                "name": "of-kafkas-authority",
                "expression": f"object.spec.issuerRef.?group.orValue('') == '{issuer.group}'",
            }
        ]
    return [
        {
            "name": "of-kafkas-authority",
            "expression": (
                f"object.spec.issuerRef.name == '{issuer.name}'"
                f" && object.spec.issuerRef.?kind.orValue('Issuer') == '{issuer.kind}'"
            ),
        },
        {"name": "not-the-brokers-own", "expression": f"request.namespace != '{NAMESPACE}'"},
    ]


def certificate_policy(issuer: Issuer = OWN_ISSUER) -> Spec:
    """Spec of the ValidatingAdmissionPolicy. `issuer`: who signs for Kafka's clients."""
    alone = " && ".join(f"!has(object.spec.{key})" for key in _OTHER_NAMES)
    certificate = "request.kind.kind != 'Certificate'"
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["cert-manager.io"],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["certificates", "certificaterequests"],
                }
            ]
        },
        "matchConditions": _watched(issuer),
        "variables": [{"name": "name", "expression": "object.spec.?commonName.orValue('')"}],
        "validations": [
            {
                "expression": (
                    f"{certificate} || (variables.name.startsWith(request.namespace + '.')"
                    " && variables.name.matches('^[a-z0-9.-]+$'))"
                ),
                "messageExpression": (
                    "'commonName \"' + variables.name + '\": Kafka knows a client by it, so in namespace '"
                    " + request.namespace + ' it begins with ' + request.namespace + '.'"
                ),
                "reason": "Forbidden",
            },
            {
                "expression": f"{certificate} || (!object.spec.?isCA.orValue(false) && {alone})",
                "message": (
                    f"a certificate of {issuer.name} has a commonName and no other name, and is no authority; leave out"
                    f" isCA, {', '.join(_OTHER_NAMES)}"
                ),
                "reason": "Forbidden",
            },
            {
                "expression": (
                    f"request.kind.kind != 'CertificateRequest' || request.userInfo.username == '{_CONTROLLER}'"
                ),
                "message": f"make a Certificate: requests to {issuer.name} come from cert-manager itself",
                "reason": "Forbidden",
            },
        ],
    }


class CertificateGuardArgs(TypedDict):
    """What the rule guards; a policy or a reviewer reads it here."""

    issuer: dict[str, str]
    """Whose certificates it looks at: group, kind and name."""


class CertificateGuard(pulumi.ComponentResource):
    """Refuses certificates of Kafka's authority that are not the namespace's own. Issues nothing."""

    def __init__(self, name: str, issuer: Issuer, opts: pulumi.ResourceOptions | None = None) -> None:
        args: CertificateGuardArgs = {"issuer": asdict(issuer)}
        super().__init__("multimodal:index:CertificateGuard", name, dict(args), opts)
        refuse(name, NAME, certificate_policy(issuer), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
