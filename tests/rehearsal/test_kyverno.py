"""Kyverno's stand-in: rules that change objects hold, by the real API server."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from components.knative.kafka_access import keys_policy
from components.knative.names import BROKERS_SECRET, EVENTING_NAMESPACE
from rehearsal import upstream_crds
from rehearsal.controllers import kyverno
from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject, Kube
from tests.rehearsal.cluster import apply_crds, eventually, make_namespace

POLICIES = "/apis/policies.kyverno.io/v1/mutatingpolicies"
SECRETS = f"/api/v1/namespaces/{EVENTING_NAMESPACE}/secrets"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_what_both_know_is_handed_on_and_what_is_kyvernos_alone_is_not() -> None:
    made = kyverno.admission_policy(keys_policy())
    assert made["reinvocationPolicy"] == "Never"
    assert made["failurePolicy"] == "Fail"
    assert "evaluation" not in made


@pytest.fixture(scope="module")
def rule(api: Kube) -> Iterator[JsonObject]:
    """The stack's rule for the Secret of brokers, at work."""
    definitions = upstream_crds.crds("kyverno")
    assert definitions is not None
    apply_crds(api, [one for one in definitions.documents if one["metadata"]["name"].startswith("mutatingpolicies.")])
    home = make_namespace(api, EVENTING_NAMESPACE)
    body = {"apiVersion": "policies.kyverno.io/v1", "kind": "MutatingPolicy", "metadata": {"name": "keys"}}
    eventually(lambda: api.get(POLICIES) is not None, "Kyverno's kinds")
    api.create(f"{POLICIES}?fieldValidation=Strict", {**body, "spec": keys_policy()})
    kyverno.reconcile(api, {})
    yield body
    api.delete(f"{POLICIES}/keys")
    kyverno.withdraw(api)
    home.remove()


def write(api: Kube, name: str, **data: str) -> dict[str, str]:
    """What stands in a Secret after cert-manager has written it."""
    body: JsonObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": EVENTING_NAMESPACE},
        "data": {key.replace("_", "."): encoded(text) for key, text in data.items()},
    }
    api.apply(f"{SECRETS}/{name}", body, "cert-manager")
    found: dict[str, Any] = (api.get(f"{SECRETS}/{name}") or {})["data"]
    return {key: base64.b64decode(text).decode() for key, text in found.items()}


@pytest.mark.control_plane
def test_the_secret_of_brokers_has_the_keys_that_knative_reads_whenever_it_is_written(api: Kube, rule: None) -> None:
    certificate = {"ca_crt": "ca", "tls_crt": "one", "tls_key": "key"}
    eventually(lambda: "user.crt" in write(api, BROKERS_SECRET, **certificate), "the rule to work", seconds=60)
    assert write(api, BROKERS_SECRET, **certificate) == {
        "ca.crt": "ca",
        "tls.crt": "one",
        "tls.key": "key",
        "protocol": "SSL",
        "user.crt": "one",
        "user.key": "key",
    }
    renewed = write(api, BROKERS_SECRET, ca_crt="ca", tls_crt="two", tls_key="other")
    assert (renewed["user.crt"], renewed["user.key"], renewed["protocol"]) == ("two", "other", "SSL")


@pytest.mark.control_plane
def test_other_secrets_stay_as_they_are(api: Kube, rule: None) -> None:
    assert write(api, "another", tls_crt="one", tls_key="key") == {"tls.crt": "one", "tls.key": "key"}


@pytest.mark.control_plane
def test_a_rule_at_work_says_so(api: Kube, rule: None) -> None:
    assert value(api.get(f"{POLICIES}/keys") or {}, "status.conditionStatus.ready") is True
    before = (api.get(f"{POLICIES}/keys") or {})["metadata"]["resourceVersion"]
    kyverno.reconcile(api, {})
    assert (api.get(f"{POLICIES}/keys") or {})["metadata"]["resourceVersion"] == before
