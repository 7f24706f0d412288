"""What Eventing's user may do on a real broker that has the stack's users: make, fill, read and delete its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from kafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from components.eventing import kafka_objects
from components.eventing.kafka_names import AUDIT_TOPIC, TenantTopics
from components.eventing.retention import Load
from components.eventing.topics import tenant_topics
from components.knative.kafka_access import brokers_user
from components.knative.names import BROKERS_USER
from tests.rehearsal.kafka import Document, TestBroker, documents, kafka_document, running

pytestmark = [pytest.mark.process, pytest.mark.tools]

TENANT: TenantTopics = tenant_topics("vision", Load(per_second=5, kib=8), outage_hours=1, brokers=1, audited=True)
EVENTS, CLIENT, ROUTER = TENANT.topics[0].name, "vision.client", "vision.router"
OWN = "knative-eventing.broker.vision.default"
GROUP = "knative-eventing.trigger.vision.images"


@pytest.fixture(scope="module")
def broker() -> Iterator[TestBroker]:
    """A broker with a tenant, the audit topic and Eventing's user, all from the documents that a stack deploys."""
    topics, users = documents(TENANT)
    audit: Document = {"metadata": {"name": AUDIT_TOPIC}, "spec": {"partitions": 1, "replicas": 1}}
    user = {"metadata": {"name": BROKERS_USER}, "spec": kafka_objects.user_spec(brokers_user(64, 1))}
    kafka = kafka_document(**kafka_objects.server_config(1))
    with running(kafka, topics=[*topics, audit], users=[*users, user]) as found:
        yield found


@pytest.fixture
def eventing(broker: TestBroker) -> Iterator[Any]:
    """Eventing's user."""
    client = broker.administrator(BROKERS_USER)
    yield client
    client.close()


def make(client: Any, name: str) -> None:
    options = {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "3600000"}}
    client.create_topics({name: options})


def test_it_makes_describes_fills_reads_and_deletes_a_brokers_topic(broker: TestBroker, eventing: Any) -> None:
    make(eventing, OWN)
    assert [(one["name"], len(one["partitions"])) for one in eventing.describe_topics([OWN])] == [(OWN, 3)]
    producer = broker.producer(BROKERS_USER)
    producer.send(OWN, b"event").get(timeout=20)
    producer.close()
    consumer = broker.consumer(BROKERS_USER, OWN, group=GROUP)
    assert [record.value for record in consumer] == [b"event"]
    consumer.commit()
    consumer.close()
    assert eventing.describe_groups([GROUP])[GROUP]["error"] is None
    assert sum(one.offset for one in eventing.list_group_offsets([GROUP])[GROUP].values()) == 1
    eventing.delete_groups([GROUP])
    eventing.delete_topics([OWN])
    assert OWN not in broker.admin.topics()


@pytest.mark.parametrize("name", ["vision.extra", "knative-eventing", "eventing.broker", "audit.more"])
def test_it_makes_no_topic_of_another_name(broker: TestBroker, eventing: Any, name: str) -> None:
    with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
        make(eventing, name)
    assert name not in broker.admin.topics()


@pytest.mark.parametrize(("topic", "writer"), [(EVENTS, CLIENT), (AUDIT_TOPIC, ROUTER)])
def test_topics_of_tenants_and_of_the_audit_are_closed_to_it(
    broker: TestBroker, eventing: Any, topic: str, writer: str
) -> None:
    own = broker.producer(writer)
    own.send(topic, b"secret").get(timeout=20)
    own.close()
    assert topic not in eventing.list_topics()
    with pytest.raises(TopicAuthorizationFailedError):
        eventing.delete_topics([topic])
    producer = broker.producer(BROKERS_USER)
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(topic, b"x").get(timeout=20)
    producer.close()
    # Of a topic that it may not even see, the client knows no partition to ask for.
    consumer = broker.consumer(BROKERS_USER, topic)
    assert list(consumer) == []
    consumer.close()
    assert topic in broker.admin.topics()


def test_groups_of_tenants_are_closed_to_it(broker: TestBroker, eventing: Any) -> None:
    make(eventing, OWN)
    consumer = broker.consumer(BROKERS_USER, OWN, group="vision.readers")
    with pytest.raises(GroupAuthorizationFailedError):
        list(consumer)
    consumer.close()
    with pytest.raises(GroupAuthorizationFailedError):
        eventing.delete_groups(["vision.readers"])
    eventing.delete_topics([OWN])


def test_it_gives_nobody_leave(broker: TestBroker, eventing: Any) -> None:
    before = broker.admin.users()
    with pytest.raises(KafkaError):
        broker_acls(eventing)
    assert broker.admin.users() == before


def broker_acls(client: Any) -> None:
    """Give everybody all topics."""
    from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

    everything = ResourcePattern(ResourceType.TOPIC, "*")
    made = client.create_acls([ACL("User:*", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, everything)])
    for one in made["failed"]:
        raise one


def test_a_tenant_cannot_write_into_its_brokers_topic(broker: TestBroker, eventing: Any) -> None:
    """What comes in goes through the receiver, which knows who may send what."""
    make(eventing, OWN)
    producer = broker.producer(CLIENT)
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(OWN, b"x").get(timeout=20)
    producer.close()
    eventing.delete_topics([OWN])
