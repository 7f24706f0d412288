"""Envoy Gateway, and the Gateway through which models are called.

The chart brings the kinds of the Gateway API and of Envoy Gateway and installs them first; GKE is told to bring none
(`components.cluster.gke`). On a destroy the Gateway goes before the controller, which then removes its proxies and
their Service; the namespace goes last and only once that Service, and with it the cloud's load balancer, is gone.
Source: Envoy Gateway v1.8.3 charts/gateway-helm.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.labels import platform_labels
from components.order import after
from components.serving.gateway_objects import GATEWAY_CLASS, certificate, envoy_proxy, gateway, gateway_class
from components.serving.names import GATEWAY, GATEWAY_NAMESPACE
from components.settings.sections import PodSecurity


class ModelGatewayArgs(TypedDict):
    """What the gateway needs to know."""

    version: str
    """Chart version of Envoy Gateway."""

    provider: str
    """eks, gke, aks or existing: whose load balancer it gets."""

    domain: str
    """Domain of the models' addresses."""

    issuer: str
    """ClusterIssuer that signs the gateway's certificate."""

    await_certificate: bool
    """Whether the issuer is there already, so that the certificate and the gateway can be waited for."""

    replicas: int
    """Proxies, and controllers."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def gateway_values(version: str, replicas: int, lock: Mapping[str, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the Envoy Gateway chart."""
    base: dict[str, Any] = {
        "deployment": {
            "replicas": replicas,
            "envoyGateway": {
                "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
            },
        },
        "podDisruptionBudget": {"minAvailable": 1 if replicas > 1 else 0},
    }
    return merge(image_values("envoy-gateway", lock, version), base, extra)


class ModelGateway(pulumi.ComponentResource):
    """Envoy Gateway with one Gateway for all models, inside the cluster's network. Makes no routes."""

    namespace: pulumi.Output[str]
    """Namespace of the controller and of its proxies."""

    def __init__(self, name: str, args: ModelGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:ModelGateway", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=GATEWAY_NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        chart = release(
            f"{name}-release",
            chart="envoy-gateway",
            version=args["version"],
            namespace=self.namespace,
            values=gateway_values(args["version"], args["replicas"], args["images_lock"], args["values"]),
            opts=child,
        )

        def made(suffix: str, api: str, kind: str, metadata: dict[str, Any], spec: Any, *needs: pulumi.Resource) -> Any:
            return kubernetes.apiextensions.CustomResource(
                f"{name}-{suffix}",
                api_version=api,
                kind=kind,
                metadata={**metadata, "labels": platform_labels()},
                spec=spec,
                opts=after(child, *needs),
            )

        def placed(object_name: str, condition: str | None = None) -> dict[str, Any]:
            waiting = {"annotations": {"pulumi.com/waitFor": f"condition={condition}"}} if condition else {}
            return {"name": object_name, "namespace": GATEWAY_NAMESPACE, **waiting}

        wait = args["await_certificate"]
        proxy = made(
            "proxy",
            "gateway.envoyproxy.io/v1alpha1",
            "EnvoyProxy",
            placed(GATEWAY),
            envoy_proxy(args["provider"], args["replicas"]),
            chart,
        )
        api = "gateway.networking.k8s.io/v1"
        klass = made("class", api, "GatewayClass", {"name": GATEWAY_CLASS}, gateway_class(), proxy)
        tls = made(
            "certificate",
            "cert-manager.io/v1",
            "Certificate",
            placed(GATEWAY, "Ready" if wait else None),
            certificate(args["domain"], args["issuer"]),
            namespace,
        )
        made(
            "gateway",
            api,
            "Gateway",
            placed(GATEWAY, "Programmed" if wait else None),
            gateway(args["domain"]),
            klass,
            tls,
        )
        self.register_outputs({"namespace": self.namespace})
