"""The real API server refuses brokers that reach beyond their tenant, and takes the others."""

from collections.abc import Iterator

import pytest

from components.knative import broker_guard
from rehearsal.kube import JsonObject, Kube, KubeError, object_path
from tests.rehearsal.cluster import Namespace, eventually, make_namespace

pytestmark = pytest.mark.control_plane

CLASS = "eventing.knative.dev/broker.class"
TOPIC = "kafka.eventing.knative.dev/external.topic"
SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
KIND: JsonObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "brokers.eventing.knative.dev"},
    "spec": {
        "group": "eventing.knative.dev",
        "scope": "Namespaced",
        "names": {"kind": "Broker", "plural": "brokers"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": SCHEMA}],
    },
}
"""In place of Knative's own: the rule looks at metadata alone."""


def refusal(api: Kube, namespace: str, name: str = "probe", **annotations: str) -> str:
    """Why a broker was refused; "" when it was not."""
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    body = {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": metadata}
    try:
        api.apply(object_path(body), body, "tests")
    except KubeError as error:
        assert error.status in (403, 404), error  # 404: the kind is not served yet
        return str(error)
    return ""


@pytest.fixture(scope="module")
def tenant(api: Kube) -> Iterator[Namespace]:
    """A namespace where the rule has begun to work."""
    made = make_namespace(api, "guarded-brokers")
    admission = "admissionregistration.k8s.io/v1"
    bodies = [
        {"apiVersion": admission, "kind": kind, "metadata": {"name": broker_guard.NAME}, "spec": spec}
        for kind, spec in {
            "ValidatingAdmissionPolicy": broker_guard.broker_policy(),
            "ValidatingAdmissionPolicyBinding": {
                "policyName": broker_guard.NAME,
                "validationActions": ["Deny"],
            },
        }.items()
    ]
    for body in (KIND, *bodies):
        api.apply(object_path(body), body, "tests")
    eventually(lambda: not refusal(api, made.name), "the kind to be served")
    eventually(lambda: "allowed" in refusal(api, made.name, **{CLASS: "KafkaNamespaced"}), "the rule to work")
    yield made
    made.remove()
    for body in (*reversed(bodies), KIND):
        api.delete(object_path(body))
    eventually(lambda: api.get(object_path(KIND)) is None, "the kind to go")


@pytest.mark.parametrize("kind", ["Kafka", "MTChannelBasedBroker"])
def test_a_broker_on_kafka_or_in_memory_is_taken(api: Kube, tenant: Namespace, kind: str) -> None:
    assert refusal(api, tenant.name, kind.lower(), **{CLASS: kind}) == ""


def test_a_data_plane_in_the_tenants_namespace_is_refused(api: Kube, tenant: Namespace) -> None:
    told = refusal(api, tenant.name, **{CLASS: "KafkaNamespaced"})
    assert f'annotation {CLASS} "KafkaNamespaced": allowed: Kafka, MTChannelBasedBroker' in told


def test_anothers_topic_is_refused(api: Kube, tenant: Namespace) -> None:
    told = refusal(api, tenant.name, **{TOPIC: "knative-eventing.broker.other.default"})
    assert f"annotation {TOPIC}: brokers share one user of Kafka" in told


def test_a_broker_cannot_be_turned_later(api: Kube, tenant: Namespace) -> None:
    assert refusal(api, tenant.name, "turned", **{CLASS: "Kafka"}) == ""
    assert "leave it out" in refusal(api, tenant.name, "turned", **{CLASS: "Kafka", TOPIC: "language.events"})
