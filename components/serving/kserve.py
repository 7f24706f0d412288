"""KServe: its kinds, then its controller, which reads what the Gateway API offers when it starts.

cert-manager and the gateway come first. On a destroy InferenceServices go before the controller, which alone removes
their finalizers: whatever makes one, and every namespace in which a team may, depends on this.
Source: KServe v0.18.1 charts/kserve-resources (values.yaml, files/common/configmap-patch.yaml).
"""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.knative.names import INTERNAL_INGRESS, SERVING_NAMESPACE
from components.labels import platform_labels
from components.manifest import Spec
from components.order import after
from components.serving.names import GATEWAY, GATEWAY_NAMESPACE, NAMESPACE
from components.settings.sections import PodSecurity


class KServeArgs(TypedDict):
    """What KServe needs to know."""

    version: str
    """Chart version."""

    domain: str
    """Domain of the models' addresses."""

    mirror: str | None
    """Where copies of the images lie that KServe puts into tenants' pods; None: at their makers."""

    knative_tenants: list[str]
    """Tenants with models in knative mode: their routes may lead to Knative's ingress."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    keeps_models: bool
    """Whether nodes keep models' weights on their disks."""

    values: dict[str, Any]
    """Further values of the kserve-resources chart, merged last."""


def kserve_values(args: KServeArgs) -> dict[str, Any]:
    """Values of the kserve-resources chart."""
    controller: dict[str, Any] = {
        "deploymentMode": "Standard",
        # The chart's 100m and 300Mi are for a handful of models; the controller holds every pod it made in memory.
        "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
        "gateway": {
            "domain": args["domain"],
            "urlScheme": "https",
            "disableIstioVirtualHost": True,
            # A model's route is the platform's, with a canary's share, which KServe's has only under Knative.
            "disableIngressCreation": True,
            "ingressGateway": {
                "enableGatewayApi": True,
                "kserveGateway": f"{GATEWAY_NAMESPACE}/{GATEWAY}",
                "createGateway": False,
            },
        },
    }
    base: dict[str, Any] = {
        "kserve": {
            "version": args["version"],
            "createSharedResources": True,
            "controller": controller,
            # Fetches weights before a server starts; in parallel, so that a large model does not take an hour.
            "storage": {
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "4Gi"}},
                # What Pod Security restricted asks for. Its own root stays writable: it keeps partial files there.
                "containerSecurityContext": {
                    "allowPrivilegeEscalation": False,
                    "privileged": False,
                    "runAsNonRoot": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            },
            # KServe fills in what a model leaves out. A processor limit is left out on purpose: a throttled server lets
            # its GPU wait, and the chart's default of 1 would be below what most models request.
            "inferenceservice": {"resources": {"limits": {"cpu": ""}}},
            # A model server has no business with the Kubernetes API; clouds' identities come by tokens of their own.
            "security": {"autoMountServiceAccountToken": False},
            "metricsaggregator": {"enablePrometheusScraping": "true"},
            "localmodel": {"enabled": args["keeps_models"]},
        }
    }
    images = image_values("kserve-resources", args["images_lock"], args["version"], mirror=args["mirror"])
    return merge(images, base, args["values"])


def ingress_grant(tenants: list[str]) -> Spec:
    """Lets routes of these tenants, which only the platform makes, lead to Knative's ingress."""
    return {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": one} for one in tenants],
        "to": [{"group": "", "kind": "Service", "name": INTERNAL_INGRESS}],
    }


class KServe(pulumi.ComponentResource):
    """KServe, in Standard mode where a model does not say otherwise. Installs no runtimes and serves no models."""

    namespace: pulumi.Output[str]
    """Namespace of the controller."""

    local_model_kinds: pulumi.Resource | None = None
    """The kinds of models on nodes' disks; None where there are none."""

    def __init__(self, name: str, args: KServeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:KServe", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        # Agents that look after weights on nodes' disks mount a folder of the node.
        level = PodSecurity.PRIVILEGED if args["keeps_models"] else PodSecurity.RESTRICTED
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=level, opts=child)
        self.namespace = namespace.metadata.name
        kinds = release(
            f"{name}-kinds",
            chart="kserve-crd",
            version=args["version"],
            namespace=self.namespace,
            values={},
            opts=child,
        )
        before: list[pulumi.Resource] = [kinds]
        if args["keeps_models"]:
            self.local_model_kinds = release(
                f"{name}-local-kinds",
                chart="kserve-localmodel-crd",
                version=args["version"],
                namespace=self.namespace,
                values={},
                opts=child,
            )
            # Its webhook looks for caches when it sees a model.
            before.append(self.local_model_kinds)
        release(
            f"{name}-release",
            chart="kserve-resources",
            version=args["version"],
            namespace=self.namespace,
            values=kserve_values(args),
            opts=after(child, *before),
        )
        if args["knative_tenants"]:
            kubernetes.apiextensions.CustomResource(
                f"{name}-knative-routes",
                api_version="gateway.networking.k8s.io/v1beta1",
                kind="ReferenceGrant",
                metadata={"name": "models", "namespace": SERVING_NAMESPACE, "labels": platform_labels()},
                spec=ingress_grant(args["knative_tenants"]),
                opts=child,
            )
        self.register_outputs({"namespace": self.namespace})
