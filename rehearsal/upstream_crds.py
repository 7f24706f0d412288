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
from rehearsal.custom_kinds import KINDS, permissive_definition

_TOOLS: Final = Path(__file__).parent / "tools"


@dataclass(frozen=True)
class Definitions:
    """The CRDs of a chart."""

    documents: tuple[dict[str, Any], ...]
    source: str
    permissive: bool = False
    """True when they are made up here and accept any field."""


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
