"""Settings of the cluster: one model per provider, each with its own arguments and GPU pools."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import Cloud, Machine, machine
from components.settings.model import Model, Name
from components.settings.network import AksNetwork, ApiAccess, EksNetwork, GkeNetwork, Maintenance
from components.settings.pools import (
    AksGpuPool,
    CloudGpuPool,
    CpuPool,
    EksGpuPool,
    ExistingGpuPool,
    GkeGpuPool,
    PoolShape,
)


class CloudClusterBase(Model):
    """What every cluster that we make has."""

    api: ApiAccess = ApiAccess()
    """Access to the Kubernetes API."""

    deletion_protection: bool | None = None
    """Refuses to destroy or replace the cluster, in Pulumi before anything is removed and in the cloud itself. Default:
    on in prod stacks. To destroy such a stack, set it to false, run `up`, then `destroy`."""


class EksCluster(CloudClusterBase):
    """Amazon EKS."""

    provider: Literal["eks"]
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """AWS region, such as us-east-1."""

    account_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    """When given, credentials of any other account are refused."""

    admins: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+$")], ...],
        Field(min_length=1),
    ]
    """IAM roles or users that administer the cluster, as EKS access entries. Nobody else does, not even the cluster's
    creator, so the role that runs Pulumi is among them."""

    zones: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")], ...],
        Field(min_length=2, max_length=6),
    ]
    """Availability zones by name, such as us-east-1a; EKS needs two. Subnets and reservations live in one zone each."""

    extended_support: bool = False
    """Stay on a Kubernetes version after its standard support, at extra cost, instead of being upgraded by AWS."""

    network: EksNetwork = EksNetwork()
    system_pool: CpuPool = CpuPool(machine="m7i.xlarge")
    gpu_pools: dict[Name, EksGpuPool] = Field(default_factory=dict)


class ReleaseChannel(StrEnum):
    """GKE release channels (container API, ReleaseChannel.channel)."""

    RAPID = "RAPID"
    REGULAR = "REGULAR"
    STABLE = "STABLE"
    EXTENDED = "EXTENDED"


class GkeCluster(CloudClusterBase):
    """Google Kubernetes Engine, Standard mode (the GPU Operator does not run on Autopilot)."""

    provider: Literal["gke"]
    project: Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$")]
    """Google Cloud project id."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+\d+$")]
    """Google Cloud region, such as us-central1."""

    release_channel: ReleaseChannel = ReleaseChannel.REGULAR
    maintenance: Maintenance = Maintenance()
    """When GKE may upgrade control plane and nodes."""

    admin_group: Annotated[str, StringConstraints(pattern=r"^gke-security-groups@.+\..+$")] | None = None
    """Google group whose members' groups carry RBAC; GKE wants it to be called gke-security-groups@<domain>."""

    network: GkeNetwork = GkeNetwork()
    system_pool: CpuPool = CpuPool(machine="n2-standard-4")
    gpu_pools: dict[Name, GkeGpuPool] = Field(default_factory=dict)


class UpgradeChannel(StrEnum):
    """AKS cluster auto-upgrade channels (container service API, UpgradeChannel)."""

    PATCH = "patch"
    STABLE = "stable"
    RAPID = "rapid"
    NODE_IMAGE = "node-image"
    NONE = "none"


_UUID = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
Uuid = Annotated[str, StringConstraints(pattern=_UUID)]

AKS_POOL_NAME = re.compile(r"^[a-z][a-z0-9]{0,11}$")
"""Linux agent pool names: 1 to 12 lower-case letters and digits (AgentPool, Azure container service API)."""


class AksCluster(CloudClusterBase):
    """Azure Kubernetes Service."""

    provider: Literal["aks"]
    subscription_id: Uuid
    location: Annotated[str, StringConstraints(pattern=r"^[a-z]+\d?$")]
    """Azure region in short form, such as eastus2."""

    tenant_id: Uuid | None = None
    """Entra ID tenant of the administrators; default: the subscription's own."""

    admin_groups: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    """Object ids of the Entra ID groups that administer the cluster. Local accounts are off, so whoever runs Pulumi is
    a member of one."""

    zones: tuple[Literal["1", "2", "3"], ...] = ("1", "2", "3")
    """Availability zones of the system pool."""

    upgrade_channel: UpgradeChannel = UpgradeChannel.PATCH
    """Which upgrades AKS makes by itself, within the maintenance window."""

    maintenance: Maintenance = Maintenance()
    """When AKS may upgrade control plane and node images."""

    network: AksNetwork = AksNetwork()
    system_pool: CpuPool = CpuPool(machine="Standard_D4s_v5")
    gpu_pools: dict[Annotated[str, StringConstraints(pattern=AKS_POOL_NAME.pattern)], AksGpuPool] = Field(
        default_factory=dict
    )


class ExistingCluster(Model):
    """A cluster that someone else made, reached through a kubeconfig."""

    provider: Literal["existing"]
    kubeconfig: str | None = None
    """Path of the kubeconfig file. Default: $KUBECONFIG, else ~/.kube/config."""

    context: str | None = None
    """Context in it. Default: its current one."""

    gpu_pools: dict[Name, ExistingGpuPool] = Field(default_factory=dict)


Cluster = Annotated[EksCluster | GkeCluster | AksCluster | ExistingCluster, Field(discriminator="provider")]
CloudCluster = EksCluster | GkeCluster | AksCluster
GpuPool = CloudGpuPool | ExistingGpuPool

CLOUD_OF: dict[str, Cloud] = {"eks": Cloud.AWS, "gke": Cloud.GCP, "aks": Cloud.AZURE}
"""Which cloud's machine types a provider takes."""


def pool_machine(cluster: CloudCluster, pool: CloudGpuPool) -> Machine:
    """The catalog's machine of a cloud pool. Raises `UnknownMachine` with close names."""
    return machine(CLOUD_OF[cluster.provider], pool.machine)


def pool_shape(cluster: Cluster, pool: GpuPool) -> PoolShape:
    """What `pool` brings. Raises `UnknownMachine` or `KeyError` for what the catalog lacks."""
    if isinstance(pool, ExistingGpuPool):
        return PoolShape(
            accelerator=ACCELERATORS[pool.accelerator].key,
            gpus=pool.gpus,
            vcpu=pool.vcpu,
            memory_gib=pool.memory_gib,
            min_nodes=pool.nodes,
            max_nodes=pool.nodes,
        )
    assert not isinstance(cluster, ExistingCluster)  # noqa: S101 - narrows the type: cloud pools live in cloud clusters
    found = pool_machine(cluster, pool)
    if found.accelerator is None:
        raise KeyError(f"{pool.machine} has no GPU")
    return PoolShape(
        accelerator=found.accelerator,
        gpus=found.gpus,
        vcpu=found.vcpu,
        memory_gib=int(found.memory_gib),
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
    )
