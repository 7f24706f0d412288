"""Holes in a tenant's closed network that its pipelines need. Pure."""

from components.cluster import api_addresses
from components.manifest import Spec
from components.pipelines.names import PIPELINES_LABEL, SERVER, STEP
from components.settings.pipelines import ManagedDatabase


def allow_api(addresses: tuple[str, ...]) -> Spec:
    """Servers and steps reach the Kubernetes API at `addresses`, of `api_addresses`."""
    asking = {"matchExpressions": [{"key": PIPELINES_LABEL, "operator": "In", "values": [SERVER, STEP]}]}
    return api_addresses.allow_api(asking, addresses)


def allow_database(database: ManagedDatabase) -> Spec:
    """Servers reach a database outside the cluster."""
    return {
        "podSelector": {"matchExpressions": [{"key": PIPELINES_LABEL, "operator": "Exists"}]},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": database.cidr}}],
                "ports": [{"protocol": "TCP", "port": database.port}],
            }
        ],
    }
