"""Models in a GPU's memory: how one comes in, and how it goes."""

import gc
import importlib
import io
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from multimodal_requests import TASKS

WEIGHTS = "/var/multimodal/weights"
"""Where weights lie while they are loaded: a volume of its own, whose size is bounded."""

Run = Callable[[Any, Mapping[str, Any]], Any]
"""A model: inputs and parameters -> answer."""

Load = Callable[[str], Run]
"""Loads the model from a source. Blocks."""


class NotLoaded(Exception):  # noqa: N818 - reads as what it says
    """A model that could not be fetched or loaded. The next request tries again."""


class Loaded:
    """A model in GPU memory. Entered by whoever uses it, so that it goes only when nobody does."""

    def __init__(self, run: Run) -> None:
        self._run: Run | None = run
        self._turn = threading.Lock()
        self._users, self._left = 0, threading.Condition()

    def __enter__(self) -> "Loaded":
        with self._left:
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._left:
            self._users -= 1
            self._left.notify_all()

    def answer(self, inputs: Any, parameters: Mapping[str, Any]) -> Any:
        """Runs the model, one request at a time: pipelines are not made for threads. Blocks."""
        with self._turn:
            assert self._run is not None  # noqa: S101 - users hold it
            return self._run(inputs, parameters)

    def __del__(self) -> None:
        """Waits for its users and frees the memory. Ray Serve calls it before it loads the next model."""
        with self._left:
            self._left.wait_for(lambda: self._users == 0)
            if self._run is None:
                return
            self._run = None
        free_memory()


def free_memory() -> None:
    """Gives freed GPU memory back, so that the next model finds it in one piece."""
    gc.collect()
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def load(source: str, *, task: str) -> Run:
    """Fetches and loads a model; its files go again. Only safetensors are read, which hold no code. Blocks."""
    storage: Any = importlib.import_module("kserve_storage")
    transformers: Any = importlib.import_module("transformers")
    torch: Any = importlib.import_module("torch")
    with tempfile.TemporaryDirectory(dir=WEIGHTS if Path(WEIGHTS).is_dir() else None) as folder:
        storage.Storage.download(source, folder)
        pipeline = transformers.pipeline(
            task,
            model=folder,
            device=0 if torch.cuda.is_available() else -1,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    reads = TASKS[task]

    def run(inputs: Any, parameters: Mapping[str, Any]) -> Any:
        return pipeline(picture(inputs) if reads == "image" else inputs, **parameters)

    return run


def picture(data: bytes) -> Any:
    """The image in the bytes. Raises ValueError where there is none."""
    images: Any = importlib.import_module("PIL.Image")
    try:
        return images.open(io.BytesIO(data)).convert("RGB")
    except OSError as error:
        raise ValueError(f"the body cannot be read as an image: {error}") from None
