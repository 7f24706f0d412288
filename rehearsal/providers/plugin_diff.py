"""What changed between two sets of inputs, in the engine's path notation.

The engine prints a detailed diff by property path (`spec.replicas`, `spec.ports[0].port`, `metadata.labels["a.b/c"]`)
and replaces a resource when one of the paths says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from rehearsal.providers.plugin_values import UNKNOWN, Path, is_list, is_map

Kind = Literal["add", "delete", "update"]

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$\-]*")
_PATTERN_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\*|\d+)\]|([^.\[\]]+)')


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: Path
    """Map keys and list indexes from the top."""
    kind: Kind
    """Whether the new inputs add, delete or update it."""
    replaces: bool
    """Whether it forces a replacement."""

    @property
    def name(self) -> str:
        """The path as the engine writes it."""
        return render_path(self.path)


def render_path(path: Path) -> str:
    """`("a", 0, "b.c")` as `a[0]["b.c"]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            escaped = key.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parse_pattern(pattern: str) -> tuple[str, ...]:
    """The parts of a path pattern such as `spec.template`, `nodeConfig.labels["a.b"]` or `volumes[*].name`.

    Raises:
        ValueError: for text that is not a path.
    """
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        if pattern[position] == "." and position:
            position += 1
        match = _PATTERN_PART.match(pattern, position)
        if match is None:
            raise ValueError(f"{pattern!r} is not a property path: write it like spec.ports[0].port or tags[*]")
        quoted, index, plain = match.groups()
        parts.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else index or plain)
        position = match.end()
    return tuple(parts)


def matches(path: Path, values: tuple[Any, Any], pattern: tuple[str, ...]) -> bool:
    """True when a change touches what the pattern names.

    That is so when the change lies at or below the pattern. A change of a whole value above it (a map that appears or
    goes) counts only if the old or the new `values` hold something there.
    """
    if not all(part in ("*", str(key)) for key, part in zip(path, pattern, strict=False)):
        return False
    rest = pattern[len(path) :]
    return not rest or any(_holds(value, rest) for value in values)


def _holds(value: Any, rest: tuple[str, ...]) -> bool:
    if value is UNKNOWN:
        return True
    if not rest:
        return value is not None
    if is_map(value):
        return any(_holds(item, rest[1:]) for key, item in value.items() if rest[0] in ("*", key))
    if is_list(value):
        return any(_holds(item, rest[1:]) for index, item in enumerate(value) if rest[0] in ("*", str(index)))
    return False


def compare(old: Mapping[str, Any], new: Mapping[str, Any], replace_on: Collection[str] = ()) -> list[Change]:
    """Every difference, each with whether it forces a replacement. A value not known yet counts as an update."""
    patterns = [parse_pattern(pattern) for pattern in replace_on]
    return [
        Change(path, kind, any(matches(path, values, pattern) for pattern in patterns))
        for path, kind, values in _differences((), dict(old), dict(new))
    ]


_Difference: TypeAlias = tuple[Path, Kind, tuple[Any, Any]]


def _differences(path: Path, old: Any, new: Any) -> Iterator[_Difference]:
    if is_map(old) and is_map(new):
        for key in sorted({*old, *new}):
            yield from _entry((*path, key), old.get(key), new.get(key))
    elif is_list(old) and is_list(new):
        for index in range(max(len(old), len(new))):
            if index >= len(old):
                yield (*path, index), "add", (None, new[index])
            elif index >= len(new):
                yield (*path, index), "delete", (old[index], None)
            else:
                yield from _differences((*path, index), old[index], new[index])
    elif new is UNKNOWN or isinstance(old, bool) != isinstance(new, bool) or old != new:
        yield path, "update", (old, new)


def _entry(path: Path, old: Any, new: Any) -> Iterator[_Difference]:
    # A language SDK sends an explicit null for "not set", so null and absent are one.
    if old is None and new is None:
        return
    if old is None:
        yield path, "add", (None, new)
    elif new is None:
        yield path, "delete", (old, None)
    else:
        yield from _differences(path, old, new)
