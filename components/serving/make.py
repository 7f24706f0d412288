"""What serves models, in the order that meets no webhook before it answers."""

from collections.abc import Mapping, Sequence

import pulumi

from components.cluster.pools import taint_keys
from components.order import after
from components.serving.gateway import ModelGateway
from components.serving.kserve import KServe
from components.serving.local_cache import LocalCache
from components.serving.mesh import MeshKind
from components.serving.runtimes import ServingRuntimes
from components.settings import Settings
from components.settings.cache import cache_room, cached_models
from components.settings.cluster import EksCluster
from components.settings.model import Environment
from components.settings.platform_serving import Serving
from components.settings.serving import Mode
from components.storage.outputs import Storage
from components.trust.cert_manager import ISSUER


def make_serving(
    name: str,
    settings: Settings,
    serving: Serving,
    before: Sequence[pulumi.Resource],
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
    storage: Storage | None = None,
) -> pulumi.Resource:
    """The gateway, then KServe, then its runtimes; models and tenants depend on the last.

    `before`: what they come after: certificates, and Knative where models may run on it.
    """
    several = settings.environment is Environment.PROD
    gateway = ModelGateway(
        f"{name}-gateway",
        {
            "version": settings.versions.envoy_gateway,
            "provider": settings.cluster.provider,
            "domain": serving.domain,
            "issuer": serving.issuer or ISSUER,
            "await_certificate": serving.issuer is None,
            "replicas": 2 if several else 1,
            "images_lock": dict(lock),
            "values": serving.gateway_values,
        },
        after(on_cluster, *before),
    )
    kserve = KServe(
        f"{name}-kserve",
        {
            "version": settings.versions.kserve,
            "domain": serving.domain,
            "mirror": settings.trust.mirror,
            "knative_tenants": [
                tenant
                for tenant, chosen in settings.tenants.items()
                if any(model.mode is Mode.KNATIVE for model in chosen.served.values())
            ],
            "images_lock": dict(lock),
            "keeps_models": serving.cache is not None,
            "values": serving.values,
        },
        after(on_cluster, gateway),
    )
    last: pulumi.Resource = kserve
    if serving.cache is not None and kserve.local_model_kinds is not None and isinstance(settings.cluster, EksCluster):
        cached = cached_models(settings.cluster, settings.tenants)
        last = LocalCache(
            f"{name}-cache",
            {
                "version": settings.versions.kserve,
                "pools": {
                    pool: cache_room(settings.cluster, pool, serving.cache)
                    for pool in sorted({one.pool for one in cached})
                },
                "tenants": sorted({one.tenant for one in cached}),
                "taints": taint_keys(settings.cluster),
                "images_lock": dict(lock),
            },
            storage,
            kserve.local_model_kinds,
            after(on_cluster, kserve),
        )
    if serving.modelmesh is not None:
        last = MeshKind(f"{name}-mesh", after(on_cluster, last))
    return ServingRuntimes(
        f"{name}-runtimes",
        {"mirror": settings.trust.mirror, "knative": settings.knative is not None, "images_lock": dict(lock)},
        after(on_cluster, last),
    )
