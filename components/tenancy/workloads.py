"""What a tenant runs: the one place that wires its models, graphs, Ray clusters and training jobs to what they need."""

from collections.abc import Callable, Mapping

import pulumi

from components.catalog.workload_images import workload_image
from components.eventing.make import make_tenant_events
from components.eventing.make_router import backlogs, make_router
from components.eventing.outputs import KafkaOutputs
from components.order import after
from components.scheduling.placement import placement
from components.scheduling.ray.tenant import TenantRay
from components.scheduling.training_job import TrainingJob
from components.serving.ensemble import Ensemble
from components.serving.graph import InferenceGraph
from components.serving.mesh import TenantMesh
from components.serving.model import Model, ModelArgs
from components.serving.sets import make_sets
from components.settings import Settings
from components.settings.density import sentence
from components.settings.model_sets import Backend
from components.settings.ray import RayWorkloads
from components.settings.set_workloads import densities, with_sets
from components.settings.training import training_pools, wired_devices
from components.storage.outputs import Folder, Storage, Store
from components.tenancy.workload_account import ACCOUNT, WorkloadAccount

STORE_SCHEME = "store://"
"""Sources that lie in the stack's own store, in the tenant's folder of models."""


def tenant_workloads(
    name: str,
    tenant: str,
    settings: Settings,
    storage: Storage | None,
    kafka: KafkaOutputs | None,
    images_lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Everything that `tenant` runs, after its bounds.

    Args:
        name: Begins the names of the resources.
        tenant: Namespace and queue.
        settings: The stack's.
        storage: Where weights and checkpoints are; None where the platform has no store.
        kafka: What carries events; None where nothing does.
        images_lock: Digests by image reference.
        opts: Parent, provider, and what must be there before.
    """
    account: WorkloadAccount | None = None
    if storage is not None:
        account = WorkloadAccount(f"{name}-workloads", {"tenant": tenant}, storage, opts)
        opts = after(opts, account)
    topics = make_tenant_events(name, tenant, settings, kafka, opts) if kafka is not None else None
    _models(name, tenant, settings, storage, kafka, account, opts)
    if kafka is not None and topics is not None:
        make_router(name, tenant, settings, kafka.login, images_lock, after(opts, topics))
    _graphs(name, tenant, settings, images_lock, opts)
    _ray(f"{name}-ray", tenant, settings, account, images_lock, opts)
    make_sets(name, tenant, settings, storage, account, images_lock, opts)
    _mesh(name, tenant, settings, images_lock, opts)
    _training(name, tenant, settings, storage, account, opts)


def _mesh(
    name: str, tenant: str, settings: Settings, images_lock: Mapping[str, str], opts: pulumi.ResourceOptions
) -> None:
    chosen = settings.tenants[tenant]
    sets = {key: one for key, one in chosen.model_sets.items() if one.backend is Backend.MODELMESH}
    if not sets or settings.serving is None or settings.serving.modelmesh is None:
        return
    full = densities(settings.cluster, {tenant: chosen})
    TenantMesh(
        f"{name}-mesh",
        {
            "tenant": tenant,
            "sets": {
                key: one.model_dump(mode="json", by_alias=True, exclude_defaults=True) for key, one in sets.items()
            },
            "density": {key: sentence(*full[tenant, key]) for key in sets},
            "etcd_gib": settings.serving.modelmesh.etcd_gib,
            "api_server": list(settings.serving.modelmesh.api_server),
            "images_lock": dict(images_lock),
            "mirror": settings.trust.mirror,
        },
        settings.cluster,
        opts,
    )


def _models(
    name: str,
    tenant: str,
    settings: Settings,
    storage: Storage | None,
    kafka: KafkaOutputs | None,
    account: WorkloadAccount | None,
    opts: pulumi.ResourceOptions,
) -> None:
    if settings.serving is None:
        return
    locate = source_locator(storage, tenant)
    for (kind, key), model in with_sets(settings.cluster, settings.tenants[tenant]).served.items():
        args: ModelArgs = {
            "tenant": tenant,
            "model": key,
            "settings": model.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "domain": settings.serving.domain,
            "prometheus": settings.autoscaling.prometheus if settings.autoscaling else None,
            "backlogs": backlogs(tenant, settings.tenants[tenant].flows, key, kafka.login) if kafka else [],
            "account": ACCOUNT if account else None,
            "pod_labels": dict(account.pod_labels) if account else {},
        }
        if kind == "ensembles":
            Ensemble(f"{name}-ensemble-{key}", {**args}, settings.cluster, locate, opts)
        else:
            Model(f"{name}-model-{key}", args, settings.cluster, locate, opts)


def _graphs(
    name: str, tenant: str, settings: Settings, images_lock: Mapping[str, str], opts: pulumi.ResourceOptions
) -> None:
    if settings.serving is None:
        return
    chosen = settings.tenants[tenant]
    served = {key: model for (_, key), model in chosen.served.items()}
    for key, graph in chosen.graphs.items():
        InferenceGraph(
            f"{name}-graph-{key}",
            {
                "tenant": tenant,
                "graph": key,
                "settings": graph.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                "domain": settings.serving.domain,
                "image": workload_image("router", lock=images_lock, mirror=settings.trust.mirror),
            },
            served,
            opts,
        )


def source_locator(storage: Storage | None, tenant: str) -> Callable[[str], pulumi.Input[str]]:
    """Says where a source is: `store://` ones in the tenant's folder of models, all others as they stand."""
    if storage is None:
        return lambda source: source
    folder = storage.uri(Folder(Store.MODELS, tenant))

    def locate(source: str) -> pulumi.Input[str]:
        if not source.startswith(STORE_SCHEME):
            return source
        return pulumi.Output.concat(folder, "/", source.removeprefix(STORE_SCHEME))

    return locate


def _ray(
    name: str,
    tenant: str,
    settings: Settings,
    account: WorkloadAccount | None,
    images_lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    chosen = settings.tenants[tenant]
    # Model sets on Ray need the same holes in the tenant's network.
    if settings.ray is None or with_sets(settings.cluster, chosen).ray is None:
        return
    ray = chosen.ray or RayWorkloads()
    TenantRay(
        name,
        {
            "tenant": tenant,
            "settings": ray.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "api_server": list(settings.ray.api_server),
            "account": ACCOUNT if account else None,
            "pod_labels": dict(account.pod_labels) if account else {},
            "images_lock": dict(images_lock),
            "mirror": settings.trust.mirror,
        },
        settings.cluster,
        opts,
    )


def _training(
    name: str,
    tenant: str,
    settings: Settings,
    storage: Storage | None,
    account: WorkloadAccount | None,
    opts: pulumi.ResourceOptions,
) -> None:
    for job, training in settings.tenants[tenant].training.items():
        folder: pulumi.Output[str] | None = None
        if storage is not None and training.checkpoints is not None:
            folder = pulumi.Output.concat(storage.uri(Folder(Store.ARTIFACTS, tenant)), "/", training.checkpoints)
        pools = training_pools(settings.cluster, training)
        TrainingJob(
            f"{name}-training-{job}",
            {
                "tenant": tenant,
                "job": job,
                "settings": training.model_dump(mode="json", by_alias=True),
                "placement": placement(settings.cluster, training.gpu.model_copy(update={"pools": pools})),
                "devices": wired_devices(settings.cluster, training),
                "account": ACCOUNT if account else None,
                "pod_labels": dict(account.pod_labels) if account else {},
            },
            folder,
            opts,
        )
