"""Where the rehearsal takes a chart's CRDs from; see `upstream` for the folders. It downloads nothing.

After the folder named by `REHEARSAL_UPSTREAM`, and before the cache, comes the Go module of the same project: it lies
in Go's module cache once the project's controllers were built, in the very version that runs.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeGuard

from rehearsal import upstream

_TOOLS: Final = Path(__file__).parent / "tools"


@dataclass(frozen=True)
class Definitions:
    """The CRDs of a chart."""

    documents: tuple[dict[str, Any], ...]
    source: str
    permissive: bool = False
    """True when they are made up here and accept any field."""


@dataclass(frozen=True)
class CustomKind:
    """One custom resource kind, as much as a permissive CRD needs."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True


def _kinds(group: str, version: str, names: str, *, namespaced: bool = True) -> tuple[CustomKind, ...]:
    pairs = (name.split("/") for name in names.split())
    return tuple(CustomKind(group, version, kind, plural, namespaced) for kind, plural in pairs)


KINDS: Final[Mapping[str, tuple[CustomKind, ...]]] = {
    "volcano": (
        *_kinds("scheduling.volcano.sh", "v1beta1", "PodGroup/podgroups"),
        *_kinds("scheduling.volcano.sh", "v1beta1", "Queue/queues", namespaced=False),
        *_kinds("batch.volcano.sh", "v1alpha1", "Job/jobs CronJob/cronjobs"),
        *_kinds("bus.volcano.sh", "v1alpha1", "Command/commands"),
        *_kinds("config.volcano.sh", "v1alpha1", "ColocationConfiguration/colocationconfigurations"),
        *_kinds("flow.volcano.sh", "v1alpha1", "JobFlow/jobflows JobTemplate/jobtemplates"),
        *_kinds("nodeinfo.volcano.sh", "v1alpha1", "Numatopology/numatopologies", namespaced=False),
        *_kinds("topology.volcano.sh", "v1alpha1", "HyperNode/hypernodes", namespaced=False),
        *_kinds("shard.volcano.sh", "v1alpha1", "NodeShard/nodeshards", namespaced=False),
    ),
    "gpu-operator": (
        *_kinds("nvidia.com", "v1", "ClusterPolicy/clusterpolicies", namespaced=False),
        *_kinds("nvidia.com", "v1alpha1", "NVIDIADriver/nvidiadrivers GPUCluster/gpuclusters", namespaced=False),
        *_kinds("nfd.k8s-sigs.io", "v1alpha1", "NodeFeature/nodefeatures NodeFeatureGroup/nodefeaturegroups"),
        *_kinds("nfd.k8s-sigs.io", "v1alpha1", "NodeFeatureRule/nodefeaturerules", namespaced=False),
    ),
    "dra-driver-nvidia-gpu": _kinds(
        "resource.nvidia.com",
        "v1beta1",
        "ComputeDomain/computedomains ComputeDomainClique/computedomaincliques",
    ),
    "aws-efa-k8s-device-plugin": (),
    "network-operator": (
        *_kinds("mellanox.com", "v1alpha1", "NicClusterPolicy/nicclusterpolicies", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "NicNodePolicy/nicnodepolicies", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "HostDeviceNetwork/hostdevicenetworks", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "IPoIBNetwork/ipoibnetworks", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "MacvlanNetwork/macvlannetworks", namespaced=False),
        *_kinds("k8s.cni.cncf.io", "v1", "NetworkAttachmentDefinition/network-attachment-definitions"),
    ),
    # Its chart installs none; CapacityBuffer and ProvisioningRequest are optional extras of the project.
    "cluster-autoscaler": (),
    "kuberay-operator": _kinds(
        "ray.io", "v1", "RayCluster/rayclusters RayJob/rayjobs RayService/rayservices RayCronJob/raycronjobs"
    ),
    "keda": (
        *_kinds("keda.sh", "v1alpha1", "ScaledObject/scaledobjects ScaledJob/scaledjobs"),
        *_kinds("keda.sh", "v1alpha1", "TriggerAuthentication/triggerauthentications"),
        *_kinds("keda.sh", "v1alpha1", "ClusterTriggerAuthentication/clustertriggerauthentications", namespaced=False),
        *_kinds("eventing.keda.sh", "v1alpha1", "CloudEventSource/cloudeventsources"),
        *_kinds("eventing.keda.sh", "v1alpha1", "ClusterCloudEventSource/clustercloudeventsources", namespaced=False),
    ),
    "kserve-crd": (
        *_kinds("serving.kserve.io", "v1beta1", "InferenceService/inferenceservices"),
        *_kinds("serving.kserve.io", "v1alpha1", "InferenceGraph/inferencegraphs ServingRuntime/servingruntimes"),
        *_kinds("serving.kserve.io", "v1alpha1", "TrainedModel/trainedmodels"),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterServingRuntime/clusterservingruntimes", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterStorageContainer/clusterstoragecontainers", namespaced=False),
    ),
    "knative-operator": _kinds(
        "operator.knative.dev",
        "v1beta1",
        "KnativeServing/knativeservings KnativeEventing/knativeeventings",
    ),
    "kserve-localmodel-crd": (
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNamespaceCache/localmodelnamespacecaches"),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelCache/localmodelcaches", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNodeGroup/localmodelnodegroups", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNode/localmodelnodes", namespaced=False),
    ),
    # Their CRDs come with kserve-crd and kserve-localmodel-crd.
    "kserve-resources": (),
    "kserve-localmodel-resources": (),
    "gateway-helm": (
        *_kinds("gateway.networking.k8s.io", "v1", "Gateway/gateways HTTPRoute/httproutes GRPCRoute/grpcroutes"),
        *_kinds("gateway.networking.k8s.io", "v1", "GatewayClass/gatewayclasses", namespaced=False),
        *_kinds("gateway.networking.k8s.io", "v1beta1", "ReferenceGrant/referencegrants"),
        *_kinds(
            "gateway.envoyproxy.io",
            "v1alpha1",
            "EnvoyProxy/envoyproxies ClientTrafficPolicy/clienttrafficpolicies Backend/backends "
            "BackendTrafficPolicy/backendtrafficpolicies SecurityPolicy/securitypolicies",
        ),
    ),
    "strimzi-kafka-operator": (
        *_kinds("kafka.strimzi.io", "v1", "Kafka/kafkas KafkaNodePool/kafkanodepools KafkaTopic/kafkatopics"),
        *_kinds("kafka.strimzi.io", "v1", "KafkaUser/kafkausers"),
    ),
    "cert-manager": (
        *_kinds("cert-manager.io", "v1", "Certificate/certificates CertificateRequest/certificaterequests"),
        *_kinds("cert-manager.io", "v1", "Issuer/issuers"),
        *_kinds("cert-manager.io", "v1", "ClusterIssuer/clusterissuers", namespaced=False),
        *_kinds("acme.cert-manager.io", "v1", "Order/orders Challenge/challenges"),
    ),
    "argo-workflows": (
        *_kinds("argoproj.io", "v1alpha1", "Workflow/workflows WorkflowTemplate/workflowtemplates"),
        *_kinds("argoproj.io", "v1alpha1", "CronWorkflow/cronworkflows WorkflowTaskSet/workflowtasksets"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowTaskResult/workflowtaskresults"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowArtifactGCTask/workflowartifactgctasks"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowEventBinding/workfloweventbindings"),
        *_kinds("argoproj.io", "v1alpha1", "ClusterWorkflowTemplate/clusterworkflowtemplates", namespaced=False),
    ),
    "kyverno": (
        *_kinds("kyverno.io", "v1", "ClusterPolicy/clusterpolicies", namespaced=False),
        *_kinds("kyverno.io", "v1", "Policy/policies"),
        *_kinds("kyverno.io", "v2", "PolicyException/policyexceptions"),
        *_kinds(
            "policies.kyverno.io",
            "v1",
            "ValidatingPolicy/validatingpolicies ImageValidatingPolicy/imagevalidatingpolicies "
            "MutatingPolicy/mutatingpolicies GeneratingPolicy/generatingpolicies DeletingPolicy/deletingpolicies",
            namespaced=False,
        ),
    ),
}
"""Kinds of a chart that are made permissive when its CRDs are nowhere to be found (names from each project's CRDs)."""


_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "kserve-crd": (
        *("kserve/crds/*_clusterservingruntimes.yaml", "kserve/crds/*_servingruntimes.yaml"),
        *("kserve/crds/*_clusterstoragecontainers.yaml", "kserve/crds/*_trainedmodels.yaml"),
        *("kserve/crds/*_inferenceservices.yaml", "kserve/crds/*_inferencegraphs.yaml"),
    ),
    "kserve-localmodel-crd": ("kserve/crds/*_localmodel*.yaml",),
    "gateway-helm": ("envoy-gateway/crds/*.yaml", "gateway-api/crds/*.yaml"),
    # The chart's own: without the schema of pods in them, which takes megabytes.
    "argo-workflows": ("argo-workflows/crds-minimal/*.yaml",),
}
"""Charts whose CRDs lie under another name in a folder of upstream data, as patterns below it."""


@dataclass(frozen=True)
class _Module:
    tool: str
    """Folder below rehearsal/tools whose go.mod pins the module."""
    path: str
    files: tuple[str, ...]
    """Files of CRDs in it, as patterns: the parts of a project may keep theirs apart."""


_MODULES: Final[Mapping[str, _Module]] = {
    "volcano": _Module("volcano", "volcano.sh/volcano", ("config/crd/*/bases/*.yaml",)),
    "kyverno": _Module("kyverno", "github.com/kyverno/kyverno", ("config/crds/**/*.yaml",)),
    "kuberay-operator": _Module("kuberay", "github.com/ray-project/kuberay/ray-operator", ("config/crd/bases/*.yaml",)),
    "keda": _Module("keda", "github.com/kedacore/keda/v2", ("config/crd/bases/*.yaml",)),
    "argo-workflows": _Module(
        "argo", "github.com/argoproj/argo-workflows/v3", ("manifests/base/crds/minimal/argoproj.io_*.yaml",)
    ),
    "knative-operator": _Module("knative-operator", "knative.dev/operator", ("config/crd/bases/*.yaml",)),
    # Not the folders beside these, whose charts are others.
    "kserve-crd": _Module(
        "kserve",
        "github.com/kserve/kserve",
        ("config/crd/full/*.yaml", "config/crd/full/clusterstoragecontainer/*.yaml"),
    ),
}


def crds(chart: str) -> Definitions | None:
    """A chart's CRDs, or None for a chart that brings none that are known of.

    Descriptions are left out: they validate nothing and cost the API server memory.

    Raises:
        ValueError: when a file is broken, naming it.
    """
    if KINDS.get(chart) == ():
        return None
    named, cached = upstream.named_root(), upstream.cached_root()
    module = f"Go module {_MODULES[chart].path}@{pinned_version(chart)}" if chart in _MODULES else ""
    patterns = _FILES.get(chart, (f"{chart}/crds/**/*.yaml",))
    places = (
        (_files(named, patterns) if named else [], f"{chart}/crds"),
        (_module_files(chart), module),
        (_files(cached, patterns), f"{chart}/crds"),
    )
    for files, source in places:
        # One name may lie in two folders of a module; the first is as good as the second.
        documents = {item["metadata"]["name"]: item for file in reversed(files) for item in _definitions_in(file)}
        if documents:
            return Definitions(tuple(documents.values()), source)
    if chart in KINDS:
        return Definitions(tuple(map(permissive_definition, KINDS[chart])), "made up here", permissive=True)
    return None


def permissive_definition(kind: CustomKind) -> dict[str, Any]:
    """A CRD that accepts any field, with a status of its own."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    # The API server wants a word on every group of the Kubernetes project's own.
    approval = {"api-approved.kubernetes.io": "unapproved, rehearsal"} if kind.group.endswith(".k8s.io") else {}
    version: dict[str, Any] = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "annotations": approval},
        "spec": {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
    }


def _files(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def _definitions_in(path: Path) -> Iterator[dict[str, Any]]:
    for document in upstream.load_documents(path):
        if _is_map(document) and document.get("kind") == "CustomResourceDefinition":
            document.pop("status", None)
            yield _without_descriptions(document)


def _is_map(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _without_descriptions(value: Any, *, names: bool = False) -> Any:
    """A schema without descriptions. `names`: the keys of this map are property names, and one may be so called."""
    if _is_map(value):
        return {
            key: _without_descriptions(item, names=key in ("properties", "patternProperties") and not names)
            for key, item in value.items()
            if names or key != "description" or not isinstance(item, str)
        }
    if _is_list(value):
        return [_without_descriptions(item) for item in value]
    return value


def pinned_version(chart: str) -> str:
    """Version, with its v, of the Go module of a chart's project that the tools pin; empty when none is."""
    module = _MODULES.get(chart)
    if module is None or not (_TOOLS / module.tool / "go.mod").is_file():
        return ""
    text = (_TOOLS / module.tool / "go.mod").read_text(encoding="utf-8")
    pinned = re.search(rf"^\s*(?:require\s+)?{re.escape(module.path)}\s+(v\S+)", text, re.M)
    return pinned.group(1) if pinned else ""


def _module_files(chart: str) -> list[Path]:
    """The files of a chart's CRDs in Go's module cache."""
    module, version = _MODULES.get(chart), pinned_version(chart)
    if module is None or not version:
        return []
    return _files(_module_cache() / f"{_escaped(module.path)}@{_escaped(version)}", module.files)


def _escaped(text: str) -> str:
    """Go writes an upper-case letter in a path of its cache as an exclamation mark and the lower-case letter."""
    return re.sub(r"[A-Z]", lambda letter: f"!{letter.group().lower()}", text)


@lru_cache(maxsize=1)
def _module_cache() -> Path:
    named = os.environ.get("GOMODCACHE")
    if not named:
        try:
            answer = subprocess.run(
                ["go", "env", "GOMODCACHE"], capture_output=True, text=True, timeout=20, check=False
            )
            named = answer.stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            named = ""  # without Go nothing was built, so nothing lies there
    return Path(named) if named else Path.home() / "go" / "pkg" / "mod"
