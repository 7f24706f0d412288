"""Compares the inputs of a resource with the shape of the API operation that would create it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from rehearsal.contracts.binding import Binding, Inputs, Violation
from rehearsal.contracts.shapes import Kind, Shape
from rehearsal.providers.plugin_diff import render_path
from rehearsal.providers.plugin_values import UNKNOWN, Path, is_list, is_map

_LISTED = 14
"""Enums longer than this are not listed whole in an error; the closest values are."""
_SECRET_NAME = re.compile(r"password|secret|token|privatekey", re.IGNORECASE)


def check(binding: Binding, inputs: Inputs) -> list[Violation]:
    """Everything in the inputs that the API would refuse. Values not known yet are passed over."""
    found = list(_structure(binding, inputs, binding.shape(), "", ()))
    for name in sorted(binding.required):
        if inputs.get(name) is None:
            found.append(Violation((name,), "missing", verdict="needs it"))
    for rule in binding.rules:
        found.extend(rule(inputs))
    return found


def text(binding: Binding, violation: Violation) -> str:
    """A violation as one line: property, value, what is allowed, who refuses it. The engine names the resource."""
    path = render_path(violation.path)
    shown = ""
    if violation.value is not None:
        shown = " (secret)" if _SECRET_NAME.search(path) else f" {brief(violation.value)}"
    return f"{path}{shown}: {violation.problem}; {binding.api} {violation.verdict}"


def brief(value: Any) -> str:
    """A value as JSON, cut at 80 characters."""
    text = json.dumps(value, default=repr, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _structure(binding: Binding, value: Inputs, shape: Shape, where: str, path: Path) -> Iterator[Violation]:
    covered: set[str] = set()
    for key, item in value.items():
        below = f"{where}.{key}" if where else key
        if key.startswith("__") or item is None or binding.is_local(below):
            continue
        if below in binding.documents and is_map(item):
            covered.add(binding.fields.get(below, shape.find(key) or key))
            continue
        target = binding.locate(below, key, shape)
        if target is None:
            yield Violation((*path, key), _no_such_property(key, shape))
            continue
        covered.add(target.member)
        inner: Any = item
        here: Path = (*path, key)
        if is_list(item) and target.single and len(item) == 1:
            inner, here = item[0], (*here, 0)
        if is_list(inner) and target.through_list and target.shape.kind is not Kind.LIST:
            entries: list[Any] = inner
            for index, entry in enumerate(entries):
                yield from _value(binding, entry, target.shape, below, (*here, index))
        else:
            yield from _value(binding, inner, target.shape, below, here)
    if "." in covered:
        return
    for member, spec in shape.members.items():
        if not spec.required or member in covered or (spec.inlined and "properties" in covered):
            continue
        if member in binding.supplied or f"{where}:{member}" in binding.supplied:
            continue
        yield Violation((*path, binding.pulumi_spelling(where, member)), "missing", verdict="needs it")


def _value(binding: Binding, value: Any, shape: Shape, where: str, path: Path) -> Iterator[Violation]:
    if value is UNKNOWN or value is None or shape.kind is Kind.ANY:
        return
    if shape.kind is Kind.STRUCTURE:
        if is_map(value):
            yield from _structure(binding, value, shape, where, path)
        else:
            yield Violation(path, "must be an object", value)
    elif shape.kind is Kind.LIST:
        # Pulumi turns lists of at most one entry into the entry itself.
        wrapped = value if is_list(value) else [value]
        entries: list[Any] = wrapped
        yield from _size(shape, len(entries), "entries", path, value)
        for index, entry in enumerate(entries):
            yield from _value(binding, entry, shape.inner(), where, (*path, index) if is_list(value) else path)
    elif shape.kind is Kind.MAP:
        if not is_map(value):
            yield Violation(path, "must be a map", value)
            return
        mapping = value
        yield from _size(shape, len(mapping), "entries", path, value)
        for key, entry in mapping.items():
            if shape.key:
                yield from (
                    Violation((*path, key), f"the key {problem.problem}", problem.value)
                    for problem in _value(binding, key, shape.key(), where, path)
                )
            yield from _value(binding, entry, shape.inner(), where, (*path, key))
    else:
        yield from _scalar(value, shape, path)


def _scalar(value: Any, shape: Shape, path: Path) -> Iterator[Violation]:
    if shape.kind is Kind.BOOLEAN:
        # Terraform-based providers have a few booleans as text.
        if not isinstance(value, bool) and value not in ("true", "false", ""):
            yield Violation(path, "must be true or false", value)
    elif shape.kind in (Kind.INTEGER, Kind.NUMBER):
        number = _number(value)
        if number is None or (shape.kind is Kind.INTEGER and not number.is_integer()):
            yield Violation(path, f"must be a {shape.kind.value}", value)
        elif shape.minimum is not None and number < shape.minimum:
            yield Violation(path, f"must be at least {shape.minimum:g}", value)
        elif shape.maximum is not None and number > shape.maximum:
            yield Violation(path, f"must be at most {shape.maximum:g}", value)
    elif not isinstance(value, str):
        yield Violation(path, "must be a string", value)
    elif shape.enum and not _listed(value, shape):
        yield Violation(path, not_one_of(value, shape.enum), value)
    else:
        yield from _size(shape, len(value), "characters", path, value)
        pattern = shape.pattern and _compiled(shape.pattern)
        if pattern and not pattern.fullmatch(value):
            yield Violation(path, f"must match {shape.pattern}", value)


def _listed(value: str, shape: Shape) -> bool:
    if shape.any_case:
        return value.casefold() in {entry.casefold() for entry in shape.enum}
    return value in shape.enum


def not_one_of(value: str, allowed: Collection[str]) -> str:
    """`not one of A, B`; of a long list the closest few and how many there are."""
    ordered = list(allowed)
    if len(ordered) <= _LISTED:
        return f"not one of {', '.join(ordered)}"
    close = difflib.get_close_matches(value, ordered, n=3, cutoff=0.6)
    hint = f"; close to it: {', '.join(close)}" if close else ""
    return f"not one of the {len(ordered)} values that the API knows{hint}"


def _size(shape: Shape, size: int, unit: str, path: Path, value: Any) -> Iterator[Violation]:
    if shape.min_length is not None and size < shape.min_length:
        yield Violation(path, f"must have at least {shape.min_length} {unit}, has {size}", value)
    if shape.max_length is not None and size > shape.max_length:
        yield Violation(path, f"must have at most {shape.max_length} {unit}, has {size}", value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    # Providers convert digits in text to numbers before they call the API.
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None  # some models carry expressions of other dialects


def _no_such_property(key: str, shape: Shape) -> str:
    close = difflib.get_close_matches(key.lower(), [name.lower() for name in shape.members], n=2, cutoff=0.7)
    names = [name[:1].lower() + name[1:] for name in shape.members if name.lower() in close]
    return "no such property" + (f" (did you mean {' or '.join(names)}?)" if names else "")
