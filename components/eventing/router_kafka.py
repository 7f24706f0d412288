"""How the router speaks to Kafka: what it reads, and how it writes. Pure.

Sources: Bento v1.10.0, website/docs (kafka_franz, retry) and internal/impl/kafka.
"""

from dataclasses import dataclass

from components.manifest import Spec

HEADROOM_KIB = 64
"""What the platform's attributes and Kafka's own framing may add to data of the largest size that a topic takes."""

CALLS_PER_PARTITION = 4
"""Events of one partition that may be ahead of the oldest unfinished one, per call at once: so many pass one that keeps
failing or waits. Kafka is told of a finished event only when all before it are finished too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iam:
    """Kafka on AWS that clients sign in to with the identity of their pod."""

    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where Kafka is, and who the router is there."""

    bootstrap: str
    certificates: str | None
    """Folder with tls.crt, tls.key and ca.crt; None: no certificate."""
    public: bool = False
    """Whether the brokers' own certificates are of a public authority, which every system believes; else of the one in
    ca.crt."""
    iam: Iam | None = None
    """With neither a certificate nor this, without TLS."""
    client: str = "router"
    """What it calls itself in brokers' logs and metrics."""


def client(broker: Broker) -> Spec:
    """What every client of Kafka needs to know."""
    known: Spec = {"seed_brokers": [broker.bootstrap], "client_id": broker.client}
    if broker.iam is not None:
        # Brokers' certificates are of Amazon's public authority.
        signed = {"mechanism": "AWS_MSK_IAM", "aws": {"region": broker.iam.region}}
        return {**known, "tls": {"enabled": True}, "sasl": [signed]}
    if broker.certificates is None:
        return known
    folder = broker.certificates
    shown = {"cert_file": f"{folder}/tls.crt", "key_file": f"{folder}/tls.key"}
    believed = {} if broker.public else {"root_cas_file": f"{folder}/ca.crt"}
    return {**known, "tls": {"enabled": True, **believed, "client_certs": [shown]}}


def reader(broker: Broker, topic: str, group: str, *, at_once: int, largest_kib: int) -> Spec:
    """Input that reads `topic` for `group`, at least once."""
    return {
        "kafka_franz": {
            **client(broker),
            "topics": [topic],
            "consumer_group": group,
            "checkpoint_limit": at_once * CALLS_PER_PARTITION,
            "commit_period": "1s",
            "fetch_max_wait": "1s",
            # A few of the largest, since every stream holds what it fetched.
            "fetch_max_bytes": f"{4 * (largest_kib + HEADROOM_KIB)}KiB",
            "fetch_max_partition_bytes": f"{largest_kib + HEADROOM_KIB}KiB",
            # A topic may come into being after its stream.
            "reconnect_on_unknown_topic_or_partition": True,
            "metadata_max_age": "30s",
        }
    }


def writer(broker: Broker, largest_kib: int) -> Spec:
    """Output to the topic that a message names. What cannot be written is kept and written later, not worked out again:
    a model's answer is not asked for twice because brokers restart."""
    return {
        "retry": {
            "max_retries": 0,
            "backoff": {"initial_interval": "500ms", "max_interval": "10s", "max_elapsed_time": "0s"},
            "output": {
                "kafka_franz": {
                    **client(broker),
                    "topic": "${! @topic }",
                    "key": "${! @key }",
                    # Kafka's binding of CloudEvents tells their form by this header.
                    "metadata": {"include_patterns": ["^content-type$"]},
                    "max_in_flight": 64,
                    "timeout": "30s",
                    "max_message_bytes": f"{largest_kib + HEADROOM_KIB}KiB",
                    # Every client can read this one.
                    "compression": "gzip",
                }
            },
        }
    }
