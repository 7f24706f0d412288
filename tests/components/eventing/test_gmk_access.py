"""What a user of Google's Managed Kafka may do follows from the grants that make an ACL on Strimzi's Kafka."""

from components.eventing.gmk_access import FENCE, MOST_ENTRIES, acl_id, acls, principal
from components.eventing.kafka_names import Grant, Operation, Resource, User
from components.eventing.retention import Load
from components.eventing.topics import StepLoad, tenant_topics
from components.trust.audit.topic import audit_topics

READ, WRITE, DESCRIBE = Operation.READ, Operation.WRITE, Operation.DESCRIBE


def users(*tenants: str) -> list[User]:
    """Of these tenants, and of the audit stream."""
    step = StepLoad(flow="talk", step="answer", load=Load(per_second=1, kib=1))
    made = [
        tenant_topics(name, Load(per_second=1, kib=1), [step], outage_hours=24, brokers=3, audited=True)
        for name in tenants
    ]
    audit = audit_topics(changes=1, calls=1, days=7, brokers=3)
    return [user for topics in (*made, audit) for user in topics.users]


def allowed(who: str, *tenants: str) -> set[tuple[str, str]]:
    """Id of an ACL and operation of everything that somebody may do."""
    return {
        (acl, entry["operation"])
        for acl, entries in acls(users(*tenants)).items()
        for entry in entries
        if entry["principal"] == f"User:CN={who}" and entry["permission_type"] == "ALLOW"
    }


def test_an_acl_is_called_by_what_it_is_about() -> None:
    topic = Grant(resource=Resource.TOPIC, name="audit", operations=(WRITE,))
    groups = Grant(resource=Resource.GROUP, name="vision.", operations=(READ,), prefixed=True)
    assert [acl_id(topic), acl_id(groups)] == ["topic/audit", "consumerGroupPrefixed/vision."]


def test_a_principal_is_the_whole_subject_of_a_certificate() -> None:
    assert principal(User(name="vision.router", grants=())) == "User:CN=vision.router"


def test_everything_has_an_acl_so_that_nothing_is_open_by_default() -> None:
    closed = acls([])
    assert set(closed) == {"cluster", "allTopics", "allConsumerGroups", "allTransactionalIds"}
    for entries in closed.values():
        assert [entry["permission_type"] for entry in entries] == ["DENY"]


def test_nobody_is_allowed_anything_of_everything() -> None:
    for acl, entries in acls(users("vision", "language")).items():
        assert acl not in FENCE or {entry["permission_type"] for entry in entries} == {"DENY"}
        assert all(entry["principal"] != "User:*" for entry in entries)


def test_a_router_has_its_tenants_names_and_writes_to_the_audit_stream() -> None:
    assert allowed("vision.router", "vision", "language") == {
        ("topicPrefixed/vision.", "READ"),
        ("topicPrefixed/vision.", "WRITE"),
        ("consumerGroupPrefixed/vision.", "READ"),
        ("topic/audit", "WRITE"),
    }


def test_a_client_sends_events_and_reads_what_became_of_them() -> None:
    assert allowed("vision.client", "vision", "language") == {
        ("topic/vision.events", "WRITE"),
        ("topic/vision.results", "READ"),
        ("topic/vision.dead-letters", "READ"),
        ("consumerGroupPrefixed/vision.client.", "READ"),
    }


def test_nobody_deletes_records_or_topics_or_alters_anything() -> None:
    operations = {
        entry["operation"]
        for entries in acls(users("vision")).values()
        for entry in entries
        if entry["permission_type"] == "ALLOW"
    }
    assert operations == {"READ", "WRITE"}


def test_what_reading_and_writing_imply_takes_no_entry() -> None:
    watcher = User(name="a", grants=(Grant(resource=Resource.TOPIC, name="t", operations=(DESCRIBE,)),))
    reader = User(name="b", grants=(Grant(resource=Resource.TOPIC, name="t", operations=(READ, DESCRIBE)),))
    said = [(entry["principal"], entry["operation"]) for entry in acls([watcher, reader])["topic/t"]]
    assert said == [("User:CN=a", "DESCRIBE"), ("User:CN=b", "READ")]


def test_one_tenant_more_is_one_entry_more_of_the_audit_stream() -> None:
    few, more = (len(acls(users(*names))["topic/audit"]) for names in (("a",), ("a", "b")))
    assert (few, more) == (4, 5)
    assert len(acls(users(*(f"t{number}" for number in range(97))))["topic/audit"]) == MOST_ENTRIES
