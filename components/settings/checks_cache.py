"""Checks of models that keep their weights on nodes' disks: where that works, and whether they fit."""

from collections.abc import Iterator, Mapping

from components.settings.cache import Cached, cache_room, model_pools
from components.settings.cluster import AksCluster, Cluster, EksCluster, GkeCluster
from components.settings.platform_serving import ModelCache, Serving
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import Tenant
from components.settings.serving import ServedModel
from components.settings.shapes import placed

_CACHEABLE = ("store://", "hf://")
"""What the download job can open: it has the identity that reads the stack's own store, and no keys."""


def cache_problems(cluster: Cluster, serving: Serving | None, tenants: Mapping[str, Tenant]) -> Iterator[Problem]:
    """What is wrong with cached models. Pools must be valid."""
    cached = [
        (name, key, model, model.cache_gib)
        for name, tenant in tenants.items()
        for key, model in tenant.models.items()
        if model.cache_gib is not None
    ]
    cache = serving.cache if serving is not None else None
    if cache is not None and not isinstance(cluster, EksCluster):
        yield Problem(("serving", "cache"), cache.model_dump(by_alias=True, exclude_none=True), _why_not(cluster))
        return
    held: dict[str, list[Cached]] = {}
    for name, key, model, gib in cached:
        path: Path = ("tenants", name, "models", key, "cacheGib")
        if cache is None:
            yield Problem(path, gib, "nothing caches models in this stack; add cache: {} to multimodal:serving")
            continue
        yield from _model_problems(path, model)
        if not placed(cluster, model.gpu) or not isinstance(cluster, EksCluster):
            continue
        pools = model_pools(cluster, model)
        if len(pools) != 1:
            where = f"it may run on {', '.join(pools)}; name one of them in gpu.pools" if pools else "it has no GPU"
            yield Problem(path, gib, f"weights are kept on the nodes of one GPU pool, and {where}")
            continue
        yield from _room_problems(path, cluster, cache, pools[0], gib)
        held.setdefault(pools[0], []).append(Cached(name, key, pools[0], gib))
    if cache is not None and isinstance(cluster, EksCluster):
        for pool, models in held.items():
            yield from _pool_problems(cluster, cache, pool, models)


def _why_not(cluster: Cluster) -> str:
    if isinstance(cluster, GkeCluster):
        reason = "KServe keeps weights in /models of a node, where GKE's node images let nobody write"
    elif isinstance(cluster, AksCluster):
        reason = "KServe's download jobs do not carry the label by which Azure gives a pod its identity"
    else:
        reason = "the nodes of an existing cluster are not the platform's, which has to mount their disks at /models"
    return f"{reason}; leave it out (caches work on eks)"


def _model_problems(path: Path, model: ServedModel) -> Iterator[Problem]:
    if not model.source.startswith(_CACHEABLE):
        yield Problem(
            (*path[:-1], "source"),
            model.source,
            "weights are cached from the stack's store (store://<path>) or from Hugging Face (hf://) only; copy the"
            " model there, or leave cacheGib out",
        )
    if model.adapters:
        yield Problem(
            path,
            model.cache_gib,
            "KServe caches models of one source, and adapters are further ones; leave cacheGib or the adapters out",
        )


def _room_problems(path: Path, cluster: EksCluster, cache: ModelCache, pool: str, gib: int) -> Iterator[Problem]:
    room = cache_room(cluster, pool, cache)
    if room == 0:
        having = [name for name in cluster.gpu_pools if cache_room(cluster, name, cache)]
        yield Problem(
            path,
            gib,
            f"machines of pool {pool} ({cluster.gpu_pools[pool].machine}) have no local disks;"
            f" pools that have: {', '.join(having) or 'none'}",
        )
    elif gib > room:
        yield Problem(path, gib, f"a node of {pool} keeps at most {room} GiB of weights (serving.cache.sizeGib)")


def _pool_problems(cluster: EksCluster, cache: ModelCache, pool: str, models: list[Cached]) -> Iterator[Problem]:
    room = cache_room(cluster, pool, cache)
    fitting = [one for one in models if one.gib <= room]
    total = sum(one.gib for one in fitting)
    if fitting and total > room:
        names = ", ".join(f"{one.tenant}/{one.model} ({one.gib})" for one in fitting)
        yield Problem(
            ("serving", "cache", "sizeGib"),
            cache.size_gib if cache.size_gib is not None else ABSENT,
            f"every node of {pool} would keep {names}: {total} GiB, and has room for {room}; spread them over pools, or"
            " cache fewer",
        )
    tenants = sorted({one.tenant for one in models})
    if len(tenants) > 1:
        yield Problem(
            ("cluster", "gpuPools", pool),
            ABSENT,
            f"{' and '.join(tenants)} cache models here, and pods of a tenant can read and change all weights on their"
            " nodes; give each a pool of its own, or take cacheGib away from one",
        )
