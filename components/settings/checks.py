"""Checks between settings: what no single key can know. Each takes parsed sections and says what is wrong."""

import ipaddress
from collections.abc import Iterator, Mapping

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import UnknownMachine, machine
from components.catalog.mig import LayoutError, place
from components.catalog.versions import problems as version_problems
from components.settings.cluster import (
    CLOUD_OF,
    CloudCluster,
    Cluster,
    ExistingCluster,
    ExistingGpuPool,
    GkeCluster,
    GkeNetwork,
    GpuPool,
    Network,
    PodNetwork,
    pool_machine,
    pool_shape,
)
from components.settings.drivers import allowed_drivers
from components.settings.model import Environment
from components.settings.problems import ABSENT, Path, Problem, closest
from components.settings.sections import Enforcement, Gpu, Tenant, Trust, Versions
from components.settings.supply import supply

RESERVED_NAMESPACES = ("default", "gpu-operator", "volcano-system", "kyverno")
"""Namespaces that a tenant may not be called."""

SHORTEST_PREFIX = {4: 9, 6: 32}
"""IP version -> shortest prefix that may reach a public endpoint; two /1 networks are the whole world, too."""

OURS = ("multimodal.dev", "nvidia.com")
"""Label and taint domains that the platform sets on GPU nodes itself."""


def cluster_problems(cluster: Cluster) -> Iterator[Problem]:
    """What is wrong inside the cluster section."""
    if not isinstance(cluster, ExistingCluster):
        yield from _api_problems(cluster)
        yield from _network_problems(cluster.network)
        yield from _system_pool_problems(cluster)
    for name, pool in cluster.gpu_pools.items():
        path: Path = ("cluster", "gpuPools", name)
        yield from _pool_problems(cluster, pool, path)


def _api_problems(cluster: CloudCluster) -> Iterator[Problem]:
    for index, cidr in enumerate(cluster.api.public_cidrs):
        network = ipaddress.ip_network(cidr)
        if network.prefixlen < SHORTEST_PREFIX[network.version] and not cluster.api.open_to_the_world:
            yield Problem(
                ("cluster", "api", "publicCidrs", index),
                cidr,
                "opens the Kubernetes API to the world; list the networks of your office or VPN,"
                " or set cluster.api.openToTheWorld: true to ask for it by name",
            )


def _network_problems(network: Network) -> Iterator[Problem]:
    ranges = {"cidr": network.cidr, "services": network.services}
    if isinstance(network, PodNetwork):
        ranges["pods"] = network.pods
    if isinstance(network, GkeNetwork):
        ranges["controlPlane"] = network.control_plane
        if ipaddress.ip_network(network.control_plane).prefixlen != 28:
            yield Problem(("cluster", "network", "controlPlane"), network.control_plane, "GKE wants a /28 here")
    if not 16 <= ipaddress.ip_network(network.cidr).prefixlen <= 20:
        yield Problem(
            ("cluster", "network", "cidr"),
            network.cidr,
            "must be between /16 and /20, so that every zone gets its subnets",
        )
    names = list(ranges)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            one, other = ipaddress.ip_network(ranges[first]), ipaddress.ip_network(ranges[second])
            if one.version == other.version and one.overlaps(other):
                yield Problem(
                    ("cluster", "network", second),
                    ranges[second],
                    f"overlaps network.{first} = {ranges[first]}; choose ranges that do not share addresses",
                )


def _system_pool_problems(cluster: CloudCluster) -> Iterator[Problem]:
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


def _pool_problems(cluster: Cluster, pool: GpuPool, path: Path) -> Iterator[Problem]:
    for key in pool.labels:
        if key.rpartition("/")[0] in OURS:
            yield Problem(
                (*path, "labels", key), pool.labels[key], f"the platform sets {', '.join(OURS)} labels itself"
            )
    for index, taint in enumerate(pool.taints):
        if taint.key.rpartition("/")[0] in OURS:
            yield Problem((*path, "taints", index, "key"), taint.key, "the platform taints GPU nodes itself")
    if isinstance(pool, ExistingGpuPool):
        if pool.accelerator not in ACCELERATORS:
            yield Problem(
                (*path, "accelerator"), pool.accelerator, f"not a known GPU; {closest(pool.accelerator, ACCELERATORS)}"
            )
            return
    else:
        assert not isinstance(cluster, ExistingCluster)  # noqa: S101 - narrows the type
        if pool.min_nodes > pool.max_nodes:
            yield Problem((*path, "minNodes"), pool.min_nodes, f"more than maxNodes = {pool.max_nodes}")
        if isinstance(cluster, GkeCluster):
            for index, zone in enumerate(cluster.gpu_pools[str(path[-1])].zones):
                if not zone.startswith(cluster.region + "-"):
                    yield Problem(
                        (*path, "zones", index), zone, f"not a zone of {cluster.region}, the cluster's region"
                    )
        try:
            if pool_machine(cluster, pool).accelerator is None:
                yield Problem((*path, "machine"), pool.machine, "has no GPU; name a GPU machine type")
                return
        except UnknownMachine as error:
            yield Problem((*path, "machine"), pool.machine, str(error))
            return
    if pool.mig:
        try:
            place(pool_shape(cluster, pool).accelerator, pool.mig)
        except LayoutError as error:
            yield Problem((*path, "mig"), dict(pool.mig), str(error))


def version_checks(versions: Versions) -> Iterator[Problem]:
    """Versions that the compatibility matrix does not hold."""
    chosen = {"gpuOperator": versions.gpu_operator, "volcano": versions.volcano, "kyverno": versions.kyverno}
    for key, message in version_problems(versions.kubernetes, chosen):
        yield Problem(("versions", key), {"kubernetes": versions.kubernetes, **chosen}[key], message)


def driver_problems(cluster: Cluster, gpu: Gpu) -> Iterator[Problem]:
    """A driver owner that the provider cannot have."""
    allowed = allowed_drivers(cluster.provider)
    if gpu.driver is not None and gpu.driver not in allowed:
        yield Problem(
            ("gpu", "driver"),
            gpu.driver.value,
            f"on {cluster.provider} the driver may be owned by {' or '.join(o.value for o in allowed)};"
            f" {allowed[next(iter(allowed))]}",
        )


def trust_problems(environment: Environment, trust: Trust) -> Iterator[Problem]:
    """A production stack that lets unsigned images run."""
    if environment is Environment.PROD and trust.enforcement is not Enforcement.ENFORCE:
        yield Problem(("trust", "enforcement"), trust.enforcement.value, "a prod stack must enforce image signatures")


def tenant_problems(tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """What is wrong with the tenants whatever the cluster is."""
    for name in tenants:
        if name in RESERVED_NAMESPACES or name.startswith("kube-"):
            yield Problem(("tenants", name), ABSENT, "this namespace belongs to the platform; choose another name")


def quota_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Quotas that the pools can never supply."""
    offered = supply(cluster)
    for name, tenant in tenants.items():
        path: Path = ("tenants", name, "quota")
        if tenant.quota.gpus > offered.get("nvidia.com/gpu", 0):
            yield Problem(
                (*path, "gpus"),
                tenant.quota.gpus,
                f"all pools together can supply at most {offered.get('nvidia.com/gpu', 0)} whole GPUs;"
                " lower it or raise a pool's maxNodes",
            )
        for profile, count in tenant.quota.slices.items():
            most = offered.get(f"nvidia.com/mig-{profile.replace('+', '.')}", 0)
            if count > most:
                slices = sorted(r.removeprefix("nvidia.com/mig-") for r in offered if r.startswith("nvidia.com/mig-"))
                yield Problem(
                    (*path, "slices", profile),
                    count,
                    f"the pools' layouts can supply at most {most} of these slices"
                    + (f"; there are {', '.join(slices)}" if slices and most == 0 else "")
                    + ("; no pool has a MIG layout" if not slices else ""),
                )
