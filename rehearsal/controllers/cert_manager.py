"""A simulated cert-manager: certificates from an authority that nobody trusts, so that what waits for them goes on.

The real one is built from modules that refer to each other by path, which cannot be fetched on their own. Issuers are
taken to work; a Certificate whose issuer is missing stays unready and says so. Nothing is renewed, and CA bundles are
injected nowhere: the webhooks of a rehearsal's controllers have their own.

Source: cert-manager v1.20, pkg/apis/certmanager/v1 (conditions, reasons, keys of the Secret).
"""

import base64
from urllib.parse import quote

from rehearsal import certificates
from rehearsal.controllers.base import SimulatedController, Values, value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kube import JsonObject, Kube

_API = "/apis/cert-manager.io/v1"
_MANAGER = "rehearsal-cert-manager"


def reconcile(api: Kube, _values: Values) -> None:
    """Make every issuer ready, and every Certificate's Secret. Writes only what differs."""
    issuers: set[tuple[str, str, str]] = set()
    for plural, kind in (("issuers", "Issuer"), ("clusterissuers", "ClusterIssuer")):
        for one in api.items(f"{_API}/{plural}"):
            issuers.add((kind, one["metadata"].get("namespace", ""), one["metadata"]["name"]))
            _say(api, one | {"kind": kind}, Condition("Ready", True, "IsReady", "Simulated issuer"))
    for one in api.items(f"{_API}/certificates"):
        namespace, reference = one["metadata"]["namespace"], one["spec"]["issuerRef"]
        kind = reference.get("kind", "Issuer")
        if (kind, "" if kind == "ClusterIssuer" else namespace, reference["name"]) not in issuers:
            told = f'Referenced "{kind}" not found: {reference["name"]}'
            said = Condition("Ready", False, "DoesNotExist", told)
        else:
            _secret(api, namespace, one["spec"])
            said = Condition("Ready", True, "Ready", "Certificate is up to date and has not expired")
        _say(api, one | {"kind": "Certificate"}, said)


def _secret(api: Kube, namespace: str, spec: JsonObject) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets/{quote(spec['secretName'])}"
    if api.get(path) is not None:
        return
    pair = certificates.issue(*value(spec, "dnsNames", [spec.get("commonName") or spec["secretName"]]))
    data = {"ca.crt": pair.authority, "tls.crt": pair.certificate, "tls.key": pair.key}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": spec["secretName"], "namespace": namespace},
        "data": {name: base64.b64encode(content.encode()).decode() for name, content in data.items()},
    }
    api.apply(path, body, _MANAGER)


def _say(api: Kube, live: JsonObject, said: Condition) -> None:
    live |= {"apiVersion": "cert-manager.io/v1"}
    before = value(live, "status.conditions", [])
    write_status(api, live, {"conditions": conditions([said], before, live["metadata"]["generation"])})


CERT_MANAGER = SimulatedController(chart="cert-manager", reconcile=reconcile, withdraw=lambda _api: None)
"""Ready issuers and certificates. The Secrets stay, as those of the real one do."""
