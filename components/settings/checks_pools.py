"""Checks of node pools: machines, how they are bought, wired, cut and shared."""

from collections.abc import Iterator

from components.catalog.accelerators import ACCELERATORS, Accelerator
from components.catalog.azure_limits import OS_DISK_AT_MOST, SINGLE_PLACEMENT_AT_MOST
from components.catalog.machines import Machine, UnknownMachine, machine, machines
from components.catalog.mig import LayoutError, place, profiles
from components.settings.checks_buying import buying_problems
from components.settings.cluster import (
    CLOUD_OF,
    AksCluster,
    CloudCluster,
    Cluster,
    EksCluster,
    ExistingCluster,
    GkeCluster,
    GpuPool,
    pool_machine,
)
from components.settings.pools import Capacity, CloudGpuPool, EksGpuPool, ExistingGpuPool, GkeGpuPool
from components.settings.problems import ABSENT, Path, Problem, closest

OURS = ("multimodal.dev", "nvidia.com")
"""Label and taint domains that the platform sets on GPU nodes itself."""

SYSTEM_POOL = "system"
"""Name of the pool for the platform's own controllers."""

COMPACT_FLEX_START = ("a3-ultragpu-", "a4-highgpu-")
"""Machine families that GKE places close together when they come by flex-start (GoogleCloudPlatform/cluster-toolkit,
gke-node-pool preconditions)."""

_NAMED_AT_MOST = 6


def system_pool_problems(cluster: CloudCluster) -> Iterator[Problem]:
    """What is wrong with the pool for the platform's own controllers."""
    pool, path = cluster.system_pool, ("cluster", "systemPool")
    if pool.min_nodes > pool.max_nodes:
        yield Problem((*path, "minNodes"), pool.min_nodes, f"more than maxNodes = {pool.max_nodes}")
    try:
        if machine(CLOUD_OF[cluster.provider], pool.machine).accelerator is not None:
            yield Problem(
                (*path, "machine"), pool.machine, "has GPUs, which controllers would leave idle; name a CPU machine"
            )
    except UnknownMachine as error:
        yield Problem((*path, "machine"), pool.machine, str(error))


def pool_problems(cluster: Cluster, name: str) -> Iterator[Problem]:
    """What is wrong with one GPU pool."""
    pool: GpuPool = cluster.gpu_pools[name]
    path: Path = ("cluster", "gpuPools", name)
    yield from _label_problems(pool, path)
    if isinstance(pool, ExistingGpuPool):
        accelerator = ACCELERATORS.get(pool.accelerator)
        if accelerator is None:
            yield Problem(
                (*path, "accelerator"), pool.accelerator, f"not a known GPU; {closest(pool.accelerator, ACCELERATORS)}"
            )
            return
    else:
        assert not isinstance(cluster, ExistingCluster)  # noqa: S101 - narrows the type
        if name == SYSTEM_POOL:
            yield Problem(path, ABSENT, "the platform's own pool has this name; choose another")
        if pool.min_nodes > pool.max_nodes:
            yield Problem((*path, "minNodes"), pool.min_nodes, f"more than maxNodes = {pool.max_nodes}")
        if isinstance(cluster, AksCluster) and pool.disk_gib > OS_DISK_AT_MOST:
            yield Problem((*path, "diskGib"), pool.disk_gib, f"a node's disk on AKS has at most {OS_DISK_AT_MOST} GiB")
        yield from _zone_problems(cluster, pool, path)
        try:
            found = pool_machine(cluster, pool)
        except UnknownMachine as error:
            yield Problem((*path, "machine"), pool.machine, str(error))
            return
        if found.accelerator is None:
            yield Problem((*path, "machine"), pool.machine, "has no GPU; name a GPU machine type")
            return
        yield from buying_problems(cluster, pool, found, path)
        if pool.fast_network:
            yield from _fast_network_problems(cluster, pool, found, path)
        accelerator = ACCELERATORS[found.accelerator]
    yield from _layout_problems(pool, accelerator, path)


def _label_problems(pool: GpuPool, path: Path) -> Iterator[Problem]:
    for key in pool.labels:
        if key.rpartition("/")[0] in OURS:
            yield Problem(
                (*path, "labels", key), pool.labels[key], f"the platform sets {', '.join(OURS)} labels itself"
            )
    for index, taint in enumerate(pool.taints):
        if taint.key.rpartition("/")[0] in OURS:
            yield Problem((*path, "taints", index, "key"), taint.key, "the platform taints GPU nodes itself")


def _zone_problems(cluster: CloudCluster, pool: CloudGpuPool, path: Path) -> Iterator[Problem]:
    zones = zones_of(pool)
    for index, zone in enumerate(zones):
        at = (*path, "zones", index)
        if zone in zones[:index]:
            yield Problem(at, zone, "named twice; name each zone once")
        elif isinstance(cluster, GkeCluster) and not zone.startswith(cluster.region + "-"):
            yield Problem(at, zone, f"not a zone of {cluster.region}, the cluster's region")
        elif isinstance(cluster, EksCluster) and zone not in cluster.zones:
            yield Problem(
                at,
                zone,
                f"the cluster has no subnet there; choose from cluster.zones = {', '.join(cluster.zones)}, or"
                " add the zone there",
            )


def zones_of(pool: CloudGpuPool) -> tuple[str, ...]:
    """The zones that the pool names; none means the cluster's (EKS) or the cloud's choice (AKS)."""
    if isinstance(pool, EksGpuPool | GkeGpuPool):
        return pool.zones
    return getattr(pool, "zones", ())


def _fast_network_problems(cluster: CloudCluster, pool: CloudGpuPool, found: Machine, path: Path) -> Iterator[Problem]:
    key = (*path, "fastNetwork")
    if found.fast_network is None:
        yield Problem(
            key,
            True,
            f"{found.name} has none that the platform sets up; these have: {_fast_machines(found)}. Or leave it out",
        )
        return
    zones = zones_of(pool)
    if isinstance(cluster, AksCluster):
        if len(zones) > 1:
            yield Problem(
                (*path, "zones"), list(zones), f"{found.fast_network} does not leave a zone; name one zone at most"
            )
        if pool.max_nodes > SINGLE_PLACEMENT_AT_MOST:
            yield Problem(
                (*path, "maxNodes"),
                pool.max_nodes,
                f"{found.fast_network} reaches {SINGLE_PLACEMENT_AT_MOST} nodes at most; make two pools",
            )
    elif len(zones) != 1:
        yield Problem(
            (*path, "zones"),
            list(zones),
            f"{found.fast_network} does not leave a zone, and the nodes are placed close together;"
            " name exactly one zone",
        )
    if isinstance(cluster, EksCluster) and pool.capacity is Capacity.RESERVED:
        yield Problem(
            key,
            True,
            "a placement group cannot use a capacity reservation that was made outside it; buy a capacity block"
            " (capacity: capacity-block), whose machines stand close together already, or leave fastNetwork out",
        )
    if pool.capacity is Capacity.FLEX_START and not found.name.startswith(COMPACT_FLEX_START):
        yield Problem(
            key,
            True,
            f"flex-start places only {' and '.join(f'{family}8g' for family in COMPACT_FLEX_START)} close together, not"
            f" {found.name}; choose one of those, or capacity spot, on-demand or reserved",
        )


def _fast_machines(found: Machine) -> str:
    """Some machines of the cloud that have a fast network: those with the same GPU first, then the largest."""
    fast = [m for m in machines(found.cloud, gpus=True) if m.fast_network]
    fast.sort(key=lambda m: (m.accelerator != found.accelerator, -m.efa_interfaces, -m.gpus, m.name))
    return ", ".join(f"{m.name} ({m.fast_network})" for m in fast[:_NAMED_AT_MOST])


def _layout_problems(pool: GpuPool, accelerator: Accelerator, path: Path) -> Iterator[Problem]:
    if pool.time_slicing is not None and pool.mig:
        yield Problem(
            (*path, "timeSlicing"), pool.time_slicing, "a GPU is either cut or shared; drop timeSlicing or mig"
        )
    elif pool.time_slicing is not None and accelerator.mig:
        smallest = max(profiles(accelerator.key).values(), key=lambda profile: profile.max_per_gpu)
        yield Problem(
            (*path, "timeSlicing"),
            pool.time_slicing,
            f"{accelerator.key} has MIG, which gives each pod memory of its own; leave timeSlicing out and give the"
            f" pool a layout, such as mig: {{{smallest.name}: {smallest.max_per_gpu}}}",
        )
    if pool.mig:
        try:
            place(accelerator.key, pool.mig)
        except LayoutError as error:
            yield Problem((*path, "mig"), dict(pool.mig), str(error))
