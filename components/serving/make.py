"""What serves models, in the order that meets no webhook before it answers."""

from collections.abc import Mapping

import pulumi

from components.serving.gateway import ModelGateway
from components.serving.kserve import KServe
from components.serving.mesh import MeshKind
from components.serving.runtimes import ServingRuntimes
from components.settings import Settings
from components.settings.model import Environment
from components.settings.serving import Serving
from components.trust.cert_manager import ISSUER


def make_serving(
    name: str,
    settings: Settings,
    serving: Serving,
    certificates: pulumi.Resource,
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """After the certificates the gateway, then KServe, then its runtimes; models and tenants depend on the last."""
    several = settings.environment is Environment.PROD

    def after(resource: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(on_cluster, pulumi.ResourceOptions(depends_on=[resource]))

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
        after(certificates),
    )
    kserve = KServe(
        f"{name}-kserve",
        {
            "version": settings.versions.kserve,
            "domain": serving.domain,
            "mirror": settings.trust.mirror,
            "images_lock": dict(lock),
            "values": serving.values,
        },
        after(gateway),
    )
    before: pulumi.Resource = kserve
    if serving.modelmesh is not None:
        before = MeshKind(f"{name}-mesh", after(kserve))
    return ServingRuntimes(
        f"{name}-runtimes", {"mirror": settings.trust.mirror, "images_lock": dict(lock)}, after(before)
    )
