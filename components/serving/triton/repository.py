"""The model repository of an ensemble, and how it gets into a Triton server's pod.

Weights are fetched by KServe into the folders of their models; configurations and Python code are laid beside them,
file by file, out of a ConfigMap. docs/decisions/0005-ensembles-and-graphs.md says why.
"""

from collections.abc import Mapping
from typing import Any

from components.cluster.naming import digest_of
from components.manifest import Spec
from components.serving.triton.config import VERSION, ensemble_config, step_config
from components.settings.ensembles import Backend, Ensemble

ROOT = "/mnt/models"
"""Triton's model repository in its pod."""

VOLUME = "repository"
PLACEHOLDER = "ensemble"
"""Stands in an ensemble's version folder, which must be there and has no files of its own."""


def repository(name: str, ensemble: Ensemble, code: Mapping[str, str]) -> dict[str, str]:
    """Path in the repository -> text of the file: all that is not fetched from a store.

    Args:
        name: The ensemble's.
        ensemble: Its settings, checked.
        code: Step -> text of its Python code, for the steps that have some.
    """
    files = {
        f"{name}/config.pbtxt": ensemble_config(name, ensemble),
        f"{name}/{VERSION}/{PLACEHOLDER}": "The steps are models beside this one.\n",
    }
    for key, step in ensemble.steps.items():
        if step.backend is not Backend.REPOSITORY:
            files[f"{key}/config.pbtxt"] = step_config(key, ensemble)
        if step.backend is Backend.PYTHON:
            files[f"{key}/{VERSION}/model.py"] = code[key]
    return files


def fetched(ensemble: Ensemble) -> dict[str, str]:
    """Path in the pod -> source of what KServe fetches there."""
    return {
        f"{ROOT}/{key}" + ("" if step.backend is Backend.REPOSITORY else f"/{VERSION}"): step.source
        for key, step in sorted(ensemble.steps.items())
        if step.source is not None
    }


def config_map(tenant_name: str, labels: Mapping[str, str], name: str, files: Mapping[str, str]) -> Spec:
    """The ConfigMap that carries the files."""
    return {
        "metadata": {"name": config_map_name(name), "namespace": tenant_name, "labels": dict(labels)},
        "data": {_key(path): text for path, text in sorted(files.items())},
    }


def config_map_name(name: str) -> str:
    """Name of an ensemble's ConfigMap."""
    return f"{name}-repository"


def mounted(name: str, files: Mapping[str, str]) -> dict[str, Any]:
    """What lays the files into the pod: `volumes` of the pod and `volumeMounts` of the server."""
    return {
        "volumes": [{"name": VOLUME, "configMap": {"name": config_map_name(name)}}],
        "volumeMounts": [
            {"name": VOLUME, "mountPath": f"{ROOT}/{path}", "subPath": _key(path), "readOnly": True}
            for path in sorted(files)
        ],
    }


def digest(files: Mapping[str, str]) -> str:
    """Changes with any file: on the pods' template it makes a change roll out, since mounted files do not follow it."""
    return digest_of(files)


def _key(path: str) -> str:
    """A ConfigMap's key for a path; names of models hold no dot, so no two paths share one."""
    return path.replace("/", ".")
