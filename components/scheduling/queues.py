"""Shares of tenants' queues.

Volcano's `capacity` plugin is used and not `proportion`: there a queue may never hold more than its weighted share of
what the cluster has now, so two tenants with one GPU between them deserve half of it each and neither job ever starts.
With `capacity` a queue may grow to its capability while there is room, and `deserved` says who comes first.
Source: volcano, pkg/scheduler/plugins/capacity and docs/design/capacity-scheduling.md.
"""

from collections.abc import Mapping


def deserved(
    tenant: str, weights: Mapping[str, int], granted: Mapping[str, Mapping[str, int]], supply: Mapping[str, int]
) -> dict[str, str]:
    """GPU resource -> what `tenant` deserves when all compete: its weight's share of the supply.

    A resource is shared among the tenants that have a quota of it; a tenant deserves at least one unit of what it was
    granted, and never more than its quota.

    Args:
        tenant: Whose share.
        weights: Tenant -> weight.
        granted: Tenant -> GPU resource -> quota.
        supply: GPU resource -> most that the pools can supply.
    """
    shares: dict[str, str] = {}
    for resource, quota in sorted(granted[tenant].items()):
        if quota:
            total = sum(weights[name] for name, quotas in granted.items() if quotas.get(resource))
            share = supply.get(resource, 0) * weights[tenant] // total
            shares[resource] = str(min(quota, max(1, share)))
    return shares


def queue_spec(*, reclaimable: bool, capability: Mapping[str, str], deserved: Mapping[str, str]) -> dict[str, object]:
    """Spec of a `scheduling.volcano.sh/v1beta1` Queue; `capability` is its hard cap."""
    return {"reclaimable": reclaimable, "capability": dict(capability), "deserved": dict(deserved)}
