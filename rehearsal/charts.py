"""Checks a Helm release without rendering its chart: is it pinned, does every value that it sets exist, is it valid.

Helm ignores a value that no template reads, so a mistyped or moved path is the mistake that nobody sees. A path is
right when the chart's own `values.yaml` has it, or leaves it open (`{}`, `[]`, null), or a template reads it, or the
chart's schema names it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from rehearsal.upstream import ChartData, merge

_PINNED: Final = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_ANYWHERE: Final = "global"
"""Helm hands `global` to every sub-chart, so a chart need not list what is below it."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a release's values."""

    path: str
    """Dotted path within the values."""
    reason: str


LOOPED: Final[Mapping[str, frozenset[str]]] = {
    # Each is a flag.
    "cluster-autoscaler": frozenset({"extraArgs"}),
    "kuberay-operator": frozenset({"resources"}),
    "strimzi-kafka-operator": frozenset(
        f"{part}.image" for part in ("kafka", "kafkaConnect", "kafkaExporter", "kafkaMirrorMaker2", "cruiseControl")
    ),
    "argo-workflows": frozenset({"controller.securityContext"}),
    "kserve-resources": frozenset({"kserve.storage.containerSecurityContext"}),
}
"""Maps with defaults that a chart's templates loop over or hand on whole, so that every key in them is read: flags, a
container's resources and security context, the parts of an image's name."""


def chart_name(chart: str) -> str:
    """Name of a chart from the release's `chart`: `oci://ghcr.io/kserve/charts/kserve-crd` is `kserve-crd`."""
    return chart.rstrip("/").rsplit("/", 1)[-1]


def check_version(chart: str, version: Any) -> str:
    """Why a version is no pin, or an empty text."""
    if not isinstance(version, str) or not version:
        return f"version: is not set for chart {chart}: pin the exact version, such as 1.2.3"
    if not _PINNED.fullmatch(version):
        return f"version: {version!r} of chart {chart} is a range or no version: pin the exact version, such as 1.2.3"
    return ""


def same_version(first: str, second: str) -> bool:
    """Whether two versions are one, with or without a leading v."""
    return first.removeprefix("v") == second.removeprefix("v")


def check_values(data: ChartData, values: Mapping[str, Any]) -> list[Finding]:
    """Everything wrong with the values that a release sets over a chart's defaults.

    Args:
        data: The chart's own files.
        values: What the release sets; leave out what is not known yet.
    """
    findings = list(_unknown_paths(data, (), data.values, values))
    if not findings:  # a schema repeats what is already said, in worse words
        findings = list(_schema_errors(data, values))
    return findings


def _unknown_paths(
    data: ChartData, at: tuple[str, ...], defaults: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[Finding]:
    for key, value in values.items():
        path = (*at, key)
        if not at and (key == _ANYWHERE or key in data.opaque):
            continue
        if _dotted(path) in LOOPED.get(data.name, ()) and isinstance(value, Mapping):
            continue
        if key not in defaults:
            if not _read_by_templates(data, path, value) and not _in_schema(data, path):
                yield Finding(_dotted(path), _no_such_value(data, path, defaults))
            continue
        default = defaults[key]
        if isinstance(default, Mapping) and default:
            below = cast("Mapping[str, Any]", default)
            if isinstance(value, Mapping):
                yield from _unknown_paths(data, path, below, cast("Mapping[str, Any]", value))
            elif value is not None:
                yield Finding(_dotted(path), _wrong_shape(data, path, "a map", value, sorted(map(str, below))))
        elif isinstance(value, Mapping) and value and _is_scalar(default) and not _goes_deeper(data, path):
            yield Finding(_dotted(path), _wrong_shape(data, path, f"a value like {default!r}", "a map", []))


def _is_scalar(default: Any) -> bool:
    return isinstance(default, (bool, int, float)) or (isinstance(default, str) and default != "")


def _goes_deeper(data: ChartData, path: tuple[str, ...]) -> bool:
    start = _dotted(path) + "."
    return any(ref.startswith(start) for ref in data.refs)


def _read_by_templates(data: ChartData, path: tuple[str, ...], value: Any) -> bool:
    """True when a template reads this path, or all of something above it without defaults, or all that is set below."""
    dotted = _dotted(path)
    if dotted in data.refs:
        return True
    for length in range(len(path) - 1, 0, -1):
        if _dotted(path[:length]) in data.refs and not _has_defaults(data.values, path[:length]):
            return True
    if isinstance(value, Mapping) and value:
        inner = cast("Mapping[str, Any]", value)
        return all(_read_by_templates(data, (*path, str(key)), item) for key, item in inner.items())
    return False


def _in_schema(data: ChartData, path: tuple[str, ...]) -> bool:
    """True when the chart's own schema has a property at this path."""
    schema = data.schemas.get("", {})
    definitions = cast("Mapping[str, Any]", schema.get("$defs", {}))
    node = schema
    for part in (*path, None):
        while "$ref" in node:
            node = cast("Mapping[str, Any]", definitions.get(str(node["$ref"]).removeprefix("#/$defs/"), {}))
        if part is None:
            return bool(node)
        node = cast("Mapping[str, Any]", node.get("properties", {})).get(part, {})
    return False


def _has_defaults(values: Any, path: tuple[str, ...]) -> bool:
    found = values
    for key in path:
        if not isinstance(found, Mapping):
            return False
        found = cast("Mapping[str, Any]", found).get(key)
    return bool(found)


def _no_such_value(data: ChartData, path: tuple[str, ...], siblings: Mapping[str, Any]) -> str:
    dotted = _dotted(path)
    known = sorted({*_paths((), data.values), *data.refs})
    # A slip in the last part is the usual one, so siblings are looked at first.
    near = difflib.get_close_matches(path[-1], [str(key) for key in siblings], n=1, cutoff=0.6)
    closest = [_dotted((*path[:-1], near[0]))] if near else difflib.get_close_matches(dotted, known, n=1, cutoff=0.0)
    hint = f"; the closest that exists is {closest[0]}" if closest else ""
    return f"{dotted}: chart {_told(data)} has no such value, so Helm would ignore it{hint}"


def _wrong_shape(data: ChartData, path: tuple[str, ...], wanted: str, got: Any, keys: list[str]) -> str:
    listed = f" with {', '.join(keys[:8])}" + (" ..." if len(keys) > 8 else "") if keys else ""
    shown = got if got == "a map" else repr(got)
    return f"{_dotted(path)}: {shown} where chart {_told(data)} expects {wanted}{listed}"


def _paths(at: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        path = (*at, str(key))
        yield _dotted(path)
        if isinstance(value, Mapping):
            yield from _paths(path, cast("Mapping[str, Any]", value))


def _schema_errors(data: ChartData, values: Mapping[str, Any]) -> Iterator[Finding]:
    if not data.schemas:
        return
    import jsonschema  # slow to import, and most charts have no schema
    from jsonschema.validators import validator_for

    merged = merge(data.values, values)
    for key, schema in data.schemas.items():
        instance = merged.get(key) or {} if key else merged
        validator_class: Any = validator_for(schema, default=jsonschema.Draft7Validator)
        try:
            errors: list[Any] = sorted(validator_class(schema).iter_errors(instance), key=lambda error: error.path)
        except Exception as error:  # a reference to another document, or a schema that is broken itself
            yield Finding(key, f"{key or 'values'}: the schema of chart {_told(data)} cannot be used: {error}")
            continue
        for error in errors:
            path = _dotted((*([key] if key else []), *(str(part) for part in error.absolute_path)))
            yield Finding(path, f"{path or 'values'}: {error.message} (values.schema.json of chart {_told(data)})")


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _told(data: ChartData) -> str:
    return f"{data.name} {data.version}".strip()
