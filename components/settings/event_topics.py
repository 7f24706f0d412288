"""What all tenants have on Kafka, and how much room that takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.eventing.kafka_names import TenantTopics
from components.eventing.retention import GIB, Load, replication, room_gib, storage_for
from components.eventing.topics import at_fullest, tenant_topics
from components.settings.events import Events, broker_count
from components.settings.model import Environment
from components.settings.sections import Tenant


def topics_by_tenant(
    events: Events, environment: Environment, tenants: Mapping[str, Tenant]
) -> dict[str, TenantTopics]:
    """Topics and users of each tenant that has events."""
    return {
        name: tenant_topics(
            name,
            Load(per_second=sent.per_second, kib=sent.kib, largest_kib=sent.largest_kib),
            outage_hours=events.outage_hours,
            brokers=broker_count(events, environment),
        )
        for name, tenant in tenants.items()
        if (sent := tenant.events) is not None
    }


@dataclass(frozen=True, kw_only=True)
class Room:
    """What topics need and what brokers have, in GiB of all brokers together, copies included."""

    needed: float
    """All topics at their fullest."""

    offered: float
    """What topics may fill."""

    by_tenant: Mapping[str, float]
    """What of `needed` is whose."""

    enough_gib: int
    """Size of each broker's volume that would hold `needed`."""


def room(events: Events, environment: Environment, tenants: Mapping[str, Tenant]) -> Room:
    """Whether there is room for what an outage leaves waiting."""
    brokers = broker_count(events, environment)
    taken = {
        name: at_fullest(topics, replication(brokers)) / GIB
        for name, topics in topics_by_tenant(events, environment, tenants).items()
    }
    return Room(
        needed=sum(taken.values()),
        offered=room_gib(brokers, events.storage_gib),
        by_tenant=taken,
        enough_gib=storage_for(sum(taken.values()), brokers),
    )


def sentences(events: Events, environment: Environment, tenants: Mapping[str, Tenant]) -> dict[str, str]:
    """The room as people say it: of all together under `*`, which no tenant is called, and of each tenant."""
    found = room(events, environment, tenants)
    brokers = broker_count(events, environment)
    copies = replication(brokers)
    made = topics_by_tenant(events, environment, tenants)
    said = {
        "*": f"at most {found.needed:.1f} of the {found.offered:.1f} GiB for topics on {_number(brokers, 'broker')}, to"
        f" hold {events.outage_hours} h"
    }
    for name, gib in found.by_tenant.items():
        sent = tenants[name].events
        if sent is not None:
            said[name] = (
                f"{sent.per_second:g} x {sent.kib:g} KiB a second, twice over, for {events.outage_hours} h: at most"
                f" {gib:.1f} GiB in {_number(len(made[name].topics), 'topic')}, {_copies(copies)}"
            )
    return said


def _copies(copies: int) -> str:
    return "one copy each" if copies == 1 else f"{copies} copies each"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
