"""Pulumi's wire values to plain Python and back.

The engine sends properties as protobuf structs in which every number is a double, a secret is an object with a
signature key, and a value that is not known yet (preview) is one of seven fixed identifiers, one per type. Provider
code wants none of that: it gets `None`, `bool`, `int`, `float`, `str`, `list` and `dict`, the singleton `UNKNOWN`, and
the paths that were secret on the side, so that the same paths can be made secret again on the way out.

The signature and the identifiers are those of the engine's own marshaller (pulumi/pulumi, sdk/v3.259.0,
go/common/resource/plugin/rpc.go and resource/sig/sig.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeGuard

from google.protobuf import struct_pb2

Props: TypeAlias = dict[str, Any]
"""Properties as plain Python data."""
Path: TypeAlias = tuple[str | int, ...]
"""Where a value sits: map keys and list indexes from the top."""

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_IDS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        _UNKNOWN_STRING,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
# Beyond this a double no longer holds every whole number, so turning it into an int would invent digits.
_LARGEST_EXACT_INTEGER: Final = 2**53


class Unknown:
    """The type of `UNKNOWN`: a value that some other resource has yet to produce. It is false in conditions."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()
"""Stands where a value is not known yet; compare with `is`."""


def is_map(value: Any) -> TypeGuard[Props]:
    """True for a map of properties."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """True for a list of properties."""
    return isinstance(value, list)


def contains_unknown(value: Any) -> bool:
    """True when the value, or anything inside it, is not known yet."""
    if value is UNKNOWN:
        return True
    if is_map(value):
        return any(contains_unknown(item) for item in value.values())
    if is_list(value):
        return any(contains_unknown(item) for item in value)
    return False


def without_unknown(value: Any) -> Any:
    """A copy that leaves out what is not known yet (map entries and list items), for checks of the known part."""
    if is_map(value):
        return {key: without_unknown(item) for key, item in value.items() if item is not UNKNOWN}
    if is_list(value):
        return [without_unknown(item) for item in value if item is not UNKNOWN]
    return value


def from_struct(struct: struct_pb2.Struct) -> tuple[Props, set[Path]]:
    """Plain properties, and the paths of those that were secret. Whole numbers become `int`."""
    secrets: set[Path] = set()
    return {key: _from_value(item, (key,), secrets) for key, item in struct.fields.items()}, secrets


def to_struct(props: Mapping[str, Any], secrets: Iterable[Path] = ()) -> struct_pb2.Struct:
    """The wire form of plain properties, with the values at `secrets` marked secret.

    A secret path that leads past the end of a list, or below what is now a scalar, marks the whole list or scalar: too
    much is hidden rather than too little. A path through a map key that is absent is ignored.
    """
    tree = _tree(secrets)
    return struct_pb2.Struct(fields={key: _to_value(item, tree.get(key)) for key, item in props.items()})


def _from_value(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_IDS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_from_value(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in fields else None
        if signature == SECRET_SIGNATURE or (signature == OUTPUT_SIGNATURE and fields["secret"].bool_value):
            secrets.add(path)
        if signature in (SECRET_SIGNATURE, OUTPUT_SIGNATURE):
            return _from_value(fields["value"], path, secrets) if "value" in fields else UNKNOWN
        # Assets, archives and resource references keep their signature key and pass through as they are.
        return {key: _from_value(item, (*path, key), secrets) for key, item in fields.items()}
    return None


_Tree: TypeAlias = "dict[str | int, _Tree]"
"""Secret paths as a tree; an empty node is where a secret value sits."""


def _tree(paths: Iterable[Path]) -> _Tree:
    known = set(paths)
    root: _Tree = {}
    for path in known:
        if any(path[:length] in known for length in range(1, len(path))):
            continue  # a value that is secret as a whole already covers this one
        node = root
        for key in path:
            node = node.setdefault(key, {})
    return root


def _to_value(value: Any, secret: _Tree | None) -> struct_pb2.Value:
    if secret is not None and (not secret or not _reaches_into(value, secret)):
        inner = _to_value(value, None)
        signature = struct_pb2.Value(string_value=SECRET_SIGNATURE)
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={SIGNATURE_KEY: signature, "value": inner}))
    below: _Tree = secret or {}
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=float(value))
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if is_map(value):
        fields = {key: _to_value(item, below.get(key)) for key, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if is_list(value):
        values = [_to_value(item, below.get(index)) for index, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=values))
    raise TypeError(f"a {type(value).__name__} cannot be a property: use None, bool, int, float, str, list or dict")


def _reaches_into(value: Any, secret: _Tree) -> bool:
    """True when marking can go deeper: into a map, or into a list that still has every secret index."""
    if is_map(value):
        return all(isinstance(key, str) for key in secret)
    if is_list(value):
        return all(isinstance(key, int) and key < len(value) for key in secret)
    return False
