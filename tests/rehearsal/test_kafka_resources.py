"""Strimzi's resources read as what a broker is told."""

from typing import Any

import pytest

from rehearsal.controllers.base import ConfigurationError
from rehearsal.kafka import resources
from rehearsal.kafka.resources import Acl
from tests.rehearsal.kafka import kafka_document


def test_a_cluster_keeps_its_settings_but_for_what_one_broker_cannot_have() -> None:
    found = resources.cluster(kafka_document(**{"min.insync.replicas": 2.0, "offsets.retention.minutes": 43200.0}))
    assert found.properties == {
        "auto.create.topics.enable": "false",
        "min.insync.replicas": "1",
        "offsets.retention.minutes": "43200",
    }
    assert found.clamped == ("min.insync.replicas",)


def test_a_cluster_has_the_names_that_strimzi_gives_it() -> None:
    found = resources.cluster(kafka_document())
    assert found.bootstrap(found.listeners[0]) == "multimodal-kafka-bootstrap.kafka.svc:9093"
    assert found.broker_name("combined") == "multimodal-combined-0.multimodal-kafka-brokers.kafka.svc"


@pytest.mark.parametrize(
    ("path", "wanted", "message"),
    [
        ("config", {"listeners": "PLAINTEXT://:9092"}, "spec.kafka.config listeners: the operator sets it itself"),
        ("config", {"super.users": "User:x"}, "spec.kafka.config super.users: the operator sets it itself"),
        ("authorization", None, "spec.kafka.authorization.type is None, must be simple in a rehearsal"),
        (
            "listeners",
            [{"type": "loadbalancer"}],
            r"spec.kafka.listeners\[0\].type is 'loadbalancer', must be 'internal'",
        ),
        ("listeners", [{"type": "internal", "tls": False}], r"spec.kafka.listeners\[0\].tls is False, must be True"),
        (
            "listeners",
            [{"type": "internal", "tls": True, "authentication": {"type": "scram-sha-512"}}],
            r"spec.kafka.listeners\[0\].authentication.type is 'scram-sha-512', must be 'tls'",
        ),
        (
            "listeners",
            [{"type": "internal", "tls": True, "authentication": {"type": "tls"}}],
            r"spec.kafka.listeners\[0\].configuration.brokerCertChainAndKey is missing",
        ),
    ],
)
def test_what_no_broker_here_can_be_is_refused(path: str, wanted: Any, message: str) -> None:
    document = kafka_document()
    document["spec"]["kafka"][path] = wanted
    with pytest.raises(ConfigurationError, match=message):
        resources.cluster(document)


def test_settings_that_the_operator_leaves_to_the_resource_are_kept() -> None:
    found = resources.cluster(kafka_document(**{"ssl.enabled.protocols": ["TLSv1.3"]}))
    assert found.properties["ssl.enabled.protocols"] == "TLSv1.3"


def test_a_topic_may_be_called_otherwise_than_its_resource() -> None:
    body = {"metadata": {"name": "a"}, "spec": {"topicName": "A_b", "config": {"retention.ms": 1.0, "x": None}}}
    found = resources.topic(body)
    assert (found.name, found.partitions, found.config) == ("A_b", -1, {"retention.ms": "1"})


def test_grants_and_quotas_of_a_user_are_translated_one_by_one() -> None:
    acls = [
        {"resource": {"type": "topic", "name": "a.", "patternType": "prefix"}, "operations": ["DescribeConfigs"]},
        {"resource": {"type": "cluster"}, "operations": ["IdempotentWrite"], "host": "10.0.0.1"},
        {"resource": {"type": "transactionalId", "name": "t"}, "operations": ["Write"], "type": "deny"},
    ]
    quotas = {"producerByteRate": 1024, "requestPercentage": 55, "controllerMutationRate": None}
    spec = {"authentication": {"type": "tls-external"}, "authorization": {"acls": acls}, "quotas": quotas}
    found = resources.user({"metadata": {"name": "a.client"}, "spec": spec})
    assert found.principal == "User:CN=a.client"
    assert found.quotas == {"producer_byte_rate": 1024.0, "request_percentage": 55.0}
    assert found.acls == {
        Acl(resource="topic", name="a.", pattern="prefixed", operation="DESCRIBE_CONFIGS"),
        Acl(resource="cluster", name="kafka-cluster", pattern="literal", operation="IDEMPOTENT_WRITE", host="10.0.0.1"),
        Acl(resource="transactional_id", name="t", pattern="literal", operation="WRITE", allow=False),
    }


def test_a_user_with_a_password_is_refused() -> None:
    body = {"metadata": {"name": "a"}, "spec": {"authentication": {"type": "scram-sha-512"}}}
    with pytest.raises(
        ConfigurationError, match=r"spec\.authentication\.type is 'scram-sha-512', must be tls or tls-ext"
    ):
        resources.user(body)
