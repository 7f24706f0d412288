"""A simulated google-cas-issuer: its issuers become ready once they name a project, a location and a pool.

Certificates of theirs are signed by the simulated cert-manager, with an authority that nobody trusts, since Google's is
not here. What the pool's policy would refuse is not refused.

Sources: google-cas-issuer v0.12.0, pkg/controllers/signer.go (what an issuer must name); issuer-lib v0.10.0
(conditions).
"""

from rehearsal.controllers.base import SimulatedController, Values
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kube import JsonObject, Kube

API = "/apis/cas-issuer.jetstack.io/v1beta1"
KINDS = {"googlecasissuers": "GoogleCASIssuer", "googlecasclusterissuers": "GoogleCASClusterIssuer"}
"""Plural -> kind."""

_NEEDED = ("project", "location", "caPoolId")


def reconcile(api: Kube, _values: Values) -> None:
    """Say of every issuer whether it could ask Google. Writes only what differs."""
    for plural, kind in KINDS.items():
        for one in api.items(f"{API}/{plural}"):
            live = one | {"apiVersion": API.removeprefix("/apis/"), "kind": kind}
            before = one.get("status", {}).get("conditions", [])
            write_status(api, live, {"conditions": conditions([verdict(one)], before, one["metadata"]["generation"])})


def verdict(issuer: JsonObject) -> Condition:
    """Whether an issuer could ask Google. Pure."""
    missing = [key for key in _NEEDED if not issuer["spec"].get(key)]
    if missing:
        return Condition("Ready", False, "Failed", f"must specify {', '.join(missing)}")
    return Condition("Ready", True, "Checked", "Succeeded checking the issuer")


CAS_ISSUER = SimulatedController(
    chart="cert-manager-google-cas-issuer", reconcile=reconcile, withdraw=lambda _api: None
)
"""Issuers of Google's Certificate Authority Service."""
