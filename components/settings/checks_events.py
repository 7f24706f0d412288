"""Checks of events: whose Kafka it is, how many brokers, and whether they hold what an outage leaves waiting."""

from collections.abc import Iterator, Mapping

from components.eventing.gmk_access import MOST_ENTRIES, acls
from components.settings.cluster import AksCluster, Cluster, EksCluster, ExistingCluster, GkeCluster
from components.settings.event_topics import all_users, room
from components.settings.events import (
    GOOGLE_BROKERS,
    LARGEST_GIB,
    UNSUPPORTED,
    Events,
    KafkaProvider,
    broker_count,
    google_size,
    msk_zones,
)
from components.settings.knative import KafkaBrokers
from components.settings.model import Environment
from components.settings.problems import ABSENT, Problem
from components.settings.sections import Tenant


def event_problems(
    environment: Environment,
    events: Events | None,
    tenants: Mapping[str, Tenant],
    cluster: Cluster | None,
    brokers: KafkaBrokers | None = None,
) -> Iterator[Problem]:
    """What is wrong with events. `brokers`: Knative's on this Kafka."""
    if events is None:
        for name, tenant in tenants.items():
            if tenant.events is not None:
                yield Problem(
                    ("tenants", name, "events"),
                    ABSENT,
                    "nothing carries events in this stack; add multimodal:events: {}",
                )
        return
    if (missing := UNSUPPORTED.get(events.provider)) is not None:
        yield Problem(("events", "provider"), events.provider.value, f"{missing}; use strimzi")
    yield from _foreign_problems(events, cluster)
    if events.provider is KafkaProvider.MSK:
        yield from _msk_problems(environment, events, cluster)
    elif events.provider is KafkaProvider.GOOGLE:
        yield from _google_problems(environment, events, tenants)
    yield from _broker_problems(environment, events)
    if events.audit is not None and events.audit.archive and isinstance(cluster, ExistingCluster):
        yield Problem(
            ("events", "audit", "archive"),
            True,
            "an existing cluster has no store of the stack's; leave it out, and read the topic audit into a store of"
            " yours",
        )
    if events.audit is not None and isinstance(cluster, AksCluster) and not cluster.network.private_endpoints:
        yield Problem(
            ("cluster", "network", "privateEndpoints"),
            False,
            "the audit log goes through Event Hubs, which keeps a key for Azure Monitor, so the network has to keep"
            " others out; leave it out, or leave out events.audit",
        )
    yield from _room_problems(environment, events, tenants, brokers)


def _broker_problems(environment: Environment, events: Events) -> Iterator[Problem]:
    if environment is Environment.PROD and broker_count(events, environment) < 3:
        yield Problem(
            ("events", "brokers"),
            events.brokers,
            "a prod stack needs 3 at least, so that one may be lost and records are still written; leave it out, or"
            " raise it",
        )
    elif events.brokers == 2 and events.own:
        yield Problem(
            ("events", "brokers"),
            2,
            "two brokers stop as soon as one of them is lost; use 1, or 3 and more",
        )


_CALLED = {KafkaProvider.MSK: "Amazon MSK", KafkaProvider.GOOGLE: "Google's Managed Kafka"}
_AT_HOME: dict[KafkaProvider, tuple[type[Cluster], str]] = {
    KafkaProvider.MSK: (EksCluster, "an EKS"),
    KafkaProvider.GOOGLE: (GkeCluster, "a GKE"),
}
"""Provider -> the cluster in whose network it stands."""


def _foreign_problems(events: Events, cluster: Cluster | None) -> Iterator[Problem]:
    """A cloud's Kafka beside another cloud's cluster, and what only another provider has."""
    called = _CALLED.get(events.provider)
    if called is not None and cluster is not None:
        home, article = _AT_HOME[events.provider]
        if not isinstance(cluster, home):
            yield Problem(
                ("events", "provider"),
                events.provider.value,
                f"{called} stands in the network of {article} cluster, and this one is of provider"
                f" {cluster.provider}; use strimzi",
            )
    of_some: dict[str, tuple[object, tuple[KafkaProvider, ...]]] = {
        "brokerMachine": (events.broker_machine, (KafkaProvider.MSK,)),
        "vcpus": (events.vcpus, (KafkaProvider.GOOGLE,)),
        "memoryGib": (events.memory_gib, (KafkaProvider.GOOGLE,)),
        "storageClass": (events.storage_class, (KafkaProvider.STRIMZI,)),
        "values": (events.values, (KafkaProvider.STRIMZI, KafkaProvider.GOOGLE)),
    }
    for key, (value, owners) in of_some.items():
        if value and events.provider not in owners:
            lacking = f", and {called} has no such thing" if called is not None else ""
            yield Problem(("events", key), value, f"it is of {' and '.join(owners)}{lacking}; leave it out")


def _google_problems(environment: Environment, events: Events, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """What Google's Managed Kafka does by itself, and what it bounds."""
    if events.brokers not in (None, GOOGLE_BROKERS):
        yield Problem(
            ("events", "brokers"),
            events.brokers,
            f"Google's Managed Kafka has {GOOGLE_BROKERS} brokers of this size; leave it out, and raise vcpus for more"
            " work",
        )
    if "storage_gib" in events.model_fields_set:
        yield Problem(
            ("events", "storageGib"),
            events.storage_gib,
            "storage of Google's Managed Kafka grows by itself; leave it out",
        )
    vcpus, memory = google_size(events)
    if not vcpus <= memory <= 8 * vcpus:
        yield Problem(
            ("events", "memoryGib"),
            events.memory_gib,
            f"Google's Managed Kafka has 1 to 8 GiB for each of its {vcpus} vCPUs, so {vcpus} to {8 * vcpus}; 4 for"
            f" each is usual, which is {4 * vcpus}",
        )
    for acl, entries in acls(all_users(events, environment, tenants)).items():
        if len(entries) > MOST_ENTRIES:
            yield Problem(
                ("events", "audit"),
                events.audit.model_dump(by_alias=True, exclude_unset=True) if events.audit else ABSENT,
                f"an ACL of Google's Managed Kafka has {MOST_ENTRIES} entries at most, and {acl} would have"
                f" {len(entries)}: every tenant with events has one; leave audit out, use strimzi, or share the tenants"
                " out over two stacks",
            )


def _msk_problems(environment: Environment, events: Events, cluster: Cluster | None) -> Iterator[Problem]:
    """What Amazon MSK cannot have."""
    if events.audit is not None and events.audit.auditors:
        yield Problem(
            ("events", "audit", "auditors"),
            list(events.audit.auditors),
            "Amazon MSK knows people by IAM and not by groups of the cluster; leave it out, and attach the IAM policy"
            " of the audit stream to your auditors' roles (docs/events.md)",
        )
    brokers = broker_count(events, environment)
    if isinstance(cluster, EksCluster) and not msk_zones(cluster.zones, brokers):
        yield Problem(
            ("events", "brokers"),
            events.brokers or ABSENT,
            f"Amazon MSK has as many brokers in each of two or three zones, and {brokers} cannot be shared out so over"
            f" {len(cluster.zones)}; use {_evenly(environment, len(cluster.zones))}",
        )


def _evenly(environment: Environment, zones: int) -> str:
    if zones < 2:
        return "a cluster of two zones at least"
    if zones == 2:
        return "4 or another even number" if environment is Environment.PROD else "2 or another even number"
    return "3 or another multiple of 2 or 3"


def _room_problems(
    environment: Environment, events: Events, tenants: Mapping[str, Tenant], brokers: KafkaBrokers | None
) -> Iterator[Problem]:
    if not events.bounded:
        return
    found = room(events, environment, tenants, brokers)
    if found.needed <= found.offered:
        return
    larger = f"set it to {found.enough_gib} at least, " if found.enough_gib <= LARGEST_GIB else ""
    most = max(found.by_tenant.values(), default=0.0)
    if found.brokers > max(found.audit, most):
        smaller = f"or lower knative.eventing.kafka.kibPerSecond ({found.brokers:.0f} GiB)"
    elif found.audit > most:
        smaller = f"or lower audit.retentionDays or audit.changesPerSecond ({found.audit:.0f} GiB)"
    else:
        largest = max(found.by_tenant, key=lambda name: found.by_tenant[name])
        smaller = f"or lower perSecond or kib of tenants.{largest}.events ({found.by_tenant[largest]:.0f} GiB)"
    yield Problem(
        ("events", "storageGib"),
        events.storage_gib,
        f"{events.outage_hours} hours of all tenants' events take up to {found.needed:.0f} GiB, copies included, and"
        f" brokers ({broker_count(events, environment)}) of this size hold {found.offered:.0f}; {larger}add brokers,"
        f" lower outageHours, {smaller}",
    )
