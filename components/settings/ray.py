"""Settings of Ray: the operator, and the clusters, jobs and services of a tenant."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from components.catalog.ray import RAY_VERSION
from components.settings.model import Count, Model, Name, PositiveCount
from components.settings.network import Cidr
from components.settings.workloads import GpuRequest, Priority


class Ray(Model):
    """KubeRay, the operator of Ray clusters. Where the section is absent it is not installed."""

    api_server: tuple[Cidr, ...] = ()
    """Where pods reach the Kubernetes API: Ray's autoscaler in a head talks to it, through the tenant's closed network.
    Empty: the cluster's own network or control plane range, and the private ranges on an existing cluster."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the kuberay-operator chart."""


class RayHead(Model):
    """The head: it schedules and runs no work itself."""

    cpu: PositiveCount = 2
    """Processors."""

    memory_gib: PositiveCount = 8
    """Memory in GiB. The head keeps the state of every task and actor."""

    @model_validator(mode="before")
    @classmethod
    def _no_gpu(cls, data: Any) -> Any:
        if isinstance(data, dict) and "gpu" in data:
            raise ValueError("the head runs no work, so a GPU would lie idle in it; give gpu to a group instead")
        return data  # pyright: ignore[reportUnknownVariableType]


class RayGroup(Model):
    """Workers that are alike. Ray adds and removes them between `min` and `max` as its tasks, actors and replicas
    ask for it; all of `min` start together or not at all."""

    gpu: GpuRequest | None = None
    """GPUs of one worker. None: a worker without GPUs. Ray counts a slice, and a turn on a shared GPU, as one GPU."""

    cpu: PositiveCount = 4
    """Processors of one worker."""

    memory_gib: PositiveCount = 16
    """Memory of one worker in GiB; a third of it is Ray's store of objects in shared memory."""

    min: Count = 1
    """Workers at least."""

    max: PositiveCount = 1
    """Workers at most."""

    idle_seconds: PositiveCount = 300
    """A worker above `min` goes after so long without work. A GPU node takes minutes to come back."""

    @property
    def ray_gpus(self) -> int:
        """GPUs of one worker as Ray counts them: to CUDA a slice is one device, and so are turns on a shared GPU."""
        return 0 if self.gpu is None else self.gpu.count or 1


class SecretKey(Model):
    """One value of a Secret in the tenant's namespace, which somebody else puts there."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
    key: Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]


class FaultTolerance(Model):
    """Keeps the head's state in Redis or Valkey, so that workers and replicas outlive the head."""

    redis: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?:[1-9]\d{1,4}$")]
    """host:port."""

    password_secret: SecretKey | None = None
    """Its password. None: it wants none."""


Env = dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str]
"""Environment variables; no place for secrets."""


class RayNodes(Model):
    """Head and workers, which clusters, jobs and services all have."""

    image: str | None = None
    """Image of the tenant's own, by digest, with Ray and the code in it. None: Ray's own image, without code; from
    `trust.mirror` where there is one."""

    ray_version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] = RAY_VERSION
    """Ray's version in `image`."""

    head: RayHead = RayHead()
    groups: Annotated[dict[Name, RayGroup], Field(min_length=1)]
    """Groups of workers by name."""

    env: Env = Field(default_factory=dict)
    """Environment of head and workers."""


class RayCluster(RayNodes):
    """A cluster that stays, to which a team's programs connect. A changed image or shape restarts all of it."""

    priority: Priority = Priority.BATCH
    fault_tolerance: FaultTolerance | None = None
    """None: a lost head takes its workers along."""


class RayJob(RayNodes):
    """One program on a cluster of its own, which comes and goes with it. A changed job runs again."""

    entrypoint: Annotated[str, StringConstraints(min_length=1)]
    """Command line, such as `python train.py --epochs 3`. It runs on a worker."""

    priority: Priority = Priority.BATCH
    retries: Annotated[int, Field(ge=0, le=10, strict=True)] = 0
    """How often it may start again after a failure, each time on a new cluster."""

    deadline_seconds: PositiveCount | None = None
    """It fails when it is not done by then, waiting for GPUs included. None: it may take as long as it takes."""

    keep_seconds: Count = 600
    """How long its cluster stays after the end, for a look at its logs; the GPUs are held so long."""


class Upgrade(StrEnum):
    """How a service gets new pods: another image, shape or Ray version. A changed application never needs that."""

    RECREATE = "recreate"
    """The old ones go first: the service is away for a while, and no GPU is needed twice."""

    NEW_CLUSTER = "new-cluster"
    """A second cluster takes over when it is ready: the service stays, and every GPU is needed twice meanwhile."""


class Application(Model):
    """One Ray Serve application of a service. Its code and packages are in the image."""

    import_path: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")]
    """module:name of the bound application, or of a function that builds it from `args`."""

    route_prefix: Annotated[str, StringConstraints(pattern=r"^/[-A-Za-z0-9_./]*$")] = "/"
    """HTTP path under which it answers."""

    args: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the function that builds it."""

    env: Env = Field(default_factory=dict)
    """Environment of its replicas."""

    deployments: dict[Annotated[str, StringConstraints(min_length=1)], dict[str, Any]] = Field(default_factory=dict)
    """Deployment -> options that replace those in the code, in Ray Serve's own words: num_replicas,
    autoscaling_config, ray_actor_options and so on."""


class RayService(RayNodes):
    """Ray Serve applications on a cluster of their own, behind one address."""

    applications: Annotated[dict[Name, Application], Field(min_length=1)]
    """Applications by name."""

    priority: Priority = Priority.INTERACTIVE
    fault_tolerance: FaultTolerance | None = None
    """None: the service is away until a lost head is back."""

    upgrade: Upgrade = Upgrade.RECREATE


Workload = RayCluster | RayJob | RayService


class RayWorkloads(Model):
    """What a tenant runs on Ray. Names are unique over all three maps."""

    clusters: dict[Name, RayCluster] = Field(default_factory=dict)
    jobs: dict[Name, RayJob] = Field(default_factory=dict)
    services: dict[Name, RayService] = Field(default_factory=dict)

    def everything(self) -> list[tuple[str, str, Workload]]:
        """Map, name and settings of each workload, in the order of the maps."""
        return [
            *(("clusters", name, cluster) for name, cluster in self.clusters.items()),
            *(("jobs", name, job) for name, job in self.jobs.items()),
            *(("services", name, service) for name, service in self.services.items()),
        ]


def autoscales(nodes: RayNodes) -> bool:
    """Whether some group may grow, so that the head runs Ray's autoscaler."""
    return any(group.min < group.max for group in nodes.groups.values())
