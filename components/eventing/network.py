"""What pods that speak to Kafka need of a tenant's closed network. Pure."""

from components.eventing.logins import Login
from components.labels import KAFKA_LABEL
from components.manifest import Spec


def allow_kafka(login: Login) -> Spec:
    """Pods that say so reach the brokers."""
    return {
        "podSelector": {"matchLabels": {KAFKA_LABEL: "true"}},
        "policyTypes": ["Egress"],
        "egress": login.egress(),
    }
