"""Settings of Knative: Serving, and Eventing where it is asked for."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from components.settings.model import Model, Name, PositiveCount

ConfigName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")]
"""Name of a ConfigMap of Knative Serving without its `config-`, such as autoscaler."""


class KafkaBrokers(Model):
    """Kafka under Eventing's brokers and sinks."""

    bootstrap: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*:\d{1,5}$")]
    """Where clients begin, over TLS with a certificate of theirs, such as
    multimodal-kafka-bootstrap.kafka.svc:9093."""

    secret: Name
    """Secret of yours in the namespace knative-eventing: protocol (SSL), ca.crt, user.crt and user.key, of a user who
    may make topics and groups in tenants' names."""

    partitions: PositiveCount = 6
    """Partitions of a broker's topic."""


class Eventing(Model):
    """Knative Eventing: brokers, triggers, and sources of Kafka's events, for tenants that want them."""

    kafka: KafkaBrokers | None = None
    """None: brokers keep events in memory, and lose them with their pods."""


class Knative(Model):
    """Knative's operator and what it installs: Serving with Kourier inside the cluster. The section being there
    installs them."""

    eventing: Eventing | None = None
    """Eventing too. None (the default): not installed; the platform's own flows do not need it."""

    config: dict[ConfigName, dict[str, str]] = Field(default_factory=dict)
    """Further entries of Serving's ConfigMaps, merged last, such as {autoscaler: {stable-window: 120s}}."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the knative-operator chart."""
