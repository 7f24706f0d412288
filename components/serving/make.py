"""What serves models, in the order that meets no webhook before it answers."""

from collections.abc import Mapping, Sequence

import pulumi

from components.serving.gateway import ModelGateway
from components.serving.kserve import KServe
from components.serving.runtimes import ServingRuntimes
from components.settings import Settings
from components.settings.model import Environment
from components.settings.serving import Mode, Serving
from components.trust.cert_manager import ISSUER


def make_serving(
    name: str,
    settings: Settings,
    serving: Serving,
    before: Sequence[pulumi.Resource],
    lock: Mapping[str, str],
    on_cluster: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """The gateway, then KServe, then its runtimes; models and tenants depend on the last.

    `before`: what they come after: certificates, and Knative where models may run on it.
    """
    several = settings.environment is Environment.PROD

    def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(on_cluster, pulumi.ResourceOptions(depends_on=list(resources)))

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
        after(*before),
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
            "values": serving.values,
        },
        after(gateway),
    )
    return ServingRuntimes(
        f"{name}-runtimes",
        {"mirror": settings.trust.mirror, "knative": settings.knative is not None, "images_lock": dict(lock)},
        after(kserve),
    )
