"""What a user of Amazon MSK may do follows from the grants that make an ACL on Strimzi's Kafka."""

import json
from typing import Any

import pytest

from components.eventing.kafka_names import TenantTopics, User
from components.eventing.msk_access import BACKLOGS, access_policy, user_policy
from components.eventing.retention import Load
from components.eventing.topics import tenant_topics
from components.trust.audit.topic import audit_topics

CLUSTER = "arn:aws:kafka:eu-central-1:123456789012:cluster/acme/0a1b-2"
TOPIC = "arn:aws:kafka:eu-central-1:123456789012:topic/acme/0a1b-2"
GROUP = "arn:aws:kafka:eu-central-1:123456789012:group/acme/0a1b-2"
LOAD = Load(per_second=1, kib=1)


def statements(text: str) -> dict[str, set[str]]:
    """Resource -> actions that are allowed."""
    found: dict[str, set[str]] = {}
    for statement in json.loads(text)["Statement"]:
        assert statement["Effect"] == "Allow"
        found[statement["Resource"]] = {action.removeprefix("kafka-cluster:") for action in statement["Action"]}
    return found


def user(topics: TenantTopics, name: str) -> User:
    return next(user for user in topics.users if user.name == name)


def tenant(*, audited: bool = False) -> TenantTopics:
    return tenant_topics("vision", LOAD, (), outage_hours=1, brokers=3, audited=audited)


def audit() -> TenantTopics:
    return audit_topics(changes=1, calls=1, days=1, brokers=3)


def test_a_router_has_all_topics_and_groups_of_its_tenant_and_no_other() -> None:
    assert statements(user_policy(user(tenant(), "vision.router"), CLUSTER)) == {
        CLUSTER: {"Connect", "WriteDataIdempotently"},
        f"{TOPIC}/vision.*": {"DescribeTopic", "ReadData", "WriteData"},
        f"{GROUP}/vision.*": {"AlterGroup", "DescribeGroup"},
    }


def test_a_tenants_own_clients_send_events_and_read_what_became_of_them() -> None:
    assert statements(user_policy(user(tenant(), "vision.client"), CLUSTER)) == {
        CLUSTER: {"Connect", "WriteDataIdempotently"},
        f"{TOPIC}/vision.events": {"DescribeTopic", "WriteData"},
        f"{TOPIC}/vision.results": {"DescribeTopic", "ReadData"},
        f"{TOPIC}/vision.dead-letters": {"DescribeTopic", "ReadData"},
        f"{GROUP}/vision.client.*": {"AlterGroup", "DescribeGroup"},
    }


def test_who_adds_to_the_audit_stream_cannot_read_it() -> None:
    for adds in (user(audit(), "audit.collector"), user(tenant(audited=True), "vision.router")):
        assert statements(user_policy(adds, CLUSTER))[f"{TOPIC}/audit"] == {"DescribeTopic", "WriteData"}


@pytest.mark.parametrize("name", ["audit.archive", "audit.auditor"])
def test_who_reads_the_audit_stream_cannot_add_to_it(name: str) -> None:
    assert statements(user_policy(user(audit(), name), CLUSTER)) == {
        CLUSTER: {"Connect"},
        f"{TOPIC}/audit": {"DescribeTopic", "ReadData"},
        f"{GROUP}/{name}*": {"AlterGroup", "DescribeGroup"},
    }


def test_a_scaler_sees_how_far_consumers_are_and_reads_nothing() -> None:
    assert statements(access_policy(BACKLOGS, CLUSTER)) == {
        CLUSTER: {"Connect"},
        f"{TOPIC}/*.flow.*": {"DescribeTopic"},
        f"{GROUP}/*.flow.*": {"DescribeGroup"},
    }


def test_nobody_makes_changes_or_deletes_topics_or_alters_the_cluster() -> None:
    policies: list[Any] = [user_policy(one, CLUSTER) for one in (*tenant(audited=True).users, *audit().users)]
    actions = set[str]().union(*(allowed for policy in policies for allowed in statements(policy).values()))
    assert actions == {
        *("Connect", "WriteDataIdempotently", "DescribeTopic", "ReadData", "WriteData"),
        *("AlterGroup", "DescribeGroup"),
    }
