"""What all tenants have on Kafka, and how much room that takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.eventing.kafka_names import AUDIT_NAMESPACE, TenantTopics, User
from components.eventing.retention import GIB, Load, kept_bytes, replication, room_gib, storage_for
from components.eventing.topics import StepLoad, at_fullest, tenant_topics
from components.knative.names import EVENTING_NAMESPACE
from components.settings.events import Events, TenantEvents, broker_count
from components.settings.flow_steps import MOST_ROUTERS
from components.settings.flows import Flow
from components.settings.knative import KafkaBrokers
from components.settings.model import Environment
from components.settings.sections import Tenant
from components.trust.audit.topic import audit_topics


def step_loads(flows: Mapping[str, Flow], sent: TenantEvents) -> list[StepLoad]:
    """What arrives at each step of a tenant's flows: as much as enters, unless the flow says itself."""
    return [
        StepLoad(
            flow=name,
            step=step,
            load=Load(
                per_second=flow.per_second or sent.per_second,
                kib=flow.kib or sent.kib,
                largest_kib=sent.largest_kib,
            ),
            consumers=MOST_ROUTERS,
        )
        for name, flow in sorted(flows.items())
        for step in sorted(flow.steps)
    ]


def topics_by_tenant(
    events: Events, environment: Environment, tenants: Mapping[str, Tenant]
) -> dict[str, TenantTopics]:
    """Topics and users of each tenant that has events."""
    return {
        name: tenant_topics(
            name,
            Load(per_second=sent.per_second, kib=sent.kib, largest_kib=sent.largest_kib),
            step_loads(tenant.flows, sent),
            outage_hours=events.outage_hours,
            brokers=broker_count(events, environment),
            audited=events.audit is not None,
        )
        for name, tenant in tenants.items()
        if (sent := tenant.sent) is not None
    }


def audit_on_kafka(events: Events, environment: Environment, tenants: Mapping[str, Tenant]) -> TenantTopics | None:
    """The audit stream's topic and users; None where there is no such stream."""
    if events.audit is None:
        return None
    called = sum(
        sent.per_second + sum(step.load.per_second for step in step_loads(tenant.flows, sent))
        for tenant in tenants.values()
        if tenant.flows and (sent := tenant.sent) is not None
    )
    return audit_topics(
        changes=events.audit.changes_per_second,
        calls=called,
        days=events.audit.retention_days,
        brokers=broker_count(events, environment),
    )


def all_users(events: Events, environment: Environment, tenants: Mapping[str, Tenant]) -> list[User]:
    """Everybody who has rights on Kafka: of tenants, and of the audit stream."""
    audited = audit_on_kafka(events, environment, tenants)
    found = [*topics_by_tenant(events, environment, tenants).values(), *([audited] if audited is not None else [])]
    return [user for topics in found for user in topics.users]


@dataclass(frozen=True, kw_only=True)
class Room:
    """What topics need and what brokers have, in GiB of all brokers together, copies included."""

    needed: float
    """All topics at their fullest."""

    offered: float
    """What topics may fill."""

    by_tenant: Mapping[str, float]
    """What of `needed` is whose."""

    audit: float
    """What of `needed` the audit stream takes."""

    brokers: float
    """What of `needed` the topics of Knative's brokers take."""

    enough_gib: int
    """Size of each broker's volume that would hold `needed`."""


def room(
    events: Events, environment: Environment, tenants: Mapping[str, Tenant], shared: KafkaBrokers | None = None
) -> Room:
    """Whether there is room for what an outage leaves waiting. `shared`: Knative's brokers on this Kafka."""
    brokers = broker_count(events, environment)
    eventing = kept_bytes(shared.kib_per_second, hours=events.outage_hours, brokers=brokers) / GIB if shared else 0.0
    taken = {
        name: at_fullest(topics, replication(brokers)) / GIB
        for name, topics in topics_by_tenant(events, environment, tenants).items()
    }
    audited = audit_on_kafka(events, environment, tenants)
    audit = at_fullest(audited, replication(brokers)) / GIB if audited else 0.0
    needed = sum(taken.values()) + audit + eventing
    return Room(
        needed=needed,
        offered=room_gib(brokers, events.storage_gib),
        by_tenant=taken,
        audit=audit,
        brokers=eventing,
        enough_gib=storage_for(needed, brokers),
    )


def sentences(
    events: Events, environment: Environment, tenants: Mapping[str, Tenant], shared: KafkaBrokers | None = None
) -> dict[str, str]:
    """The room as people say it: of all together under `*`, which no tenant is called, and of each tenant. `shared`:
    Knative's brokers on this Kafka."""
    found = room(events, environment, tenants, shared)
    brokers = broker_count(events, environment)
    copies = replication(brokers)
    made = topics_by_tenant(events, environment, tenants)
    of = f" of the {found.offered:.1f}" if events.bounded else ""
    said = {
        "*": f"at most {found.needed:.1f}{of} GiB for topics on {_number(brokers, 'broker')}, to hold"
        f" {events.outage_hours} h"
    }
    for name, gib in found.by_tenant.items():
        sent = tenants[name].sent
        if sent is not None:
            said[name] = (
                f"{sent.per_second:g} x {sent.kib:g} KiB a second, twice over, for {events.outage_hours} h: at most"
                f" {gib:.1f} GiB in {_number(len(made[name].topics), 'topic')}, {_copies(copies)}"
            )
    if events.audit is not None:
        said[AUDIT_NAMESPACE] = (
            f"records of {_number(events.audit.retention_days, 'day')}: at most {found.audit:.1f} GiB,"
            f" {_copies(copies)}"
        )
    if shared is not None:
        said[EVENTING_NAMESPACE] = (
            f"{shared.kib_per_second:g} KiB a second in all brokers, twice over, for {events.outage_hours} h: at most"
            f" {found.brokers:.1f} GiB, {_copies(copies)}"
        )
    return said


def _copies(copies: int) -> str:
    return "one copy each" if copies == 1 else f"{copies} copies each"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
