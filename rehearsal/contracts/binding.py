"""How the properties of one Pulumi resource type map onto one API operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.contracts.shapes import Kind, Shape, Thunk
from rehearsal.providers.plugin_values import Path

Inputs = Mapping[str, Any]
"""Plain properties, with `UNKNOWN` where another resource has yet to produce a value."""


@dataclass(frozen=True)
class Violation:
    """One thing that the API would refuse."""

    path: Path
    """The Pulumi property, as map keys and list indexes."""
    problem: str
    """What is wrong, and what is allowed."""
    value: Any = None
    """The value, if one was given."""
    verdict: str = "refuses it"
    """What the API does about it."""


Rule = Callable[[Inputs], Iterator[Violation]]
"""A check that the cloud makes and that its model does not carry."""


@dataclass(frozen=True)
class AutoName:
    """Pulumi's own naming: what the provider fills in when the program names nothing."""

    property: str
    max_length: int = 255
    lowercase: bool = True
    alternative: str | None = None
    """A property that, when set, makes the name unnecessary (a name prefix)."""
    prefix: str = ""
    """What every name of the kind begins with."""
    alphanumeric: bool = False
    """Hyphens are not allowed."""
    guid: bool = False
    """The name is a GUID."""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A resource type and the API operation that creates it.

    A Pulumi property is looked up in `local`, then in `fields`, then by its own spelling in the API's shape. Keys of
    `fields` and `local` are dotted Pulumi paths without list indexes.
    """

    api: str
    """As it is named in errors: `the EKS API (CreateNodegroup)`."""
    by: str
    """As it is named in the report: `botocore eks.CreateNodegroup`."""
    shape: Thunk
    """The body of the request."""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """Pulumi path → API path below the shape of the property's parent. Lists on the way are entered. `.` is the parent
    itself, `x[0]` says that a Pulumi list stands for one API value, `@name.x` starts at `others[name]`."""
    local: Mapping[str, str] = field(default_factory=dict[str, str])
    """Pulumi path → why it is no field of this API."""
    others: Mapping[str, Thunk] = field(default_factory=dict[str, Thunk])
    """Shapes of further operations that the provider calls for the same resource."""
    supplied: frozenset[str] = frozenset()
    """API members that Pulumi's provider, the path of the request or another operation fills."""
    required: frozenset[str] = frozenset()
    """Pulumi properties without which the API refuses the request, though its model does not say so."""
    documents: frozenset[str] = frozenset()
    """Pulumi properties that are JSON text in the API and may be objects in a program."""
    name: AutoName | None = None
    replaces: tuple[str, ...] = ()
    """Pulumi property paths that cannot change in place, with `[*]` for any list item."""
    rules: tuple[Rule, ...] = ()

    def locate(self, pulumi_path: str, key: str, parent: Shape) -> Target | None:
        """Where a property goes, or None when the API has no such field."""
        route = self.fields.get(pulumi_path)
        if route is None:
            member = parent.find(key)
            return None if member is None else Target(parent.members[member].shape(), member)
        if route == ".":
            return Target(parent, ".")
        single = route.endswith("[0]")
        steps = route.removesuffix("[0]").split(".")
        first = steps[0]
        if first.startswith("@"):
            parent, steps = self.others[first[1:]](), steps[1:]
        through_list = False
        for index, step in enumerate(steps):
            while index and parent.kind in (Kind.LIST, Kind.MAP):
                through_list, parent = True, parent.inner()
            if step not in parent.members:
                raise LookupError(f"{self.by} has no {step} for {pulumi_path}: correct the binding")
            parent = parent.members[step].shape()
        # `@route` alone is the whole shape, of which a Pulumi list may hold several.
        return Target(parent, first, through_list=through_list or not steps, single=single)

    def pulumi_spelling(self, pulumi_parent: str, member: str) -> str:
        """The Pulumi property that fills an API member, to name it when it is missing."""
        prefix = f"{pulumi_parent}." if pulumi_parent else ""
        for path, route in self.fields.items():
            if path.startswith(prefix) and "." not in path[len(prefix) :] and route.split(".")[0] == member:
                return path[len(prefix) :]
        return member[:1].lower() + member[1:]

    def is_local(self, pulumi_path: str) -> bool:
        """True when the property, as a whole, is no field of this API."""
        return pulumi_path in self.local


@dataclass(frozen=True)
class Target:
    """Where a Pulumi property lands in an API shape."""

    shape: Shape
    member: str
    """The member of the parent that it fills."""
    through_list: bool = False
    """The way led through a list, so that a list of values stands for a list of structures."""
    single: bool = False
    """Pulumi has a list where the API has one value."""


def under(prefix: str, mapping: Mapping[str, str]) -> dict[str, str]:
    """The same mapping for a property that appears deeper: `under("nodeConfig", {"labels": …})`."""
    return {f"{prefix}.{path}": route for path, route in mapping.items()}


def reasons(why: str, *paths: str) -> dict[str, str]:
    """Several properties with one reason."""
    return dict.fromkeys(paths, why)


def chain(rules: Iterable[Rule]) -> Rule:
    """Several rules as one."""
    collected = tuple(rules)

    def run(inputs: Inputs) -> Iterator[Violation]:
        for rule in collected:
            yield from rule(inputs)

    return run
