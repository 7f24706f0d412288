"""Settings of Knative: Serving, and Eventing where it is asked for."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from components.settings.events import Events, KafkaProvider
from components.settings.model import Model, Name, PositiveCount

ConfigName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")]
"""Name of a ConfigMap of Knative Serving without its `config-`, such as autoscaler."""


class KafkaBrokers(Model):
    """Kafka under Eventing's brokers."""

    bootstrap: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*:\d{1,5}$")] | None = None
    """Where clients of a Kafka of yours begin, over TLS with a certificate of theirs, such as kafka.example.com:9093.
    None: the platform's own, of `multimodal:events`."""

    secret: Name | None = None
    """For a Kafka of yours: a Secret in the namespace knative-eventing with protocol (SSL), ca.crt, user.crt and
    user.key, of a user who may make topics and groups that begin with knative-eventing and a dot. You make it."""

    partitions: PositiveCount = 6
    """Partitions of a broker's topic."""

    kib_per_second: Annotated[float, Field(gt=0, le=102_400)] = 64
    """KiB that all brokers together take in per second, on average over the busiest `events.outageHours`. Kafka's
    volumes must hold twice as much for that long, and more is slowed down. On the platform's own Kafka only."""


class Eventing(Model):
    """Knative Eventing: brokers, triggers, and sources of Kafka's events, for tenants that want them."""

    kafka: KafkaBrokers | None = None
    """Where brokers keep events. None (the default): on the platform's Kafka in a stack that has `multimodal:events`;
    without, in memory, and they are lost with their pods."""


class Knative(Model):
    """Knative's operator and what it installs: Serving with Kourier inside the cluster. The section being there
    installs them."""

    eventing: Eventing | None = None
    """Eventing too. None (the default): not installed; the platform's own flows do not need it."""

    config: dict[ConfigName, dict[str, str]] = Field(default_factory=dict)
    """Further entries of Serving's ConfigMaps, merged last, such as {autoscaler: {stable-window: 120s}}."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the knative-operator chart."""


def on_platform(knative: Knative | None, events: Events | None) -> KafkaBrokers | None:
    """What Eventing's brokers are on the platform's own Kafka; None where there are none, or they are elsewhere."""
    if knative is None or knative.eventing is None or events is None or events.provider is not KafkaProvider.STRIMZI:
        return None
    chosen = knative.eventing.kafka or KafkaBrokers()
    return chosen if chosen.bootstrap is None else None
