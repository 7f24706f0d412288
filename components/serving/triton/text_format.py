"""Protocol buffers' text format, as far as a model's configuration needs it.

Source: protobuf.dev, Text Format Language Specification.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Word(str):
    """A name that stands without quotes: a value of an enum."""

    __slots__ = ()


Message = Mapping[str, Any]
"""Fields by name: text, numbers, `Word`s, messages, or lists of these for repeated fields. Empty lists are left out."""


def text_format(message: Message, indent: str = "") -> str:
    """A message's text, a field a line."""
    lines: list[str] = []
    for name, value in message.items():
        for one in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            if isinstance(one, Mapping):
                inner = text_format(one, f"{indent}  ")  # pyright: ignore[reportUnknownArgumentType]
                lines.append(f"{indent}{name} {{\n{inner}{indent}}}\n")
            else:
                lines.append(f"{indent}{name}: {_scalar(one)}\n")
    return "".join(lines)


def entries(pairs: Mapping[str, Any]) -> Sequence[Message]:
    """A map field's entries, in the order of their keys."""
    return [{"key": key, "value": value} for key, value in sorted(pairs.items())]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and not isinstance(value, Word):
        # JSON's escapes for ASCII are among those of the text format.
        return json.dumps(value)
    return str(value)
