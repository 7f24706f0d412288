"""What Eventing needs of the platform's Kafka: a user, its certificate, and the keys that Knative reads it by. Pure.

Knative reads `protocol`, `ca.crt`, `user.crt` and `user.key` of a Secret; cert-manager writes `tls.crt` and `tls.key`,
and has no setting for other names. A rule of Kyverno's, which every stack runs, adds Knative's names to that one Secret
whenever it is written. So nothing copies a private key elsewhere, and a renewed certificate is there under both names
at once: Knative watches the Secret and connects anew.
Sources: eventing-kafka-broker v0.49.2, control-plane/pkg/security/secret.go (keys; a key in PKCS #8),
reconciler/broker (secrets are tracked), pkg/kafka/topic.go; cert-manager v1.20, issuing/internal/secret.go (it applies
the whole Secret); kyverno v1.19, its CRD MutatingPolicy and controllers/webhook (a policy's selectors become those of
its webhook).
"""

import base64
import math

from components.eventing.certificates import client
from components.eventing.kafka_names import Grant, Operation, Resource, User
from components.eventing.retention import SURPLUS, in_sync, replication
from components.knative.names import BROKERS_PREFIX, BROKERS_SECRET, BROKERS_USER, EVENTING_NAMESPACE
from components.manifest import Spec

SEGMENT_BYTES = 64 * 1024 * 1024
"""Bytes of one file of a broker's topic; only whole files are removed."""

_TOPICS = (Operation.CREATE, Operation.DELETE, Operation.DESCRIBE, Operation.READ, Operation.WRITE)
_GROUPS = (Operation.READ, Operation.DESCRIBE, Operation.DELETE)


def features() -> dict[str, str]:
    """How Eventing calls what it makes on Kafka, so that one prefix bounds it."""
    return {
        "brokers-topic-template": f"{BROKERS_PREFIX}broker.{{{{ .Namespace }}}}.{{{{ .Name }}}}",
        "triggers-consumergroup-template": f"{BROKERS_PREFIX}trigger.{{{{ .Namespace }}}}.{{{{ .Name }}}}",
        "channels-topic-template": f"{BROKERS_PREFIX}channel.{{{{ .Namespace }}}}.{{{{ .Name }}}}",
    }


def brokers_user(kib_per_second: float, brokers: int) -> User:
    """Who Eventing's parts are: it makes, fills and removes brokers' topics, and nothing of anybody else's.

    Args:
        kib_per_second: What all brokers of Eventing take in together; twice of it is let through.
        brokers: Brokers of Kafka.
    """
    return User(
        name=BROKERS_USER,
        grants=(
            Grant(resource=Resource.TOPIC, name=BROKERS_PREFIX, operations=_TOPICS, prefixed=True),
            Grant(resource=Resource.GROUP, name=BROKERS_PREFIX, operations=_GROUPS, prefixed=True),
        ),
        # Topics come by themselves here, so this is all that bounds what they keep.
        produce_bytes_per_second=math.ceil(kib_per_second * 1024 * SURPLUS / brokers),
    )


def broker_config(bootstrap: str, *, partitions: int, hours: float, brokers: int) -> dict[str, str]:
    """Knative's ConfigMap `kafka-broker-config`: where brokers keep events, and what their topics are.

    Args:
        bootstrap: Where clients begin.
        partitions: Of each topic.
        hours: How long an event waits for a trigger at most.
        brokers: Brokers of Kafka.
    """
    topic = {
        "retention.ms": round(hours * 3_600_000),
        "segment.bytes": SEGMENT_BYTES,
        "min.insync.replicas": in_sync(brokers),
    }
    return {
        "bootstrap.servers": bootstrap,
        "auth.secret.ref.name": BROKERS_SECRET,
        "default.topic.partitions": str(partitions),
        "default.topic.replication.factor": str(replication(brokers)),
        **{f"default.topic.config.{key}": str(value) for key, value in topic.items()},
    }


def certificate() -> Spec:
    """Spec of the Certificate of Eventing's user."""
    return client(BROKERS_USER, BROKERS_SECRET)


def keys_policy() -> Spec:
    """Spec of Kyverno's MutatingPolicy that adds Knative's keys to the Secret of that certificate."""
    added = {
        "protocol": f'"{base64.b64encode(b"SSL").decode()}"',
        "user.crt": 'object.data["tls.crt"]',
        "user.key": 'object.data["tls.key"]',
    }
    patches = ", ".join(f'JSONPatch{{op: "add", path: "/data/{key}", value: {value}}}' for key, value in added.items())
    return {
        # The webhook is for this namespace alone; elsewhere nobody's Secrets wait for Kyverno.
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": EVENTING_NAMESPACE}},
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
            ],
        },
        "matchConditions": [
            {
                "name": "the-certificate-of-brokers",
                "expression": (
                    f'object.metadata.name == "{BROKERS_SECRET}" && has(object.data)'
                    ' && "tls.crt" in object.data && "tls.key" in object.data'
                ),
            }
        ],
        # cert-manager tries again; without the keys brokers would stop at the next renewal.
        "failurePolicy": "Fail",
        # Its reports would need leave to read Secrets.
        "evaluation": {"background": {"enabled": False}},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": f"[{patches}]"}}],
    }
