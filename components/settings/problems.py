"""What is wrong with a stack's settings, said so that its author can mend it."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the section's name on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend."""

    path: Path
    """Where it stands."""

    value: object
    """What stands there, or `ABSENT`."""

    reason: str
    """What is allowed, and what to do."""

    def __str__(self) -> str:
        shown = "" if self.value is ABSENT else f" = {_shown(self.value)}"
        return f"{dotted(self.path)}{shown}: {self.reason}"


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""The value of a key that is not there."""


class SettingsError(Exception):
    """Every problem of a stack's settings at once."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{self.source}: {count} problem{'' if count == 1 else 's'}"]
        return "\n".join([*lines, *(f"  {problem}" for problem in self.problems)])


def dotted(path: Path) -> str:
    """`("cluster", "gpuPools", "h100", "taints", 0)` -> `cluster.gpuPools.h100.taints[0]`.

    A key that contains a dot is quoted.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (f'"{part}"' if "." in part else part)
    return text


def closest(name: str, allowed: Iterable[str]) -> str:
    """The allowed names, the close ones first when there are any."""
    names = sorted(allowed)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return (
        f"did you mean {' or '.join(close)}? Allowed: {', '.join(names)}" if close else f"allowed: {', '.join(names)}"
    )


def from_pydantic(section: str, data: object, error: ValidationError, keys_at: "KeysAt") -> list[Problem]:
    """The problems in pydantic's report of `section`, whose plain value was `data`."""
    return [_translate(section, data, detail, keys_at) for detail in error.errors(include_url=False)]


def as_map(value: Any) -> dict[Any, Any]:
    """The value, or an empty map where it is none."""
    return cast("dict[Any, Any]", value) if isinstance(value, dict) else {}


class KeysAt:
    """Looks up which keys a model allows at a path, for the message about an unknown key."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._defs: dict[str, Any] = schema.get("$defs", {})

    def __call__(self, path: Path, data: Any) -> list[str]:
        """Keys that the schema has for the object at `path`; empty when it takes any."""
        node = self._schema
        value: Any = data
        for part in path:
            node = self._step(self._resolve(node, value), part)
            value = as_map(value).get(part)
        return sorted(self._resolve(node, value).get("properties", {}))

    def _resolve(self, node: dict[str, Any], value: Any) -> dict[str, Any]:
        if "$ref" in node:
            return self._resolve(self._defs[node["$ref"].rsplit("/", 1)[1]], value)
        if "discriminator" in node:
            key = node["discriminator"]["propertyName"]
            target = node["discriminator"]["mapping"].get(as_map(value).get(key))
            return self._resolve({"$ref": target}, value) if target else {}
        for choice in node.get("anyOf", ()):
            if choice.get("type") != "null":
                return self._resolve(choice, value)
        return node

    @staticmethod
    def _step(node: dict[str, Any], part: str | int) -> dict[str, Any]:
        if isinstance(part, int):
            return node.get("items", {})
        if part in node.get("properties", {}):
            return node["properties"][part]
        for entry in node.get("patternProperties", {}).values():
            return entry
        extra = node.get("additionalProperties", {})
        return extra if isinstance(extra, dict) else {}  # type: ignore[return-value]


_UNION_TAGS = frozenset({"eks", "gke", "aks", "existing"})


def location(detail: ErrorDetails) -> Path:
    """Where the error stands in the plain data: pydantic's location less the names it adds for unions and map keys."""
    parts = [part for part in detail["loc"] if part != "[key]"]
    if parts and parts[0] in _UNION_TAGS:
        parts = parts[1:]
    return tuple(parts)


def _translate(section: str, data: object, detail: ErrorDetails, keys_at: KeysAt) -> Problem:
    path = location(detail)
    full = (section, *path)
    kind, context = detail["type"], detail.get("ctx", {})
    value: object = detail["input"]
    if kind == "missing":
        return Problem(full, ABSENT, "missing; it has no default")
    if kind == "extra_forbidden":
        allowed = keys_at(path[:-1], data)
        return Problem(full, value, f"unknown key; {closest(str(path[-1]), allowed)}")
    if kind == "union_tag_invalid":
        tags = str(context["expected_tags"]).replace("'", "")
        return Problem((*full, "provider"), context["tag"], f"allowed: {tags}")
    if kind == "union_tag_not_found":
        return Problem((*full, "provider"), ABSENT, f"missing; allowed: {', '.join(sorted(_UNION_TAGS))}")
    if "[key]" in detail["loc"] and kind == "string_too_long":
        return Problem(full, value, f"this name is longer than {context['max_length']} characters")
    if "[key]" in detail["loc"]:
        return Problem(full, value, f"this name does not match {context.get('pattern', detail['msg'])}")
    if kind in ("enum", "literal_error"):
        expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return Problem(full, value, f"allowed: {expected}")
    if kind == "string_pattern_mismatch":
        return Problem(full, value, f"does not match {context['pattern']}")
    if kind == "string_type" and isinstance(value, int | float):
        return Problem(full, value, f'write it in quotes, as "{value}"; YAML reads it as a number')
    if kind == "value_error":
        return Problem(full, value, str(context["error"]))
    message = detail["msg"]
    return Problem(full, value, message[0].lower() + message[1:])


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
