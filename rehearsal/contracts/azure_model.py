"""Azure: shapes from the model classes of the azure-mgmt packages.

Two generations of generated code are in use. The older one keeps `_attribute_map` and `_validation` on each class; the
newer one has annotated `rest_field` descriptors. Both are read without creating an object.
"""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Mapping
from enum import EnumMeta
from functools import cache, partial
from types import ModuleType, UnionType
from typing import Any

from rehearsal.contracts.shapes import ANY, BOOLEAN, INTEGER, NUMBER, STRING, Field, Kind, Shape

_PLAIN: Mapping[Any, Shape] = {str: STRING, bool: BOOLEAN, int: INTEGER, float: NUMBER}
_OLD_PLAIN: Mapping[str, Shape] = {"str": STRING, "bool": BOOLEAN, "int": INTEGER, "long": INTEGER, "float": NUMBER}


@cache
def _module(package: str) -> ModuleType:
    return importlib.import_module(f"azure.mgmt.{package}.models")


@cache
def model(package: str, name: str) -> Shape:
    """A model class, such as `("containerservice", "ManagedCluster")`, with its `properties` envelope opened.

    Raises:
        ModuleNotFoundError: when the package is not installed.
        AttributeError: when it has no such model.
    """
    cls = getattr(_module(package), name)
    members = _old_members(package, cls) if hasattr(cls, "_attribute_map") else _new_members(package, cls)
    return Shape(name=name, kind=Kind.STRUCTURE, members=_open_envelope(members))


def _open_envelope(members: dict[str, Field]) -> dict[str, Field]:
    envelope = members.get("properties")
    if envelope is None or envelope.shape().kind is not Kind.STRUCTURE:
        return members
    opened = dict(members)
    for name, field in envelope.shape().members.items():
        # The envelope's own `type` and `name` are read-only; what lies inside is what a caller sets.
        if name not in members or members[name].read_only:
            opened[name] = Field(field.shape, field.required, field.read_only, inlined=True)
    return opened


def _old_members(package: str, cls: Any) -> dict[str, Field]:
    rules: Mapping[str, Mapping[str, Any]] = getattr(cls, "_validation", {})
    members: dict[str, Field] = {}
    # The map says only "str" of an enum; the constructor says which.
    hints: Mapping[str, Any] = cls.__init__.__annotations__
    for attribute, entry in cls._attribute_map.items():
        rule = rules.get(attribute, {})
        kind = _enum_name(hints.get(attribute), package) or entry["type"]
        # A dot separates levels, an escaped one belongs to the name; Pulumi leaves out the level `properties`.
        levels = [level.replace("\\.", ".") for level in re.split(r"(?<!\\)\.", entry["key"])]
        members[levels[-1]] = Field(
            partial(_limited, package, kind, rule),
            required=bool(rule.get("required")) and not rule.get("readonly"),
            read_only=bool(rule.get("readonly")),
        )
    return members


def _enum_name(hint: Any, package: str) -> str | None:
    _, inner = _split_optional(_evaluate(hint, package))
    found = _evaluate(inner, package)
    return found.__name__ if isinstance(found, EnumMeta) else None


def _limited(package: str, kind: str, rule: Mapping[str, Any]) -> Shape:
    base = _old_type(package, kind)
    if not rule.keys() & {"max_length", "min_length", "maximum", "minimum", "pattern"}:
        return base
    return Shape(
        name=base.name,
        kind=base.kind,
        members=base.members,
        item=base.item,
        enum=base.enum,
        any_case=base.any_case,
        minimum=rule.get("minimum"),
        maximum=rule.get("maximum"),
        min_length=rule.get("min_length"),
        max_length=rule.get("max_length"),
        pattern=rule.get("pattern"),
    )


def _old_type(package: str, kind: str) -> Shape:
    if kind in _OLD_PLAIN:
        return _OLD_PLAIN[kind]
    if kind.startswith("["):
        return Shape(name=kind, kind=Kind.LIST, item=partial(_old_type, package, kind[1:-1]))
    if kind.startswith("{"):
        return Shape(name=kind, kind=Kind.MAP, item=partial(_old_type, package, kind[1:-1]))
    found = getattr(_module(package), kind, None)
    if isinstance(found, EnumMeta):
        return _enum(found)
    # Dates and durations travel as text.
    return model(package, kind) if found is not None else STRING if kind in ("iso-8601", "duration") else ANY


def _new_members(package: str, cls: Any) -> dict[str, Field]:
    members: dict[str, Field] = {}
    bases: tuple[type, ...] = cls.__mro__
    for base in reversed(bases):
        attributes: Mapping[str, Any] = vars(base)
        annotations: Mapping[str, Any] = attributes.get("__annotations__", {})
        for attribute, annotation in annotations.items():
            descriptor: Any = attributes.get(attribute)
            if type(descriptor).__name__ != "_RestField":
                continue
            spelling = getattr(descriptor, "_rest_name_input", None) or attribute
            visibility = getattr(descriptor, "_visibility", None)
            read_only = visibility == ["read"]
            optional, inner = _split_optional(_evaluate(annotation, package))
            members[spelling] = Field(
                partial(_new_type, package, inner),
                required=not optional and not read_only and not getattr(descriptor, "_is_discriminator", False),
                read_only=read_only,
            )
    return members


def _evaluate(annotation: Any, package: str) -> Any:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        # Only generated class names such as "_models.OSDiskType" ever stand in quotes.
        name = annotation.rsplit(".", 1)[-1]
        return getattr(_module(package), name, None) or getattr(typing, name, str)
    return annotation


def _split_optional(annotation: Any) -> tuple[bool, Any]:
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        choices = typing.get_args(annotation)
        rest = [choice for choice in choices if choice is not type(None)]
        # `str | TheEnum`: the enum says more.
        best = next((choice for choice in reversed(rest) if choice is not str), str)
        return len(rest) < len(choices), best
    return False, annotation


def _new_type(package: str, annotation: Any) -> Shape:
    _, annotation = _split_optional(_evaluate(annotation, package))
    annotation = _evaluate(annotation, package)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return Shape(name="list", kind=Kind.LIST, item=partial(_new_type, package, arguments[0]))
    if origin is dict:
        return Shape(name="map", kind=Kind.MAP, item=partial(_new_type, package, arguments[1]))
    if isinstance(annotation, EnumMeta):
        return _enum(annotation)
    if isinstance(annotation, type) and hasattr(_module(package), annotation.__name__):
        return model(package, annotation.__name__)
    return ANY


def _enum(cls: Any) -> Shape:
    values: list[Any] = [member.value for member in cls]
    return Shape(name=cls.__name__, kind=Kind.STRING, enum=tuple(str(value) for value in values), any_case=True)
