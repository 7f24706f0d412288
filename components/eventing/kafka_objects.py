"""Kafka on Kubernetes as Strimzi's custom resources. Pure.

Sources: strimzi-kafka-operator 1.2.0: its CRDs (fields), examples/ (settings of three brokers), documentation/modules/
security (certificates of one's own, names in them); of its code, where the documentation is silent, `Ca.trustedCaCerts`
(every key of the clients CA's Secret that ends in .crt is trusted) and `InternalCa` (the CA's private key is read only
to sign, which `tls-external` users never ask for).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.catalog.kafka import KAFKA_VERSION, METADATA_VERSION
from components.eventing.kafka_names import (
    AUDIT_NAMESPACE,
    CLUSTER,
    LISTENER_SECRET,
    NAMESPACE,
    TLS_PORT,
    Grant,
    Topic,
    User,
)
from components.eventing.retention import in_sync, replication
from components.labels import KAFKA_LABEL, TENANT, platform_labels, tenant_labels
from components.manifest import Spec

API = "kafka.strimzi.io/v1"
"""The only version that Strimzi serves since 1.0."""

CLUSTER_LABEL = {"strimzi.io/cluster": CLUSTER}
"""On everything of the cluster: which one it is of."""

ZONE = "topology.kubernetes.io/zone"
_HOST = "kubernetes.io/hostname"

_METRICS = {"type": "strimziMetricsReporter"}
"""Brokers show their own metrics to Prometheus, on port 9404."""


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """What the cluster's nodes are."""

    brokers: int
    apart: bool
    """Whether three nodes of their own hold the metadata; else the brokers do so themselves."""
    zones: bool
    """Whether nodes carry the label of their zone, so that replicas lie in different ones."""
    storage_gib: int
    """GiB of each broker's volume."""
    storage_class: str | None = None
    """None: the cluster's default class."""


def node_pools(nodes: Nodes) -> dict[str, Spec]:
    """Specs of the KafkaNodePools by name."""
    if not nodes.apart:
        roles = ["controller", "broker"]
        return {"combined": _pool(nodes, "combined", roles, nodes.brokers, nodes.storage_gib, _size("250m", 1024))}
    return {
        "controller": _pool(nodes, "controller", ["controller"], 3, 10, _size("250m", 1024)),
        "broker": _pool(nodes, "broker", ["broker"], nodes.brokers, nodes.storage_gib, _size("1", 4096)),
    }


def platform_metadata(name: str) -> Spec:
    """Metadata of a KafkaNodePool, and of a topic or user of the platform's own."""
    return {"name": name, "namespace": NAMESPACE, "labels": {**platform_labels(), **CLUSTER_LABEL}}


def _size(cpu: str, memory_mib: int) -> dict[str, Any]:
    """Half of the memory is the JVM's heap; the rest is for what it needs beside it and for the page cache."""
    heap = f"{memory_mib // 2}m"
    memory = f"{memory_mib}Mi"
    return {
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "jvmOptions": {"-Xms": heap, "-Xmx": heap},
    }


def _pool(nodes: Nodes, name: str, roles: list[str], replicas: int, storage_gib: int, size: dict[str, Any]) -> Spec:
    volume: dict[str, Any] = {
        "id": 0,
        "type": "persistent-claim",
        "size": f"{storage_gib}Gi",
        "kraftMetadata": "shared",
        # Whoever deletes the cluster does not thereby delete its records.
        "deleteClaim": False,
    }
    if nodes.storage_class is not None:
        volume["class"] = nodes.storage_class
    spec: dict[str, Any] = {
        "replicas": replicas,
        "roles": roles,
        "storage": {"type": "jbod", "volumes": [volume]},
        **size,
    }
    if replicas > 1:
        keys = [ZONE, _HOST] if nodes.zones else [_HOST]
        spec["template"] = {"pod": {"topologySpreadConstraints": [_spread(key, name) for key in keys]}}
    return spec


def _spread(key: str, pool: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {**CLUSTER_LABEL, "strimzi.io/pool-name": pool}},
        # Zones that have GPU nodes only are none where these pods could go.
        "nodeTaintsPolicy": "Honor",
    }


def kafka_metadata() -> Spec:
    """Metadata of the Kafka resource. Pulumi waits until the brokers answer."""
    return {
        "name": CLUSTER,
        "namespace": NAMESPACE,
        "labels": platform_labels(),
        "annotations": {"pulumi.com/waitFor": "condition=Ready"},
    }


def kafka_spec(
    nodes: Nodes, autoscaler_namespace: str | None, *, audited: bool = False, others: Sequence[str] = ()
) -> Spec:
    """Spec of the Kafka resource: one listener, TLS with certificates on both sides, nothing allowed but by ACL.

    Args:
        nodes: What the cluster's nodes are.
        autoscaler_namespace: From where an autoscaler reads how far consumers are behind; None: there is none.
        audited: Whether the audit stream's pods are let in.
        others: Further namespaces of the platform whose pods are let in, whatever they say of themselves.
    """
    kafka: dict[str, Any] = {
        "version": KAFKA_VERSION,
        "metadataVersion": METADATA_VERSION,
        "listeners": [_listener([*filter(None, [autoscaler_namespace]), *others], audited=audited)],
        "authorization": {"type": "simple"},
        "config": server_config(nodes.brokers),
        "metricsConfig": _METRICS,
        "template": {"podDisruptionBudget": {"maxUnavailable": 1}},
    }
    if nodes.zones and nodes.brokers > 1:
        kafka["rack"] = {"topologyKey": ZONE}
    operator = {"resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}}
    return {
        "kafka": kafka,
        # Strimzi makes the certificates of its own parts; those of clients come from the platform's authority.
        "clientsCa": {"generateCertificateAuthority": False},
        "entityOperator": {"topicOperator": operator, "userOperator": operator},
    }


def server_config(brokers: int) -> dict[str, int | bool]:
    """What brokers are told, whoever runs them."""
    copies, needed = replication(brokers), in_sync(brokers)
    return {
        # Topics are resources; a mistyped name is an error and no new topic.
        "auto.create.topics.enable": False,
        "default.replication.factor": copies,
        "min.insync.replicas": needed,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": needed,
        # How far consumers are is remembered for as long as a tenant may have switched its consumers off.
        "offsets.retention.minutes": 60 * 24 * 30,
    }


def _listener(clients: Sequence[str], *, audited: bool) -> dict[str, Any]:
    tenants: dict[str, Any] = {
        "namespaceSelector": {"matchExpressions": [{"key": TENANT, "operator": "Exists"}]},
        "podSelector": {"matchLabels": {KAFKA_LABEL: "true"}},
    }
    peers = [tenants]
    if audited:
        peers.append(
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": AUDIT_NAMESPACE}},
                "podSelector": {"matchLabels": {KAFKA_LABEL: "true"}},
            }
        )
    peers += [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}} for name in clients]
    return {
        "name": "tls",
        "port": TLS_PORT,
        "type": "internal",
        "tls": True,
        "authentication": {"type": "tls"},
        "configuration": {
            "brokerCertChainAndKey": {"secretName": LISTENER_SECRET, "certificate": "tls.crt", "key": "tls.key"}
        },
        # The operator makes a network policy of them.
        "networkPolicyPeers": peers,
    }


def topic_metadata(tenant: str, topic: Topic) -> Spec:
    """Metadata of a tenant's KafkaTopic."""
    return _tenant_metadata(tenant, topic.name)


def user_metadata(tenant: str, user: User) -> Spec:
    """Metadata of a tenant's KafkaUser. The principal is User:CN=<name>."""
    return _tenant_metadata(tenant, user.name)


def _tenant_metadata(tenant: str, name: str) -> Spec:
    if tenant == AUDIT_NAMESPACE:
        return platform_metadata(name)
    return {"name": name, "namespace": NAMESPACE, "labels": {**tenant_labels(tenant), **CLUSTER_LABEL}}


def topic_spec(topic: Topic, brokers: int) -> Spec:
    """Spec of a KafkaTopic. Kafka can add partitions to a topic and takes none away."""
    return {
        "partitions": topic.partitions,
        "replicas": replication(brokers),
        "config": topic_config(topic, brokers),
    }


def topic_config(topic: Topic, brokers: int) -> dict[str, int | str]:
    """What a topic keeps and takes, whoever runs the brokers."""
    config: dict[str, int | str] = {
        "cleanup.policy": "delete",
        "retention.ms": topic.retention_ms,
        "max.message.bytes": topic.max_message_bytes,
        "min.insync.replicas": in_sync(brokers),
    }
    if topic.retention_bytes is not None:
        config["retention.bytes"] = topic.retention_bytes
    if topic.segment_bytes is not None:
        config["segment.bytes"] = topic.segment_bytes
    return config


def topic_config_text(topic: Topic, brokers: int) -> dict[str, str]:
    """The same as clouds take it: all values are text."""
    return {key: plain(value) for key, value in topic_config(topic, brokers).items()}


def plain(value: object) -> str:
    """A value of a configuration as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def user_spec(user: User) -> Spec:
    """Spec of a KafkaUser whose certificate cert-manager makes."""
    quotas = {
        "producerByteRate": user.produce_bytes_per_second,
        "consumerByteRate": user.consume_bytes_per_second,
    }
    return {
        "authentication": {"type": "tls-external"},
        "authorization": {"type": "simple", "acls": [_acl(grant) for grant in user.grants]},
        "quotas": {key: value for key, value in quotas.items() if value is not None},
    }


def _acl(grant: Grant) -> dict[str, Any]:
    return {
        "resource": {
            "type": grant.resource.value,
            "name": grant.name,
            "patternType": "prefix" if grant.prefixed else "literal",
        },
        "operations": [operation.value for operation in grant.operations],
        "type": "allow",
        "host": "*",
    }
