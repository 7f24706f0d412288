"""Strimzi's custom resources as what a broker is told: properties, topics, ACLs and quotas. Pure.

Source: strimzi/strimzi-kafka-operator 1.2.0: cluster-operator KafkaBrokerConfigurationBuilder (listeners, super users),
api KafkaClusterSpec (properties that are the operator's own), topic-operator TopicOperatorUtil and user-operator
SimpleAclRule, QuotaUtils and KafkaUserModel (principal).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from rehearsal.controllers.base import ConfigurationError, value
from rehearsal.kube import JsonObject

_OWN = (
    *("listeners", "advertised.", "broker.", "listener.", "host.name", "port", "inter.broker.listener.name"),
    *("sasl.", "ssl.", "security.", "password.", "log.dir", "zookeeper.", "authorizer.", "super.user"),
    *("node.id", "process.roles", "controller.", "metadata.log.dir", "prometheus.metrics.reporter."),
)
"""How the names of properties begin that the operator sets itself and ignores in the resource."""
_NOT_OWN = (
    *("sasl.server.max.receive.size", "ssl.cipher.suites", "ssl.protocol", "ssl.enabled.protocols"),
    *("broker.session.timeout.ms", "broker.heartbeat.interval.ms", "controller.socket.timeout.ms"),
    *("controller.quorum.election.backoff.max.ms", "controller.quorum.election.timeout.ms"),
    *("controller.quorum.fetch.timeout.ms", "ssl.secure.random.implementation"),
)
_ONE = (
    *("default.replication.factor", "min.insync.replicas"),
    *("offsets.topic.replication.factor", "transaction.state.log.replication.factor"),
    *("transaction.state.log.min.isr", "share.coordinator.state.topic.replication.factor"),
    "share.coordinator.state.topic.min.isr",
)
"""Properties that a single broker can only have at 1."""


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One listener of a Kafka resource: TLS, and every client shows a certificate."""

    name: str
    port: int
    secret: str
    """Secret with the broker's certificate and key."""
    certificate: str
    """Key of that Secret."""
    key: str
    """Key of that Secret."""

    @property
    def alias(self) -> str:
        """What the broker calls it."""
        return f"{self.name.upper()}-{self.port}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What one Kafka resource asks for."""

    namespace: str
    name: str
    listeners: tuple[Listener, ...]
    properties: Mapping[str, str]
    super_users: tuple[str, ...]
    metadata_version: str
    """Empty: the newest that the broker knows."""
    clamped: tuple[str, ...] = ()
    """Properties that one broker could not have as they are."""

    def bootstrap(self, listener: Listener) -> str:
        """Where clients within the cluster begin."""
        return f"{self.name}-kafka-bootstrap.{self.namespace}.svc:{listener.port}"

    def broker_name(self, pool: str) -> str:
        """Name by which clients within the cluster reach the first broker of a pool."""
        return f"{self.name}-{pool}-0.{self.name}-kafka-brokers.{self.namespace}.svc"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What one KafkaTopic asks for."""

    name: str
    partitions: int
    """-1: the broker's default."""
    config: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, order=True)
class Acl:
    """One thing that a user may or may not do."""

    resource: str
    """topic, group, cluster or transactional_id."""
    name: str
    pattern: str
    """literal or prefixed."""
    operation: str
    """As Kafka's protocol names it, such as DESCRIBE_CONFIGS."""
    host: str = "*"
    allow: bool = True


@dataclass(frozen=True, kw_only=True)
class User:
    """What one KafkaUser asks for."""

    name: str
    """As Kafka knows it: its certificate's distinguished name."""
    acls: frozenset[Acl]
    quotas: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def principal(self) -> str:
        """As it stands in ACLs."""
        return f"User:{self.name}"


def cluster(kafka: Mapping[str, Any]) -> Cluster:
    """What a Kafka resource asks for.

    Raises:
        ConfigurationError: for what no broker here can do, naming the path.
    """
    metadata, spec = kafka["metadata"], kafka["spec"]["kafka"]
    properties: dict[str, str] = {}
    clamped: list[str] = []
    for name, wanted in cast("Mapping[str, Any]", spec.get("config") or {}).items():
        if name.startswith(_OWN) and name not in _NOT_OWN:
            raise ConfigurationError(f"spec.kafka.config {name}: the operator sets it itself and ignores it here")
        properties[name] = _written(wanted)
        if name in _ONE and properties[name] != "1":
            properties[name] = "1"
            clamped.append(name)
    authorization: JsonObject = spec.get("authorization") or {}
    if authorization.get("type") != "simple":
        kind = authorization.get("type")
        raise ConfigurationError(f"spec.kafka.authorization.type is {kind!r}, must be simple in a rehearsal")
    return Cluster(
        namespace=metadata["namespace"],
        name=metadata["name"],
        listeners=tuple(_listener(number, one) for number, one in enumerate(spec["listeners"])),
        properties=properties,
        super_users=tuple(f"User:{one}" for one in authorization.get("superUsers") or ()),
        metadata_version=str(spec.get("metadataVersion") or ""),
        clamped=tuple(clamped),
    )


def _listener(number: int, body: Mapping[str, Any]) -> Listener:
    where = f"spec.kafka.listeners[{number}]"
    for path, wanted in (("type", "internal"), ("tls", True), ("authentication.type", "tls")):
        if value(body, path) != wanted:
            told = f"{where}.{path} is {value(body, path)!r}, must be {wanted!r} in a rehearsal"
            raise ConfigurationError(told)
    source: JsonObject = value(body, "configuration.brokerCertChainAndKey", {})
    if not source:
        raise ConfigurationError(f"{where}.configuration.brokerCertChainAndKey is missing: a rehearsal signs nothing")
    return Listener(
        name=body["name"],
        port=int(body["port"]),
        secret=source["secretName"],
        certificate=source["certificate"],
        key=source["key"],
    )


def topic(body: Mapping[str, Any]) -> Topic:
    """What a KafkaTopic asks for; one broker holds one replica, so `replicas` and its like are 1."""
    spec = body["spec"]
    given: JsonObject = spec.get("config") or {}
    config = {name: _written(wanted) for name, wanted in given.items() if wanted is not None}
    return Topic(
        name=spec.get("topicName") or body["metadata"]["name"],
        partitions=int(spec.get("partitions") or -1),
        config=config | {name: "1" for name in _ONE if name in config},
    )


def user(body: Mapping[str, Any]) -> User:
    """What a KafkaUser asks for.

    Raises:
        ConfigurationError: for authentication other than by certificate.
    """
    spec = body["spec"]
    kind = value(spec, "authentication.type")
    if kind not in ("tls", "tls-external"):
        raise ConfigurationError(f"spec.authentication.type is {kind!r}, must be tls or tls-external in a rehearsal")
    rules: list[JsonObject] = value(spec, "authorization.acls", [])
    quotas: Mapping[str, Any] = spec.get("quotas") or {}
    return User(
        name=f"CN={body['metadata']['name']}",
        acls=frozenset(acl for rule in rules for acl in _acls(rule)),
        quotas={_snake(name): float(limit) for name, limit in quotas.items() if limit is not None},
    )


def _acls(rule: Mapping[str, Any]) -> list[Acl]:
    resource = rule["resource"]
    kind = _snake(resource["type"])
    return [
        Acl(
            resource=kind,
            name="kafka-cluster" if kind == "cluster" else resource["name"],
            pattern="prefixed" if resource.get("patternType") == "prefix" else "literal",
            operation=_snake(operation).upper(),
            host=rule.get("host") or "*",
            allow=rule.get("type", "allow") == "allow",
        )
        for operation in rule["operations"]
    ]


def _snake(name: str) -> str:
    """`producerByteRate` and `DescribeConfigs` as `producer_byte_rate` and `describe_configs`."""
    return "".join(f"_{one.lower()}" if one.isupper() and at else one.lower() for at, one in enumerate(name))


def _written(wanted: Any) -> str:
    """A value as in a properties file: whole numbers without the point that a plain YAML reader may have given them."""
    if isinstance(wanted, bool):
        return str(wanted).lower()
    if isinstance(wanted, float) and wanted.is_integer():
        return str(int(wanted))
    return ",".join(map(_written, cast("list[Any]", wanted))) if isinstance(wanted, list) else str(wanted)
