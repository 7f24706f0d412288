"""cert-manager, and the platform's own certificate authority.

Others' charts bring Certificates of their own, so this comes before them: its release waits for the chart's start-up
check, which asks the webhook for a certificate until it answers. Ready pods alone would not do: until cert-manager has
put its own authority into its webhook, every Certificate is refused (cert-manager issue 2908).
Sources: cert-manager v1.20.3 deploy/charts/cert-manager/values.yaml; its documentation, SelfSigned (bootstrapping CA
issuers).
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.labels import platform_labels
from components.manifest import Spec
from components.order import after
from components.settings.sections import PodSecurity

NAMESPACE = "cert-manager"
"""cert-manager's namespace, where ClusterIssuers look for their secrets."""

ISSUER = "platform-ca"
"""ClusterIssuer of the platform's own authority."""

SELF_SIGNED_ISSUER = "platform-self-signed"
"""ClusterIssuer of certificates that sign themselves: those of authorities."""

_API = "cert-manager.io/v1"
_AUTHORITY_SECRET = "platform-ca"  # noqa: S105 - the secret's name
_SELF_SIGNED: Spec = {"selfSigned": {}}


class CertManagerArgs(TypedDict):
    """What cert-manager needs to know."""

    version: str
    """Chart version."""

    replicas: int
    """Controller, webhook and CA injector replicas; more than one, and the others take over from a lost node."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def cert_manager_values(
    version: str, replicas: int, lock: Mapping[str, str], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Values of the cert-manager chart."""
    disruption = {"enabled": replicas > 1}
    base: dict[str, Any] = {
        # The platform brings the kinds and takes them away again.
        "crds": {"enabled": True, "keep": False},
        # By default it would elect its leader in kube-system, which is not the platform's.
        "global": {"leaderElection": {"namespace": NAMESPACE}},
        "replicaCount": replicas,
        "podDisruptionBudget": disruption,
        "resources": _resources("50m", "128Mi", "512Mi"),
        "webhook": {
            "replicaCount": replicas,
            "podDisruptionBudget": disruption,
            "resources": _resources("20m", "64Mi", "256Mi"),
        },
        # It holds every Secret and every custom resource definition of the cluster in memory.
        "cainjector": {
            "replicaCount": replicas,
            "podDisruptionBudget": disruption,
            "resources": _resources("50m", "256Mi", "1Gi"),
        },
        "startupapicheck": {"enabled": True, "timeout": "5m"},
    }
    return merge(image_values("cert-manager", lock, version), base, extra)


def _resources(cpu: str, memory: str, limit: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def authority_certificate() -> Spec:
    """Certificate of the platform's authority: good for ten years, with a key that only cert-manager has."""
    return {
        "isCA": True,
        "commonName": "multimodal platform",
        "secretName": _AUTHORITY_SECRET,
        "duration": "87600h",
        "renewBefore": "8760h",
        "privateKey": {"algorithm": "ECDSA", "size": 256},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": SELF_SIGNED_ISSUER},
    }


class CertManager(pulumi.ComponentResource):
    """cert-manager with an authority of the platform's own. Issues nothing else."""

    namespace: pulumi.Output[str]
    """cert-manager's namespace."""

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:CertManager", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        chart = release(
            f"{name}-release",
            chart="cert-manager",
            version=args["version"],
            namespace=self.namespace,
            values=cert_manager_values(args["version"], args["replicas"], args["images_lock"], args["values"]),
            opts=child,
        )
        before: pulumi.Resource = chart
        objects: tuple[tuple[str, str, dict[str, Any], Spec], ...] = (
            ("self-signed", "ClusterIssuer", {"name": SELF_SIGNED_ISSUER}, _SELF_SIGNED),
            (
                "authority",
                "Certificate",
                {
                    "name": ISSUER,
                    "namespace": NAMESPACE,
                    "annotations": {"pulumi.com/waitFor": "condition=Ready"},
                },
                authority_certificate(),
            ),
            ("issuer", "ClusterIssuer", {"name": ISSUER}, {"ca": {"secretName": _AUTHORITY_SECRET}}),
        )
        for suffix, kind, metadata, spec in objects:
            before = kubernetes.apiextensions.CustomResource(
                f"{name}-{suffix}",
                api_version=_API,
                kind=kind,
                metadata={**metadata, "labels": platform_labels()},
                spec=spec,
                opts=after(child, before),
            )
        self.register_outputs({"namespace": self.namespace})
