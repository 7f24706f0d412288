"""Checks of inference graphs: where steps lead, whether models can read each other, whether requests come to an end."""

from collections.abc import Iterator, Mapping

from components.settings.graphs import Graph, GraphNode, GraphStep, NodeKind, Reads
from components.settings.problems import ABSENT, Path, Problem, closest
from components.settings.serving import Modality, Served
from components.settings.wiring import cycle

ROOT = "root"
"""The node where requests start."""

LARGEST_WEIGHT = 100
"""What the shares of a split add up to."""

Flow = tuple[Modality | None, Modality | None]
"""What something reads and what it writes; None where that is no one modality."""


def graph_problems(path: Path, graph: Graph, served: Mapping[str, Served]) -> Iterator[Problem]:
    """What is wrong inside one graph. `served`: the tenant's models and ensembles by name."""
    nodes = graph.nodes
    if ROOT not in nodes:
        yield Problem((*path, "nodes"), sorted(nodes), "no node is called root; requests start there")
    broken = False
    for key, node in nodes.items():
        here: Path = (*path, "nodes", key)
        if key in served:
            yield Problem(
                here, ABSENT, "is called as a model of the tenant is; steps could mean either, rename the node"
            )
        for index, step in enumerate(node.steps):
            if step.to not in nodes and step.to not in served:
                broken = True
                yield Problem(
                    (*here, "steps", index, "to"),
                    step.to,
                    f"no such model, ensemble or node; {closest(step.to, [*served, *(n for n in nodes if n != key)])}",
                )
            elif step.path is not None and step.to in nodes:
                yield Problem((*here, "steps", index, "path"), step.path, f"{step.to} is a node, which has no path")
        yield from _key_problems(here, node)
    ways = {key: [step.to for step in node.steps if step.to in nodes] for key, node in nodes.items()}
    if round_trip := cycle(ways):
        yield Problem(
            (*path, "nodes"),
            sorted(set(round_trip)),
            f"requests would never end: {' -> '.join(round_trip)}; break the cycle",
        )
        return
    for key in nodes:
        if key not in _reached(ways) and ROOT in nodes:
            yield Problem((*path, "nodes", key), ABSENT, "no step leads here; leave it out")
    if not broken:
        for key, node in nodes.items():
            yield from _flow_problems((*path, "nodes", key), node, graph, served)


def _reached(ways: Mapping[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = [ROOT]
    while ahead:
        key = ahead.pop()
        if key not in seen:
            seen.add(key)
            ahead += ways.get(key, [])
    return seen


def _key_problems(path: Path, node: GraphNode) -> Iterator[Problem]:
    """Keys that a kind of node needs, and keys that mean nothing to it."""
    kind = node.kind
    for index, step in enumerate(node.steps):
        here: Path = (*path, "steps", index)
        if kind is NodeKind.SWITCH and step.when is None:
            yield Problem((*here, "when"), ABSENT, "missing; a switch takes the first step whose condition holds")
        if kind is NodeKind.SPLIT and step.percent is None:
            yield Problem((*here, "percent"), ABSENT, "missing; a split goes by the steps' shares")
        meant = {
            "when": kind is NodeKind.SWITCH or (kind is NodeKind.SEQUENCE and index > 0),
            "percent": kind is NodeKind.SPLIT,
            "reads": kind is NodeKind.SEQUENCE and index > 0,
        }
        for key, means in meant.items():
            value = getattr(step, key)
            if value is not None and not means:
                first = " as the first step" if kind is NodeKind.SEQUENCE and key != "percent" else ""
                yield Problem((*here, key), value, f"means nothing in a {kind.value}{first}; leave it out")
    shares = [step.percent for step in node.steps]
    if kind is NodeKind.SPLIT and None not in shares and (total := sum(filter(None, shares))) != LARGEST_WEIGHT:
        yield Problem((*path, "steps"), shares, f"the shares add up to {total}, not to {LARGEST_WEIGHT}")
    if kind is NodeKind.PARALLEL:
        for index, step in enumerate(node.steps):
            if step.to in [other.to for other in node.steps[:index]]:
                yield Problem((*path, "steps", index, "to"), step.to, "stands here twice; answers are told apart by it")


def flow(key: str, graph: Graph, served: Mapping[str, Served]) -> Flow:
    """What a model, an ensemble or a node reads and writes. Names must be known and without a cycle."""
    if key not in graph.nodes:
        return served[key].modality, served[key].produces
    node = graph.nodes[key]
    flows = [flow(step.to, graph, served) for step in node.steps]
    if node.kind is NodeKind.SEQUENCE:
        return flows[0][0], flows[-1][1]
    reads, writes = {one[0] for one in flows}, {one[1] for one in flows}
    merged = node.kind is NodeKind.PARALLEL
    return (
        next(iter(reads)) if len(reads) == 1 else None,
        next(iter(writes)) if len(writes) == 1 and not merged else None,
    )


def _flow_problems(path: Path, node: GraphNode, graph: Graph, served: Mapping[str, Served]) -> Iterator[Problem]:
    """Steps that could not read what they are given."""
    for index, step in enumerate(node.steps):
        here: Path = (*path, "steps", index, "to")
        reads = flow(step.to, graph, served)[0]
        if index == 0:
            continue
        if node.kind is NodeKind.SEQUENCE and reads_response(step, index):
            before = node.steps[index - 1]
            written = flow(before.to, graph, served)[1]
            if written is None:
                yield Problem(
                    here,
                    step.to,
                    f"{before.to} does not always write the same modality, so nothing can read it; put it last, or"
                    " write reads: request",
                )
            elif reads is not None and reads is not written:
                yield Problem(here, step.to, f"reads {reads.value}, but {before.to} before it writes {written.value}")
        elif node.kind in (NodeKind.SEQUENCE, NodeKind.SPLIT, NodeKind.PARALLEL):
            first = node.steps[0]
            given = flow(first.to, graph, served)[0]
            if None not in (reads, given) and reads is not given:
                yield Problem(
                    here,
                    step.to,
                    f"reads {_said(reads)}, but {first.to} is given the same request and reads {_said(given)}",
                )


def reads_response(step: GraphStep, index: int) -> bool:
    """Whether a step of a sequence is given the answer before it."""
    return index > 0 and step.reads is not Reads.REQUEST


def _said(modality: Modality | None) -> str:
    return modality.value if modality else "nothing"
