"""AWS: shapes from the service models that botocore ships (the same files every AWS SDK is generated from)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from rehearsal.contracts.shapes import Field, Kind, Shape

_KINDS = {
    "structure": Kind.STRUCTURE,
    "list": Kind.LIST,
    "map": Kind.MAP,
    "integer": Kind.INTEGER,
    "long": Kind.INTEGER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "string": Kind.STRING,
    "character": Kind.STRING,
    "timestamp": Kind.STRING,
    "blob": Kind.STRING,
}


@cache
def _service(service: str) -> Mapping[str, Any]:
    # Imported here: a stack on another cloud never pays for it.
    from botocore.loaders import Loader  # pyright: ignore[reportMissingTypeStubs]

    return Loader().load_service_model(service, "service-2")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


@cache
def shape(service: str, name: str) -> Shape:
    """A named shape of a service, such as `("ec2", "InstanceType")`.

    Raises:
        KeyError: when this botocore's model has no such shape.
    """
    raw: Mapping[str, Any] = _service(service)["shapes"][name]
    kind = _KINDS[raw["type"]]
    required = frozenset[str](raw.get("required", ()))
    members: dict[str, Field] = {
        member: Field(partial(shape, service, ref["shape"]), required=member in required)
        for member, ref in raw.get("members", {}).items()
        if kind is Kind.STRUCTURE
    }
    # Of a list the model says "member", of a map "key" and "value".
    inner = raw.get("member", raw.get("value"))
    numeric = kind in (Kind.INTEGER, Kind.NUMBER)
    return Shape(
        name=name,
        kind=kind,
        members=members,
        item=partial(shape, service, inner["shape"]) if inner else None,
        key=partial(shape, service, raw["key"]["shape"]) if kind is Kind.MAP else None,
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("min") if numeric else None,
        maximum=raw.get("max") if numeric else None,
        min_length=None if numeric else raw.get("min"),
        max_length=None if numeric else raw.get("max"),
        pattern=raw.get("pattern"),
    )


def operation(service: str, name: str) -> Shape:
    """The request of an operation, such as `("eks", "CreateNodegroup")`.

    Raises:
        KeyError: when this botocore's model has no such operation.
    """
    return shape(service, _service(service)["operations"][name]["input"]["shape"])
