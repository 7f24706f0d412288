"""What a caller may ask of many models, and where each of them is. Pure but for two files that are read."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

TASKS: Mapping[str, str] = {
    "text-classification": "text",
    "token-classification": "text",
    "fill-mask": "text",
    "feature-extraction": "text",
    "text-generation": "text",
    "image-classification": "image",
    "object-detection": "image",
    "automatic-speech-recognition": "audio",
    "audio-classification": "audio",
}
"""Task of transformers' pipelines -> what it reads."""

PARAMETERS = frozenset(
    {
        *("aggregation_strategy", "do_sample", "max_new_tokens", "num_beams", "repetition_penalty"),
        *("return_full_text", "temperature", "top_k", "top_p"),
    }
)
"""What a caller may set. Others of transformers' parameters name code to fetch and run."""

LARGEST_BODY, LARGEST_BATCH = 10 * 2**20, 64
"""Bytes of a request, and texts in one."""


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A request that cannot be served, and the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Catalog:
    """The set's models, as the folder says now."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stamp = folder, 0
        self._sources: dict[str, str] = {}

    def sources(self) -> Mapping[str, str]:
        """Name -> where the weights are."""
        file = self._folder / "models.json"
        stamp = file.stat().st_mtime_ns
        if stamp != self._stamp:
            store = (self._folder / "store").read_text().strip()
            named = json.loads(file.read_text())
            self._sources = {name: resolved(source, store) for name, source in named.items()}
            self._stamp = stamp
        return self._sources


def resolved(source: str, store: str) -> str:
    """The source with store:// replaced by where it leads."""
    return f"{store}/{source.removeprefix('store://')}" if source.startswith("store://") else source


def order(body: bytes, reads: str) -> tuple[Any, dict[str, Any]]:
    """Inputs and parameters of a request. Texts come as JSON; a caller never names a file or an address."""
    if len(body) > LARGEST_BODY:
        raise Refused(413, f"the body has {len(body)} bytes; {LARGEST_BODY} are allowed")
    if not body:
        raise Refused(400, f"the body is empty; send {'JSON with inputs' if reads == 'text' else f'the {reads}'} in it")
    if reads != "text":
        return body, {}
    try:
        data: Any = json.loads(body)
    except ValueError:
        raise Refused(400, 'the body is no JSON; send {"inputs": "...", "parameters": {}}') from None
    if not isinstance(data, dict) or set(cast("dict[str, Any]", data)) - {"inputs", "parameters"}:
        raise Refused(400, "the body has inputs and, if you like, parameters; nothing else")
    asked = cast("dict[str, Any]", data)
    inputs: Any = asked.get("inputs")
    parameters: Any = asked.get("parameters", {})
    texts = cast("list[Any]", inputs) if isinstance(inputs, list) else [inputs]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Refused(400, "inputs is a text or a list of texts")
    if len(texts) > LARGEST_BATCH:
        raise Refused(413, f"inputs has {len(texts)} texts; {LARGEST_BATCH} are allowed")
    if not isinstance(parameters, dict):
        raise Refused(400, "parameters is an object")
    chosen = cast("dict[str, Any]", parameters)
    for key, value in chosen.items():
        if key not in PARAMETERS or not isinstance(value, str | int | float | bool):
            raise Refused(400, f"parameter {key!r} cannot be set; these can, to a plain value: {words(PARAMETERS)}")
    return texts if isinstance(inputs, list) else inputs, chosen


def words(names: frozenset[str]) -> str:
    """The names in a sentence."""
    return ", ".join(sorted(names))


def chosen_source(name: str, sources: Mapping[str, str]) -> str:
    """Where the named model's weights are."""
    if name in sources:
        return sources[name]
    close = difflib.get_close_matches(name, sources, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    raise Refused(404, f"no model {name!r} here; {meant}GET /models names all {len(sources)}")
