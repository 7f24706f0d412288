"""What is called what on Kafka: topics, users, groups and addresses, in one place for those who make and who use them.

All of a tenant's topics and consumer groups begin with its name and a dot, so that one prefixed ACL bounds it. No
tenant's name has a dot in it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

NAMESPACE = "kafka"
"""Namespace of the Kafka cluster that runs on Kubernetes."""

CLUSTER = "multimodal"
"""Name of that cluster's Kafka resource."""

TLS_PORT = 9093
"""The only listener: TLS, and every client shows a certificate."""

BOOTSTRAP = f"{CLUSTER}-kafka-bootstrap.{NAMESPACE}.svc:{TLS_PORT}"
"""Where clients within the cluster begin."""

ROUTER_SECRET = "kafka-router"  # noqa: S105 - a secret's name
"""Secret in each tenant's namespace with the certificate of its router: tls.crt, tls.key and ca.crt, kept fresh by
cert-manager."""

CLIENT_SECRET = "kafka-client"  # noqa: S105 - a secret's name
"""Secret in each tenant's namespace with the certificate of the tenant's own producers and consumers, of the same
form."""

LISTENER_SECRET = "kafka-listener"  # noqa: S105 - a secret's name
"""Secret beside the brokers with the certificate that they show to clients, of the same form."""

CLIENTS_CA_SECRET = f"{CLUSTER}-clients-ca-cert"
"""Secret beside the brokers whose `ca.crt` is the authority that they believe. The name is Strimzi's."""

CLIENTS_CA_KEY_SECRET = f"{CLUSTER}-clients-ca"
"""Secret where Strimzi looks for that authority's private key, of which it is given none."""

ISSUER = "kafka-ca"
"""ClusterIssuer of the authority for brokers and clients."""

AUDIT_TOPIC = "audit"
"""The platform's append-only record of who did what."""

AUDIT_NAMESPACE = "audit"
"""Namespace of what feeds, archives and reads it. All names on Kafka but the topic's begin with it and a dot."""


class Operation(StrEnum):
    """What a user may do to a topic or a group, as Kafka's ACLs call it."""

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"
    CREATE = "Create"
    DELETE = "Delete"


class Resource(StrEnum):
    """What an ACL is about."""

    TOPIC = "topic"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic."""

    name: str
    partitions: int
    retention_ms: int
    """How long a record is kept at least."""
    retention_bytes: int | None = None
    """Bytes per partition after which the oldest records go; None: no such bound."""
    segment_bytes: int | None = None
    """Bytes of one file of a partition; only whole files are removed. None: Kafka's own, 1 GiB."""
    max_message_bytes: int = 1_048_576
    """Largest batch that brokers take. Kafka's own default is 1 MiB."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Leave to do something."""

    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False
    """Whether `name` is the beginning of names rather than one name."""


@dataclass(frozen=True, kw_only=True)
class User:
    """Who connects, known by the common name of its certificate or by its cloud identity."""

    name: str
    grants: tuple[Grant, ...]
    produce_bytes_per_second: int | None = None
    """Per broker; None: no bound."""
    consume_bytes_per_second: int | None = None
    """Per broker; None: no bound."""
    people: bool = False
    """Whether it stands for people rather than for pods."""


@dataclass(frozen=True, kw_only=True)
class TenantTopics:
    """All that one tenant has on Kafka."""

    topics: tuple[Topic, ...]
    users: tuple[User, ...] = field(default_factory=tuple[User, ...])


def broker_names() -> list[str]:
    """Names under which clients reach the cluster: where they begin, and every broker.

    Source: Strimzi's documentation, "Specifying SANs for custom listener certificates".
    """
    begin = f"{CLUSTER}-kafka-bootstrap"
    return [
        begin,
        f"{begin}.{NAMESPACE}",
        f"{begin}.{NAMESPACE}.svc",
        f"*.{CLUSTER}-kafka-brokers.{NAMESPACE}.svc",
    ]


def secret_name(user: User) -> str:
    """What one of a tenant's users is called in its namespace: the Secret with its certificate or, where Kafka asks for
    a cloud identity, its service account."""
    return f"kafka-{user.name.rpartition('.')[2]}"


def events_topic(tenant: str) -> str:
    """Where a tenant's events enter."""
    return f"{tenant}.events"


def step_topic(tenant: str, flow: str, step: str) -> str:
    """What waits for one step of a flow: its backlog is the model's."""
    return f"{tenant}.flow.{flow}.{step}"


def step_group(tenant: str, flow: str, step: str) -> str:
    """Consumer group of a step; its lag scales the step's model."""
    return step_topic(tenant, flow, step)


def router_group(tenant: str) -> str:
    """Consumer group that reads `events_topic`."""
    return f"{tenant}.router"


def results_topic(tenant: str) -> str:
    """Where answers go."""
    return f"{tenant}.results"


def dead_letters_topic(tenant: str) -> str:
    """Where events go that no retry could help, with why."""
    return f"{tenant}.dead-letters"


def router_user(tenant: str) -> str:
    """Who the tenant's router is."""
    return f"{tenant}.router"


def client_user(tenant: str) -> str:
    """Who the tenant's own producers and consumers are."""
    return f"{tenant}.client"
