"""What carries events, in the order that comes up and goes."""

from collections.abc import Mapping

import pulumi

from components.autoscaling.keda import NAMESPACE as KEDA
from components.cluster.outputs import Foundation
from components.eventing.cas_issuer import CasIssuer
from components.eventing.certificate_guard import CertificateGuard
from components.eventing.certificates import GOOGLE_ISSUER, OWN_ISSUER
from components.eventing.kafka import Kafka
from components.eventing.outputs import KafkaOutputs
from components.eventing.strimzi import Strimzi
from components.eventing.tenant_events import TenantEvents
from components.knative.names import EVENTING_NAMESPACE
from components.order import after
from components.settings import Settings
from components.settings.cluster import ExistingCluster
from components.settings.event_topics import topics_by_tenant
from components.settings.events import Events, are_kept, broker_count
from components.settings.model import Environment


def make_events(
    name: str,
    settings: Settings,
    foundation: Foundation,
    certificates: pulumi.Resource | None,
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
) -> tuple[KafkaOutputs, list[pulumi.Resource]] | None:
    """Kafka, whosever it is, and what must be there before anybody uses it; None in a stack without events.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        foundation: Kafka that the cloud runs, if it does.
        certificates: cert-manager, where Kafka's clients show certificates.
        lock: Digests by image reference.
        on_cluster: Parent and provider.
    """
    events, kafka, authorities = settings.events, foundation.kafka, foundation.kafka_authorities
    if events is None:
        return None
    if kafka is not None and authorities is None:
        return kafka, kafka.ready
    if certificates is None:
        return None

    guard = CertificateGuard(
        f"{name}-kafka-certificates", OWN_ISSUER if kafka is None else GOOGLE_ISSUER, after(on_cluster, certificates)
    )
    if kafka is not None and authorities is not None:
        issuer = CasIssuer(
            f"{name}-kafka-issuer",
            {
                "version": settings.versions.cas_issuer,
                "replicas": 2 if settings.environment is Environment.PROD else 1,
                "images_lock": dict(lock),
                "values": events.values,
            },
            authorities,
            after(on_cluster, certificates, guard),
        )
        return kafka, [*kafka.ready, issuer]
    own = _own_kafka(name, settings, events, lock, on_cluster, [certificates, guard])
    return own, own.ready


def _own_kafka(
    name: str,
    settings: Settings,
    events: Events,
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
    before: list[pulumi.Resource],
) -> Kafka:
    """Kafka of the platform's own: the operator, then Kafka. Tenants' topics depend on the last, so that the operator
    can let go of them first."""
    production = settings.environment is Environment.PROD
    operator = Strimzi(
        f"{name}-strimzi",
        {
            "version": settings.versions.strimzi,
            "replicas": 2 if production else 1,
            "images_lock": dict(lock),
            "values": events.values,
        },
        on_cluster,
    )
    return Kafka(
        f"{name}-kafka",
        {
            "brokers": broker_count(events, settings.environment),
            "apart": production,
            # Clouds label every node with its zone; other clusters may not, and brokers would not start.
            "zones": production and not isinstance(settings.cluster, ExistingCluster),
            "storage_gib": events.storage_gib,
            "storage_class": events.storage_class,
            "keep_records": are_kept(events, settings.environment),
            "audited": events.audit is not None,
            "autoscaler_namespace": KEDA if settings.autoscaling is not None else None,
            "others": [EVENTING_NAMESPACE] if settings.brokers_on_kafka is not None else [],
        },
        after(on_cluster, operator, *before),
    )


def make_tenant_events(
    name: str, tenant: str, settings: Settings, kafka: KafkaOutputs, opts: pulumi.ResourceOptions
) -> pulumi.Resource | None:
    """What a tenant has on `kafka`; None where it has nothing there. What uses it depends on it."""
    events = settings.events
    if events is None or settings.tenants[tenant].sent is None:
        return None
    topics = topics_by_tenant(events, settings.environment, {tenant: settings.tenants[tenant]})[tenant]
    return TenantEvents(
        f"{name}-events",
        {
            "tenant": tenant,
            "keep_records": are_kept(events, settings.environment),
        },
        topics,
        kafka,
        opts=opts,
    )
