"""The Secrets from which a Kafka cluster has its certificates."""

import base64
from typing import Any

from rehearsal.controllers.base import ConfigurationError, value
from rehearsal.kafka.broker import KeyPair
from rehearsal.kafka.resources import Cluster
from rehearsal.kube import JsonObject, Kube


def certificates(api: Kube, kafka: JsonObject, wanted: Cluster) -> tuple[str, dict[str, KeyPair]]:
    """Who vouches for clients, and each listener's own key pair.

    Raises:
        ConfigurationError: naming the Secret that is missing.
    """
    trusted = f"{wanted.name}-clients-ca-cert"
    if value(kafka, "spec.clientsCa.generateCertificateAuthority", True):
        raise ConfigurationError(
            "spec.clientsCa.generateCertificateAuthority must be false in a rehearsal: clients' authority is that of "
            f"the Secret {trusted}"
        )
    authority = _secret(api, wanted.namespace, trusted)
    # Nobody signs with it here; the operator starts nothing without it.
    _secret(api, wanted.namespace, f"{wanted.name}-clients-ca")
    clients = "\n".join(text for name, text in sorted(authority.items()) if name.endswith(".crt"))
    own: dict[str, KeyPair] = {}
    for one in wanted.listeners:
        data = _secret(api, wanted.namespace, one.secret, one.certificate, one.key)
        own[one.name] = KeyPair(certificate=data[one.certificate], key=data[one.key])
    return clients, own


def _secret(api: Kube, namespace: str, name: str, *keys: str) -> dict[str, str]:
    found = api.get_secret(namespace, name)
    data: dict[str, Any] = value(found or {}, "data", {})
    if found is None:
        raise ConfigurationError(f"Secret {namespace}/{name} is missing")
    for key in keys:
        if key not in data:
            raise ConfigurationError(f"Secret {namespace}/{name} has no {key}")
    return {key: base64.b64decode(text).decode(errors="replace") for key, text in data.items()}
