"""Knative as a stack wants it."""

from collections.abc import Mapping

import pulumi

from components.catalog.image_refs import parse_reference
from components.catalog.workload_images import WORKLOAD_IMAGES, workload_image
from components.eventing.kafka_names import BOOTSTRAP
from components.helm import merge
from components.knative.kafka import BrokersOnKafka
from components.knative.kafka_access import broker_config
from components.knative.knative import Knative
from components.knative.specs import serving_config
from components.order import after
from components.settings import Settings
from components.settings.events import broker_count
from components.settings.knative import Knative as KnativeSettings
from components.settings.model import Environment


def _broker_config(settings: Settings, knative: KnativeSettings) -> dict[str, str] | None:
    """Where Eventing's brokers keep events; None: in memory."""
    events, own = settings.events, settings.brokers_on_kafka
    if events is not None and own is not None:
        return broker_config(
            BOOTSTRAP,
            partitions=own.partitions,
            hours=events.outage_hours,
            brokers=broker_count(events, settings.environment),
        )
    other = knative.eventing.kafka if knative.eventing is not None else None
    if other is None or other.bootstrap is None or other.secret is None:
        return None
    return {
        "bootstrap.servers": other.bootstrap,
        "auth.secret.ref.name": other.secret,
        "default.topic.partitions": str(other.partitions),
        "default.topic.replication.factor": "3" if settings.environment is Environment.PROD else "1",
    }


def make_brokers(
    name: str, settings: Settings, before: list[pulumi.Resource], on_cluster: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """What Eventing's brokers need of the platform's Kafka, where they are on it; tenants' brokers depend on it.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        before: Kafka, Knative, and Kyverno, which must not go before its rule.
        on_cluster: Parent and provider.
    """
    own, events = settings.brokers_on_kafka, settings.events
    if own is None or events is None:
        return []
    return [
        BrokersOnKafka(
            f"{name}-brokers",
            {"kib_per_second": own.kib_per_second, "brokers": broker_count(events, settings.environment)},
            after(on_cluster, *before),
        )
    ]


def make_knative(
    name: str, settings: Settings, knative: KnativeSettings, lock: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Knative; KServe, models in knative mode and tenants depend on it."""
    mirror = settings.trust.mirror
    pinned = {parse_reference(workload_image(key, lock=lock, mirror=mirror)).registry for key in WORKLOAD_IMAGES}
    pinned |= {registry.partition("/")[0] for registry in settings.trust.registries}
    # Knative compares with the name that Docker's registry answers under.
    registries = tuple(sorted("index.docker.io" if name == "docker.io" else name for name in pinned))
    config = serving_config(workload_image("queue-proxy", lock=lock, mirror=mirror), registries)
    return Knative(
        f"{name}-knative",
        {
            "version": settings.versions.knative,
            "replicas": 2 if settings.environment is Environment.PROD else 1,
            "config": merge(config, knative.config),
            "eventing": knative.eventing is not None,
            "brokers": _broker_config(settings, knative),
            "keda": settings.autoscaling is not None,
            "images_lock": dict(lock),
            "values": knative.values,
        },
        opts,
    )
