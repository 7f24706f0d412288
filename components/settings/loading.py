"""The one door: plain config in, frozen `Settings` out, or every problem at once."""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from components.settings import (
    checks,
    checks_knative,
    checks_mesh,
    checks_quota,
    checks_ray,
    checks_ray_supply,
    checks_sets,
)
from components.settings.checks_cache import cache_problems
from components.settings.checks_events import event_problems
from components.settings.checks_flows import flow_problems
from components.settings.checks_pipelines import pipeline_problems
from components.settings.checks_serving import serving_problems, transformer_problems
from components.settings.cluster import Cluster
from components.settings.knative import on_platform
from components.settings.modes import in_mode
from components.settings.problems import ABSENT, KeysAt, Path, Problem, SettingsError, closest, from_pydantic, location
from components.settings.sections import Tenant
from components.settings.settings import NAMESPACE, Settings

_NAMED_MAPS = ("gpuPools", "tenants", "allow", "attestors", "models", "modelSets", "ensembles", "graphs", "flows")
"""Maps whose entries stand alone: a broken one is left out while the others are still checked."""


def load(config: Mapping[str, Any], *, source: str) -> Settings:
    """Reads a stack's config (`multimodal:<key>` -> value) into settings.

    Values may be JSON text, which is how the engine hands structured config to a program.
    Raises `SettingsError` with all problems; `source` says in it where they come from.
    """
    prefix = NAMESPACE + ":"
    sections = {key.removeprefix(prefix): _plain(value) for key, value in config.items() if key.startswith(prefix)}
    return parse(sections, source=source)


def parse(sections: Mapping[str, Any], *, source: str = "settings") -> Settings:
    """Reads sections by name into settings. Raises `SettingsError` with all problems."""
    fields = {info.alias or name: info for name, info in Settings.model_fields.items()}
    problems = [
        Problem((name,), ABSENT, f"unknown key; {closest(name, fields)}") for name in sections if name not in fields
    ]
    parsed: dict[str, Any] = {}
    pruned: set[str] = set()
    for name, info in fields.items():
        if name not in sections:
            if info.is_required():
                problems.append(Problem((name,), ABSENT, "missing; it has no default"))
            else:
                parsed[name] = info.get_default(call_default_factory=True, validated_data={})
            continue
        found, value = _section(name, sections[name])
        problems += found
        if found:
            pruned.add(name)
        if value is not None:
            parsed[name] = value
    if parsed.get("tenants") is not None:
        parsed["tenants"] = in_mode(parsed["tenants"], parsed.get("serving"))
    problems += _cross_checks(parsed, pruned)
    if problems:
        raise SettingsError(
            source, (Problem((f"{NAMESPACE}:{p.path[0]}", *p.path[1:]), p.value, p.reason) for p in problems)
        )
    read = Settings.model_validate(dict(sections))
    return read.model_copy(update={"tenants": in_mode(read.tenants, read.serving)})


def schema() -> dict[str, Any]:
    """JSON Schema of a stack file, for editors."""
    body = Settings.model_json_schema()
    definitions = body.pop("$defs")
    config: dict[str, Any] = {
        "type": "object",
        "properties": {f"{NAMESPACE}:{name}": value for name, value in body["properties"].items()},
        "required": [f"{NAMESPACE}:{name}" for name in body["required"]],
        "patternProperties": {f"^(?!{NAMESPACE}:)": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of the multimodal AI platform",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": definitions,
    }


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        decoded: Any = json.loads(value)
    except ValueError:
        return value
    # A JSON number or word may as well be meant as text, such as a version.
    return decoded if isinstance(decoded, dict | list) else value  # pyright: ignore[reportUnknownVariableType]


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(Settings, include_extras=True)[name])


@cache
def _keys_at(name: str) -> KeysAt:
    return KeysAt(_adapter(name).json_schema(by_alias=True))


def _section(name: str, data: Any) -> tuple[list[Problem], Any]:
    adapter = _adapter(name)
    try:
        return [], adapter.validate_python(data)
    except ValidationError as error:
        problems = from_pydantic(name, data, error, _keys_at(name))
        rest = copy.deepcopy(data)
        for detail in error.errors(include_url=False):
            _prune(rest, location(detail))
        try:
            return problems, adapter.validate_python(rest)
        except ValidationError:
            return problems, None


def _prune(data: Any, path: Path) -> None:
    """Takes the broken value out: the named entry that holds it, or just the key."""
    if not path:
        return
    keep = len(path)
    for index, part in enumerate(path[:-1]):
        if part in _NAMED_MAPS:
            keep = index + 2
            break
    node: Any = data
    for part in path[: keep - 1]:
        node = _child(node, part)
    if isinstance(node, dict):
        cast("dict[Any, Any]", node).pop(path[keep - 1], None)


def _child(node: Any, part: str | int) -> Any:
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return None


def _cross_checks(parsed: Mapping[str, Any], pruned: set[str]) -> Iterator[Problem]:
    """Runs every check whose sections could be read."""
    cluster, tenants = parsed.get("cluster"), parsed.get("tenants")
    found: list[Problem] = list(checks.cluster_problems(cluster)) if cluster else []
    yield from found
    if "versions" in parsed:
        chosen = parsed.get("knative") is not None
        yield from checks.version_checks(parsed["versions"], parsed.get("gpu"), knative=chosen)
        # Machines must be known to say how they are wired.
        if cluster and not found:
            yield from checks.fabric_problems(cluster, parsed["versions"])
    if cluster and "gpu" in parsed:
        yield from checks.driver_problems(cluster, parsed["gpu"])
        yield from checks.allocation_problems(cluster, parsed["gpu"])
        if "cluster" not in pruned:
            yield from checks.layout_change_problems(cluster, parsed["gpu"])
    if cluster and "storage" in parsed:
        yield from checks.storage_problems(cluster, parsed["storage"])
    if "environment" in parsed and "trust" in parsed:
        yield from checks.trust_problems(parsed["environment"], parsed["trust"])
    if "trust" in parsed:
        in_tenants = any(parsed.get(key) is not None for key in ("serving", "pipelines", "knative"))
        yield from checks.mirror_problems(parsed["trust"], needed=in_tenants)
    if "knative" in parsed and "events" in parsed:
        yield from checks_knative.broker_problems(parsed["knative"], parsed["events"])
    if tenants is not None:
        yield from checks.tenant_problems(tenants)
        yield from checks_sets.set_problems(tenants, served=parsed.get("serving") is not None)
        if "pipelines" in parsed:
            yield from pipeline_problems(cluster, parsed["pipelines"], tenants)
        # What pools supply is known only when all of them could be read.
        supplying: Cluster | None = cluster if cluster and not found and "cluster" not in pruned else None
        if supplying is not None:
            yield from checks.quota_problems(supplying, tenants)
            yield from checks_sets.density_problems(supplying, tenants)
        if "environment" in parsed and "events" in parsed:
            brokers = on_platform(parsed.get("knative"), parsed["events"])
            yield from event_problems(parsed["environment"], parsed["events"], tenants, cluster, brokers)
        if "serving" in parsed:
            yield from checks_mesh.mesh_problems(tenants, parsed["serving"], cluster)
        whole = tenants if supplying is None else checks_sets.expanded(supplying, tenants)
        yield from checks_sets.located(_workload_checks(parsed, whole, supplying), tenants)


def _workload_checks(
    parsed: Mapping[str, Any], tenants: Mapping[str, Tenant], cluster: Cluster | None
) -> Iterator[Problem]:
    """Checks of Ray and models; against the pools where they could be read."""
    if "ray" in parsed:
        yield from checks_ray.ray_problems(tenants, parsed["ray"])
    if "trust" in parsed:
        yield from checks_ray.image_problems(tenants, parsed["trust"])
        yield from transformer_problems(tenants, parsed["trust"])
    if "knative" in parsed:
        yield from checks_knative.knative_problems(tenants, parsed["knative"], parsed.get("serving"))
    yield from flow_problems(
        tenants,
        parsed.get("events"),
        serving=parsed.get("serving") is not None,
        scaled=parsed.get("autoscaling") is not None,
    )
    if cluster is not None:
        yield from cache_problems(cluster, parsed.get("serving"), tenants)
        yield from serving_problems(cluster, parsed.get("serving"), parsed.get("autoscaling"), tenants)
        yield from checks_ray_supply.placement_problems(cluster, tenants, parsed.get("ray"))
        yield from checks_quota.quota_problems(cluster, tenants)
