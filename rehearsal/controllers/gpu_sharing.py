"""Time-slicing in the simulated GPU Operator: the device plugin's named configurations, and what a node gets by them.

Sources: NVIDIA/k8s-device-plugin, README on shared access (`sharing.timeSlicing`, renaming, the labels
`nvidia.com/gpu.replicas` and `-SHARED`) and cmd/config-manager (node label `nvidia.com/device-plugin.config`, default).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from rehearsal.controllers.base import ConfigurationError, Values, value

PLUGIN_CONFIG_LABEL = "nvidia.com/device-plugin.config"
REPLICAS_LABEL = "nvidia.com/gpu.replicas"
STRATEGY_LABEL = "nvidia.com/gpu.sharing-strategy"
GPU = "nvidia.com/gpu"
_PATH = "devicePlugin.config"


@dataclass(frozen=True)
class Sharing:
    """How one configuration shares whole GPUs."""

    replicas: int = 1
    """Turns on each GPU; 1 where nobody shares."""
    resource: str = GPU
    """Name under which turns are offered."""


@dataclass(frozen=True)
class PluginConfigs:
    """The device plugin's configurations in a release's values."""

    entries: Mapping[str, Sharing] = field(default_factory=dict[str, Sharing])
    default: str = ""
    """Configuration of nodes without the label; empty for none."""

    def of(self, labels: Mapping[str, str]) -> tuple[Sharing, str]:
        """What holds for a node with these labels, and a problem: a name that nobody defined stops the plugin."""
        name = labels.get(PLUGIN_CONFIG_LABEL) or self.default
        if not name:
            return Sharing(), ""
        if name not in self.entries:
            known = ", ".join(sorted(self.entries)) or "none"
            return Sharing(), f"{PLUGIN_CONFIG_LABEL}={name}: no configuration of that name in the operator's: {known}"
        return self.entries[name], ""


def read_plugin_configs(values: Values) -> PluginConfigs:
    """The configurations in a release's values.

    Raises:
        ConfigurationError: naming the value path.
    """
    data: Any = value(values, f"{_PATH}.data", {})
    if not value(values, f"{_PATH}.create", False):
        return PluginConfigs()
    if not value(values, f"{_PATH}.name", ""):
        raise ConfigurationError(f"{_PATH}.create is true, so {_PATH}.name must name the ConfigMap to create")
    if not isinstance(data, Mapping) or not data:
        raise ConfigurationError(f"{_PATH}.create is true, so {_PATH}.data must hold a configuration by name")
    entries = {str(name): _sharing(str(name), text) for name, text in cast("Mapping[str, Any]", data).items()}
    default = str(value(values, f"{_PATH}.default", ""))
    if default and default not in entries:
        raise ConfigurationError(f"{_PATH}.default is {default!r}, must be one of {', '.join(sorted(entries))}")
    return PluginConfigs(entries, default)


def _sharing(name: str, text: Any) -> Sharing:
    where = f'{_PATH}.data."{name}"'
    try:
        document: Any = yaml.safe_load(text)
    except (yaml.YAMLError, AttributeError) as error:
        raise ConfigurationError(f"{where} is not YAML: {error}") from error
    if not isinstance(document, Mapping) or value(cast("Values", document), "version") != "v1":
        raise ConfigurationError(f"{where} must be a mapping with 'version: v1'")
    slicing: Any = value(cast("Values", document), "sharing.timeSlicing", {})
    resources: Any = value(slicing, "resources", [])
    for resource in cast("list[Any]", resources):
        replicas: Any = value(resource, "replicas")
        if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 1:
            raise ConfigurationError(f"{where}: replicas is {replicas!r}, must be a whole number from 1")
        if value(resource, "name") == GPU:
            renamed = value(resource, "rename", f"{GPU}.shared" if value(slicing, "renameByDefault", False) else GPU)
            return Sharing(replicas, str(renamed))
    return Sharing()


def share(resources: Mapping[str, int], sharing: Sharing) -> dict[str, int]:
    """The resources of a node when its whole GPUs are shared; slices stay as they are."""
    shared = dict(resources)
    if sharing.replicas > 1 and GPU in shared:
        shared[sharing.resource] = shared.pop(GPU) * sharing.replicas
    return shared


def sharing_labels(product: str, sharing: Sharing) -> dict[str, str]:
    """The feature labels of a node whose GPUs are shared; empty when nobody shares them."""
    if sharing.replicas == 1:
        return {}
    labels = {REPLICAS_LABEL: str(sharing.replicas), STRATEGY_LABEL: "time-slicing"}
    # Without a resource name of its own, the product's name says that it is only a turn.
    return labels if sharing.resource != GPU else {**labels, f"{GPU}.product": f"{product}-SHARED"}
