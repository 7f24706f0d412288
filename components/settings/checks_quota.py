"""Checks of what tenants run against their quotas: each workload at its largest, then all that always runs together."""

from collections.abc import Iterator, Mapping

from components.settings.cluster import Cluster
from components.settings.holdings import (
    CPU,
    MEMORY,
    Amounts,
    Holding,
    amount_title,
    canaries,
    granted,
    holdings,
    quota_key,
    ray_needs,
    replica,
    times,
    total,
    worker,
)
from components.settings.problems import ABSENT, Path, Problem
from components.settings.ray import RayJob, Workload
from components.settings.sections import Tenant
from components.settings.shapes import placed
from components.settings.supply import resource_title

_NAMED = 4
"""Workloads that a message names, the largest first."""


def quota_problems(cluster: Cluster, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """Workloads that a tenant's quota cannot hold. The tenants have what their sets become among their workloads.

    A tenant whose GPU requests no pool meets is left to the checks of those.
    """
    for name, tenant in tenants.items():
        requests = [model.gpu for model in tenant.served.values()]
        for _, _, workload in tenant.ray.everything() if tenant.ray else ():
            requests += [group.gpu for group in workload.groups.values()]
        requests += [one.gpu for one in tenant.model_sets.values()]
        if not all(placed(cluster, gpu) for gpu in requests):
            continue
        alone = [*_models(cluster, name, tenant), *_ray(name, tenant)]
        yield from alone
        # What is too large by itself is so together, too; once is enough.
        if not alone:
            yield from _together(name, tenant, list(holdings(cluster, tenant)))


def _models(cluster: Cluster, name: str, tenant: Tenant) -> Iterator[Problem]:
    has = granted(tenant.quota)
    for (kind, key), model in tenant.served.items():
        own = max(model.replicas.max or 0, model.replicas.min, 1)
        most = own + model.surge + canaries(model, own)
        for resource, number in replica(cluster, model).items():
            if resource not in (CPU, MEMORY) and most * number > has.get(resource, 0):
                yield Problem(
                    ("tenants", name, kind, key, "replicas"),
                    most,
                    f"needs {resource_title(resource, int(most * number))} at its largest, surge and canary included;"
                    f" the tenant's quota has {has.get(resource, 0)}",
                )


def _ray(name: str, tenant: Tenant) -> Iterator[Problem]:
    has = granted(tenant.quota)
    for kind, key, workload in tenant.ray.everything() if tenant.ray else ():
        path: Path = ("tenants", name, "ray", kind, key)
        yield from _groups(path, workload, has)
        if isinstance(workload, RayJob):
            for resource, number in ray_needs(workload).items():
                if number > has.get(resource, 0):
                    yield Problem(
                        path,
                        ABSENT,
                        f"to start, it needs {amount_title(resource, number)}, and the tenant's quota has"
                        f" {has.get(resource, 0)}; lower min or raise the quota",
                    )


def _groups(path: Path, workload: Workload, has: Amounts) -> Iterator[Problem]:
    for key, group in workload.groups.items():
        for resource, number in times(worker(group), group.max).items():
            if resource not in (CPU, MEMORY) and number > has.get(resource, 0):
                yield Problem(
                    (*path, "groups", key, "max"),
                    group.max,
                    f"that is {amount_title(resource, number)}, and the tenant's quota has"
                    f" {has.get(resource, 0):g}; lower it or raise the quota",
                )


def _together(name: str, tenant: Tenant, held: list[Holding]) -> Iterator[Problem]:
    has = granted(tenant.quota)
    for resource, number in total(holding.amounts for holding in held).items():
        if number > has.get(resource, 0):
            yield Problem(
                ("tenants", name, "quota", *quota_key(resource)),
                has.get(resource, 0),
                f"{_who(held, resource)} always hold {amount_title(resource, number)}; raise it, or give them fewer or"
                " smaller replicas and workers",
            )


def _who(held: list[Holding], resource: str) -> str:
    """Whoever holds some of it, the largest first."""
    parts = sorted(
        ((holding.amounts.get(resource, 0), holding.name) for holding in held if holding.amounts.get(resource, 0)),
        key=lambda part: (-part[0], part[1]),
    )
    named = [f"{name} ({number:g})" for number, name in parts[:_NAMED]]
    more = len(parts) - len(named)
    return ", ".join([*named, *([f"{more} more"] if more else [])])
