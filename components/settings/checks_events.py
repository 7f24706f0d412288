"""Checks of events: whose Kafka it is, how many brokers, and whether they hold what an outage leaves waiting."""

from collections.abc import Iterator, Mapping

from components.settings.cluster import Cluster, EksCluster, ExistingCluster
from components.settings.event_topics import room
from components.settings.events import LARGEST_GIB, UNSUPPORTED, Events, KafkaProvider, broker_count, msk_zones
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
    yield from _msk_problems(environment, events, cluster)
    yield from _broker_problems(environment, events)
    if events.audit is not None and events.audit.archive and isinstance(cluster, ExistingCluster):
        yield Problem(
            ("events", "audit", "archive"),
            True,
            "an existing cluster has no store of the stack's; leave it out, and read the topic audit into a store of"
            " yours",
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


def _msk_problems(environment: Environment, events: Events, cluster: Cluster | None) -> Iterator[Problem]:
    """What only one of the two providers has."""
    if events.provider is not KafkaProvider.MSK:
        if events.broker_machine is not None:
            yield Problem(("events", "brokerMachine"), events.broker_machine, "it is of msk; leave it out")
        return
    if cluster is not None and not isinstance(cluster, EksCluster):
        yield Problem(
            ("events", "provider"),
            "msk",
            f"Amazon MSK stands in the network of an EKS cluster, and this one is of provider {cluster.provider}; use"
            " strimzi",
        )
    for key, value in {"storageClass": events.storage_class, "values": events.values}.items():
        if value:
            yield Problem(("events", key), value, "it is of strimzi, and Amazon MSK has no such thing; leave it out")
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
