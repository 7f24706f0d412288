"""How long the engine walks a stack's graph when a deletion fails.

Then it looks for what the failed resource still needs, and leaves that alone. It follows providers and dependencies
along every path, whether it has been at a resource or not, and only parents once (pulumi's pkg/resource/graph,
`TransitiveDependenciesOf`, as of 3.259). A graph with many ways from top to bottom so keeps `pulumi destroy` at full
processor for many minutes, silent, after one refusal of a protected resource.

Pure: a stack's resources in, counts out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Resource = Mapping[str, Any]

LONGEST = 5_000_000
"""Steps that a walk may take: the engine takes some four million a second, and walks once for each failure."""


def walks(resources: Sequence[Resource]) -> dict[str, int]:
    """URN -> at most how many steps the engine takes from it.

    Args:
        resources: Those of a stack's deployment, each after what it depends on, as the engine writes them.
    """
    by_urn = {str(resource["urn"]): resource for resource in resources}
    paths: dict[str, int] = {}
    parents: dict[str, frozenset[str]] = {}
    for urn, resource in by_urn.items():
        needs = [need for need in _needs(resource) if need in paths]
        parent = str(resource.get("parent") or "")
        paths[urn] = 1 + sum(paths[need] for need in needs)
        met = [parents[need] for need in {*needs, parent} if need in parents]
        parents[urn] = frozenset({parent} & paths.keys()).union(*met)
    return {urn: paths[urn] + sum(paths[parent] for parent in parents[urn]) for urn in paths}


def too_long(resources: Sequence[Resource]) -> list[str]:
    """What is wrong with a graph: its longest walk, when that is longer than `LONGEST`."""
    found = walks(resources)
    worst = max(found, key=lambda urn: found[urn], default=None)
    if worst is None or found[worst] <= LONGEST:
        return []
    return [
        f"were {worst.rpartition('::')[2]} not to go, the engine would take up to {found[worst]:,} steps through the"
        f" graph to see what has to stay; allowed are {LONGEST:,}: let fewer resources depend on many others"
    ]


def _needs(resource: Resource) -> Iterator[str]:
    """Each edge as often as the state names it: the engine follows it as often."""
    provider = resource.get("provider")
    if provider:
        yield str(provider).rpartition("::")[0]
    yield from _urns(resource.get("dependencies"))
    by_property: Mapping[str, Any] = resource.get("propertyDependencies") or {}
    for urns in by_property.values():
        yield from _urns(urns)
    if resource.get("deletedWith"):
        yield str(resource["deletedWith"])
    yield from _urns(resource.get("replaceWith"))


def _urns(urns: Iterable[Any] | None) -> Iterator[str]:
    return (str(urn) for urn in urns or ())
