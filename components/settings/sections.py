"""Settings of everything above the cluster: GPUs, scheduling, tenants, trust, versions."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from components.catalog.mig import slice_resource
from components.catalog.versions import COMPONENTS, KUBERNETES_DEFAULT
from components.settings.ensembles import Ensemble
from components.settings.events import TenantEvents
from components.settings.flows import Flow
from components.settings.graphs import Graph
from components.settings.model import Count, Model, Name, PositiveCount
from components.settings.model_sets import ModelSet
from components.settings.network import Cidr
from components.settings.pipelines import TenantPipelines
from components.settings.ray import RayWorkloads
from components.settings.serving import ServedModel
from components.settings.supply import SHARED, WHOLE
from components.settings.training import Training

ChartValues = dict[str, Any]
"""Values merged last over a chart's own; the escape hatch. Each path must exist in the chart."""


class DriverOwner(StrEnum):
    """The one party that installs the NVIDIA driver and container toolkit on GPU nodes."""

    CLOUD = "cloud"
    """The cloud's own installer (GKE's, AKS's)."""

    OPERATOR = "operator"
    """The GPU Operator's driver and toolkit containers."""

    IMAGE = "image"
    """The node image brings both (EKS AL2023 NVIDIA, or an image of your own)."""


class Allocation(StrEnum):
    """How pods get GPUs."""

    DEVICE_PLUGIN = "device-plugin"
    """As extended resources such as `nvidia.com/gpu`, counted by the kubelet."""

    DRA = "dra"
    """By resource claims (Kubernetes' Dynamic Resource Allocation) of the class `gpu.nvidia.com`; whole GPUs only."""


class Gpu(Model):
    """The GPU foundation: NVIDIA GPU Operator, driver ownership, MIG."""

    driver: DriverOwner | None = None
    """Who owns the driver. Default per provider: eks image, gke cloud, aks operator, existing image."""

    allocation: Allocation = Allocation.DEVICE_PLUGIN
    """How pods get GPUs; one way for the whole cluster, since a GPU that both ways offer is given away twice."""

    allow_layout_change: tuple[Name, ...] = ()
    """Pools whose MIG layout may change in the next update. That drains and reboots their nodes, so a policy refuses it
    for any pool that is not named here. Take the names out again afterwards."""

    values: ChartValues = Field(default_factory=dict)
    """Further values of the gpu-operator chart."""


class Scheduling(Model):
    """Volcano."""

    replicas: Annotated[int, Field(ge=1, le=3)] = 2
    """Scheduler and controller replicas; more than one turns leader election on."""

    values: ChartValues = Field(default_factory=dict)
    """Further values of the volcano chart."""


class PodSecurity(StrEnum):
    """Pod Security Standards levels (Kubernetes documentation)."""

    RESTRICTED = "restricted"
    BASELINE = "baseline"
    PRIVILEGED = "privileged"


class GpuAmounts(Model):
    """GPUs of every kind."""

    gpus: Count = 0
    """Whole GPUs (`nvidia.com/gpu`)."""

    shared_gpus: Count = 0
    """Turns on GPUs that are time-sliced (`nvidia.com/gpu.shared`)."""

    slices: dict[str, PositiveCount] = Field(default_factory=dict)
    """MIG slices by profile, such as {1g.10gb: 14}."""

    @property
    def gpu_resources(self) -> dict[str, int]:
        """GPU resource -> number, with 0 for whole GPUs where there are none."""
        shared = {SHARED: self.shared_gpus} if self.shared_gpus else {}
        return {WHOLE: self.gpus, **shared, **{slice_resource(profile): n for profile, n in self.slices.items()}}


class Quota(GpuAmounts):
    """The most that a tenant may request at once."""

    cpu: PositiveCount = 32
    """Processors."""

    memory_gib: PositiveCount = 128
    """Memory in GiB."""

    pods: PositiveCount = 100
    """Pods."""

    storage_gib: PositiveCount = 1024
    """GiB of volumes that the tenant claims; its shared datasets come on top."""


class Queue(Model):
    """The tenant's Volcano queue. Its hard cap is the tenant's quota."""

    weight: Annotated[int, Field(ge=1, le=65535)] = 1
    """Share of each GPU resource when tenants compete, against the weights of the others that may use it."""

    reclaimable: bool = True
    """Whether others may take back what this queue uses beyond its share."""

    guarantee: GpuAmounts = GpuAmounts()
    """What stays free for this queue even while it is idle: never lent, so that it starts at once. Of GPUs in pools of
    a fixed size only: an autoscaler takes idle GPUs for free ones and adds no node for those who may not use them."""


class Direction(StrEnum):
    """Seen from the tenant's pods."""

    INGRESS = "ingress"
    EGRESS = "egress"


Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class Allowance(Model):
    """One hole in the tenant's default-deny network policy. Name either `namespace` or `cidr`."""

    direction: Direction
    namespace: Name | None = None
    """Pods of this namespace."""

    cidr: Cidr | None = None
    """Addresses outside the cluster."""

    ports: tuple[Port, ...]
    """TCP ports; at least one."""

    @model_validator(mode="after")
    def _one_peer(self) -> "Allowance":
        if (self.namespace is None) == (self.cidr is None):
            raise ValueError("give exactly one of namespace and cidr")
        if not self.ports:
            raise ValueError("give at least one port")
        return self


class Access(Model):
    """Who works in the tenant's namespace, as groups of the cluster's identity provider."""

    developers: tuple[str, ...] = ()
    """Groups that run workloads; they cannot change quotas, network policies or roles."""

    viewers: tuple[str, ...] = ()
    """Groups that read everything except secrets."""


class Tenant(Model):
    """A team: its namespace, quota, queue, network and access."""

    quota: Quota
    pod_security: PodSecurity = PodSecurity.RESTRICTED
    queue: Queue = Queue()
    allow: dict[Name, Allowance] = Field(default_factory=dict)
    """Named network allowances beside DNS and traffic within the namespace."""

    access: Access = Access()
    ray: RayWorkloads | None = None
    """Clusters, jobs and services on Ray; `{}` for a tenant that makes its own. None: no Ray."""
    training: dict[Name, Training] = Field(default_factory=dict)
    """Training jobs by name."""

    models: dict[Name, ServedModel] = Field(default_factory=dict)
    """Models that the platform serves for the tenant, by name. Needs `multimodal:serving`."""

    model_sets: dict[Name, ModelSet] = Field(default_factory=dict)
    """Many models that share GPUs, by the set's name. Needs `multimodal:ray` or, for adapters, `multimodal:serving`."""

    ensembles: dict[Name, Ensemble] = Field(default_factory=dict)
    """Ensembles by name: pre-processing, model and post-processing in one Triton server. Needs `multimodal:serving`."""

    graphs: dict[Name, Graph] = Field(default_factory=dict)
    """Inference graphs by name: requests that go through several of the models. Needs `multimodal:serving`."""

    events: TenantEvents | None = None
    """What the tenant sends and receives through Kafka; `{}` for little. None: nothing. Needs `multimodal:events`."""

    flows: dict[Name, Flow] = Field(default_factory=dict)
    """Flows by name: models that answer events one after the other. Needs `multimodal:events` and
    `multimodal:serving`."""

    pipelines: TenantPipelines | None = None
    """Kubeflow Pipelines of the tenant's own; `{}` suffices. None: no pipelines. Needs `multimodal:pipelines`."""

    @property
    def sent(self) -> TenantEvents | None:
        """What the tenant sends and receives: a tenant with flows sends a little unless it says more."""
        return self.events or (TenantEvents() if self.flows else None)

    @property
    def served(self) -> dict[tuple[str, str], ServedModel | Ensemble]:
        """Everything with a model server of its own, by its key under the tenant and its name."""
        models = {("models", name): model for name, model in self.models.items()}
        return {**models, **{("ensembles", name): ensemble for name, ensemble in self.ensembles.items()}}


SHARED_FOLDER = "shared"
"""Folder of the model store that all tenants read; no tenant may have this name."""


class SharedFiles(Model):
    """A shared volume of its own for each tenant's datasets, on EFS, Filestore or Azure Files."""

    size_gib: Annotated[int, Field(ge=1024, le=102400)] = 1024
    """GiB for each tenant. EFS grows by itself and takes no size."""


class Storage(Model):
    """Where models, pipeline artifacts and datasets live. Only on clouds; an existing cluster has its own."""

    shared_files: SharedFiles | None = None
    """None (the default): no shared file system."""

    keep_data: bool = True
    """A destroy then leaves buckets that hold objects; false empties and removes them, for throw-away stacks."""


class Autoscaling(Model):
    """KEDA. The section being there installs it."""

    prometheus: Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:\d+)?(/\S*)?$")]
    """Where the signals of model servers are read, such as http://prometheus-operated.monitoring:9090."""

    values: ChartValues = Field(default_factory=dict)
    """Further values of the keda chart."""


class Versions(Model):
    """Versions to run. Each must stand in the compatibility matrix."""

    kubernetes: str = KUBERNETES_DEFAULT
    gpu_operator: str = COMPONENTS["gpuOperator"].default
    dra_driver: str = COMPONENTS["draDriver"].default
    efa_device_plugin: str = COMPONENTS["efaDevicePlugin"].default
    network_operator: str = COMPONENTS["networkOperator"].default
    volcano: str = COMPONENTS["volcano"].default
    kuberay: str = COMPONENTS["kuberay"].default
    kyverno: str = COMPONENTS["kyverno"].default
    keda: str = COMPONENTS["keda"].default
    cluster_autoscaler: str = COMPONENTS["clusterAutoscaler"].default
    cert_manager: str = COMPONENTS["certManager"].default
    cas_issuer: str = COMPONENTS["casIssuer"].default
    envoy_gateway: str = COMPONENTS["envoyGateway"].default
    knative: str = COMPONENTS["knative"].default
    kserve: str = COMPONENTS["kserve"].default
    strimzi: str = COMPONENTS["strimzi"].default
    argo_workflows: str = COMPONENTS["argoWorkflows"].default
