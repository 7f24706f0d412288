"""Shares of tenants' queues.

Volcano's `capacity` plugin is used and not `proportion`: there a queue may never hold more than its weighted share of
what the cluster has now, so two tenants with one GPU between them deserve half of it each and neither job ever starts.
With `capacity` a queue may grow to its capability while there is room, and `deserved` says who comes first.
Source: volcano, pkg/scheduler/plugins/capacity and docs/design/capacity-scheduling.md.
"""

from collections.abc import Mapping


def deserved(
    tenant: str,
    weights: Mapping[str, int],
    granted: Mapping[str, Mapping[str, int]],
    guaranteed: Mapping[str, int],
    supply: Mapping[str, int],
) -> dict[str, str]:
    """GPU resource -> what `tenant` deserves when all compete: its weight's share of the supply.

    A resource is shared among the tenants that have a quota of it; a tenant deserves at least one unit of what it was
    granted, never less than its guarantee, and never more than its quota.

    Processors and memory have no share: a queue that is within its share of one resource may take back all that it
    asks for (volcano, `LessEqualPartlyWithDimensionZeroFiltered`), so a share of processors would be a claim on GPUs.

    Args:
        tenant: Whose share.
        weights: Tenant -> weight.
        granted: Tenant -> GPU resource -> quota.
        guaranteed: GPU resource -> what the tenant's queue reserves.
        supply: GPU resource -> most that the pools can supply.
    """
    shares: dict[str, str] = {}
    for resource, quota in sorted(granted[tenant].items()):
        if quota:
            total = sum(weights[name] for name, quotas in granted.items() if quotas.get(resource))
            share = supply.get(resource, 0) * weights[tenant] // total
            shares[resource] = str(min(quota, max(1, share, guaranteed.get(resource, 0))))
    return shares


def queue_spec(
    *, reclaimable: bool, capability: Mapping[str, str], deserved: Mapping[str, str], guarantee: Mapping[str, str]
) -> dict[str, object]:
    """Spec of a `scheduling.volcano.sh/v1beta1` Queue.

    Args:
        reclaimable: Whether others may take back what it uses beyond `deserved`.
        capability: Its hard cap.
        deserved: What it can take back from others at any time.
        guarantee: What stays free for it even while it is idle; empty for nothing.
    """
    return {
        "reclaimable": reclaimable,
        "capability": dict(capability),
        "deserved": dict(deserved),
        **({"guarantee": {"resource": dict(guarantee)}} if guarantee else {}),
    }
