"""Resources as rules read them: plain data, with `UNKNOWN` where a value is not known before the update."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pulumi_policy import PolicyResource, StackValidationArgs

from policy.plain import UNKNOWN, plain
from policy.recorder import recorded

RELEASE = "kubernetes:helm.sh/v3:Release"
"""Type of a Helm release."""

NAMESPACE = "kubernetes:core/v1:Namespace"
"""Type of a namespace."""


def lookup(value: Any, *path: str) -> Any:
    """The value under the keys; None when a key is missing, `UNKNOWN` when a step is."""
    for key in path:
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(key)
    return value


def listed(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def has_unknown(value: Any) -> bool:
    """Whether the value or anything in it is unknown."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in mapped(value).values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in listed(value))
    return value is UNKNOWN


def not_known(where: "Resource", what: str) -> str:
    """The message for a value that a rule needs and cannot see."""
    return f"{where}: {what} cannot be known before the update; make it plain: text in the program, not an output"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the stack."""

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    """What it asks for; its outputs where the inputs did not come by."""

    namespace: Any = None
    """Namespace of a Kubernetes object or release, or `UNKNOWN`; of a namespace, its own name."""

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]} {self.name!r}"

    def get(self, *path: str) -> Any:
        """The input under the keys; None when missing, `UNKNOWN` when unknown."""
        return lookup(self.inputs, *path)

    def is_a(self, pattern: str) -> bool:
        """Whether its type matches the regular expression, whole."""
        return re.fullmatch(pattern, self.type) is not None


def read_resources(args: StackValidationArgs) -> Iterator[Resource]:
    """The stack's resources, by their inputs where those were recorded."""
    names = {r.urn: _name_of(r) for r in args.resources if r.resource_type == NAMESPACE}
    for resource in args.resources:
        yield Resource(
            resource.resource_type,
            resource.name,
            resource.urn,
            _inputs(resource),
            _namespace_of(resource, names) if resource.resource_type.startswith("kubernetes:") else None,
        )


def _inputs(resource: PolicyResource) -> dict[str, Any]:
    noted = recorded(resource.urn)
    return mapped(plain(resource.props)) if noted is None else noted


def _name_of(namespace: PolicyResource) -> Any:
    """The namespace's name in Kubernetes, which the provider makes up where the program gives none."""
    given = lookup(_inputs(namespace), "metadata", "name")
    return lookup(plain(namespace.props), "metadata", "name") if given in (None, UNKNOWN) else given


def _namespace_of(resource: PolicyResource, names: Mapping[str, Any]) -> Any:
    if resource.urn in names:
        return names[resource.urn]
    release = resource.resource_type == RELEASE
    path = ("namespace",) if release else ("metadata", "namespace")
    given = lookup(_inputs(resource), *path)
    if given is UNKNOWN:
        given = lookup(plain(resource.props), *path) or UNKNOWN
    if given is UNKNOWN:
        # `namespace.metadata.name` is unknown until the namespace exists, but it can only be that namespace's.
        source = resource.property_dependencies.get(path[0], [])
        found = [names[r.urn] for r in source if r.urn in names]
        return found[0] if len(found) == len(source) == 1 and isinstance(found[0], str) else UNKNOWN
    if given:
        return given
    default = lookup(plain(resource.provider.props), "namespace") if resource.provider else None
    return default or "default"
