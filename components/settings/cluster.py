"""Settings of the cluster: one model per provider, each with its own arguments and GPU pools."""

import ipaddress
import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import Cloud, Machine, machine
from components.settings.model import Count, LabelKey, LabelValue, Model, Name, PositiveCount, Taint


def _cidr(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"not a network in CIDR form such as 10.0.0.0/16 ({error})") from None
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
"""A network in CIDR form; host bits must be zero."""


class ApiAccess(Model):
    """Who reaches the Kubernetes API. Nodes always use the private endpoint."""

    public_cidrs: tuple[Cidr, ...] = ()
    """Networks that may reach the public endpoint. Empty (the default): no public endpoint."""

    open_to_the_world: bool = False
    """Must be true to list a network as wide as 0.0.0.0/0; the policy pack refuses it all the same by default."""


class Capacity(StrEnum):
    """How a pool's machines are bought."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class GpuPoolBase(Model):
    """What every GPU pool has, on any provider."""

    mig: dict[str, PositiveCount] = Field(default_factory=dict)
    """MIG layout of every GPU in the pool: profile -> number, such as {1g.10gb: 4, 3g.40gb: 1}. Empty: whole GPUs."""

    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Further node labels."""

    taints: tuple[Taint, ...] = ()
    """Further node taints."""


class CloudGpuPool(GpuPoolBase):
    """One GPU node pool of a cloud: a machine type, its bounds and its MIG layout."""

    machine: str
    """Machine type of the cloud, such as p5.48xlarge, a3-highgpu-8g or Standard_ND96isr_H100_v5."""

    min_nodes: Count = 0
    """Smallest size. 0 (the default) scales from zero: an idle pool costs nothing."""

    max_nodes: PositiveCount
    """Largest size; quotas are checked against it."""

    capacity: Capacity = Capacity.ON_DEMAND
    """How the machines are bought."""

    disk_gib: Annotated[int, Field(ge=100, le=16384)] = 200
    """Boot disk in GiB. Serving images are tens of GiB, so less than 100 is refused."""


class CpuPool(Model):
    """The pool for the platform's own controllers."""

    machine: str
    """Machine type without a GPU."""

    min_nodes: PositiveCount = 2
    """Smallest size; two survive the loss of one node."""

    max_nodes: PositiveCount = 4
    """Largest size."""


class Network(Model):
    """Address plan of a cluster; the three must not overlap."""

    cidr: Cidr = "10.0.0.0/16"
    """The cluster's own network; subnets are cut from it."""

    services: Cidr = "172.20.0.0/16"
    """Kubernetes service addresses."""


class PodNetwork(Network):
    """Address plan where pods have a range of their own."""

    pods: Cidr = "10.128.0.0/14"
    """Pod addresses."""


class GkeNetwork(PodNetwork):
    """Address plan of a GKE cluster."""

    control_plane: Cidr = "172.16.0.0/28"
    """The private control plane's peering range; GKE wants a /28."""


class CloudClusterBase(Model):
    """What every cluster that we make has."""

    api: ApiAccess = ApiAccess()
    """Access to the Kubernetes API."""


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

    zones: Annotated[int, Field(ge=2, le=6)] = 3
    """Availability zones to spread over; EKS needs two."""

    network: Network = Network()
    system_pool: CpuPool = CpuPool(machine="m7i.xlarge")
    gpu_pools: dict[Name, CloudGpuPool] = Field(default_factory=dict)


class ReleaseChannel(StrEnum):
    """GKE release channels (container API, ReleaseChannel.channel)."""

    RAPID = "RAPID"
    REGULAR = "REGULAR"
    STABLE = "STABLE"
    EXTENDED = "EXTENDED"


class GkeGpuPool(CloudGpuPool):
    """A GPU pool of GKE; accelerator machines live in few zones, so a pool names its own."""

    zones: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+\d+-[a-z]$")], ...], Field(min_length=1)
    ]
    """Zones of the region that have the machine type; sizes count over all of them together."""


class GkeCluster(CloudClusterBase):
    """Google Kubernetes Engine, Standard mode (the GPU Operator does not run on Autopilot)."""

    provider: Literal["gke"]
    project: Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$")]
    """Google Cloud project id."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+\d+$")]
    """Google Cloud region, such as us-central1."""

    release_channel: ReleaseChannel = ReleaseChannel.REGULAR
    admin_group: Annotated[str, StringConstraints(pattern=r"^gke-security-groups@.+\..+$")] | None = None
    """Google group whose members' groups carry RBAC; GKE wants it to be called gke-security-groups@<domain>."""

    network: GkeNetwork = GkeNetwork()
    system_pool: CpuPool = CpuPool(machine="n2-standard-4")
    gpu_pools: dict[Name, GkeGpuPool] = Field(default_factory=dict)


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

    network: PodNetwork = PodNetwork()
    system_pool: CpuPool = CpuPool(machine="Standard_D4s_v5")
    gpu_pools: dict[Annotated[str, StringConstraints(pattern=AKS_POOL_NAME.pattern)], CloudGpuPool] = Field(
        default_factory=dict
    )


class ExistingGpuPool(GpuPoolBase):
    """GPU nodes that an existing cluster already has. They carry the label multimodal.dev/gpu-pool=<pool>."""

    accelerator: str
    """GPU model by its catalog key, such as H100-80."""

    gpus: PositiveCount
    """GPUs in one node."""

    nodes: PositiveCount
    """How many nodes the pool has."""

    vcpu: PositiveCount = 96
    """Processors of one node; a rehearsal's simulated nodes have them."""

    memory_gib: PositiveCount = 1024
    """Memory of one node in GiB; a rehearsal's simulated nodes have it."""


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


class PoolShape(Model):
    """What one pool brings: the same facts for every provider."""

    accelerator: str
    """Catalog key of the GPU."""

    gpus: int
    """GPUs per node."""

    max_nodes: int
    """Nodes at most."""

    min_nodes: int
    """Nodes at least; 0 where the pool scales from zero."""


def pool_machine(cluster: CloudCluster, pool: CloudGpuPool) -> Machine:
    """The catalog's machine of a cloud pool. Raises `UnknownMachine` with close names."""
    return machine(CLOUD_OF[cluster.provider], pool.machine)


def pool_shape(cluster: Cluster, pool: GpuPool) -> PoolShape:
    """What `pool` brings. Raises `UnknownMachine` or `KeyError` for what the catalog lacks."""
    if isinstance(pool, ExistingGpuPool):
        return PoolShape(
            accelerator=ACCELERATORS[pool.accelerator].key, gpus=pool.gpus, min_nodes=pool.nodes, max_nodes=pool.nodes
        )
    assert not isinstance(cluster, ExistingCluster)  # noqa: S101 - narrows the type: cloud pools live in cloud clusters
    found = pool_machine(cluster, pool)
    if found.accelerator is None:
        raise KeyError(f"{pool.machine} has no GPU")
    return PoolShape(
        accelerator=found.accelerator,
        gpus=found.gpus,
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
    )
