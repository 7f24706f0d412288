"""Walks a Pulumi SDK's input classes beside the API shapes that they are bound to."""

from __future__ import annotations

import importlib
import re
import sys
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

from pulumi import _types

from rehearsal.contracts.binding import Binding
from rehearsal.contracts.shapes import Kind, Shape

_SCALARS = {
    "str": (Kind.STRING,),
    "int": (Kind.INTEGER, Kind.NUMBER),
    "float": (Kind.NUMBER, Kind.INTEGER),
    "bool": (Kind.BOOLEAN,),
}


def input_class(token: str) -> Any:
    """The args class of a resource type in its SDK."""
    match = re.fullmatch(r"([\w-]+):(\w+)(?:/\w+)?:(\w+)", token)
    assert match is not None
    package, module, name = match.groups()
    # Through the package: the SDKs load their modules lazily, and a file that is imported by itself leaves its package
    # half loaded for everybody after.
    resource = getattr(importlib.import_module(f"pulumi_{package.replace('-', '_')}.{module}"), name)
    found = sys.modules[resource.__module__]
    # Where a nested type has the plain name already, the resource's own class is the "init" one.
    return getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")


def gaps(token: str, binding: Binding) -> list[str]:
    """Properties of the SDK that are neither mapped nor listed as no API field, or are of another kind there."""
    return list(dict.fromkeys(_walk(binding, input_class(token), binding.shape(), "", ())))


def unused(token: str, binding: Binding) -> set[str]:
    """Paths in the binding's tables that the SDK does not have."""
    present = set(_paths(input_class(token), "", ()))
    named = {*binding.fields, *binding.local, *binding.required, *binding.documents}
    named |= {binding.name.property} if binding.name else set()
    shared = {"region", "project", "deletionPolicy", "resourceGroupName", "tags", "identity.userAssignedIdentities"}
    return named - present - shared


def _walk(binding: Binding, cls: Any, shape: Shape, where: str, above: tuple[Any, ...]) -> Iterator[str]:
    for key, hint in _properties(cls).items():
        path = f"{where}.{key}" if where else key
        if binding.is_local(path):
            continue
        target = binding.locate(path, key, shape)
        if target is None:
            yield f"{path} is not in {shape.name}"
            continue
        text = re.sub(r"'[^']*'", "", str(hint))
        nested = _nested(hint)
        several = "Sequence[" in text
        found = target.shape
        if several and not (found.kind in (Kind.LIST, Kind.ANY) or target.through_list or target.single):
            yield f"{path} is a list here and a {found.kind.value} there"
        while found.kind is Kind.LIST:
            found = found.inner()
        if "Mapping[" in text and not nested and found.kind not in (Kind.MAP, Kind.STRUCTURE, Kind.ANY):
            yield f"{path} is a map here and a {found.kind.value} there"
        scalars = set(re.findall(r"\b(str|int|bool|float)\b", text))
        if not nested and "Mapping[" not in text and len(scalars) == 1:
            wanted = _SCALARS[scalars.pop()]
            if found.kind not in (*wanted, Kind.ANY):
                yield f"{path} is a {wanted[0].value} here and a {found.kind.value} there"
        for inner in nested[:1]:
            if target.member != ".":
                found = found.inner() if found.kind is Kind.MAP else found
            special = any(table.startswith(f"{path}.") for table in (*binding.fields, *binding.local))
            if found.kind is Kind.STRUCTURE and (special or (inner, found.name) not in above):
                yield from _walk(binding, inner, found, path, (*above, (inner, found.name)))


@cache
def _properties(cls: Any) -> dict[str, Any]:
    """Types of a class's properties by Pulumi's spelling."""
    types = _types.input_type_types(cls)
    names = _types.input_type_py_to_pulumi_names(cls)
    return {key: types.get(key) or types.get(python_name) for python_name, key in names.items()}


def properties(token: str) -> set[str]:
    """Top-level properties of a resource type."""
    return set(_properties(input_class(token)))


def _nested(hint: Any) -> list[Any]:
    found = [hint] if isinstance(hint, type) and _types.is_input_type(hint) else []
    for argument in typing.get_args(hint):
        found += _nested(argument)
    return found


def _paths(cls: Any, where: str, above: tuple[Any, ...]) -> Iterator[str]:
    for key, hint in _properties(cls).items():
        path = f"{where}.{key}" if where else key
        yield path
        for inner in _nested(hint)[:1]:
            if inner not in above:
                yield from _paths(inner, path, (*above, inner))
