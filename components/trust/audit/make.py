"""The audit stream of a stack, from its settings."""

from collections.abc import Mapping

import pulumi

from components.catalog.workload_images import workload_image
from components.cluster.outputs import Foundation
from components.eventing.outputs import KafkaOutputs
from components.settings import Settings
from components.settings.cluster import EksCluster
from components.settings.event_topics import audit_on_kafka
from components.settings.events import are_kept
from components.trust.audit.stream import AuditStream


def make_audit(
    name: str,
    settings: Settings,
    foundation: Foundation,
    kafka: KafkaOutputs,
    lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource | None:
    """The stream, where the stack has one. Tenants' routers tell it what they do, so they depend on it.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        foundation: Its cluster's log and its store.
        kafka: Where it is.
        lock: Digests by image reference.
        opts: Parent and provider, and Kafka among what must be there before.
    """
    events = settings.events
    if events is None or events.audit is None:
        return None
    topics = audit_on_kafka(events, settings.environment, settings.tenants)
    if topics is None:
        return None
    return AuditStream(
        f"{name}-audit",
        {
            "provider": settings.cluster.provider,
            "cluster": pulumi.get_stack(),
            "region": settings.cluster.region if isinstance(settings.cluster, EksCluster) else "",
            "keep_records": are_kept(events, settings.environment),
            "auditors": list(events.audit.auditors),
            "image": workload_image("bento", lock=lock, mirror=settings.trust.mirror),
        },
        topics,
        kafka,
        foundation.audit_feed,
        None if events.audit.archive is False else foundation.storage,
        opts,
    )
