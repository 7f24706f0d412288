"""Holes in a tenant's closed network that its pipelines need. Pure."""

from components.cluster.api_addresses import API_PORTS
from components.manifest import Spec
from components.pipelines.names import PIPELINES_LABEL, SERVER, STEP
from components.serving.network import LINK_LOCAL
from components.settings.pipelines import ManagedDatabase


def allow_api(addresses: tuple[str, ...]) -> Spec:
    """Servers and steps reach the Kubernetes API; `addresses` is empty where it is public and nobody knows them."""
    peers = [{"ipBlock": {"cidr": address}} for address in addresses]
    public = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [LINK_LOCAL]}}]
    ports = API_PORTS if addresses else API_PORTS[:1]
    return {
        "podSelector": {"matchExpressions": [{"key": PIPELINES_LABEL, "operator": "In", "values": [SERVER, STEP]}]},
        "policyTypes": ["Egress"],
        "egress": [{"to": peers or public, "ports": [{"protocol": "TCP", "port": port} for port in ports]}],
    }


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
