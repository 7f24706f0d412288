"""Certificates of Kafka's brokers and clients, as cert-manager's resources. Pure.

One authority of Kafka's own signs both. cert-manager alone has its key: Strimzi is told to make no clients CA, and
reads the authority's certificate from a Secret of the name that it expects. A Certificate makes that Secret too, since
every Secret of cert-manager's holds the certificate of its issuer as ca.crt.
Sources: strimzi-kafka-operator 1.2.0, documentation/modules/security/proc-installing-your-own-ca-certificates.adoc
(names, labels and annotations of Secrets), CaReconciler and CustomCaProvider (both Secrets must be there); cert-manager
v1.20 API reference (Certificate, secretTemplate).
"""

from dataclasses import dataclass
from typing import Any

from components.eventing.kafka_names import (
    CLIENTS_CA_SECRET,
    CLUSTER,
    ISSUER,
    LISTENER_SECRET,
    broker_names,
)
from components.manifest import Spec
from components.trust.cert_manager import SELF_SIGNED_ISSUER

AUTHORITY_SECRET = "kafka-ca"  # noqa: S105 - the secret's name
"""Secret of the authority, in cert-manager's namespace."""

NO_KEY = "cert-manager has it"
"""Stands in Strimzi's Secret where the authority's private key would."""

_LONG, _LONG_BEFORE = "87600h", "8760h"
_SHORT, _SHORT_BEFORE = "2160h", "720h"
"""A certificate lives for 90 days and is renewed 30 days before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs clients' certificates, as a Certificate names it."""

    group: str
    """API group."""
    kind: str
    """Kind, of the whole cluster's."""
    name: str


OWN_ISSUER = Issuer(group="cert-manager.io", kind="ClusterIssuer", name=ISSUER)
"""The platform's own authority for Kafka, with cert-manager's key."""

GOOGLE_ISSUER = Issuer(group="cas-issuer.jetstack.io", kind="GoogleCASClusterIssuer", name=ISSUER)
"""Google's Certificate Authority Service, asked by google-cas-issuer."""

_STRIMZI = {"strimzi.io/kind": "Kafka", "strimzi.io/cluster": CLUSTER}


def _key(*, kept: bool) -> dict[str, Any]:
    """Java reads PKCS #8 only. A kept key goes into the next certificate too."""
    return {
        "algorithm": "ECDSA",
        "size": 256,
        "encoding": "PKCS8",
        "rotationPolicy": "Never" if kept else "Always",
    }


def _issued_by(name: str) -> dict[str, Any]:
    return {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": name}


def authority() -> Spec:
    """Certificate of the authority: good for ten years. Its key stays when it is renewed, so that what it signed before
    is still believed."""
    return {
        "isCA": True,
        "commonName": "multimodal kafka",
        "secretName": AUTHORITY_SECRET,
        "duration": _LONG,
        "renewBefore": _LONG_BEFORE,
        "privateKey": _key(kept=True),
        "issuerRef": _issued_by(SELF_SIGNED_ISSUER),
    }


def clients_authority() -> Spec:
    """What brings the authority's certificate to Strimzi. The certificate itself is nobody's: no ACL names it.

    Strimzi believes every key of the Secret that ends in .crt, so this one lives as long as the authority's.
    """
    return {
        "commonName": "kafka-clients-ca",
        "secretName": CLIENTS_CA_SECRET,
        "secretTemplate": {"labels": _STRIMZI, "annotations": {"strimzi.io/ca-cert-generation": "0"}},
        "duration": _LONG,
        "renewBefore": _LONG_BEFORE,
        "privateKey": _key(kept=True),
        "usages": ["client auth"],
        "issuerRef": _issued_by(ISSUER),
    }


def clients_authority_key() -> Spec:
    """Metadata's labels and annotations, and content, of the Secret where Strimzi expects the authority's key.

    It reads the key only to sign certificates of users of type `tls`, which the platform has none of.
    """
    return {
        "labels": _STRIMZI,
        "annotations": {"strimzi.io/ca-key-generation": "0"},
        "data": {"ca.key": NO_KEY},
    }


def listener() -> Spec:
    """Certificate that brokers show. Strimzi restarts them one by one when it is renewed."""
    names = broker_names()
    return {
        "dnsNames": names,
        "commonName": names[0],
        "secretName": LISTENER_SECRET,
        "duration": "8760h",
        "renewBefore": "1440h",
        "privateKey": _key(kept=False),
        "usages": ["server auth"],
        "issuerRef": _issued_by(ISSUER),
    }


def client(user: str, secret: str, issuer: Issuer = OWN_ISSUER) -> Spec:
    """Certificate of one user, in a Secret where its Certificate is."""
    return {
        "commonName": user,
        "secretName": secret,
        "duration": _SHORT,
        "renewBefore": _SHORT_BEFORE,
        "privateKey": _key(kept=False),
        "usages": ["client auth"],
        "issuerRef": {"group": issuer.group, "kind": issuer.kind, "name": issuer.name},
    }
