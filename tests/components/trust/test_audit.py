"""The audit stream's topic, its users, and where records come from and go."""

import json

import pytest

from components.cluster.aks_audit_log import throughput_units
from components.eventing.kafka_names import AUDIT_TOPIC, Operation, Resource
from components.eventing.router_kafka import Broker
from components.settings.event_topics import audit_on_kafka, room, sentences
from components.settings.events import Audit, Events
from components.settings.model import Environment
from components.settings.sections import Tenant
from components.trust.audit.event_hubs import CACHES, event_hubs_input
from components.trust.audit.feed_aws import PATTERN, reading_policy, writing_policy
from components.trust.audit.feed_gcp import log_filter
from components.trust.audit.objects import allow_log
from components.trust.audit.streams import KUBERNETES, TARGETS, collector, kinesis_input, target_environment
from components.trust.audit.topic import ARCHIVE, AUDITOR, COLLECTOR, audit_topics

MADE = audit_topics(changes=2, calls=10, days=7, brokers=3)
USERS = {user.name: user for user in MADE.users}


def test_the_topic_keeps_a_record_for_as_long_as_asked() -> None:
    (topic,) = MADE.topics
    assert (topic.name, topic.retention_ms) == (AUDIT_TOPIC, 7 * 24 * 3_600_000)


def test_more_calls_need_more_room() -> None:
    (little,), (much,) = MADE.topics, audit_topics(changes=2, calls=100, days=7, brokers=3).topics
    assert (much.retention_bytes or 0) > 5 * (little.retention_bytes or 0)


def test_the_collector_only_adds() -> None:
    (grant,) = USERS[COLLECTOR].grants
    assert (grant.name, grant.prefixed, grant.operations) == (
        AUDIT_TOPIC,
        False,
        (Operation.WRITE, Operation.DESCRIBE),
    )


@pytest.mark.parametrize("user", [AUDITOR, ARCHIVE])
def test_who_reads_reads_and_remembers_where_it_is(user: str) -> None:
    topic, group = USERS[user].grants
    assert (topic.name, topic.operations) == (AUDIT_TOPIC, (Operation.READ, Operation.DESCRIBE))
    assert (group.resource, group.name, group.operations) == (Resource.GROUP, user, (Operation.READ,))


def test_there_is_no_stream_unless_it_is_asked_for() -> None:
    assert audit_on_kafka(Events(), Environment.DEV, {}) is None


def test_its_room_counts_and_is_said() -> None:
    events, tenants = Events(audit=Audit()), {"vision": Tenant.model_validate({"quota": {}, "events": {}})}
    without = room(Events(), Environment.DEV, tenants)
    found = room(events, Environment.DEV, tenants)
    assert found.needed == pytest.approx(without.needed + found.audit)
    assert found.audit > 0
    assert sentences(events, Environment.DEV, tenants)["audit"] == (
        f"records of 7 days: at most {found.audit:.1f} GiB, one copy each"
    )


@pytest.mark.parametrize(
    ("uri", "environment"),
    [
        ("s3://acme-artifacts/audit", {"AUDIT_BUCKET": "acme-artifacts", "AUDIT_FOLDER": "audit"}),
        ("gs://acme-artifacts/audit", {"AUDIT_BUCKET": "acme-artifacts", "AUDIT_FOLDER": "audit"}),
        (
            "https://acme.blob.core.windows.net/artifacts-audit",
            {"AUDIT_ACCOUNT": "acme", "AUDIT_CONTAINER": "artifacts-audit"},
        ),
    ],
)
def test_the_archive_finds_its_store(uri: str, environment: dict[str, str]) -> None:
    assert target_environment(uri) == environment
    assert set(TARGETS) == {"eks", "gke", "aks"}


def test_the_collector_may_read_one_stream_and_nothing_more() -> None:
    statements = json.loads(reading_policy("stream", "table", "key"))["Statement"]
    assert [one["Resource"] for one in statements] == ["stream", "table", "key"]
    assert not [action for one in statements for action in one["Action"] if action.endswith("*")]
    (put, _) = json.loads(writing_policy("stream", "key"))["Statement"]
    assert (put["Action"], put["Resource"]) == ("kinesis:PutRecord", "stream")


def test_cloudwatch_hands_on_changes_and_shells() -> None:
    for word in ("create", "update", "patch", "delete*"):
        assert f'($.verb = "{word}")' in PATTERN
    assert '($.objectRef.subresource = "exec")' in PATTERN


def test_google_hands_on_changes_of_this_cluster_only() -> None:
    assert log_filter("acme", "europe-west4", "prod").split(" AND ") == [
        'logName="projects/acme/logs/cloudaudit.googleapis.com%2Factivity"',
        'resource.type="k8s_cluster"',
        'resource.labels.cluster_name="prod"',
        'resource.labels.location="europe-west4"',
    ]


@pytest.mark.parametrize(("changes", "units"), [(0.1, 1), (2, 1), (50, 2), (1000, 20)])
def test_event_hubs_takes_twice_what_comes_on_average(changes: float, units: int) -> None:
    assert throughput_units(changes) == units


def test_the_collectors_caches_stand_beside_what_it_reads() -> None:
    broker = Broker(bootstrap="kafka:9093", certificates=None)
    config = collector(event_hubs_input(), KUBERNETES, "azure-prod", broker, "127.0.0.1:0", CACHES)
    log, _ = config["input"]["broker"]["inputs"]
    assert log["kafka"]["sasl"]["token_cache"] in {cache["label"] for cache in config["cache_resources"]}
    assert "cache_resources" not in collector(kinesis_input(), KUBERNETES, "aws-prod", broker, "127.0.0.1:0")


def test_only_the_collector_goes_where_the_log_is() -> None:
    policy = allow_log("collector", (9093,))
    assert policy["podSelector"] == {"matchLabels": {"multimodal.dev/audit": "collector"}}
    assert [rule["ports"] for rule in policy["egress"]] == [[{"protocol": "TCP", "port": 9093}]]
