"""What an AKS cluster is made from."""

from typing import TypedDict

from components.cluster.aks_upgrades import MaintenanceArgs
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs


class AksClusterArgs(TypedDict):
    """What an AKS cluster needs to know."""

    subscription_id: str
    location: str
    """Azure region in short form, such as eastus2."""

    tenant_id: str | None
    """Entra ID tenant of the administrators; None: the subscription's own."""

    network_cidr: str
    """Network of nodes; not used with `existing_subnet_id`."""

    existing_subnet_id: str | None
    """Subnet of another's network that the nodes move into, by resource id; None: a network is made. It lies in
    `location` and has a NAT gateway."""

    flow_logs: bool
    """Keeps a log of connections."""

    pods_cidr: str
    """Pod addresses, an overlay that exists only inside the cluster."""

    services_cidr: str
    """Kubernetes service addresses. None of the three may overlap."""

    public_cidrs: list[str]
    """Networks that may reach the public API endpoint. Empty: the cluster is private."""

    kubernetes_version: str
    """Minor version, such as 1.34."""

    upgrade_channel: str
    """What AKS upgrades by itself: patch, stable, rapid, node-image or none."""

    maintenance: MaintenanceArgs
    """When it may."""

    uptime_sla: bool
    """Pays for a control plane with an agreed uptime (tier Standard instead of Free)."""

    locked: bool
    """Puts a lock on the cluster: nobody but this stack deletes it."""

    admin_groups: list[str]
    """Object ids of the Entra ID groups that administer the cluster. Local accounts are off, so whoever runs Pulumi
    must be a member of one."""

    zones: list[str]
    """Availability zones of the system pool; empty in a region without."""

    system_pool: SystemPoolArgs
    gpu_pools: dict[str, GpuPoolArgs]
    """By name: at most 12 lower-case letters and digits."""

    audited_changes: float | None
    """Changes to its objects per second, for whose log there is an event hub; None: nobody reads it."""

    tags: dict[str, str]
    """Tags of the cloud's own resources, for billing."""
