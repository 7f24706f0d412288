"""google-cas-issuer: through it cert-manager asks Google's Certificate Authority Service for certificates.

Sources: google-cas-issuer v0.12.0, deploy/charts/google-cas-issuer (values, templates), README ("Inside GKE with
workload identity"; issuers without credentials use those of the controller's pod) and its CRDs.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.eventing.certificates import GOOGLE_ISSUER
from components.eventing.outputs import CaPool
from components.helm import merge, release
from components.labels import platform_labels
from components.trust.cert_manager import NAMESPACE

CHART = "cert-manager-google-cas-issuer"

SERVICE_ACCOUNT = CHART
"""Service account of its controller, in cert-manager's namespace: the chart's own name. Google knows it by it."""


class CasIssuerArgs(TypedDict):
    """What the controller needs to know."""

    version: str
    """Chart version, which is the controller's too."""

    replicas: int
    """Controllers, of which one leads."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def cas_issuer_values(version: str, replicas: int, lock: Mapping[str, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the cert-manager-google-cas-issuer chart."""
    base: dict[str, Any] = {
        "replicaCount": replicas,
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        # The platform brings the kinds and takes them away again.
        "crds": {"enabled": True, "keep": False},
    }
    return merge(image_values(CHART, lock, version), base, extra)


class CasIssuer(pulumi.ComponentResource):
    """The controller, beside cert-manager, and the one issuer of Kafka's clients. Issues nothing by itself."""

    def __init__(
        self, name: str, args: CasIssuerArgs, pool: CaPool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`pool`: who signs."""
        super().__init__("multimodal:index:CasIssuer", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        chart = release(
            f"{name}-release",
            chart=CHART,
            version=args["version"],
            namespace=NAMESPACE,
            values=cas_issuer_values(args["version"], args["replicas"], args["images_lock"], args["values"]),
            opts=child,
        )
        kubernetes.apiextensions.CustomResource(
            f"{name}-issuer",
            api_version=f"{GOOGLE_ISSUER.group}/v1beta1",
            kind=GOOGLE_ISSUER.kind,
            metadata={
                "name": GOOGLE_ISSUER.name,
                "labels": platform_labels(),
                "annotations": {"pulumi.com/waitFor": "condition=Ready"},
            },
            spec={"project": pool.project, "location": pool.location, "caPoolId": pool.name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[chart]),
        )
        self.register_outputs({})
