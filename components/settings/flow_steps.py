"""What follows from a flow's settings: which events it takes, what follows what, how long and how many at once."""

from collections.abc import Mapping

from components.settings.ensembles import DataType, Ensemble
from components.settings.flows import Flow, Step
from components.settings.serving import Modality, Runtime, Served, ServedModel
from components.settings.wiring import asked

REQUEST_TYPE = "multimodal.request"
"""`type` of events that ask for an answer, unless a flow says otherwise."""

STEP_TYPE = "multimodal.step"
"""`type` of what one step hands to the next."""

RESULT_TYPE = "multimodal.result"
"""`type` of a flow's answers."""

DEAD_LETTER_TYPE = "multimodal.dead-letter"
"""`type` of what holds an event that no call could help."""

CALL_TYPE = "multimodal.audit.call"
"""`type` of what a router tells the audit stream: what it took in, asked a model, or gave up."""

OWN_TYPES = (STEP_TYPE, RESULT_TYPE, DEAD_LETTER_TYPE, CALL_TYPE)
"""Types of events that routers write."""

AT_ONCE: Mapping[Runtime, int] = {Runtime.VLLM: 16, Runtime.TRITON: 8, Runtime.HUGGINGFACE: 4}
"""Calls that one replica works on at once: vLLM batches continuously, Triton what comes together, others little.
Also the backlog per replica above which another one starts."""

MOST_ROUTERS = 2
"""Routers of a tenant in a prod stack; elsewhere there is one. They share the partitions of every topic."""

GRAPH_AT_ONCE = 8
"""Calls at once to a graph, which leads on to models that scale by themselves."""

LONGEST_PAUSE_SECONDS = 60
"""Where the pause between calls stops to double."""

_SHORT, _MEDIUM, _LONG, _LONGEST = 60, 300, 900, 1800


def first_steps(flow: Flow) -> list[str]:
    """Steps that read the event itself."""
    return sorted(name for name, step in flow.steps.items() if step.after is None)


def following(flow: Flow, step: str) -> list[str]:
    """Steps that read the answer of `step`."""
    return sorted(name for name, other in flow.steps.items() if other.after == step)


def entrance(flow: Flow, reads: Modality) -> dict[str, str]:
    """Attributes that an event has to have, so that the flow takes it. `reads`: what the first steps read."""
    return {"type": REQUEST_TYPE, "modality": reads.value, **flow.when}


def fed_by(flows: Mapping[str, Flow], model: str) -> list[tuple[str, str]]:
    """Flow and step of every step that calls `model`."""
    return sorted(
        (name, key) for name, flow in flows.items() for key, step in flow.steps.items() if step.model == model
    )


def timeout(step: Step, reads: Modality, writes: Modality, runtime: Runtime | None) -> int:
    """Seconds that one call may take. `runtime`: None for a graph."""
    if step.timeout_seconds is not None:
        return step.timeout_seconds
    if writes is Modality.VIDEO:
        return _LONGEST
    if reads is Modality.VIDEO:
        return _LONG
    slow = runtime is Runtime.VLLM or runtime is None or Modality.AUDIO in (reads, writes) or writes is Modality.IMAGE
    return _MEDIUM if slow else _SHORT


def at_once(step: Step, model: ServedModel | Ensemble | None) -> int:
    """Calls at once from each router. `model`: None for a graph."""
    if step.concurrency is not None:
        return step.concurrency
    return GRAPH_AT_ONCE if model is None else AT_ONCE[model.runtime] * most_replicas(model)


def most_replicas(model: Served) -> int:
    """Replicas at most, a canary's not counted."""
    return max(model.replicas.max or 0, model.replicas.min, 1)


def longest_seconds(step: Step, seconds: int) -> int:
    """Seconds until a step gives up an event whose calls all take `seconds` and fail, with the longest pauses."""
    pauses = (min(LONGEST_PAUSE_SECONDS, 2**failed) * 1.5 for failed in range(step.retries))
    return round((step.retries + 1) * seconds + sum(pauses))


def input_tensor(model: ServedModel | Ensemble, reads: Modality) -> tuple[str, list[int]] | None:
    """Name and shape of the one tensor of text that holds what the model reads; None where there is no such.

    Of an ensemble the settings say it; a model in a repository is taken to call it by what it reads.
    """
    if not isinstance(model, Ensemble):
        return reads.value, [1]
    wanted = asked(model)
    if len(wanted) != 1:
        return None
    ((name, shape),) = wanted.items()
    return (name, [1] * len(shape.axes)) if shape.type is DataType.STRING else None
