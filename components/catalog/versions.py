"""Versions the platform pins, and which of them go together.

Nobody publishes a tested set of all of these; each component states only the Kubernetes versions it was tested with.
The matrix here is those statements, and settings refuse a combination outside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from components.catalog.machine import Cloud

KUBERNETES_SUPPORTED = ("1.33", "1.34", "1.35")
"""Minor versions a stack may ask for, oldest first."""
KUBERNETES_DEFAULT = "1.35"
"""The newest that every component supports; standard support of 1.34 ends on all three clouds by December 2026."""


@dataclass(frozen=True, slots=True)
class Component:
    """One thing the platform installs at a pinned version."""

    key: str
    """Key under which a stack file overrides the version."""
    title: str
    default: str
    """Version used when the stack file says nothing; the Helm chart's version, spelled as its repository spells it."""
    allowed: tuple[str, ...]
    """Every version whose values and images the catalog knows."""
    kubernetes: tuple[str, str]
    """Oldest and newest Kubernetes minor the component is stated to work with, both included."""
    source: str
    """Where the range was read."""
    optional: bool = False
    """Installed only where a stack asks for it."""


_ALL = (
    Component(
        "gpuOperator",
        "NVIDIA GPU Operator",
        "v26.7.0",
        ("v26.7.0", "v26.3.3"),
        ("1.33", "1.36"),
        "NVIDIA GPU Operator documentation, platform support of 26.7 (26.3 is held to the same range)",
    ),
    Component(
        "draDriver",
        "NVIDIA DRA driver",
        "0.4.1",
        ("0.4.1",),
        ("1.35", "1.36"),
        "kubernetes-sigs/dra-driver-nvidia-gpu, prerequisites: 1.34.2 or later, and a cluster of 1.34 may be older than"
        " that",
        optional=True,
    ),
    Component(
        "efaDevicePlugin",
        "AWS EFA device plugin (chart; application v0.5.20), on EKS only",
        "v0.5.30",
        ("v0.5.30",),
        ("1.33", "1.35"),
        "aws/eks-charts states no range; the plugin needs the kubelet's API v1beta1 of device plugins, which all have",
    ),
    Component(
        "networkOperator",
        "NVIDIA Network Operator, on AKS with a fast network only",
        "26.4.1",
        ("26.4.1",),
        ("1.31", "1.35"),
        "Mellanox/network-operator-docs docs/platform-support.rst, prerequisites",
    ),
    Component(
        "volcano",
        "Volcano",
        "1.15.0",
        ("1.15.0",),
        ("1.24", "1.35"),
        "volcano-sh/volcano README.md, Kubernetes compatibility, row v1.15",
    ),
    Component(
        "kuberay",
        "KubeRay",
        "1.6.2",
        ("1.6.2",),
        ("1.29", "1.35"),
        "ray-project/kuberay v1.6.2: its CI runs on 1.29 and tests against the API server of 1.34, and its client is"
        " Kubernetes 1.35's (ci/kind-config-buildkite.yml, ray-operator/Makefile, ray-operator/go.mod)",
    ),
    Component(
        "clusterAutoscaler",
        "Cluster Autoscaler (chart; application 1.35.0), on EKS only",
        "9.59.0",
        ("9.59.0",),
        ("1.33", "1.35"),
        "kubernetes/autoscaler cluster-autoscaler/README.md: made for the Kubernetes of its own minor version; a newer"
        " autoscaler on an older cluster is reported to work and not tested",
    ),
    Component(
        "keda",
        "KEDA",
        "2.20.2",
        ("2.20.2",),
        ("1.33", "1.35"),
        "kedacore/keda-docs content/docs/2.20/operate/cluster.md, Kubernetes compatibility",
    ),
    Component(
        "kyverno",
        "Kyverno (chart; application 1.19.0)",
        "3.9.0",
        ("3.9.0",),
        ("1.33", "1.35"),
        "endoflife-date/endoflife.date products/kyverno.md, release 1.19, from Kyverno's compatibility matrix",
    ),
    Component(
        "certManager",
        "cert-manager",
        "v1.20.3",
        ("v1.20.3",),
        ("1.32", "1.35"),
        "cert-manager/website content/docs/releases/README.md, release 1.20",
    ),
    Component(
        "casIssuer",
        "google-cas-issuer, with Google's Managed Kafka on GKE only",
        "v0.12.0",
        ("v0.12.0",),
        ("1.32", "1.35"),
        "cert-manager/google-cas-issuer states no range; it is held to that of cert-manager 1.20, with which its go.mod"
        " builds it",
    ),
    Component(
        "envoyGateway",
        "Envoy Gateway",
        "v1.8.3",
        ("v1.8.3",),
        ("1.32", "1.35"),
        "envoyproxy/gateway site/content/en/news/releases/matrix.md, row v1.8",
    ),
    Component(
        "knative",
        "Knative (operator; Serving 1.22.1, Eventing 1.22.2)",
        "v1.22.3",
        ("v1.22.3",),
        ("1.34", "1.35"),
        "knative/pkg version/version.go, which Knative 1.22 refuses to start below, and what knative/serving v0.49.1"
        " tests on (.github/workflows/kind-e2e.yaml)",
        optional=True,
    ),
    Component(
        "argoWorkflows",
        "Argo Workflows (chart; application v3.7.3), which runs Kubeflow Pipelines 2.16.1",
        "0.45.27",
        ("0.45.27",),
        ("1.29", "1.35"),
        "kubeflow/pipelines 2.16.1: its end-to-end tests run with this Argo on Kubernetes 1.29 and 1.34"
        " (.github/workflows/e2e-test.yml, README.md); clients work with servers one minor version newer",
    ),
    Component(
        "kserve",
        "KServe",
        "v0.18.1",
        ("v0.18.1",),
        ("1.33", "1.35"),
        "kserve/kserve v0.18.1 go.mod and .github/actions/minikube-setup: built for and tested on 1.34; a client of"
        " Kubernetes works with servers of one minor version before and after its own",
    ),
    Component(
        "strimzi",
        "Strimzi (Kafka 4.2.1)",
        "1.2.0",
        ("1.2.0",),
        ("1.30", "1.35"),
        "strimzi/strimzi-kafka-operator 1.2.0: its CI runs on 1.30 and 1.35 (.github/workflows/build.yml), and its"
        " documentation says 1.30 and later",
    ),
)

COMPONENTS: Mapping[str, Component] = MappingProxyType({c.key: c for c in _ALL})
"""Every pinned component by key."""

CLOUD_KUBERNETES: Mapping[Cloud, Mapping[str, str]] = MappingProxyType(
    {
        Cloud.AWS: MappingProxyType({"1.33": "2026-07-29", "1.34": "2026-12-02", "1.35": "2027-03-27"}),
        Cloud.GCP: MappingProxyType({"1.33": "2026-08-03", "1.34": "2026-10-01", "1.35": "2027-04-11"}),
        Cloud.AZURE: MappingProxyType({"1.33": "2026-07-31", "1.34": "2026-11-30", "1.35": "2027-03-31"}),
    }
)
"""Last day of standard support of each Kubernetes minor on each cloud, ISO dates.

Sources: EKS and GKE from endoflife-date/endoflife.date (amazon-eks, google-kubernetes-engine; for GKE the end of
standard maintenance); AKS from MicrosoftDocs/azure-aks-docs ``supported-kubernetes-versions.md``, which names a month,
taken as its last day. Afterwards EKS and GKE go on at extra cost and AKS only under long-term support.
"""


def problems(kubernetes: str, versions: Mapping[str, str], chosen: Collection[str] = ()) -> list[tuple[str, str]]:
    """What is wrong with this Kubernetes minor and these component versions, as (key, message); empty when nothing is.

    ``versions`` holds overrides by component key; a component that is not named is checked at its default. What an
    optional component needs of Kubernetes counts where ``chosen`` names it.
    """
    found: list[tuple[str, str]] = []
    supported = kubernetes in KUBERNETES_SUPPORTED
    if not supported:
        choice = ", ".join(KUBERNETES_SUPPORTED)
        found.append(("kubernetes", f"not supported; use one of {choice} (a minor version, no patch)"))
    for component in COMPONENTS.values():
        version = versions.get(component.key, component.default)
        if version not in component.allowed:
            allowed = ", ".join(component.allowed)
            found.append((component.key, f"not in the matrix for {component.title}; use one of {allowed}"))
        elif component.optional and component.key not in chosen:
            continue
        elif supported and not _between(kubernetes, component.kubernetes):
            low, high = component.kubernetes
            message = f"{component.title} works with Kubernetes {low} to {high}, not {kubernetes} ({component.source})"
            found.append((component.key, message))
    return found


def standard_support_end(cloud: Cloud, kubernetes: str) -> date:
    """Last day of standard support. Raises `ValueError` for a version that is not in `CLOUD_KUBERNETES`."""
    known = CLOUD_KUBERNETES[cloud]
    if kubernetes not in known:
        choice = ", ".join(known)
        raise ValueError(f"no end of support is known for Kubernetes {kubernetes!r} on {cloud.value}; known: {choice}")
    return date.fromisoformat(known[kubernetes])


def out_of_standard_support(cloud: Cloud, kubernetes: str, on: date) -> bool:
    """Whether standard support is over on that day. Raises `ValueError` as `standard_support_end` does."""
    return on > standard_support_end(cloud, kubernetes)


def _between(minor: str, span: tuple[str, str]) -> bool:
    return _number(span[0]) <= _number(minor) <= _number(span[1])


def _number(minor: str) -> tuple[int, ...]:
    """1.9 is older than 1.10, which text order gets wrong."""
    return tuple(int(part) for part in minor.split("."))
