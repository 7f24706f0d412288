"""Time-slicing: several pods take turns on one GPU, by named entries of the device plugin's configuration.

Turns have neither memory of their own nor isolation from each other's faults, so this is for GPUs that have no MIG.
Sources: NVIDIA k8s-device-plugin, README (file format, `sharing.timeSlicing`) and cmd/config-manager (a node labelled
`nvidia.com/device-plugin.config=NAME` gets the entry NAME, any other node the default); gpu-operator values.yaml
(`devicePlugin.config`).
"""

from collections.abc import Iterable
from typing import Any

import yaml

from components.settings.supply import WHOLE

PLUGIN_CONFIG_LABEL = "nvidia.com/device-plugin.config"
"""Node label by which the device plugin picks its configuration."""

PLUGIN_CONFIG_MAP = "device-plugin-configs"
"""ConfigMap with the configurations of this stack's pools."""

WHOLE_GPUS = "whole-gpus"
"""The configuration of nodes whose GPUs nobody shares."""


def sharing_name(replicas: int) -> str:
    """Name of the configuration for `replicas` turns on each GPU."""
    return f"time-slicing-{replicas}"


def plugin_config(replicas: int) -> dict[str, Any]:
    """The device plugin's file for `replicas` turns on each GPU.

    The resource is renamed to `nvidia.com/gpu.shared`, so that no pod that wants a GPU to itself lands here and quotas
    count the two apart. More than one turn for a pod is refused: it would not be a larger share.
    """
    return {
        "version": "v1",
        "sharing": {
            "timeSlicing": {
                "renameByDefault": True,
                "failRequestsGreaterThanOne": True,
                "resources": [{"name": WHOLE, "replicas": replicas}],
            }
        },
    }


def plugin_values(replicas: Iterable[int]) -> dict[str, Any]:
    """`devicePlugin.config` of the gpu-operator chart for these numbers of turns; empty when no pool shares GPUs."""
    entries = {sharing_name(number): plugin_config(number) for number in sorted(set(replicas))}
    if not entries:
        return {}
    entries[WHOLE_GPUS] = {"version": "v1"}
    return {
        "config": {
            "create": True,
            "name": PLUGIN_CONFIG_MAP,
            "default": WHOLE_GPUS,
            "data": {name: yaml.safe_dump(entry, sort_keys=True) for name, entry in sorted(entries.items())},
        }
    }
