"""The audit stream on Kafka: its topic, and who may add to it and who may read it. Pure.

Nobody has leave to delete records or to change the topic: Kafka lets only those do so whom an ACL names, and none names
anybody. What is left is Kubernetes: whoever may change the KafkaTopic can, so it is protected as other topics are.
"""

from components.eventing.kafka_names import (
    AUDIT_NAMESPACE,
    AUDIT_TOPIC,
    Grant,
    Operation,
    Resource,
    TenantTopics,
    User,
)
from components.eventing.retention import Load, held, quota_bytes_per_second
from components.eventing.topics import RECORDS, sized_topic

CHANGE_KIB, CALL_KIB = 2.0, 1.0
"""Size of a record of a change and of a call, about: who, what and how it ended, without any content."""

LARGEST_KIB = 64
"""Size of the largest record that is taken."""

COLLECTOR, ARCHIVE, AUDITOR = (f"{AUDIT_NAMESPACE}.{role}" for role in ("collector", "archive", "auditor"))
"""Users: who adds what the cloud's audit log says, who copies records into the store, and people who read."""


def audit_topics(*, changes: float, calls: float, days: int, brokers: int) -> TenantTopics:
    """The topic, sized for what comes, and its users. Routers of tenants are users of theirs.

    Args:
        changes: Changes of the cluster's objects per second.
        calls: What routers do per second: events that they take in, and calls of models.
        days: How long a record is kept.
        brokers: Brokers of the cluster.
    """
    both = changes + calls
    load = Load(per_second=both, kib=(changes * CHANGE_KIB + calls * CALL_KIB) / both, largest_kib=LARGEST_KIB)
    size = held(load, hours=24 * days, brokers=brokers)
    quota = quota_bytes_per_second(load.bytes_per_second, brokers=brokers, partitions=size.partitions)
    return TenantTopics(
        topics=(sized_topic(AUDIT_TOPIC, size),),
        users=(
            User(name=COLLECTOR, grants=(RECORDS,), produce_bytes_per_second=quota),
            User(name=ARCHIVE, grants=_reads(ARCHIVE)),
            User(name=AUDITOR, grants=_reads(AUDITOR), people=True),
        ),
    )


def _reads(user: str) -> tuple[Grant, ...]:
    """Records, and where it stands in them: consumer groups that begin with the user's name."""
    return (
        Grant(resource=Resource.TOPIC, name=AUDIT_TOPIC, operations=(Operation.READ, Operation.DESCRIBE)),
        Grant(resource=Resource.GROUP, name=user, operations=(Operation.READ,), prefixed=True),
    )
