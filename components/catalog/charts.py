"""Where the platform's Helm charts come from.

Sources: installation guides of the projects; each project's Chart.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Chart:
    """One Helm chart."""

    key: str
    name: str
    """Name in the repository."""
    repo: str
    """Repository URL; with ``oci``, the ``oci://`` address that the name is appended to."""
    version_from: str
    """Key in `versions.COMPONENTS` whose version is the chart's version."""
    oci: bool = False


_ALL = (
    Chart("gpu-operator", "gpu-operator", "https://helm.ngc.nvidia.com/nvidia", "gpuOperator"),
    Chart(
        "dra-driver-nvidia-gpu",
        "dra-driver-nvidia-gpu",
        "oci://registry.k8s.io/dra-driver-nvidia/charts",
        "draDriver",
        oci=True,
    ),
    Chart(
        "aws-efa-k8s-device-plugin",
        "aws-efa-k8s-device-plugin",
        "https://aws.github.io/eks-charts",
        "efaDevicePlugin",
    ),
    Chart("network-operator", "network-operator", "https://helm.ngc.nvidia.com/nvidia", "networkOperator"),
    Chart("volcano", "volcano", "https://volcano-sh.github.io/helm-charts", "volcano"),
    Chart("kuberay-operator", "kuberay-operator", "https://ray-project.github.io/kuberay-helm", "kuberay"),
    Chart("cluster-autoscaler", "cluster-autoscaler", "https://kubernetes.github.io/autoscaler", "clusterAutoscaler"),
    Chart("keda", "keda", "https://kedacore.github.io/charts", "keda"),
    Chart("kyverno", "kyverno", "https://kyverno.github.io/kyverno", "kyverno"),
    Chart("cert-manager", "cert-manager", "https://charts.jetstack.io", "certManager"),
    Chart(
        "cert-manager-google-cas-issuer",
        "cert-manager-google-cas-issuer",
        "oci://quay.io/jetstack/charts",
        "casIssuer",
        oci=True,
    ),
    Chart("envoy-gateway", "gateway-helm", "oci://docker.io/envoyproxy", "envoyGateway", oci=True),
    Chart("argo-workflows", "argo-workflows", "https://argoproj.github.io/argo-helm", "argoWorkflows"),
    Chart("knative-operator", "knative-operator", "https://knative.github.io/operator", "knative"),
    Chart("kserve-crd", "kserve-crd", "oci://ghcr.io/kserve/charts", "kserve", oci=True),
    Chart("strimzi-kafka-operator", "strimzi-kafka-operator", "oci://quay.io/strimzi-helm", "strimzi", oci=True),
    Chart("kserve-localmodel-crd", "kserve-localmodel-crd", "oci://ghcr.io/kserve/charts", "kserve", oci=True),
    Chart(
        "kserve-localmodel-resources", "kserve-localmodel-resources", "oci://ghcr.io/kserve/charts", "kserve", oci=True
    ),
    Chart("kserve-resources", "kserve-resources", "oci://ghcr.io/kserve/charts", "kserve", oci=True),
)

CHARTS: Mapping[str, Chart] = MappingProxyType({c.key: c for c in _ALL})
"""Every chart by key."""
