"""Settings of a training job, and on which pools its workers run."""

from typing import Annotated

from pydantic import StringConstraints, model_validator

from components.settings.cluster import AksCluster, Cluster, EksCluster, pool_machine, pool_shape
from components.settings.model import Count, Model, PositiveCount
from components.settings.pools import CloudGpuPool
from components.settings.shapes import usable
from components.settings.supply import EFA, INFINIBAND, offering_pools, pool_supply
from components.settings.workloads import GpuRequest, Priority


class Training(Model):
    """A distributed training job. It runs once; whatever is changed here makes it run anew."""

    image: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][^\s@]*/[^\s@]+@sha256:[0-9a-f]{64}$")]
    """Image by digest, such as ghcr.io/acme/train@sha256:...; it must work for user 1000."""

    command: tuple[str, ...] = ()
    """Command instead of the image's, such as [torchrun, train.py]; torchrun finds its rendezvous by itself."""

    args: tuple[str, ...] = ()
    """Arguments instead of the image's."""

    workers: PositiveCount = 1
    """Pods. All start together, or none."""

    min_workers: PositiveCount | None = None
    """Pods with which an elastic job starts and goes on. Default: all of them."""

    gpu: GpuRequest
    """GPUs of one worker. Workers of one job run on like GPUs: without `pools`, in one pool that can hold them all."""

    cpu: PositiveCount = 8
    """Processors of one worker."""

    memory_gib: PositiveCount = 32
    """Memory of one worker in GiB; half of it can be shared memory, which data loaders and NCCL use."""

    fast_network: bool = False
    """Only on a pool with fastNetwork, and all workers in one."""

    priority: Priority = Priority.BATCH
    """Who comes first when GPUs are short."""

    retries: Count = 10
    """Restarts of the whole job before it counts as failed. Each crash of a worker is one, and each time that others
    take its GPUs back."""

    checkpoints: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-][a-zA-Z0-9_/-]{0,200}$")] | None = None
    """Folder for checkpoints among the tenant's artifacts; the workers get it as the variable CHECKPOINT_URI."""

    @model_validator(mode="after")
    def _at_least(self) -> "Training":
        if self.min_workers is not None and self.min_workers > self.workers:
            raise ValueError(f"minWorkers = {self.min_workers} is more than workers = {self.workers}; lower it")
        return self

    @property
    def least(self) -> int:
        """Workers without which the job does not run."""
        return self.min_workers or self.workers


def wired(cluster: Cluster, pool: str) -> bool:
    """Whether the pool's nodes are wired for multi-node jobs."""
    chosen = cluster.gpu_pools[pool]
    return isinstance(chosen, CloudGpuPool) and chosen.fast_network


def workers_per_node(cluster: Cluster, pool: str, training: Training) -> int:
    """How many workers one node of the pool holds."""
    shape, gpu = pool_shape(cluster, cluster.gpu_pools[pool]), training.gpu
    node = usable(shape.vcpu, shape.memory_gib)
    return min(
        pool_supply(cluster, pool).get(gpu.resource, 0) // gpu.number,
        node.cpu // training.cpu,
        node.memory_gib // training.memory_gib,
    )


def room(cluster: Cluster, pool: str, training: Training) -> int:
    """How many workers the pool holds at its largest."""
    return pool_shape(cluster, cluster.gpu_pools[pool]).max_nodes * workers_per_node(cluster, pool, training)


def training_pools(cluster: Cluster, training: Training) -> tuple[str, ...]:
    """Pools for the workers, those with the smallest GPUs first; empty when none offers what one worker needs.

    The named ones; without names, the first that holds all workers, or the one that holds most of them.
    """
    gpu = training.gpu
    offering = [
        pool
        for pool in offering_pools(cluster, gpu.resource, gpu.number)
        if (not gpu.pools or pool in gpu.pools) and (not training.fast_network or wired(cluster, pool))
    ]
    if gpu.pools or not offering:
        return tuple(offering)
    holding = [pool for pool in offering if room(cluster, pool, training) >= training.workers]
    return (holding[0] if holding else max(offering, key=lambda pool: room(cluster, pool, training)),)


def wired_devices(cluster: Cluster, training: Training) -> dict[str, str]:
    """What one worker asks for beside GPUs: its share of a node's Elastic Fabric Adapters and huge pages on the fast
    network of EKS, an InfiniBand card for each GPU on that of AKS. Elsewhere nothing."""
    gpus = training.gpu.count or 0
    if not training.fast_network:
        return {}
    if isinstance(cluster, AksCluster):
        return {INFINIBAND: str(gpus)} if gpus else {}
    if not isinstance(cluster, EksCluster):
        return {}
    machine = pool_machine(cluster, cluster.gpu_pools[training_pools(cluster, training)[0]])
    pages = machine.efa_huge_pages_mib * gpus // machine.gpus
    # In whole pages of 2 MiB.
    return {EFA: str(machine.efa_interfaces * gpus // machine.gpus), "hugepages-2Mi": f"{pages - pages % 2}Mi"}
