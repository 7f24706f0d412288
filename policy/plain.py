"""Values as rules read them: plain data, with `UNKNOWN` where one is not known before the update."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from pulumi_policy.proxy import UnknownValueError


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "(unknown)"


UNKNOWN: Final = Unknown()
"""In place of a value that is not known before the update."""


def plain(value: Any) -> Any:
    """The value in dicts and lists of its own. An unknown becomes `UNKNOWN` instead of an exception when it is read."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return {key: _item(mapping, key) for key in mapping}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        sequence = cast("Sequence[Any]", value)
        return [_item(sequence, index) for index in range(len(sequence))]
    return value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
