"""With Google's Managed Kafka: the real API server takes its issuer, and no certificate of a foreign name."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from components.eventing import certificates
from components.eventing.certificate_guard import certificate_policy
from components.eventing.certificates import GOOGLE_ISSUER
from rehearsal import session, upstream_crds
from rehearsal.controllers import cas_issuer, cert_manager
from rehearsal.kube import JsonObject, Kube, KubeError
from tests.rehearsal.cluster import apply_crds, eventually

pytestmark = pytest.mark.control_plane

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
NAME, TENANT, OTHER = "kafka-certificates-google", "guarded-google", "kafka"
OWN = certificates.client(f"{TENANT}.client", "kafka-client", GOOGLE_ISSUER)
ISSUER: JsonObject = {
    "apiVersion": "cas-issuer.jetstack.io/v1beta1",
    "kind": "GoogleCASClusterIssuer",
    "metadata": {"name": GOOGLE_ISSUER.name},
    "spec": {"project": "acme-ml", "location": "us-central1", "caPoolId": "clients-4f1"},
}
_PROBES = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def platform(api: Kube) -> Iterator[None]:
    """Kinds, two namespaces, and the rule, which has begun to work."""
    with pytest.MonkeyPatch.context() as patch:
        found = session.upstream_folder()
        if found is not None:
            patch.setenv("REHEARSAL_UPSTREAM", str(found))
        for chart in ("cert-manager", "cert-manager-google-cas-issuer"):
            definitions = upstream_crds.crds(chart)
            assert definitions is not None
            apply_crds(api, definitions.documents)
    for kind, spec in {
        "ValidatingAdmissionPolicy": certificate_policy(GOOGLE_ISSUER),
        "ValidatingAdmissionPolicyBinding": {"policyName": NAME, "validationActions": ["Deny"]},
    }.items():
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}}
        plural = "validatingadmissionpolicies" if kind.endswith("Policy") else "validatingadmissionpolicybindings"
        api.create(f"{ADMISSION}/{plural}", {**body, "spec": spec})
    for name in (TENANT, OTHER):
        api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    eventually(lambda: refused(api, TENANT, {**OWN, "commonName": "other.client"}), "the rule to work")
    yield
    api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/{NAME}")
    api.delete(f"{ADMISSION}/validatingadmissionpolicies/{NAME}")
    api.delete(f"{cas_issuer.API}/googlecasclusterissuers/{GOOGLE_ISSUER.name}")
    paths = [f"/api/v1/namespaces/{name}" for name in (TENANT, OTHER)]
    for path in paths:
        api.delete(path)
    # Other tests have a namespace of Kafka's too.
    eventually(lambda: not any(api.get(path) for path in paths), "the namespaces to go", seconds=120)


def certify(api: Kube, namespace: str, spec: JsonObject) -> str:
    """Asks for a certificate; the name of what was made."""
    name = f"probe-{next(_PROBES)}"
    body = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": name}, "spec": spec}
    api.create(f"/apis/cert-manager.io/v1/namespaces/{namespace}/certificates", body)
    return name


def refused(api: Kube, namespace: str, spec: JsonObject) -> str:
    """Why the certificate was refused; "" when it was not."""
    try:
        certify(api, namespace, spec)
    except KubeError as error:
        if error.status == 404:  # the kind is not served yet
            return ""
        assert error.status == 403, error
        return str(error)
    return ""


def through(**reference: str) -> dict[str, Any]:
    """The tenant's certificate, of another name and asked for through another issuer."""
    return {"commonName": "other.client", "issuerRef": {**OWN["issuerRef"], **reference}}


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "another tenant's user": (TENANT, {"commonName": "language.client"}),
    "another tenant's user, through an issuer of one's own": (TENANT, through(kind="GoogleCASIssuer", name="mine")),
    "another tenant's user, through another issuer of the cluster's": (TENANT, through(name="second")),
    "any user, in the namespace that the platform's own Kafka would have": (OTHER, {"commonName": "language.client"}),
    "a further name": (TENANT, {"subject": {"organizations": ["acme"]}}),
    "a subject of its own": (TENANT, {"literalSubject": "CN=language.client"}),
    "an authority": (TENANT, {"isCA": True}),
}


@pytest.mark.parametrize(("namespace", "changes"), WRONG.values(), ids=WRONG)
def test_a_certificate_of_another_name_is_refused(api: Kube, namespace: str, changes: dict[str, Any]) -> None:
    assert refused(api, namespace, {**OWN, **changes})


def test_certificates_of_cert_managers_own_issuers_are_not_its_business(api: Kube) -> None:
    for reference in ({"name": GOOGLE_ISSUER.name}, {"group": "cert-manager.io", "name": "a"}):
        certify(api, TENANT, {**OWN, "commonName": "anything", "issuerRef": reference})


def test_nobody_but_cert_manager_makes_requests(api: Kube) -> None:
    body = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "CertificateRequest",
        "metadata": {"name": "by-hand"},
        "spec": {"request": "bm9uZQ==", "issuerRef": OWN["issuerRef"]},
    }
    with pytest.raises(KubeError, match="requests to kafka-ca come from cert-manager itself"):
        api.create(f"/apis/cert-manager.io/v1/namespaces/{TENANT}/certificaterequests", body)


def test_an_own_certificate_is_issued_once_the_issuer_is_ready(api: Kube) -> None:
    path = f"/apis/cert-manager.io/v1/namespaces/{TENANT}/certificates/{certify(api, TENANT, OWN)}"

    def ready() -> str:
        cas_issuer.reconcile(api, {})
        cert_manager.reconcile(api, {})
        found = api.get(path)
        assert found is not None
        return found["status"]["conditions"][0]["status"]

    assert ready() == "False"
    api.create(f"{cas_issuer.API}/googlecasclusterissuers?fieldValidation=Strict", ISSUER)
    assert ready() == "True"
    secret = api.get_secret(TENANT, "kafka-client")
    assert secret is not None
    assert {"tls.crt", "tls.key"} <= set(secret["data"])


def test_an_issuer_that_names_no_pool_is_not_ready() -> None:
    assert cas_issuer.verdict(ISSUER).status
    assert not cas_issuer.verdict({"spec": {"project": "acme-ml", "location": "us-central1"}}).status
