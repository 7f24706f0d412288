"""A simulated cert-manager: real certificates, signed by the authorities that a stack makes.

The real one is built from modules that refer to each other by path, which cannot be fetched on their own. Issuers that
sign themselves, and those with a Secret of an authority, work as theirs do: what they issue is a chain that clients can
check, with the names, usages, organisations and keys that a Certificate asks for. Servers are also called 127.0.0.1 and
localhost, for that is where they are here. Other issuers are taken to work, by an authority that nobody trusts; so are
those of google-cas-issuer, once they say that they are ready. A Certificate whose issuer is missing or not ready stays
unready and says so. Nothing is renewed, and CA bundles are injected nowhere: the webhooks of a rehearsal's controllers
have their own.

Source: cert-manager v1.20, pkg/apis/certmanager/v1 (conditions, reasons, defaults, keys of the Secret), pkg/issuer/ca.
"""

import base64
import contextlib
import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rehearsal import certificates
from rehearsal.certificates import Authority, Certificate, KeyKind, Request
from rehearsal.controllers import cas_issuer
from rehearsal.controllers.base import SimulatedController, Values, text, value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kube import JsonObject, Kube

_API = "/apis/cert-manager.io/v1"
_MANAGER = "rehearsal-cert-manager"
_ISSUED_FOR = "rehearsal.multimodal.dev/issued-for"
"""Annotation of a Secret: digest of what it was issued for, so that a change issues it anew."""

_Key = tuple[str, str, str]
"""Kind, namespace (empty for a ClusterIssuer) and name."""


def reconcile(api: Kube, values: Values) -> None:
    """Make every issuer ready that can be, and every Certificate's Secret. Writes only what differs."""
    # Where the chart is installed, unless its values name another.
    home = text(values, "clusterResourceNamespace") or "cert-manager"
    issuers: dict[_Key, _Issuer] = {}
    for plural, kind in (("issuers", "Issuer"), ("clusterissuers", "ClusterIssuer")):
        for one in api.items(f"{_API}/{plural}"):
            namespace = one["metadata"].get("namespace", "")
            issuer = _Issuer(one["spec"], *_authority(api, namespace or home, one["spec"]))
            issuers[kind, namespace, one["metadata"]["name"]] = issuer
            _say(api, one | {"kind": kind}, issuer.verdict())
    for plural, kind in cas_issuer.KINDS.items():
        for one in api.items(f"{cas_issuer.API}/{plural}"):
            if any(
                said["type"] == "Ready" and said["status"] == "True" for said in value(one, "status.conditions", [])
            ):
                key = kind, one["metadata"].get("namespace", ""), one["metadata"]["name"]
                issuers[key] = _Issuer(one["spec"], None, "")
    for one in api.items(f"{_API}/certificates"):
        _say(api, one | {"kind": "Certificate"}, _certificate(api, issuers, one))


@dataclass(frozen=True)
class _Issuer:
    """One Issuer or ClusterIssuer."""

    spec: JsonObject
    authority: Authority | None
    """With which one of the kind `ca` signs; None where it cannot."""
    chain: str
    """Its certificate and those above it, in PEM."""

    def verdict(self) -> Condition:
        """What it says of itself."""
        name = value(self.spec, "ca.secretName")
        if name and self.authority is None:
            told = f'Error getting keypair for CA issuer: secret "{name}" is missing or holds no key pair'
            return Condition("Ready", False, "ErrGetKeyPair", told)
        if name:
            return Condition("Ready", True, "KeyPairVerified", "Signing CA verified")
        return Condition("Ready", True, "IsReady", "Simulated issuer")

    def issue(self, wanted: Request) -> Certificate:
        """A key pair that it vouches for."""
        if self.authority is not None:
            return self.authority.sign(wanted)
        if "selfSigned" in self.spec:
            return certificates.self_signed(wanted)
        return Authority("rehearsal authority").sign(wanted)


def _authority(api: Kube, namespace: str, spec: JsonObject) -> tuple[Authority | None, str]:
    """With what an issuer signs, and the chain above its certificates."""
    name = value(spec, "ca.secretName")
    found = api.get_secret(namespace, name) if name else None
    data: JsonObject = value(found or {}, "data", {})
    own, above, key = (base64.b64decode(data.get(one, "")).decode() for one in ("tls.crt", "ca.crt", "tls.key"))
    chain = own if above == own else own + above
    with contextlib.suppress(ValueError):
        return (Authority("", chain=chain, key=key) if own and key else None), chain
    return None, chain


def _certificate(api: Kube, issuers: dict[_Key, _Issuer], live: JsonObject) -> Condition:
    """Brings a Certificate's Secret about where its issuer can."""
    namespace, spec = live["metadata"]["namespace"], live["spec"]
    kind, name = spec["issuerRef"].get("kind", "Issuer"), spec["issuerRef"]["name"]
    issuer = issuers.get((kind, "" if kind.endswith("ClusterIssuer") else namespace, name))
    if issuer is None:
        return Condition("Ready", False, "DoesNotExist", f'Referenced "{kind}" not found: {name}')
    if not issuer.verdict().status:
        return Condition("Ready", False, "DoesNotExist", f'Referenced "{kind}" is not ready: {name}')
    digest = hashlib.sha256(json.dumps([spec, issuer.spec, issuer.chain]).encode()).hexdigest()
    found = api.get_secret(namespace, spec["secretName"])
    if found is None or value(found, "metadata.annotations", {}).get(_ISSUED_FOR) != digest:
        try:
            pair = issuer.issue(request(spec))
        except (ValueError, KeyError) as error:
            return Condition("Ready", False, "Failed", f"The certificate request has failed to complete: {error}")
        _write(api, live, digest, pair)
    return Condition("Ready", True, "Ready", "Certificate is up to date and has not expired")


def request(spec: JsonObject) -> Request:
    """What a Certificate asks for, with cert-manager's defaults. Pure."""
    names = tuple(value(spec, "dnsNames", []))
    key: JsonObject = value(spec, "privateKey", {})
    algorithm = key.get("algorithm") or "RSA"
    kind = KeyKind(
        algorithm=algorithm,
        size=int(key.get("size") or (2048 if algorithm == "RSA" else 256)),
        encoding=key.get("encoding") or "PKCS1",
    )
    return Request(
        common_name=spec.get("commonName") or "",
        organizations=tuple(value(spec, "subject.organizations", [])),
        names=(*names, "localhost") if names else (),
        addresses=(certificates.LOOPBACK,) if names else (),
        usages=frozenset(value(spec, "usages", [])),
        is_authority=bool(spec.get("isCA")),
        life=_duration(spec.get("duration") or "2160h"),
        kind=kind,
    )


def _duration(text: str) -> datetime.timedelta:
    """Go's notation: `2160h`, `1h30m`."""
    units = {"h": "hours", "m": "minutes", "s": "seconds"}
    parts = {units[unit]: float(number) for number, unit in re.findall(r"([\d.]+)([hms])", text)}
    return datetime.timedelta(**parts)


def _write(api: Kube, live: JsonObject, digest: str, pair: Certificate) -> None:
    namespace, spec = live["metadata"]["namespace"], live["spec"]
    template: JsonObject = value(spec, "secretTemplate", {})
    data = {"ca.crt": pair.authority, "tls.crt": pair.certificate, "tls.key": pair.key}
    metadata: dict[str, Any] = {
        "name": spec["secretName"],
        "namespace": namespace,
        "labels": template.get("labels") or {},
        "annotations": {
            **(template.get("annotations") or {}),
            "cert-manager.io/certificate-name": live["metadata"]["name"],
            _ISSUED_FOR: digest,
        },
    }
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": metadata,
        "data": {name: base64.b64encode(content.encode()).decode() for name, content in data.items()},
    }
    api.apply(f"/api/v1/namespaces/{namespace}/secrets/{quote(spec['secretName'])}", body, _MANAGER)


def _say(api: Kube, live: JsonObject, said: Condition) -> None:
    live |= {"apiVersion": "cert-manager.io/v1"}
    before = value(live, "status.conditions", [])
    write_status(api, live, {"conditions": conditions([said], before, live["metadata"]["generation"])})


CERT_MANAGER = SimulatedController(chart="cert-manager", reconcile=reconcile, withdraw=lambda _api: None)
"""Issuers, and certificates that hold what they ask for. The Secrets stay, as those of the real one do."""
