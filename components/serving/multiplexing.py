"""What a multiplexed set adds to a Ray service: the application's files, and where its pods find them. Pure.

Source: Ray 2.53, serve/multiplex.py (what evicts, and when); Kubernetes documentation, ConfigMaps (a mounted folder
follows its changes, single mounted files do not).
"""

import copy
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.labels import STORES_LABEL
from components.manifest import Spec
from components.scheduling.ray.nodes import fingerprint
from components.serving.names import SET_LABEL
from components.settings.set_workloads import CODE

WEIGHTS = "/var/multimodal/weights"
"""Where weights lie while a model is loaded. The application knows it too."""

ON_DISK = 4
"""Files of one model, as a multiple of its GPU memory: weights are often stored in twice the precision, and a store may
hold them in more than one form."""

_SOURCES = Path(__file__).with_name("multiplex")


def code() -> dict[str, str]:
    """The application's files by name."""
    return {file.name: file.read_text() for file in sorted(_SOURCES.glob("*.py"))}


def files(models: Mapping[str, str]) -> dict[str, str]:
    """What the pods see: the application, and where each model is."""
    return {**code(), "models.json": json.dumps(dict(sorted(models.items())), indent=0)}


def config_map_name(name: str) -> str:
    """The ConfigMap of a set."""
    return f"{name}-models"


def mounted(nodes: Spec, name: str, model_gib: float, pod_labels: Mapping[str, str]) -> Spec:
    """The Ray cluster's spec with the application in all of its pods, the head included: there it is imported once.

    Args:
        nodes: As `nodes.cluster_spec` makes it.
        name: The set's name.
        model_gib: GPU memory of its largest model.
        pod_labels: What pods carry so that the cloud knows their account.
    """
    made = copy.deepcopy(nodes)
    changed = fingerprint(code())
    for group in (made["headGroupSpec"], *made["workerGroupSpecs"]):
        template: dict[str, Any] = group["template"]
        # Pods import the application once, so another one needs other pods; another list of models does not.
        template["metadata"]["annotations"]["multimodal.dev/application"] = changed
        template["metadata"]["labels"][SET_LABEL] = name
        pod = template["spec"]
        pod.setdefault("volumes", []).append({"name": "application", "configMap": {"name": config_map_name(name)}})
        _mount(pod, "application", CODE, readOnly=True)
    for group in made["workerGroupSpecs"]:
        group["template"]["metadata"]["labels"] |= {**pod_labels, STORES_LABEL: "true"}
        pod = group["template"]["spec"]
        # One model is fetched at a time, and its files go when it is loaded.
        pod["volumes"].append({"name": "weights", "emptyDir": {"sizeLimit": f"{math.ceil(model_gib * ON_DISK)}Gi"}})
        _mount(pod, "weights", WEIGHTS)
    return made


def _mount(pod: dict[str, Any], volume: str, path: str, **how: bool) -> None:
    for container in pod["containers"]:
        container.setdefault("volumeMounts", []).append({"name": volume, "mountPath": path, **how})
