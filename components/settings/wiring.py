"""How tensors flow through an ensemble: what is wired to what, in which order steps run, of which shape everything is.

Shapes are compared with the batch axis in front, as Triton's ensemble scheduler does where batching and other steps
meet (triton core, src/ensemble_scheduler/ensemble_utils.cc); what it leaves to run time, such as a batch axis that
meets an axis of data, is refused here.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.settings.ensembles import DataType, Ensemble, Input, Tensor
from components.settings.problems import ABSENT, Path, Problem, closest

VARIES = -1
"""A length that is known only when a request comes."""

BATCH = -2
"""The axis along which requests are joined. It fits another one, or an axis that varies."""


class Port(NamedTuple):
    """One tensor of a step."""

    step: str
    tensor: str

    def __str__(self) -> str:
        return f"{self.step}.{self.tensor}"


class Shape(NamedTuple):
    """Type of a tensor, and its axes with the batch axis in front."""

    type: DataType
    axes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.type.value} [{', '.join('batch' if axis == BATCH else str(axis) for axis in self.axes)}]"


def shape_of(ensemble: Ensemble, step: str, tensor: Tensor) -> Shape:
    """What flows through a step's tensor."""
    batch = (BATCH,) if ensemble.batch_of(step) else ()
    return Shape(tensor.type, (*batch, *tensor.dims))


def common(one: Shape, other: Shape) -> Shape | None:
    """What fits both, each axis as exactly as either knows it; None where nothing does."""
    if one.type is not other.type or len(one.axes) != len(other.axes):
        return None
    pairs = list(zip(one.axes, other.axes, strict=True))
    if any(a != b and VARIES not in (a, b) for a, b in pairs):
        return None
    return Shape(one.type, tuple(b if a == VARIES else a for a, b in pairs))


def feeder(ensemble: Ensemble, name: str, tensor: Input) -> Port | str:
    """The output that feeds an input, or the name under which the caller sends it."""
    if tensor.fed_by is None:
        return name
    return parse_port(ensemble, tensor.fed_by) or tensor.fed_by


def parse_port(ensemble: Ensemble, text: str) -> Port | None:
    """`<step>.<output>`, where there is such an output."""
    step, _, tensor = text.partition(".")
    return Port(step, tensor) if step in ensemble.steps and tensor in ensemble.steps[step].outputs else None


def asked(ensemble: Ensemble) -> dict[str, Shape]:
    """What the caller sends, by name. Several steps may read it; settings have refused shapes that do not fit."""
    found: dict[str, Shape] = {}
    for key, step in sorted(ensemble.steps.items()):
        for name, tensor in sorted(step.inputs.items()):
            source = feeder(ensemble, name, tensor)
            if isinstance(source, str):
                shape = shape_of(ensemble, key, tensor)
                found[source] = common(found[source], shape) or found[source] if source in found else shape
    return found


def answered(ensemble: Ensemble) -> dict[str, tuple[Port, Shape]]:
    """What the caller gets, by name."""
    ports = {name: parse_port(ensemble, text) for name, text in sorted(ensemble.outputs.items())}
    return {
        name: (port, shape_of(ensemble, port.step, ensemble.steps[port.step].outputs[port.tensor]))
        for name, port in ports.items()
        if port is not None
    }


def batch_size(ensemble: Ensemble) -> int:
    """Largest batch that the ensemble takes: the smallest of its steps'. 0 where none of them takes any."""
    sizes = [ensemble.batch_of(step) for step in ensemble.steps]
    return min((size for size in sizes if size), default=0)


def needs(ensemble: Ensemble, step: str) -> list[str]:
    """Steps that have to run before `step`."""
    sources = (feeder(ensemble, name, tensor) for name, tensor in ensemble.steps[step].inputs.items())
    return sorted({source.step for source in sources if isinstance(source, Port)})


def run_order(before: Mapping[str, list[str]]) -> list[str]:
    """Everything after what it needs (key -> what it needs), otherwise by name. What stands in a cycle is left out."""
    order: list[str] = []
    waiting = sorted(before)
    while ready := [key for key in waiting if all(need in order for need in before[key])]:
        order.append(ready[0])
        waiting.remove(ready[0])
    return order


def cycle(after: Mapping[str, list[str]]) -> list[str]:
    """One way round, its start named at both ends; empty where there is none. Keys that lead nowhere are allowed."""
    done: set[str] = set()

    def walk(key: str, way: list[str]) -> list[str]:
        if key in way:
            return [*way[way.index(key) :], key]
        if key in done:
            return []
        for following in after.get(key, ()):
            if found := walk(following, [*way, key]):
                return found
        done.add(key)
        return []

    for key in sorted(after):
        if found := walk(key, []):
            return found
    return []


def wiring_problems(path: Path, ensemble: Ensemble) -> Iterator[Problem]:
    """Tensors that there are not, that do not fit, that nobody reads, and steps that wait for each other."""
    read: set[Port] = set()
    sent: dict[str, tuple[Port, Shape]] = {}
    edge: list[Port] = []
    misnamed = False
    for key, step in ensemble.steps.items():
        for name, tensor in step.inputs.items():
            here: Path = (*path, "steps", key, "inputs", name)
            source = feeder(ensemble, name, tensor)
            shape = shape_of(ensemble, key, tensor)
            if isinstance(source, Port):
                read.add(source)
                given = shape_of(ensemble, source.step, ensemble.steps[source.step].outputs[source.tensor])
                if common(given, shape) is None:
                    yield _misfit(here, shape, str(source), given)
            elif tensor.fed_by is not None and (reason := _unknown(ensemble, source)):
                misnamed = True
                yield Problem((*here, "from"), source, reason)
            else:
                edge.append(Port(key, name))
                first, known = sent.get(source, (Port(key, name), shape))
                if (both := common(known, shape)) is None:
                    yield _misfit(here, shape, f"{source}, which {first} reads too,", known)
                sent[source] = (first, both or known)
    yield from _output_problems(path, ensemble, set(sent))
    if not misnamed:
        yield from _unread_problems(path, ensemble, read)
    if round_trip := cycle({key: needs(ensemble, key) for key in ensemble.steps}):
        yield Problem(
            (*path, "steps"),
            sorted(set(round_trip)),
            f"wait for each other: {' <- '.join(round_trip)}; break the cycle",
        )
    yield from _batch_problems(path, ensemble, edge)


def _output_problems(path: Path, ensemble: Ensemble, sent: set[str]) -> Iterator[Problem]:
    returned: dict[Port, str] = {}
    for name, text in ensemble.outputs.items():
        port = parse_port(ensemble, text)
        if port is None:
            yield Problem((*path, "outputs", name), text, _unknown(ensemble, text) or _no_step(ensemble))
        elif port in returned:
            yield Problem((*path, "outputs", name), text, f"returned already, as {returned[port]}; return it once")
        else:
            returned[port] = name
        if name in sent:
            yield Problem((*path, "outputs", name), text, "the caller sends a tensor of this name; choose another")


def _unread_problems(path: Path, ensemble: Ensemble, read: set[Port]) -> Iterator[Problem]:
    """Outputs that are for nobody; Triton refuses an ensemble that has any."""
    returned = {parse_port(ensemble, text) for text in ensemble.outputs.values()}
    if None in returned:
        return
    for key, step in ensemble.steps.items():
        for name in step.outputs:
            if Port(key, name) not in read and Port(key, name) not in returned:
                yield Problem(
                    (*path, "steps", key, "outputs", name),
                    ABSENT,
                    "nobody reads it; feed it to a step, return it under outputs, or leave it out",
                )


def _batch_problems(path: Path, ensemble: Ensemble, sent: list[Port]) -> Iterator[Problem]:
    """Tensors of steps without batches at the edge of an ensemble with batches."""
    if not batch_size(ensemble):
        return
    edge = [(port, "inputs", ensemble.steps[port.step].inputs[port.tensor].dims) for port in sent]
    for port, _ in answered(ensemble).values():
        edge.append((port, "outputs", ensemble.steps[port.step].outputs[port.tensor].dims))
    for port, side, dims in edge:
        if not ensemble.batch_of(port.step) and dims[0] != VARIES:
            yield Problem(
                (*path, "steps", port.step, side, port.tensor, "dims"),
                list(dims),
                "other steps take batches, so the caller does; begin with -1 for the batch, or set maxBatchSize: 0"
                " for all",
            )


def _misfit(path: Path, wanted: Shape, source: str, given: Shape) -> Problem:
    return Problem(path, str(wanted), f"{source} is {given}; they have to match, -1 with anything")


def _unknown(ensemble: Ensemble, text: str) -> str | None:
    """Why nothing is called so; None where the caller may send it."""
    step, dot, tensor = text.partition(".")
    if step in ensemble.steps:
        return f"{step} has no such output; {closest(tensor, ensemble.steps[step].outputs)}"
    return _no_step(ensemble, step) if dot else None


def _no_step(ensemble: Ensemble, step: str = "") -> str:
    return f"no such step; write <step>.<output>; {closest(step, ensemble.steps)}"
