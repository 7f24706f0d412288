"""Where the rehearsal takes a chart's own values from. It downloads nothing.

First the folder named by `REHEARSAL_UPSTREAM`, then the user's cache folder
`${XDG_CACHE_HOME:-~/.cache}/multimodal-platform/upstream`. A folder of upstream data has one folder per chart:

    <chart>/values.yaml           the chart's defaults
    <chart>/values.schema.json    optional
    <chart>/value-refs.txt        optional: dotted paths that the templates read, one a line
    <chart>/charts/<sub-chart>/   the same for sub-charts
    <chart>/crds/*.yaml
    INDEX.yaml                    optional: components: {<chart>: {version: ...}}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import yaml

_FOLDERS: Final[Mapping[str, str]] = {"gateway-helm": "envoy-gateway"}
"""Charts whose files lie in a folder that is named after the project."""
_EMPTY: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True)
class ChartData:
    """A chart's own files."""

    name: str
    version: str
    """Version of the chart that the files are from; empty when nothing says it."""
    source: str
    """Where they were found, for the report."""
    values: Mapping[str, Any]
    """Defaults, with those of the sub-charts below their names."""
    refs: frozenset[str] = frozenset()
    """Dotted paths that the templates read, beyond what the defaults show."""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _EMPTY)
    """JSON Schemas by the values' key of the sub-chart; the chart's own is under the empty key."""
    opaque: frozenset[str] = frozenset()
    """Keys of sub-charts whose defaults are not at hand: anything may be set below them."""


def named_root() -> Path | None:
    """The folder named by `REHEARSAL_UPSTREAM`, if it exists."""
    named = os.environ.get("REHEARSAL_UPSTREAM")
    return Path(named) if named and Path(named).is_dir() else None


def cached_root() -> Path:
    """The user's cache folder, whether it exists or not."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "multimodal-platform" / "upstream"


def chart_data(chart: str) -> ChartData | None:
    """A chart's defaults and what belongs to them, or None when there are none.

    Raises:
        ValueError: when a file is broken, naming it.
    """
    folder = _FOLDERS.get(chart, chart)
    for root in filter(None, (named_root(), cached_root())):
        if (root / folder / "values.yaml").is_file():
            return _read_chart(root, folder)
    return None


def _read_chart(root: Path, chart: str) -> ChartData:
    folder = root / chart
    values = _mapping(folder / "values.yaml")
    refs = folder / "value-refs.txt"
    schemas: dict[str, Mapping[str, Any]] = {}
    if (folder / "values.schema.json").is_file():
        schemas[""] = _schema(folder / "values.schema.json")
    opaque: set[str] = set()
    for name, key in _sub_charts(folder):
        below = folder / "charts" / name
        if (below / "values.yaml").is_file():
            own = values.get(key)
            values[key] = merge(_mapping(below / "values.yaml"), cast("Mapping[str, Any]", own or {}))
        else:
            opaque.add(key)
        if (below / "values.schema.json").is_file():
            schemas[key] = _schema(below / "values.schema.json")
    return ChartData(
        name=chart,
        version=_version(root, chart),
        source=f"{root.name}/{chart}",
        values=values,
        refs=frozenset(refs.read_text(encoding="utf-8").split()) if refs.is_file() else frozenset(),
        schemas=schemas,
        opaque=frozenset(opaque),
    )


def merge(defaults: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values over defaults as Helm coalesces them: maps merge, anything else replaces, a null removes a default."""
    result = dict(defaults)
    for key, value in over.items():
        old = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(old, Mapping):
            result[key] = merge(cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", value))
        else:
            result[key] = value
    return result


def _sub_charts(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, key in the parent's values) of each sub-chart."""
    seen: set[str] = set()
    if (folder / "Chart.yaml").is_file():
        for item in cast("list[dict[str, Any]]", _mapping(folder / "Chart.yaml").get("dependencies") or []):
            seen.add(item["name"])
            yield item["name"], item.get("alias") or item["name"]
    if (folder / "charts").is_dir():
        for below in sorted((folder / "charts").iterdir()):
            if below.name not in seen:
                yield below.name, below.name


@lru_cache(maxsize=4)
def _index(path: Path) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", _mapping(path).get("components") or {})


def _version(root: Path, chart: str) -> str:
    if (root / "INDEX.yaml").is_file():
        entry: Mapping[str, Any] = _index(root / "INDEX.yaml").get(chart) or {}
        if entry.get("version"):
            return str(entry["version"]).split()[0]  # "3.9.0 (app v1.19.0)"
    if (root / chart / "Chart.yaml").is_file():
        return str(_mapping(root / chart / "Chart.yaml").get("version") or "")
    return ""


def _mapping(path: Path) -> dict[str, Any]:
    """A YAML file that holds one map; an empty file is an empty map."""
    document: Any = (load_documents(path) or [None])[0] or {}
    if not isinstance(document, dict):
        raise ValueError(f"{path}: holds a {type(document).__name__} where a map is expected")
    return cast("dict[str, Any]", document)


_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was compiled in


def load_documents(path: Path) -> list[Any]:
    """The documents of a YAML file.

    Raises:
        ValueError: when it is broken, naming it.
    """
    try:
        return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_LOADER))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: is not readable YAML: {' '.join(str(error).split())}") from error


def _schema(path: Path) -> Mapping[str, Any]:
    try:
        return cast("Mapping[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: is not readable JSON: {error}") from error
