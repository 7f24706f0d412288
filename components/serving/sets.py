"""A tenant's multiplexed sets, from settings to components. Sets of adapters become models, see `set_workloads`."""

from collections.abc import Mapping

import pulumi

from components.scheduling.ray.nodes import cluster_spec, metadata
from components.serving.multiplexed import Multiplexed
from components.serving.multiplexing import mounted
from components.settings import Settings
from components.settings.density import sentence
from components.settings.model_sets import Backend
from components.settings.set_workloads import densities, with_sets
from components.storage.outputs import Folder, Storage, Store
from components.tenancy.workload_account import ACCOUNT, WorkloadAccount


def make_sets(
    name: str,
    tenant: str,
    settings: Settings,
    storage: Storage | None,
    account: WorkloadAccount | None,
    images_lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Makes the tenant's multiplexed sets, children `<name>-set-<set>`.

    Args:
        name: Prefix of their names.
        tenant: Whose they are.
        settings: The stack, checked.
        storage: Where store:// leads; None: nowhere.
        account: Who reads weights; None where the stack has no storage.
        images_lock: Digests of the catalog's images.
        opts: Their provider, and what they come after.
    """
    chosen = settings.tenants[tenant]
    if not any(one.backend is Backend.MULTIPLEX for one in chosen.model_sets.values()):
        return
    full = densities(settings.cluster, {tenant: chosen})
    whole = with_sets(settings.cluster, chosen).ray
    assert whole is not None  # noqa: S101 - a multiplexed set is a Ray service
    for key, one in chosen.model_sets.items():
        if one.backend is not Backend.MULTIPLEX:
            continue
        service = whole.services[key]
        nodes = cluster_spec(
            service,
            cluster=settings.cluster,
            tenant=tenant,
            priority=one.priority,
            lock=images_lock,
            mirror=settings.trust.mirror,
            account=ACCOUNT if account else None,
        )
        Multiplexed(
            f"{name}-set-{key}",
            {
                "tenant": tenant,
                "model_set": key,
                "models": dict(one.models),
                "density": sentence(*full[tenant, key]),
                "metadata": metadata(tenant, key, one.priority),
                "settings": service.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                "nodes": mounted(nodes, key, one.model_gib, account.pod_labels if account else {}),
                "domain": settings.serving.domain if settings.serving is not None else None,
            },
            storage.uri(Folder(Store.MODELS, tenant)) if storage is not None else None,
            opts,
        )
