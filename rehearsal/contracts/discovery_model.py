"""Google Cloud: shapes from the discovery documents that google-api-python-client ships."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from rehearsal.contracts.shapes import ANY, Field, Kind, Shape

_UNITS = {
    "string": Kind.STRING,
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "any": Kind.ANY,
}
# JSON has no 64-bit integers, so Google writes them as strings.
_WIDE_INTEGERS = frozenset({"int64", "uint64"})
_RANGES = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1)}
# A placeholder that protobuf puts first in an enum; a request that sends it is refused.
_UNSET = re.compile(r".*_UNSPECIFIED$")


@cache
def _schemas(api: str, version: str) -> Mapping[str, Any]:
    from googleapiclient import discovery_cache  # pyright: ignore[reportMissingTypeStubs]

    text = discovery_cache.get_static_doc(api, version)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(text, str):
        raise KeyError(f"google-api-python-client ships no discovery document {api}.{version}")
    return json.loads(text)["schemas"]


@cache
def schema(api: str, version: str, name: str) -> Shape:
    """A named schema, such as `("container", "v1", "NodePool")`.

    Raises:
        KeyError: when the document has no such schema.
    """
    return _shape(api, version, name, _schemas(api, version)[name])


def _shape(api: str, version: str, name: str, raw: Mapping[str, Any]) -> Shape:
    if "$ref" in raw:
        return schema(api, version, raw["$ref"])
    kind = raw.get("type", "any")
    if kind == "object":
        if "properties" not in raw and "additionalProperties" in raw:
            inner = raw["additionalProperties"]
            return Shape(name=name, kind=Kind.MAP, item=partial(_shape, api, version, f"{name} value", inner))
        members = {key: _field(api, version, f"{name}.{key}", ref) for key, ref in raw.get("properties", {}).items()}
        return Shape(name=name, kind=Kind.STRUCTURE, members=members)
    if kind == "array":
        return Shape(name=name, kind=Kind.LIST, item=partial(_shape, api, version, f"{name} item", raw["items"]))
    if kind not in _UNITS:
        return ANY
    form = raw.get("format", "")
    low, high = _RANGES.get(form, (None, None))
    return Shape(
        name=name,
        kind=Kind.INTEGER if form in _WIDE_INTEGERS else _UNITS[kind],
        enum=tuple(value for value in raw.get("enum", ()) if not _UNSET.match(value)),
        minimum=float(raw["minimum"]) if "minimum" in raw else low,
        maximum=float(raw["maximum"]) if "maximum" in raw else high,
        pattern=raw.get("pattern"),
    )


def _field(api: str, version: str, name: str, raw: Mapping[str, Any]) -> Field:
    description = str(raw.get("description", ""))
    read_only = bool(raw.get("readOnly")) or description.startswith(("Output only", "[Output Only]"))
    # Discovery has no "required" for bodies; the newer APIs state it as the first word of the description.
    required = description.startswith("Required.") and not read_only
    return Field(partial(_shape, api, version, name, raw), required=required, read_only=read_only)
