"""Google's Managed Service for Apache Kafka as its API has it: brokers, topics and the authority of clients. Pure.

Sources: managedkafka API v1, Cluster and Topic; Google Cloud, "Overview" and "Brokers" of the service (brokers are
max(3, vCPUs / 15) in three zones; storage grows by itself); privateca API v1, CaPool.IssuancePolicy and X509Parameters.
"""

from typing import Any

from components.eventing.kafka_names import Topic
from components.eventing.kafka_objects import topic_config_text
from components.eventing.retention import replication

VERSION = "3.7.x"
"""Kafka of the brokers. Google mends it within the minor version by itself."""

BROKERS = 3
"""Brokers up to `settings.events.MOST_VCPUS`."""

SERVICE = "managedkafka.googleapis.com"
"""The service whose agent reaches the key and the pool of authorities."""

CLIENT_SECONDS = 90 * 86_400
"""Longest life of a client's certificate: `certificates` asks for no more."""

_AUTHORITY_SECONDS = 10 * 365 * 86_400


def capacity(vcpus: int, memory_gib: int) -> dict[str, str]:
    """What all brokers have together, as the API writes it."""
    return {"vcpu_count": str(vcpus), "memory_bytes": str(memory_gib * 1024**3)}


def topic_inputs(topic: Topic) -> dict[str, Any]:
    """What a topic is. Kafka can add partitions to one and takes none away."""
    return {
        "topic_id": topic.name,
        "partition_count": topic.partitions,
        "replication_factor": replication(BROKERS),
        "configs": topic_config_text(topic, BROKERS),
    }


def issuance_policy() -> dict[str, Any]:
    """What the pool signs: certificates of clients, by one name alone, for 90 days, and never an authority."""
    return {
        "allowed_issuance_modes": {"allow_csr_based_issuance": True, "allow_config_based_issuance": False},
        "allowed_key_types": [{"elliptic_curve": {"signature_algorithm": "ECDSA_P256"}}],
        "maximum_lifetime": f"{CLIENT_SECONDS}s",
        # Kafka knows a client by its subject. Further names are discarded.
        "identity_constraints": {"allow_subject_passthrough": True, "allow_subject_alt_names_passthrough": False},
        # These are laid over whatever is asked for.
        "baseline_values": {
            "ca_options": {"non_ca": True},
            "key_usage": {
                "base_key_usage": {"digital_signature": True},
                "extended_key_usage": {"client_auth": True},
            },
        },
    }


def authority() -> dict[str, Any]:
    """The authority itself: a key that only Google has, good for ten years."""
    return {
        "type": "SELF_SIGNED",
        "lifetime": f"{_AUTHORITY_SECONDS}s",
        "key_spec": {"algorithm": "EC_P256_SHA256"},
        "config": {
            "subject_config": {"subject": {"common_name": "multimodal kafka", "organization": "multimodal"}},
            "x509_config": {
                # It signs clients, and nobody who would sign others.
                "ca_options": {"is_ca": True, "zero_max_issuer_path_length": True},
                "key_usage": {
                    "base_key_usage": {"cert_sign": True, "crl_sign": True},
                    "extended_key_usage": {"client_auth": False},
                },
            },
        },
    }
