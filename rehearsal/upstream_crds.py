"""Where the rehearsal takes a chart's CRDs from; see `upstream` for the folders. It downloads nothing.

After the folder named by `REHEARSAL_UPSTREAM`, and before the cache, comes the Go module of the same project: it lies
in Go's module cache once the project's controllers were built, in the very version that runs.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
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
    # Its chart installs none; CapacityBuffer and ProvisioningRequest are optional extras of the project.
    "cluster-autoscaler": (),
    "keda": (
        *_kinds("keda.sh", "v1alpha1", "ScaledObject/scaledobjects ScaledJob/scaledjobs"),
        *_kinds("keda.sh", "v1alpha1", "TriggerAuthentication/triggerauthentications"),
        *_kinds("keda.sh", "v1alpha1", "ClusterTriggerAuthentication/clustertriggerauthentications", namespaced=False),
        *_kinds("eventing.keda.sh", "v1alpha1", "CloudEventSource/cloudeventsources"),
        *_kinds("eventing.keda.sh", "v1alpha1", "ClusterCloudEventSource/clustercloudeventsources", namespaced=False),
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
    "cert-manager": (
        *_kinds("cert-manager.io", "v1", "Certificate/certificates Issuer/issuers"),
        *_kinds("cert-manager.io", "v1", "CertificateRequest/certificaterequests"),
        *_kinds("cert-manager.io", "v1", "ClusterIssuer/clusterissuers", namespaced=False),
        *_kinds("acme.cert-manager.io", "v1", "Challenge/challenges Order/orders"),
    ),
    "gateway-helm": (
        *_kinds("gateway.networking.k8s.io", "v1", "GatewayClass/gatewayclasses", namespaced=False),
        *_kinds("gateway.networking.k8s.io", "v1", "Gateway/gateways HTTPRoute/httproutes GRPCRoute/grpcroutes"),
        *_kinds("gateway.networking.k8s.io", "v1beta1", "ReferenceGrant/referencegrants"),
        *_kinds("gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy/envoyproxies SecurityPolicy/securitypolicies"),
        *_kinds("gateway.envoyproxy.io", "v1alpha1", "ClientTrafficPolicy/clienttrafficpolicies"),
        *_kinds("gateway.envoyproxy.io", "v1alpha1", "BackendTrafficPolicy/backendtrafficpolicies Backend/backends"),
    ),
    "kserve-crd": (
        *_kinds("serving.kserve.io", "v1beta1", "InferenceService/inferenceservices"),
        *_kinds("serving.kserve.io", "v1alpha1", "InferenceGraph/inferencegraphs ServingRuntime/servingruntimes"),
        *_kinds("serving.kserve.io", "v1alpha1", "TrainedModel/trainedmodels"),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterServingRuntime/clusterservingruntimes", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterStorageContainer/clusterstoragecontainers", namespaced=False),
    ),
    # Its kinds are those of kserve-crd.
    "kserve-resources": (),
}
"""Kinds of a chart that are made permissive when its CRDs are nowhere to be found (names from each project's CRDs)."""


_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    # Of the Gateway API the chart brings the experimental channel.
    "gateway-helm": ("envoy-gateway/crds/*.yaml", "gateway-api/crds-experimental/*.yaml"),
    # All of the project's but those of its charts for local models and LLMs.
    "kserve-crd": ("kserve/crds/*.io_[!l]*.yaml",),
}
"""Where the CRDs of a chart lie in a folder of upstream data, if not in the chart's own."""


@dataclass(frozen=True)
class _Module:
    tool: str
    """Folder below rehearsal/tools whose go.mod pins the module."""
    path: str
    folders: str
    """Folders of CRDs in it, as a pattern: the parts of a project may keep theirs apart."""


_MODULES: Final[Mapping[str, _Module]] = {
    "volcano": _Module("volcano", "volcano.sh/volcano", "config/crd/*/bases"),
    "kyverno": _Module("kyverno", "github.com/kyverno/kyverno", "config/crds"),
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
    patterns = _ELSEWHERE.get(chart, (f"{chart}/crds/**/*.yaml",))
    source = " and ".join(dict.fromkeys(pattern.partition("/*")[0] for pattern in patterns))
    places = (
        (_files(named, patterns) if named else [], source),
        ([path for folder in _module_folders(chart) for path in _files(folder, ("**/*.yaml",))], module),
        (_files(cached, patterns), source),
    )
    for paths, source in places:
        # One name may lie in two folders of a module; the first is as good as the second.
        documents = {item["metadata"]["name"]: item for path in reversed(paths) for item in _definitions_in(path)}
        if documents:
            return Definitions(tuple(documents.values()), source)
    if chart in KINDS:
        return Definitions(tuple(map(permissive_definition, KINDS[chart])), "made up here", permissive=True)
    return None


def permissive_definition(kind: CustomKind) -> dict[str, Any]:
    """A CRD that accepts any field, with a status of its own."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
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
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
    }


def _files(root: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(root.glob(pattern))] if root.is_dir() else []


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


def _module_folders(chart: str) -> list[Path]:
    """The folders of a chart's CRDs in Go's module cache."""
    module, version = _MODULES.get(chart), pinned_version(chart)
    if module is None or not version:
        return []
    base = _module_cache() / f"{_escaped(module.path)}@{_escaped(version)}"
    return sorted(base.glob(module.folders))


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
