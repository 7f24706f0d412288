"""One form for three clouds' API models: a tree of shapes that is read as far as a check goes, and no further."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property


class Kind(Enum):
    """What JSON value a shape stands for."""

    STRUCTURE = "object"
    LIST = "list"
    MAP = "map"
    STRING = "string"
    INTEGER = "whole number"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ANY = "any value"


Thunk = Callable[[], "Shape"]
"""A shape that is built when it is asked for: API models are large and refer to themselves."""


@dataclass(frozen=True)
class Field:
    """A member of a structure."""

    shape: Thunk
    required: bool = False
    """The API refuses the structure without it."""
    read_only: bool = False
    """The API fills it in and ignores or refuses what a caller sends."""
    inlined: bool = False
    """It really lies in the member `properties` (Azure's envelope), which Pulumi leaves out."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Shape:
    """A type of an API and the limits that the API's own model states."""

    name: str
    kind: Kind
    members: Mapping[str, Field] = field(default_factory=dict[str, Field])
    """Of a structure, by the API's spelling."""
    item: Thunk | None = None
    """Of a list or of a map's values."""
    key: Thunk | None = None
    """Of a map's keys."""
    enum: tuple[str, ...] = ()
    """The only values, if not empty."""
    any_case: bool = False
    """The API takes the values of `enum` in any case."""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    """Characters of a string, entries of a list or a map."""
    max_length: int | None = None
    pattern: str | None = None
    """A regular expression that the whole string must match."""

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Member names without case and punctuation, to find `cidrBlock` in `CidrBlock` and `OSSKU` in `osSKU`."""
        return {fold(name): name for name in self.members}

    def find(self, name: str) -> str | None:
        """The member that a Pulumi property means, allowing for case, underscores and singular or plural."""
        if name in self.members:
            return name
        for candidate in plurals(fold(name)):
            if candidate in self.spellings:
                return self.spellings[candidate]
        return None

    def inner(self) -> Shape:
        """The item of a list or map; `ANY` where the model does not say."""
        return self.item() if self.item else ANY


def fold(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def plurals(folded: str) -> list[str]:
    """The name itself, then its likely singular and plural forms."""
    forms = [folded, f"{folded}s", f"{folded}es"]
    if folded.endswith("ies"):
        forms.append(f"{folded[:-3]}y")
    if folded.endswith("y"):
        forms.append(f"{folded[:-1]}ies")
    if folded.endswith("es"):
        forms.append(folded[:-2])
    if folded.endswith("s"):
        forms.append(folded[:-1])
    return forms


ANY = Shape(name="any", kind=Kind.ANY)
STRING = Shape(name="string", kind=Kind.STRING)
INTEGER = Shape(name="integer", kind=Kind.INTEGER)
NUMBER = Shape(name="number", kind=Kind.NUMBER)
BOOLEAN = Shape(name="boolean", kind=Kind.BOOLEAN)
