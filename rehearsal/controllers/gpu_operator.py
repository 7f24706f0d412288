"""A simulated GPU Operator: gives GPU nodes the capacity and labels that the real one would.

The real one needs drivers and GPUs. This one reads the same values (the mig-parted file, the MIG strategy, the device
plugin's configurations) and the same node labels (`nvidia.com/mig.config`, `nvidia.com/device-plugin.config`), and
finds the GPUs in the annotations that `rehearsal.fleet` left on the node. A layout that the GPU cannot hold ends as it
does on hardware: state `failed`, and no slices.

Sources: NVIDIA/mig-parted (file format, label contract), NVIDIA/k8s-device-plugin (resource names, feature labels).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import yaml

from components.catalog.accelerators import ACCELERATORS, Accelerator
from components.catalog.mig import LayoutError, place, profiles, slice_resource
from rehearsal.controllers.base import ConfigurationError, SimulatedController, Values, value
from rehearsal.controllers.gpu_sharing import PluginConfigs, read_plugin_configs, share, sharing_labels
from rehearsal.fleet import ACCELERATOR_ANNOTATION, GPUS_ANNOTATION, PRODUCT_ANNOTATION, nodes
from rehearsal.kube import JsonObject, Kube

PREFIX = "nvidia.com/"
CONFIG_LABEL = "nvidia.com/mig.config"
STATE_LABEL = "nvidia.com/mig.config.state"
_DATA = 'migManager.config.data."config.yaml"'
_STRATEGIES = ("none", "single", "mixed")
_OWNED_LABELS = tuple(
    f"{PREFIX}{name}"
    for name in (
        *("gpu.present", "gpu.count", "gpu.product", "gpu.memory", "gpu.family"),
        *("gpu.replicas", "gpu.sharing-strategy"),
        *("mig.capable", "mig.strategy", "mig.config.state"),
    )
)
"""Labels that the operator writes; everything else on the node belongs to others."""


@dataclass(frozen=True)
class NodePatch:
    """What a node with GPUs should have."""

    resources: Mapping[str, int] = field(default_factory=dict[str, int])
    """Every `nvidia.com/*` resource; those not named must go."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    problem: str = ""
    """Why a MIG layout or a device plugin's configuration could not be applied; empty when all is well."""


@dataclass(frozen=True)
class Settings:
    """The values of a release that matter here, checked."""

    strategy: str = "single"
    """How slices are advertised: none, single (as nvidia.com/gpu) or mixed (nvidia.com/mig-<profile>)."""
    layouts: Mapping[str, tuple[Mapping[str, Any], ...]] = field(
        default_factory=dict[str, tuple[Mapping[str, Any], ...]]
    )
    """Name -> the entries of a mig-parted configuration."""
    default_layout: str = ""
    """Layout of MIG-capable nodes that carry no label. The real operator only ever applies `all-disabled` by itself."""
    device_plugin: bool = True
    plugin_configs: PluginConfigs = field(default_factory=PluginConfigs)
    """How whole GPUs are shared, by configuration name."""
    mig_manager: bool = True


def read(values: Values) -> Settings:
    """The settings in a release's values.

    Raises:
        ConfigurationError: naming the value path.
    """
    strategy = value(values, "mig.strategy", "single")
    if strategy not in _STRATEGIES:
        raise ConfigurationError(f"mig.strategy is {strategy!r}, must be one of {', '.join(_STRATEGIES)}")
    data = value(values, "migManager.config.data", {})
    text = cast("Mapping[str, Any]", data).get("config.yaml") if isinstance(data, Mapping) else None
    return Settings(
        strategy=strategy,
        layouts=_layouts(text) if text is not None else {},
        default_layout=str(value(values, "migManager.config.default", "")),
        device_plugin=bool(value(values, "devicePlugin.enabled", True)),
        plugin_configs=read_plugin_configs(values),
        mig_manager=bool(value(values, "migManager.enabled", True)),
    )


def _layouts(text: Any) -> dict[str, tuple[Mapping[str, Any], ...]]:
    try:
        document: Any = yaml.safe_load(text)
    except (yaml.YAMLError, AttributeError) as error:
        raise ConfigurationError(f"{_DATA} is not YAML: {error}") from error
    configs: Any = cast("Mapping[str, Any]", document).get("mig-configs") if isinstance(document, Mapping) else None
    if not isinstance(configs, Mapping) or cast("Mapping[str, Any]", document).get("version") != "v1":
        raise ConfigurationError(f"{_DATA} must be a mapping with 'version: v1' and 'mig-configs'")
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for name, entries in cast("Mapping[str, Any]", configs).items():
        place_ = f"{_DATA}: mig-configs.{name}"
        if not isinstance(entries, list) or not entries:
            raise ConfigurationError(f"{place_} must be a list with at least one entry")
        for entry in cast("list[Any]", entries):
            if not isinstance(entry, Mapping) or not {"devices", "mig-enabled"} <= set(
                cast("Mapping[str, Any]", entry)
            ):
                raise ConfigurationError(f"{place_}: each entry needs 'devices' and 'mig-enabled'")
            unknown = set(cast("Mapping[str, Any]", entry)) - {"devices", "mig-enabled", "mig-devices", "device-filter"}
            if unknown:
                raise ConfigurationError(f"{place_}: unknown key {min(unknown)!r}; mig-parted refuses the file")
        found[name] = tuple(cast("list[Mapping[str, Any]]", entries))
    return found


def advertise(node: JsonObject, settings: Settings) -> NodePatch:
    """What the operator makes of one node. Pure; a node without GPUs gets an empty patch."""
    metadata = node["metadata"]
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    labels: Mapping[str, str] = metadata.get("labels") or {}
    count = int(annotations.get(GPUS_ANNOTATION, "0"))
    accelerator = ACCELERATORS.get(annotations.get(ACCELERATOR_ANNOTATION, ""))
    if accelerator is None or count < 1:
        return NodePatch()
    # A machine may carry another board of the same model; its cloud then says so before the operator comes.
    product = annotations.get(PRODUCT_ANNOTATION, accelerator.product)
    written = {
        f"{PREFIX}gpu.present": "true",
        f"{PREFIX}gpu.count": str(count),
        f"{PREFIX}gpu.product": product,
        f"{PREFIX}gpu.memory": str(accelerator.memory_gib * 1024),
        f"{PREFIX}gpu.family": accelerator.architecture,
        f"{PREFIX}mig.capable": str(accelerator.mig).lower(),
    }
    whole = {f"{PREFIX}gpu": count}
    layout = labels.get(CONFIG_LABEL) or (settings.default_layout if settings.default_layout == "all-disabled" else "")
    problem = ""
    if not accelerator.mig and layout not in ("", "all-disabled"):
        problem = f"{CONFIG_LABEL}={layout}: {accelerator.key} has no MIG"
    elif accelerator.mig:
        written[f"{PREFIX}mig.strategy"] = settings.strategy
        if layout and settings.mig_manager:
            gpus, problem = _partition(accelerator, count, layout, settings)
            if not problem:
                whole, problem = _resources(gpus, settings.strategy, layout)
            written |= {STATE_LABEL: "failed" if problem else "success"}
            if not problem and settings.strategy == "single" and (sliced := next((gpu for gpu in gpus if gpu), None)):
                written[f"{PREFIX}gpu.product"] = f"{product}-MIG-{next(iter(sliced))}".replace("+", ".")
    sharing, unknown = settings.plugin_configs.of(labels)
    problem = problem or unknown
    if problem or not settings.device_plugin:
        return NodePatch({}, written, problem)
    if f"{PREFIX}gpu" in whole:
        written |= sharing_labels(written[f"{PREFIX}gpu.product"], sharing)
    return NodePatch(share(whole, sharing), written, problem)


def _partition(
    accelerator: Accelerator, count: int, name: str, settings: Settings
) -> tuple[list[Mapping[str, int]], str]:
    """Slices of each GPU of a node, or a problem. An empty mapping is a whole GPU."""
    entries = settings.layouts.get(name) if settings.layouts else _generated(accelerator, name)
    if entries is None:
        known = ", ".join(sorted(settings.layouts)) or "none"
        return [], f"{CONFIG_LABEL}={name}: no layout of that name in the operator's configuration, which has: {known}"
    gpus: list[Mapping[str, int]] = [{} for _ in range(count)]
    for entry in entries:
        devices = entry["devices"]
        chosen = range(count) if devices == "all" else cast("list[int]", devices)
        slices: Mapping[str, int] = (entry.get("mig-devices") or {}) if entry["mig-enabled"] else {}
        if slices:
            try:
                place(accelerator.key, slices)
            except LayoutError as error:
                return [], f"{CONFIG_LABEL}={name}: {error}"
        for index in chosen:
            if not 0 <= index < count:
                return [], f"{CONFIG_LABEL}={name}: device {index} does not exist; the node has {count} GPUs, from 0"
            gpus[index] = dict(slices)
    return gpus, ""


def _generated(accelerator: Accelerator, name: str) -> tuple[Mapping[str, Any], ...] | None:
    """Without a file of its own mig-manager makes one from the GPU: `all-disabled`, and `all-<profile>` at its most."""
    if name == "all-disabled":
        return ({"devices": "all", "mig-enabled": False},)
    for profile in profiles(accelerator.key).values():
        if name == f"all-{profile.name.replace('+', '.')}":
            return ({"devices": "all", "mig-enabled": True, "mig-devices": {profile.name: profile.max_per_gpu}},)
    return None


def _resources(gpus: list[Mapping[str, int]], strategy: str, layout: str) -> tuple[dict[str, int], str]:
    """How a device plugin advertises the GPUs of a node under a strategy."""
    if strategy == "none" or not any(gpus):
        return {f"{PREFIX}gpu": len(gpus)}, ""
    if strategy == "single":
        kinds = {profile for gpu in gpus for profile in gpu}
        if len(kinds) != 1 or len({tuple(gpu.items()) for gpu in gpus}) != 1:
            return {}, f"{CONFIG_LABEL}={layout}: mig.strategy 'single' needs equal slices on all GPUs; use 'mixed'"
        return {f"{PREFIX}gpu": sum(sum(gpu.values()) for gpu in gpus)}, ""
    total: Counter[str] = Counter()
    for gpu in gpus:
        for profile, number in gpu.items():
            total[slice_resource(profile)] += number
    whole = sum(1 for gpu in gpus if not gpu)
    return {**({f"{PREFIX}gpu": whole} if whole else {}), **{name: n for name, n in total.items() if n}}, ""


def reconcile(api: Kube, values: Values) -> None:
    """Bring every simulated GPU node to what the values say. Writes only what differs."""
    settings = read(values)
    for node in nodes(api):
        annotations: Mapping[str, str] = node["metadata"].get("annotations") or {}
        if ACCELERATOR_ANNOTATION in annotations:
            _write(api, node, advertise(node, settings))


def withdraw(api: Kube) -> None:
    """Take labels and capacity away again, as nodes are without an operator."""
    for node in nodes(api):
        _write(api, node, NodePatch())


def changes(node: JsonObject, patch: NodePatch) -> tuple[JsonObject, JsonObject]:
    """Merge patches for (labels, capacity) that bring a node to `patch`; empty where nothing differs. Pure."""
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    wanted_labels: dict[str, str | None] = {name: None for name in _OWNED_LABELS if name in labels}
    wanted_labels |= patch.labels
    label_change = {name: text for name, text in wanted_labels.items() if labels.get(name) != text}
    status: Mapping[str, Any] = node.get("status") or {}
    resource_change: dict[str, dict[str, str | None]] = {}
    for part in ("capacity", "allocatable"):
        present: Mapping[str, str] = status.get(part) or {}
        wanted: dict[str, str | None] = {name: None for name in present if name.startswith(PREFIX)}
        wanted |= {name: str(number) for name, number in patch.resources.items()}
        difference = {name: number for name, number in wanted.items() if present.get(name) != number}
        if difference:
            resource_change[part] = difference
    return (
        {"metadata": {"labels": label_change}} if label_change else {},
        {"status": resource_change} if resource_change else {},
    )


def _write(api: Kube, node: JsonObject, patch: NodePatch) -> None:
    label_change, status_change = changes(node, patch)
    path = f"/api/v1/nodes/{quote(node['metadata']['name'])}"
    # Capacity first: whoever waits for the state label then finds the slices.
    if status_change:
        api.merge(f"{path}/status", status_change)
    if label_change:
        api.merge(path, label_change)


GPU_OPERATOR = SimulatedController(chart="gpu-operator", reconcile=reconcile, withdraw=withdraw)
"""Device plugin, MIG manager and feature labels, without GPUs."""
