"""What pods that speak to Kafka need of a tenant's closed network. Pure."""

from components.eventing.kafka_names import NAMESPACE, TLS_PORT
from components.eventing.kafka_objects import CLUSTER_LABEL
from components.labels import KAFKA_LABEL
from components.manifest import Spec


def allow_kafka() -> Spec:
    """Pods that say so reach the brokers; those let in the same pods (`kafka_objects.kafka_spec`)."""
    brokers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "podSelector": {"matchLabels": CLUSTER_LABEL},
    }
    return {
        "podSelector": {"matchLabels": {KAFKA_LABEL: "true"}},
        "policyTypes": ["Egress"],
        "egress": [{"to": [brokers], "ports": [{"protocol": "TCP", "port": TLS_PORT}]}],
    }
