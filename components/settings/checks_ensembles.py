"""Checks of ensembles: what each step's backend needs, how tensors flow, and that the steps' code is there."""

from collections.abc import Iterator
from pathlib import Path as File

from components.settings.ensembles import Backend, Device, Ensemble, Step
from components.settings.problems import ABSENT, Path, Problem
from components.settings.wiring import wiring_problems

PROJECT = File(__file__).resolve().parents[2]
"""Where paths of code begin."""

LARGEST_CODE = 900_000
"""Bytes of all code of one ensemble. It travels in a ConfigMap, which holds 1 MiB (Kubernetes documentation), beside
the steps' configuration."""


def ensemble_problems(path: Path, name: str, ensemble: Ensemble) -> Iterator[Problem]:
    """What is wrong inside one ensemble, named `name`."""
    for key, step in ensemble.steps.items():
        here: Path = (*path, "steps", key)
        if key == name:
            yield Problem(here, ABSENT, "is called as the ensemble is; to Triton both are models, so names must differ")
        yield from _backend_problems(here, step)
        yield from _running_problems(here, step, ensemble)
        for side, tensors in (("inputs", step.inputs), ("outputs", step.outputs)):
            for tensor, one in tensors.items():
                if 0 in one.dims:
                    yield Problem(
                        (*here, side, tensor, "dims"), list(one.dims), "an axis is 1 or longer, or -1 where it varies"
                    )
    yield from _code_problems(path, ensemble)
    yield from wiring_problems(path, ensemble)


def _backend_problems(path: Path, step: Step) -> Iterator[Problem]:
    """Keys that a backend needs, and keys that mean nothing to it."""
    backend = step.backend.value
    python = step.backend is Backend.PYTHON
    if python and step.code is None:
        yield Problem(
            (*path, "code"), ABSENT, "missing; a python step runs a file of the project, such as steps/decode.py"
        )
    if not python and step.source is None:
        yield Problem((*path, "source"), ABSENT, f"missing; it says where the {backend} step's weights are")
    if step.environment is not None and step.source is None:
        yield Problem((*path, "environment"), step.environment, "lies in the step's source, which is missing")
    runs_files = step.backend is not Backend.REPOSITORY
    for key, meant in {
        "code": python,
        "environment": python,
        "file": runs_files and not python,
        "batching": runs_files,
        "instances": runs_files,
    }.items():
        if key in step.model_fields_set and not meant:
            reason = f"means nothing to {backend}" if runs_files else "stands in the model's own config.pbtxt"
            value = getattr(step, key)
            yield Problem((*path, key), value if isinstance(value, str) else ABSENT, f"{reason}; leave it out")
    if step.source is not None and step.source.startswith(("oci://", "pvc://")):
        yield Problem(
            (*path, "source"),
            step.source,
            "KServe lays several sources side by side only from object stores and Hugging Face; copy it to the store"
            " and write store://<path>",
        )


def _running_problems(path: Path, step: Step, ensemble: Ensemble) -> Iterator[Problem]:
    """Devices and batches that a step cannot have."""
    if step.instances.kind is Device.GPU and ensemble.gpu is None:
        yield Problem((*path, "instances", "kind"), "gpu", "the ensemble has no GPU; give it gpu, or write cpu")
    if step.backend is Backend.TENSORRT and (ensemble.gpu is None or step.instances.kind is Device.CPU):
        yield Problem((*path, "backend"), "tensorrt", "TensorRT runs on GPUs only; give the ensemble gpu")
    if step.batching is None:
        return
    most = ensemble.max_batch_size if step.max_batch_size is None else step.max_batch_size
    if most == 0:
        yield Problem((*path, "batching"), ABSENT, "the step takes no batches; raise maxBatchSize, or leave it out")
        return
    for index, size in enumerate(step.batching.preferred_sizes):
        if size > most:
            yield Problem((*path, "batching", "preferredSizes", index), size, f"is above maxBatchSize, which is {most}")


def _code_problems(path: Path, ensemble: Ensemble) -> Iterator[Problem]:
    size = 0
    for key, step in ensemble.steps.items():
        if step.code is None:
            continue
        here: Path = (*path, "steps", key, "code")
        if ".." in step.code.split("/"):
            yield Problem(here, step.code, "leads out of the project; write a path from the project's root on")
            continue
        try:
            text = read_code(step.code)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            yield Problem(here, step.code, f"cannot be read: {why}; write a path from the project's root on")
            continue
        size += len(text.encode())
        if "class TritonPythonModel" not in text:
            yield Problem(here, step.code, "has no class TritonPythonModel, which Triton runs")
    if size > LARGEST_CODE:
        yield Problem(
            (*path, "steps"),
            sorted(key for key, step in ensemble.steps.items() if step.code),
            f"their code together is {size:,} bytes, and {LARGEST_CODE:,} is the most that travels with an ensemble;"
            " put data and libraries into the steps' sources",
        )


def read_code(path: str) -> str:
    """Text of a Python step's code. Raises OSError where it cannot be read, UnicodeDecodeError where it is no text."""
    return (PROJECT / path).read_text(encoding="utf-8")
