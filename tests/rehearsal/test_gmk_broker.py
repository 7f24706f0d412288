"""What a real broker makes of the ACLs that Google's Managed Kafka is given, with Google's own defaults: what no ACL is
about, is open to everybody who has a certificate."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    NewTopic,
    ResourcePattern,
    ResourceType,
)
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)

from components.eventing.gmk_access import Entry, acls
from components.eventing.kafka_names import AUDIT_TOPIC, User
from components.eventing.retention import Load
from components.eventing.topics import tenant_topics
from components.trust.audit.topic import AUDITOR, COLLECTOR, audit_topics
from rehearsal.certificates import Request
from rehearsal.kafka import resources
from tests.rehearsal.cluster import eventually
from tests.rehearsal.kafka import TestBroker, documents, kafka_document, running

pytestmark = [pytest.mark.process, pytest.mark.tools]

OPEN = kafka_document(**{"allow.everyone.if.no.acl.found": True, "offsets.topic.replication.factor": 1})
TENANTS = [
    tenant_topics(name, Load(per_second=1, kib=1), outage_hours=1, brokers=1, audited=True)
    for name in ("vision", "language")
]
AUDIT = audit_topics(changes=1, calls=1, days=1, brokers=1)
TOPICS = documents(*TENANTS, AUDIT)[0]
USERS: list[User] = [user for topics in (*TENANTS, AUDIT) for user in topics.users]
_KINDS = {"topic": "topic", "consumerGroup": "group", "transactionalId": "transactional_id"}
_ALL = {"allTopics": "topic", "allConsumerGroups": "group", "allTransactionalIds": "transactional_id"}


def pattern(acl: str) -> dict[str, str]:
    """What an ACL is about, as Kafka has it (Google's API, Acl.name)."""
    if acl == "cluster":
        return {"resource": "cluster", "name": "kafka-cluster", "pattern": "literal"}
    if acl in _ALL:
        return {"resource": _ALL[acl], "name": "*", "pattern": "literal"}
    kind, _, name = acl.partition("/")
    prefixed = kind.endswith("Prefixed")
    return {
        "resource": _KINDS[kind.removesuffix("Prefixed")],
        "name": name,
        "pattern": "prefixed" if prefixed else "literal",
    }


def by_principal(wanted: Mapping[str, list[Entry]]) -> list[resources.User]:
    """The same ACLs as a broker's administrator sets them."""
    found: dict[str, set[resources.Acl]] = {}
    for acl, entries in wanted.items():
        for entry in entries:
            one = resources.Acl(
                **pattern(acl),
                operation=entry["operation"],
                host=entry["host"],
                allow=entry["permission_type"] == "ALLOW",
            )
            found.setdefault(entry["principal"].removeprefix("User:"), set()).add(one)
    return [resources.User(name=name, acls=frozenset(acls)) for name, acls in found.items()]


@pytest.fixture(scope="module")
def broker() -> Iterator[TestBroker]:
    with running(OPEN, topics=TOPICS) as found:
        wanted = by_principal(acls(USERS))
        for user in wanted:
            found.admin.set_user(user, None)
        eventually(lambda: found.admin.users() == {user.name: user for user in wanted}, "the ACLs")
        yield found


def write(broker: TestBroker, who: str, where: str, **settings: Any) -> None:
    producer = broker.producer(who, **settings)
    try:
        producer.send(where, b"hello").get(timeout=15)
    finally:
        producer.close()


def test_without_acls_whoever_has_a_certificate_may_do_everything() -> None:
    with running(OPEN, topics=TOPICS[:1]) as bare:
        write(bare, "stranger", TOPICS[0]["metadata"]["name"])


@pytest.mark.parametrize("where", ["vision.events", "language.results", AUDIT_TOPIC, "nobodys"])
def test_with_them_a_stranger_writes_nowhere(broker: TestBroker, where: str) -> None:
    with pytest.raises(KafkaError):
        write(broker, "stranger", where)


@pytest.mark.parametrize("who", ["stranger", "vision.router", "vision.client", COLLECTOR])
def test_nobody_makes_or_deletes_topics_or_changes_them(broker: TestBroker, who: str) -> None:
    administrator = broker.administrator(who)
    try:
        with pytest.raises(KafkaError):
            administrator.create_topics([NewTopic("vision.more", 1, 1)])
        with pytest.raises(KafkaError):
            administrator.delete_topics(["vision.events"])
        change = ConfigResource("topic", "vision.events", {"retention.ms": "1"})
        administrator.alter_configs([change], raise_on_unknown=False)
    finally:
        administrator.close()
    assert "vision.events" in broker.admin.topics()
    assert "vision.more" not in broker.admin.topics()
    assert broker.admin.config("vision.events")["retention.ms"] == "3600000"


def test_nobody_gives_rights_to_anybody(broker: TestBroker) -> None:
    before = broker.admin.users()
    all_of_topics = ACL(
        "User:CN=vision.router",
        "*",
        ACLOperation.ALL,
        ACLPermissionType.ALLOW,
        ResourcePattern(ResourceType.TOPIC, "*", ACLResourcePatternType.LITERAL),
    )
    administrator = broker.administrator("vision.router")
    try:
        answer = administrator.create_acls([all_of_topics])
    finally:
        administrator.close()
    assert not answer["succeeded"]
    assert broker.admin.users() == before


@pytest.mark.parametrize("settings", [{}, {"enable_idempotence": True}], ids=["plain", "numbered"])
def test_a_router_writes_and_reads_its_tenants_topics(broker: TestBroker, settings: dict[str, Any]) -> None:
    write(broker, "vision.router", "vision.events", **settings)
    consumer = broker.consumer("vision.router", "vision.events", group="vision.router", consumer_timeout_ms=30_000)
    assert next(iter(consumer)).value == b"hello"
    consumer.close()


@pytest.mark.parametrize("where", ["language.events", "language.results"])
def test_a_router_reaches_no_other_tenants_topics(broker: TestBroker, where: str) -> None:
    write(broker, "language.router", where)
    assert broker.read("language.router", where, 1)
    with pytest.raises(KafkaError):
        write(broker, "vision.router", where)
    consumer = broker.consumer("vision.router", where)
    with contextlib.suppress(KafkaError):
        assert list(consumer) == []
    consumer.close()


def test_a_client_takes_no_events_from_its_router(broker: TestBroker) -> None:
    write(broker, "language.client", "language.events")
    for group in ("language.router", "strangers"):
        consumer = broker.consumer("language.client", "language.results", group=group)
        with pytest.raises(GroupAuthorizationFailedError):
            list(consumer)
        consumer.close()


def test_writers_of_the_audit_stream_do_not_read_and_readers_do_not_write(broker: TestBroker) -> None:
    for writer in (COLLECTOR, "vision.router"):
        write(broker, writer, AUDIT_TOPIC)
        consumer = broker.consumer(writer, AUDIT_TOPIC)
        with pytest.raises(TopicAuthorizationFailedError):
            list(consumer)
        consumer.close()
    assert len(broker.read(AUDITOR, AUDIT_TOPIC, 2)) == 2
    with pytest.raises(KafkaError):
        write(broker, AUDITOR, AUDIT_TOPIC)


def test_nobody_begins_a_transaction(broker: TestBroker) -> None:
    producer = broker.producer("vision.router", transactional_id="vision.router")
    with pytest.raises(TransactionalIdAuthorizationFailedError):
        producer.init_transactions()
    producer.close(timeout=1)


def test_a_certificate_with_a_further_name_is_somebody_else(broker: TestBroker) -> None:
    pair = broker.authority.sign(Request(common_name="vision.router", organizations=("acme",)))
    certificate, key = broker.folder / "more.crt", broker.folder / "more.key"
    certificate.write_text(pair.certificate)
    key.write_text(pair.key)
    with pytest.raises(KafkaError):
        write(broker, "vision.router", "vision.events", ssl_certfile=str(certificate), ssl_keyfile=str(key))
