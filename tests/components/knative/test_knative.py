"""Knative in the graph of a stack."""

from typing import Any

import pulumi
import pytest

from components.catalog.images import KOURIER_PROXY, images_in, lockable
from components.knative.knative import Knative, KnativeArgs
from components.knative.make import make_brokers, make_knative
from tests.components.recorder import Graph, Registered, build
from tests.stack_files import REMOVE, settings


def knative(*, eventing: bool = False, images_lock: dict[str, str] | None = None) -> Graph:
    args: KnativeArgs = {
        "version": "v1.22.3",
        "replicas": 1,
        "config": {"autoscaler": {"stable-window": "120s"}},
        "eventing": eventing,
        "brokers": None,
        "keda": False,
        "images_lock": images_lock or {},
        "values": {},
    }
    return build({}, lambda: Knative("k", args), read_outputs=("namespace",))


def named(graph: Graph, name: str) -> Registered:
    (found,) = [resource for resource in graph.resources if resource.name == name]
    return found


def test_the_operator_comes_before_what_it_installs_and_goes_after_it() -> None:
    graph = knative()
    made = named(graph, "k-serving")
    assert named(graph, "k-release").urn in made.needs
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert made.inputs["spec"]["config"] == {"autoscaler": {"stable-window": "120s"}}


def test_eventing_is_there_only_where_asked_for() -> None:
    assert "k-eventing" not in [resource.name for resource in knative().resources]
    made = named(knative(eventing=True), "k-eventing")
    assert made.inputs["kind"] == "KnativeEventing"
    assert made.inputs["metadata"]["namespace"] == "knative-eventing"


def test_brokers_of_tenants_are_judged_wherever_there_is_eventing() -> None:
    kinds = [resource.type for resource in knative(eventing=True).resources]
    assert "multimodal:index:BrokerGuard" in kinds
    binding = named(knative(eventing=True), "k-broker-guard-binding").inputs["spec"]
    assert binding == {"policyName": "knative-brokers", "validationActions": ["Deny"]}
    assert "multimodal:index:BrokerGuard" not in [resource.type for resource in knative().resources]


def test_eventings_pods_on_kafka_may_leave_open_that_they_are_not_root() -> None:
    graph = knative(eventing=True)
    levels = {
        name: named(graph, f"k-{name}-namespace").inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for name in ("serving", "eventing")
    }
    assert levels == {"serving": "restricted", "eventing": "baseline"}


def test_both_images_of_the_operator_are_pinned() -> None:
    found = images_in("knative-operator", named(knative(), "k-release").inputs["values"])
    assert [image.tag for image in found] == ["v1.22.3", "v1.22.3"]


def test_the_proxy_of_the_ingress_is_pinned_by_the_lock() -> None:
    digest = "sha256:" + "ab" * 32
    lock = {KOURIER_PROXY.reference(): digest}
    made = named(knative(images_lock=lock), "k-serving").inputs["spec"]["registry"]["override"]
    assert list(made.values()) == [f"{KOURIER_PROXY.reference()}@{digest}"]
    assert KOURIER_PROXY.reference() in lockable()


def test_a_stack_takes_images_as_it_names_them_and_adds_to_the_config() -> None:
    stack = settings(
        **{"knative": {"config": {"autoscaler": {"stable-window": "120s"}}}, "trust.mirror": REMOVE},
        **{"trust.enforcement": "audit"},
    )
    assert stack.knative is not None
    chosen = stack.knative
    graph = build({}, lambda: make_knative("p", stack, chosen, {}, pulumi.ResourceOptions()), read_outputs=())
    config = named(graph, "p-knative-serving").inputs["spec"]["config"]
    assert config["autoscaler"]["stable-window"] == "120s"
    assert config["autoscaler"]["enable-scale-to-zero"] == "true"
    assert {"gcr.io", "ghcr.io", "index.docker.io", "nvcr.io", "quay.io", "registry.k8s.io"} == set(
        config["deployment"]["registries-skipping-tag-resolving"].split(",")
    )


def in_stack(**knative: Any) -> dict[str, dict[str, str]]:
    """ConfigMaps of Eventing in a prod stack with Kafka."""
    stack = settings(
        **{"environment": "prod", "trust.enforcement": "enforce"},
        events={"outageHours": 12},
        knative={"eventing": knative},
    )
    chosen = stack.knative
    assert chosen is not None
    graph = build({}, lambda: make_knative("p", stack, chosen, {}, pulumi.ResourceOptions()), read_outputs=())
    return named(graph, "p-knative-eventing").inputs["spec"]["config"]


def test_brokers_of_a_stack_with_kafka_are_on_it_without_a_word_more() -> None:
    assert in_stack()["kafka-broker-config"] == {
        "bootstrap.servers": "multimodal-kafka-bootstrap.kafka.svc:9093",
        "auth.secret.ref.name": "kafka-brokers",
        "default.topic.partitions": "6",
        "default.topic.replication.factor": "3",
        "default.topic.config.retention.ms": str(12 * 3_600_000),
        "default.topic.config.segment.bytes": str(64 * 2**20),
        "default.topic.config.min.insync.replicas": "2",
    }


def test_brokers_may_be_on_a_kafka_of_ones_own() -> None:
    made = in_stack(kafka={"bootstrap": "kafka.example.com:9093", "secret": "mine"})["kafka-broker-config"]
    assert (made["bootstrap.servers"], made["auth.secret.ref.name"]) == ("kafka.example.com:9093", "mine")


def brokers(**changes: Any) -> Graph:
    stack = settings(**{"events": {}, "knative.eventing": {}, **changes})
    return build({}, lambda: make_brokers("p", stack, [], pulumi.ResourceOptions()), read_outputs=())


def test_the_keys_that_knative_reads_are_added_before_there_is_a_certificate() -> None:
    graph = brokers()
    keys, certificate = named(graph, "p-brokers-keys"), named(graph, "p-brokers-certificate")
    assert keys.urn in certificate.needs
    assert keys.inputs["metadata"]["annotations"]["pulumi.com/waitFor"].endswith("ready}=true")
    assert certificate.inputs["metadata"]["namespace"] == "knative-eventing"
    assert certificate.inputs["spec"]["secretName"] == "kafka-brokers"


def test_the_user_on_kafka_is_the_platforms_and_may_touch_nothing_but_eventings_own_names() -> None:
    user = named(brokers(), "p-brokers-user").inputs
    assert user["metadata"]["name"] == "knative-eventing.brokers"
    assert "multimodal.dev/tenant" not in user["metadata"]["labels"]
    rules = user["spec"]["authorization"]["acls"]
    assert {(one["resource"]["name"], one["resource"]["patternType"]) for one in rules} == {
        ("knative-eventing.", "prefix")
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"knative.eventing": None},
        {"knative.eventing": {"kafka": {"bootstrap": "kafka.example.com:9093", "secret": "mine"}}},
    ],
    ids=["no Kafka", "no Eventing", "another Kafka"],
)
def test_nothing_is_made_where_brokers_are_elsewhere(changes: dict[str, Any]) -> None:
    stack = settings(**{"events": {}, "knative.eventing": {}, **changes})
    assert make_brokers("p", stack, [], pulumi.ResourceOptions()) == []
