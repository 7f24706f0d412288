"""Pipelines in a stack: the engine of all tenants, and each tenant's own part."""

from collections.abc import Mapping

import pulumi

from components.cluster.api_addresses import api_addresses
from components.cluster.billing import is_production, is_protected
from components.pipelines.engine import PipelineEngine
from components.pipelines.store import artifact_store
from components.pipelines.tenant import TenantPipelines
from components.settings import Settings
from components.settings.cluster import ExistingCluster
from components.settings.model import Environment
from components.settings.pipelines import Pipelines
from components.storage.outputs import Storage


def make_engine(
    name: str, settings: Settings, pipelines: Pipelines, lock: Mapping[str, str], opts: pulumi.ResourceOptions
) -> PipelineEngine:
    """What tenants' pipelines need. Made before tenants, it outlives their runs on a destroy."""
    return PipelineEngine(
        f"{name}-pipelines",
        {
            "version": settings.versions.argo_workflows,
            "replicas": 2 if settings.environment is Environment.PROD else 1,
            "step_env": artifact_store(settings.cluster).steps,
            "mirror": settings.trust.mirror,
            "images_lock": dict(lock),
            "values": pipelines.values,
        },
        opts,
    )


def make_tenant_pipelines(
    name: str,
    tenant: str,
    settings: Settings,
    engine: PipelineEngine | None,
    storage: Storage | None,
    lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The tenant's pipelines, where it asks for them."""
    chosen = settings.tenants[tenant].pipelines
    if chosen is None or settings.pipelines is None or engine is None:
        return
    TenantPipelines(
        f"{name}-pipelines",
        {
            "tenant": tenant,
            "settings": chosen.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "retention_days": settings.pipelines.retention_days,
            "api_server": list(api_addresses(settings.cluster, settings.pipelines.api_server)),
            "images_lock": dict(lock),
            "mirror": settings.trust.mirror,
            "protected": _protected(settings),
        },
        settings.cluster,
        storage,
        engine.passwords,
        opts,
    )


def _protected(settings: Settings) -> bool:
    """As the cluster is: what may not go with it may not go without it either."""
    if isinstance(settings.cluster, ExistingCluster):
        return is_production(settings)
    return is_protected(settings, settings.cluster)
