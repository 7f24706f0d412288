"""What a tenant has on Kafka: its topics, sized by what they must hold, and who may do what to them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.eventing.kafka_names import (
    AUDIT_TOPIC,
    Grant,
    Operation,
    Resource,
    TenantTopics,
    Topic,
    User,
    client_user,
    dead_letters_topic,
    events_topic,
    results_topic,
    router_user,
    step_topic,
)
from components.eventing.retention import Held, Load, held, quota_bytes_per_second

DEAD_LETTER_HOURS = 24 * 14
"""How long dead letters wait for somebody to look at them: two weeks, or as long as an outage where that is more."""

DEAD_LETTER_SHARE = 0.01
"""Part of the events that may end as dead letters for all of `DEAD_LETTER_HOURS`."""


@dataclass(frozen=True, kw_only=True)
class StepLoad:
    """One step of a flow, and what arrives at it."""

    flow: str
    step: str
    load: Load
    consumers: int = 1
    """How many of its model's replicas read at once at most."""


def tenant_topics(
    tenant: str, load: Load, steps: Iterable[StepLoad] = (), *, outage_hours: float, brokers: int, audited: bool = False
) -> TenantTopics:
    """The topics and users of one tenant.

    Args:
        tenant: Its name; all names begin with it.
        load: What its producers send, which is also what comes back as results.
        steps: The steps of its flows; each has a topic, from which the step's consumers read.
        outage_hours: How long nobody may read without loss.
        brokers: Brokers of the cluster.
        audited: Whether its router tells the audit stream what it did.
    """
    steps = tuple(steps)
    fallen = Load(
        per_second=load.per_second * DEAD_LETTER_SHARE,
        kib=load.kib,
        largest_kib=max([load.largest_kib, *(step.load.largest_kib for step in steps)]),
    )
    sized = {
        events_topic(tenant): held(load, hours=outage_hours, brokers=brokers),
        results_topic(tenant): held(load, hours=outage_hours, brokers=brokers),
        dead_letters_topic(tenant): held(fallen, hours=max(DEAD_LETTER_HOURS, outage_hours), brokers=brokers),
    } | {
        step_topic(tenant, step.flow, step.step): held(
            step.load, hours=outage_hours, brokers=brokers, consumers=step.consumers
        )
        for step in steps
    }
    entering = sized[events_topic(tenant)].partitions
    passing = load.bytes_per_second * 2 + sum(step.load.bytes_per_second for step in steps)
    return TenantTopics(
        topics=tuple(sized_topic(name, size) for name, size in sized.items()),
        users=(
            _router(tenant, quota_bytes_per_second(passing, brokers=brokers, partitions=entering), audited=audited),
            _client(tenant, quota_bytes_per_second(load.bytes_per_second, brokers=brokers, partitions=entering)),
        ),
    )


def at_fullest(topics: TenantTopics, copies: int) -> int:
    """Bytes that a tenant's topics take on all brokers together when they are as full as they may be."""
    return sum(
        topic.partitions * ((topic.retention_bytes or 0) + (topic.segment_bytes or 0)) * copies
        for topic in topics.topics
    )


def sized_topic(name: str, size: Held) -> Topic:
    """A topic that keeps what was worked out for it."""
    return Topic(
        name=name,
        partitions=size.partitions,
        retention_ms=size.retention_ms,
        retention_bytes=size.retention_bytes,
        segment_bytes=size.segment_bytes,
        max_message_bytes=size.max_message_bytes,
    )


def _own_groups(tenant: str) -> Grant:
    return Grant(resource=Resource.GROUP, name=f"{tenant}.", operations=(Operation.READ,), prefixed=True)


def _router(tenant: str, quota: int, *, audited: bool) -> User:
    """Reads and writes all of the tenant's topics. After a restart it reads as fast as it can, so only writing is
    bounded."""
    everything = (Operation.READ, Operation.WRITE, Operation.DESCRIBE)
    return User(
        name=router_user(tenant),
        grants=(
            Grant(resource=Resource.TOPIC, name=f"{tenant}.", operations=everything, prefixed=True),
            _own_groups(tenant),
            *([RECORDS] if audited else []),
        ),
        produce_bytes_per_second=quota,
    )


RECORDS = Grant(resource=Resource.TOPIC, name=AUDIT_TOPIC, operations=(Operation.WRITE, Operation.DESCRIBE))
"""Leave to add to the audit stream: to write to it, and nothing else."""


def _client(tenant: str, quota: int) -> User:
    """Sends events, and reads what became of them."""
    return User(
        name=client_user(tenant),
        grants=(
            Grant(
                resource=Resource.TOPIC,
                name=events_topic(tenant),
                operations=(Operation.WRITE, Operation.DESCRIBE),
            ),
            *(
                Grant(resource=Resource.TOPIC, name=topic, operations=(Operation.READ, Operation.DESCRIBE))
                for topic in (results_topic(tenant), dead_letters_topic(tenant))
            ),
            # The router's groups are not among them: nobody else takes partitions from it.
            Grant(resource=Resource.GROUP, name=f"{client_user(tenant)}.", operations=(Operation.READ,), prefixed=True),
        ),
        produce_bytes_per_second=quota,
    )
