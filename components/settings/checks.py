"""Checks between settings: what no single key can know. Each takes parsed sections and says what is wrong."""

from collections.abc import Iterator, Mapping

from components.catalog.image_refs import lies_within
from components.catalog.mig import slice_resource
from components.catalog.versions import problems as version_problems
from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.settings.checks_existing import moves_in
from components.settings.checks_network import api_problems, network_problems
from components.settings.checks_pools import pool_problems, system_pool_problems
from components.settings.checks_queues import guarantee_problems
from components.settings.checks_training import training_problems
from components.settings.cluster import AksCluster, Cluster, EksCluster, ExistingCluster, GkeCluster
from components.settings.drivers import allowed_drivers
from components.settings.model import Environment
from components.settings.pools import CloudGpuPool
from components.settings.problems import ABSENT, Path, Problem, closest
from components.settings.sections import SHARED_FOLDER, Allocation, Gpu, Storage, Tenant, Versions
from components.settings.supply import SHARED, WHOLE, claims_cards, supply
from components.settings.trust import Enforcement, Trust

RESERVED_NAMESPACES = (
    "default",
    "gpu-operator",
    "dra-driver-nvidia-gpu",
    "aws-efa",
    "nvidia-network-operator",
    "volcano-system",
    "kuberay",
    "kyverno",
    "cluster-autoscaler",
    "keda",
    "cert-manager",
    "envoy-gateway-system",
    "knative-operator",
    "knative-serving",
    "knative-eventing",
    "kserve",
    "kafka",
    AUDIT_NAMESPACE,
    "argo",
    "kserve-localmodel-jobs",
)
"""Namespaces that a tenant may not be called."""


def cluster_problems(cluster: Cluster) -> Iterator[Problem]:
    """What is wrong inside the cluster section."""
    if not isinstance(cluster, ExistingCluster):
        yield from api_problems(cluster)
        yield from network_problems(cluster)
        yield from system_pool_problems(cluster)
    for name in cluster.gpu_pools:
        yield from pool_problems(cluster, name)


def version_checks(versions: Versions, gpu: Gpu | None, *, knative: bool = False) -> Iterator[Problem]:
    """Versions that the compatibility matrix does not hold; of the DRA driver and Knative only where installed."""
    chosen = {
        "gpuOperator": versions.gpu_operator,
        "draDriver": versions.dra_driver,
        "efaDevicePlugin": versions.efa_device_plugin,
        "networkOperator": versions.network_operator,
        "volcano": versions.volcano,
        "kuberay": versions.kuberay,
        "kyverno": versions.kyverno,
        "keda": versions.keda,
        "clusterAutoscaler": versions.cluster_autoscaler,
        "certManager": versions.cert_manager,
        "casIssuer": versions.cas_issuer,
        "envoyGateway": versions.envoy_gateway,
        "knative": versions.knative,
        "kserve": versions.kserve,
        "strimzi": versions.strimzi,
        "argoWorkflows": versions.argo_workflows,
    }
    asked_for = [
        *(["draDriver"] if gpu is not None and gpu.allocation is Allocation.DRA else []),
        *(["knative"] if knative else []),
    ]
    for key, message in version_problems(versions.kubernetes, chosen, asked_for):
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


def fabric_problems(cluster: Cluster, versions: Versions) -> Iterator[Problem]:
    """RDMA pools of GKE on a Kubernetes for which GKE has no driver of their network cards."""
    if not isinstance(cluster, GkeCluster) or versions.kubernetes != "1.33":
        return
    for name, pool in cluster.gpu_pools.items():
        if claims_cards(cluster, pool):
            yield Problem(
                ("cluster", "gpuPools", name, "fastNetwork"),
                True,
                f"GKE offers the network cards of {pool.machine} to pods from Kubernetes 1.34 on; raise"
                " versions.kubernetes, or leave fastNetwork out",
            )


def allocation_problems(cluster: Cluster, gpu: Gpu) -> Iterator[Problem]:
    """Pools whose GPUs cannot be claimed, or whose claims nobody could bound."""
    if gpu.allocation is not Allocation.DRA:
        return
    at: Path = ("gpu", "allocation")
    for name, pool in cluster.gpu_pools.items():
        where = f"gpuPools.{name}"
        if pool.mig:
            yield Problem(
                at,
                gpu.allocation.value,
                f"{where} has a MIG layout, and slices of all sizes are claimed by one class, so that a quota cannot"
                " tell a small one from a large one; leave mig out there, or use device-plugin",
            )
        if pool.time_slicing is not None:
            yield Problem(
                at,
                gpu.allocation.value,
                f"{where} has timeSlicing, which is a setting of the device plugin; leave it out there, or use"
                " device-plugin",
            )
        if isinstance(pool, CloudGpuPool) and pool.min_nodes == 0:
            yield Problem(
                at,
                gpu.allocation.value,
                f"{where} has minNodes 0, and an autoscaler cannot know what devices a node of an empty pool would"
                " publish; set minNodes to 1 at least, or use device-plugin",
            )


def layout_change_problems(cluster: Cluster, gpu: Gpu) -> Iterator[Problem]:
    """A layout change that is allowed for a pool which the stack does not have."""
    for index, pool in enumerate(gpu.allow_layout_change):
        if pool not in cluster.gpu_pools:
            yield Problem(
                ("gpu", "allowLayoutChange", index), pool, f"no such GPU pool; {closest(pool, cluster.gpu_pools)}"
            )


def storage_problems(cluster: Cluster, storage: Storage) -> Iterator[Problem]:
    """Storage that the cluster's provider does not have."""
    if isinstance(cluster, ExistingCluster):
        remedy = "an existing cluster has storage of its own; leave it out, or use eks, gke or aks"
        if storage.shared_files is not None:
            yield Problem(("storage", "sharedFiles"), storage.shared_files.model_dump(by_alias=True), remedy)
        if "keep_data" in storage.model_fields_set:
            yield Problem(("storage", "keepData"), storage.keep_data, remedy)
        return
    files = storage.shared_files
    if isinstance(cluster, EksCluster) and files is not None and "size_gib" in files.model_fields_set:
        yield Problem(
            ("storage", "sharedFiles", "sizeGib"),
            files.size_gib,
            "EFS grows with what is stored and takes no size; write sharedFiles: {}",
        )
    guarded = not isinstance(cluster, AksCluster) or cluster.network.private_endpoints or not moves_in(cluster)
    if files is not None and not guarded:
        yield Problem(
            ("storage", "sharedFiles"),
            files.model_dump(by_alias=True),
            "NFS asks nobody for a name, and without private endpoints nothing guards it in an existing subnet; set"
            " cluster.network.privateEndpoints: true",
        )


def trust_problems(environment: Environment, trust: Trust) -> Iterator[Problem]:
    """A production stack that lets unsigned images run."""
    if environment is Environment.PROD and trust.enforcement is not Enforcement.ENFORCE:
        yield Problem(("trust", "enforcement"), trust.enforcement.value, "a prod stack must enforce image signatures")


def mirror_problems(trust: Trust, *, needed: bool) -> Iterator[Problem]:
    """A mirror that tenants may not pull from, or none where only there the platform's images could be signed.

    `needed`: whether the stack runs images of the platform in tenants' namespaces.
    """
    mirror = trust.mirror
    if mirror is None:
        if needed and trust.enforcement is Enforcement.ENFORCE:
            yield Problem(
                ("trust", "mirror"),
                ABSENT,
                "missing; images of the platform, such as model servers, run in tenants' namespaces, and signatures are"
                " enforced there; copy those images to a registry of yours, sign them and name it here",
            )
    elif not lies_within(mirror, trust.registries):
        yield Problem(
            ("trust", "mirror"),
            mirror,
            f"tenants' images come from {', '.join(trust.registries)} only; put the mirror into one of them, or add it"
            " to trust.registries",
        )


def tenant_problems(tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """What is wrong with the tenants whatever the cluster is."""
    for name in tenants:
        if name in RESERVED_NAMESPACES or name.startswith("kube-"):
            yield Problem(("tenants", name), ABSENT, "this namespace belongs to the platform; choose another name")
        if name == SHARED_FOLDER:
            yield Problem(
                ("tenants", name), ABSENT, "this is the folder of models for all tenants; choose another name"
            )
        if "--" in name:
            yield Problem(("tenants", name), ABSENT, "Azure's containers and shares allow no double hyphen; use one")


def quota_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Quotas that the pools can never supply, shares that cannot be kept, and jobs that could never run."""
    yield from guarantee_problems(cluster, tenants)
    yield from training_problems(cluster, tenants)
    offered = supply(cluster)
    for name, tenant in tenants.items():
        path: Path = ("tenants", name, "quota")
        if tenant.quota.gpus > offered.get(WHOLE, 0):
            yield Problem(
                (*path, "gpus"),
                tenant.quota.gpus,
                f"all pools together can supply at most {offered.get(WHOLE, 0)} whole GPUs;"
                " lower it or raise a pool's maxNodes",
            )
        if tenant.quota.shared_gpus > offered.get(SHARED, 0):
            yield Problem(
                (*path, "sharedGpus"),
                tenant.quota.shared_gpus,
                f"all pools together can supply at most {offered.get(SHARED, 0)} turns on shared GPUs;"
                + (" lower it or raise a pool's maxNodes" if SHARED in offered else " no pool has timeSlicing"),
            )
        for profile, count in tenant.quota.slices.items():
            most = offered.get(slice_resource(profile), 0)
            if count > most:
                slices = sorted(r.removeprefix("nvidia.com/mig-") for r in offered if r.startswith("nvidia.com/mig-"))
                yield Problem(
                    (*path, "slices", profile),
                    count,
                    f"the pools' layouts can supply at most {most} of these slices"
                    + (f"; there are {', '.join(slices)}" if slices and most == 0 else "")
                    + ("; no pool has a MIG layout" if not slices else ""),
                )
