"""What a real broker does that is made what Strimzi's custom resources say."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from rehearsal.certificates import Authority, Request
from rehearsal.kafka.admin import KafkaRefusal
from tests.rehearsal.kafka import TestBroker, kafka_document, running

pytestmark = [pytest.mark.process, pytest.mark.tools]


def topic(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"partitions": 1, "replicas": 3, **spec}}


def user(name: str, *grants: tuple[str, str, list[str]], prefixed: bool = False, **spec: Any) -> dict[str, Any]:
    pattern = "prefix" if prefixed else "literal"
    acls = [
        {"resource": {"type": kind, "name": resource, "patternType": pattern}, "operations": operations}
        for kind, resource, operations in grants
    ]
    authorization = {"type": "simple", "acls": acls}
    spec = {"authentication": {"type": "tls-external"}, "authorization": authorization, **spec}
    return {"metadata": {"name": name}, "spec": spec}


TOPICS = [
    topic("acme.events", partitions=3, config={"retention.ms": 7_200_000, "min.insync.replicas": 2}),
    topic("other.events"),
    topic("small", config={"max.message.bytes": 1_000}),
    topic("audit"),
]
USERS = [
    user(
        "acme.client",
        ("topic", "acme.", ["Read", "Write", "Describe"]),
        ("group", "acme.", ["Read"]),
        ("topic", "small", ["Write", "Describe"]),
        prefixed=True,
    ),
    user("slow", ("topic", "acme.events", ["Write", "Describe"]), quotas={"producerByteRate": 1024}),
    user("auditor", ("topic", "audit", ["Write", "Describe"])),
    user("reader", ("topic", "audit", ["Read", "Describe"]), ("group", "reader", ["Read"])),
]


@pytest.fixture(scope="module")
def broker() -> Iterator[TestBroker]:
    with running(kafka_document(**{"default.replication.factor": 3}), topics=TOPICS, users=USERS) as found:
        yield found


def test_a_user_writes_and_reads_what_its_grants_say(broker: TestBroker) -> None:
    producer = broker.producer("acme.client")
    producer.send("acme.events", b"hello", key=b"k", headers=[("id", b"1")]).get(timeout=20)
    producer.close()
    (record,) = broker.read("acme.client", "acme.events", 1)
    assert (record.key, record.value, list(record.headers)) == (b"k", b"hello", [("id", b"1")])


def test_a_client_without_a_certificate_gets_no_answer(broker: TestBroker) -> None:
    with pytest.raises(KafkaError):
        broker.producer(None, bootstrap_timeout_ms=3_000).send("acme.events", b"x").get(timeout=10)


def test_a_certificate_of_another_authority_is_refused(broker: TestBroker) -> None:
    pair = Authority("kafka-ca").sign(Request(common_name="acme.client"))
    own = broker.files("acme.client")
    certificate, key = broker.folder / "forged.crt", broker.folder / "forged.key"
    certificate.write_text(pair.certificate)
    key.write_text(pair.key)
    forged = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key), "ssl_cafile": own["ca"]}
    with pytest.raises(KafkaError):
        broker.producer("acme.client", **forged, bootstrap_timeout_ms=3_000).send("acme.events", b"x").get(timeout=10)


@pytest.mark.parametrize(("who", "where"), [("stranger", "acme.events"), ("acme.client", "other.events")])
def test_what_nobody_granted_is_refused(broker: TestBroker, who: str, where: str) -> None:
    producer = broker.producer(who)
    with pytest.raises((TopicAuthorizationFailedError, KafkaTimeoutError)):
        producer.send(where, b"x").get(timeout=15)
    producer.close()


def test_a_group_outside_the_prefix_is_refused(broker: TestBroker) -> None:
    consumer = broker.consumer("acme.client", "acme.events", group="other.group")
    with pytest.raises(GroupAuthorizationFailedError):
        list(consumer)
    consumer.close()


def test_a_topic_is_what_its_resource_says_and_replicas_are_one(broker: TestBroker) -> None:
    assert broker.admin.topics()["acme.events"][1] == 3
    assert broker.admin.config("acme.events") == {"retention.ms": "7200000", "min.insync.replicas": "1"}


def test_a_record_larger_than_the_topic_takes_is_refused(broker: TestBroker) -> None:
    producer = broker.producer("acme.client")
    with pytest.raises(MessageSizeTooLargeError):
        producer.send("small", b"x" * 2_000).get(timeout=20)
    producer.close()


def test_settings_that_a_resource_no_longer_has_go_back_to_the_brokers(broker: TestBroker) -> None:
    broker.apply_topic(topic("changing", config={"retention.ms": 1_000}))
    broker.apply_topic(topic("changing", partitions=2, config={"retention.bytes": 5_000}))
    assert broker.admin.config("changing") == {"retention.bytes": "5000"}
    assert broker.admin.topics()["changing"][1] == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"retention.bites": 1}}, "Unknown topic config name: retention.bites"),
        ({"config": {"retention.ms": -2}}, "Value must be at least -1"),
    ],
)
def test_a_topic_that_no_broker_takes_is_refused_in_the_brokers_words(
    broker: TestBroker, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(KafkaRefusal, match=message):
        broker.apply_topic(topic("wrong", **changes))


def test_a_topic_keeps_its_partitions(broker: TestBroker) -> None:
    with pytest.raises(KafkaRefusal, match="Decreasing partitions not supported"):
        broker.apply_topic(topic("acme.events", partitions=1))


def test_an_audit_topic_is_only_ever_added_to(broker: TestBroker) -> None:
    producer = broker.producer("auditor")
    producer.send("audit", b"one").get(timeout=20)
    producer.close()
    assert broker.read("reader", "audit", 1)[0].value == b"one"
    with pytest.raises(TopicAuthorizationFailedError):
        list(broker.consumer("auditor", "audit"))
    # Not idempotent, for which it has no leave either: the topic itself must say no.
    reader = broker.producer("reader", enable_idempotence=False)
    with pytest.raises(TopicAuthorizationFailedError):
        reader.send("audit", b"forged").get(timeout=15)
    reader.close()
    for who in ("auditor", "reader", "acme.client"):
        administrator = broker.administrator(who)
        with pytest.raises(KafkaError):
            administrator.delete_topics(["audit"])
        administrator.close()
    assert "audit" in broker.admin.topics()


def test_a_quota_slows_its_user_down(broker: TestBroker) -> None:
    assert broker.admin.users()["CN=slow"].quotas == {"producer_byte_rate": 1024.0}
    seconds: dict[str, float] = {}
    for who in ("acme.client", "slow"):
        producer = broker.producer(who)
        producer.send("acme.events", b"first").get(timeout=60)
        started = time.monotonic()
        for _ in range(5):
            producer.send("acme.events", b"x" * 4_096).get(timeout=60)
        seconds[who] = time.monotonic() - started
        producer.close()
    assert seconds["slow"] > seconds["acme.client"] + 2


def test_a_user_that_loses_its_grants_loses_its_leave(broker: TestBroker) -> None:
    broker.apply_user(user("guest", ("topic", "acme.events", ["Write", "Describe"])))
    producer = broker.producer("guest")
    producer.send("acme.events", b"x").get(timeout=20)
    broker.apply_user(user("guest"))
    assert "CN=guest" not in broker.admin.users()
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send("acme.events", b"x").get(timeout=20)
    producer.close()


def test_a_restart_keeps_data_topics_and_users(broker: TestBroker) -> None:
    producer = broker.producer("auditor")
    producer.send("audit", b"kept").get(timeout=20)
    producer.close()
    topics, users = broker.admin.topics(), broker.admin.users()
    broker.restart()
    assert (broker.admin.topics(), broker.admin.users()) == (topics, users)
    assert broker.read("reader", "audit", 1)[-1].value in (b"one", b"kept")
