"""The stack's tenants: each one's bounds, then what it runs."""

from collections.abc import Mapping, Sequence

import pulumi

from components.eventing.outputs import KafkaOutputs
from components.gpu.drivers import DriverPlan
from components.order import after
from components.pipelines.engine import PipelineEngine
from components.pipelines.make import make_tenant_pipelines
from components.scheduling.queues import deserved
from components.settings import Settings
from components.settings.supply import adapters, supply
from components.storage.outputs import Storage
from components.tenancy.objects import gpu_guarantee
from components.tenancy.tenant import Tenant
from components.tenancy.workloads import tenant_workloads


def make_tenants(
    name: str,
    settings: Settings,
    plan: DriverPlan,
    storage: Storage | None,
    kafka: KafkaOutputs | None,
    engine: PipelineEngine | None,
    before: Sequence[pulumi.Resource],
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
) -> None:
    """All tenants.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        plan: How GPUs are allocated.
        storage: Where weights, artifacts and datasets are; None where the platform has no store.
        kafka: What carries events; None where nothing does.
        engine: What runs pipelines; None where nothing does.
        before: What bounds tenants, and what has to let go of what they made when they go.
        lock: Digests by image reference.
        on_cluster: Parent and provider.
    """
    offered = supply(settings.cluster)
    weights = {tenant: chosen.queue.weight for tenant, chosen in settings.tenants.items()}
    granted = {tenant: chosen.quota.gpu_resources for tenant, chosen in settings.tenants.items()}
    for tenant, chosen in settings.tenants.items():
        bounds = Tenant(
            f"{name}-tenant-{tenant}",
            {
                "tenant": tenant,
                "settings": chosen.model_dump(mode="json", by_alias=True, exclude={"ray"}),
                "gpu_resources": sorted(offered),
                "adapters": dict(adapters(settings.cluster)),
                "allocation": plan.allocation.value,
                "deserved": deserved(tenant, weights, granted, gpu_guarantee(chosen.queue), offered),
                "provider": settings.cluster.provider,
                "knative": settings.knative is not None,
                "registries": list(settings.trust.registries),
            },
            storage.datasets(tenant) if storage is not None else None,
            after(on_cluster, *before),
        )
        inside = after(on_cluster, bounds)
        tenant_workloads(f"{name}-tenant-{tenant}", tenant, settings, storage, kafka, lock, inside)
        make_tenant_pipelines(f"{name}-tenant-{tenant}", tenant, settings, engine, storage, lock, inside)
