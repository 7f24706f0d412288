"""Knative: its operator, then what the operator installs.

The operator lets go of its resources only while it runs, so they depend on its release; a destroy removes them first,
and with them Knative's webhooks. It leaves Knative's own kinds in the cluster, so that no service is lost with it.
"""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import KOURIER_PROXY, image_values
from components.helm import addon_namespace, merge, release
from components.knative.broker_guard import BrokerGuard
from components.knative.names import EVENTING_NAMESPACE, OPERATOR_NAMESPACE, SERVING_NAMESPACE
from components.knative.specs import eventing_spec, serving_spec
from components.labels import platform_labels
from components.manifest import Spec
from components.settings.sections import PodSecurity

_TIMEOUTS = pulumi.CustomTimeouts(create="15m", update="15m")
"""The operator fetches a dozen images, on nodes that may have to come first."""


class KnativeArgs(TypedDict):
    """What Knative needs to know."""

    version: str
    """Chart version of the operator."""

    replicas: int
    """Of each of Knative's parts; the operator itself is one pod."""

    config: dict[str, dict[str, str]]
    """Serving's ConfigMaps by name without `config-`."""

    eventing: bool
    """Whether Eventing is installed too."""

    brokers: dict[str, str] | None
    """Knative's ConfigMap of brokers on Kafka; None: they are in memory."""

    keda: bool
    """Whether KEDA is there to scale Eventing's consumers."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


class Knative(pulumi.ComponentResource):
    """Knative Serving behind an ingress inside the cluster, and Eventing where asked for. Runs no services."""

    namespace: pulumi.Output[str]
    """Namespace of Serving and its ingress."""

    def __init__(self, name: str, args: KnativeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Knative", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        own = addon_namespace(name, namespace=OPERATOR_NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        chart = release(
            f"{name}-release",
            chart="knative-operator",
            version=args["version"],
            namespace=own.metadata.name,
            values=merge(image_values("knative-operator", args["images_lock"], args["version"]), args["values"]),
            opts=child,
        )

        def installed(part: str, kind: str, namespace: str, level: PodSecurity, spec: Spec) -> pulumi.Output[str]:
            home = addon_namespace(f"{name}-{part}", namespace=namespace, pod_security=level, opts=child)
            kubernetes.apiextensions.CustomResource(
                f"{name}-{part}",
                api_version="operator.knative.dev/v1beta1",
                kind=kind,
                metadata={
                    "name": namespace,
                    "namespace": home.metadata.name,
                    "labels": platform_labels(),
                    # Its webhooks refuse services until they answer, and KServe looks for its kinds when it starts.
                    "annotations": {"pulumi.com/waitFor": "condition=Ready"},
                },
                spec=spec,
                opts=pulumi.ResourceOptions.merge(
                    child, pulumi.ResourceOptions(depends_on=[chart], custom_timeouts=_TIMEOUTS)
                ),
            )
            return home.metadata.name

        version, replicas = args["version"], args["replicas"]
        self.namespace = installed(
            "serving",
            "KnativeServing",
            SERVING_NAMESPACE,
            PodSecurity.RESTRICTED,
            serving_spec(version, replicas, args["config"], KOURIER_PROXY.reference(args["images_lock"])),
        )
        if args["eventing"]:
            BrokerGuard(f"{name}-broker-guard", opts=child)
            spec = eventing_spec(version, replicas, args["brokers"], keda=args["keda"])
            # The pods of its data planes on Kafka run as user 1001 and do not say that they are not root, and those of
            # `request-reply` say nothing at all: `restricted` refuses them, and the operator has no setting for it.
            installed("eventing", "KnativeEventing", EVENTING_NAMESPACE, PodSecurity.BASELINE, spec)
        self.register_outputs({"namespace": self.namespace})
