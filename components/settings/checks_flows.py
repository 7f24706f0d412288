"""Checks of flows: whether every step can read what it is given, and every event knows where to go."""

from collections.abc import Iterator, Mapping

from components.settings.checks_graphs import ROOT
from components.settings.checks_graphs import flow as graph_flow
from components.settings.ensembles import Ensemble
from components.settings.events import Events
from components.settings.flow_steps import (
    OWN_TYPES,
    REQUEST_TYPE,
    entrance,
    fed_by,
    first_steps,
    input_tensor,
    longest_seconds,
    timeout,
)
from components.settings.flows import Flow, Step
from components.settings.problems import ABSENT, Path, Problem, closest
from components.settings.sections import Tenant
from components.settings.serving import Modality, ServedModel
from components.settings.wiring import asked, cycle


def flow_problems(
    tenants: Mapping[str, Tenant], events: Events | None, *, serving: bool, scaled: bool
) -> Iterator[Problem]:
    """What is wrong with the tenants' flows, and with models that sleep until one wakes them.

    Args:
        tenants: By name, model sets among their models.
        events: The stack's Kafka.
        serving: Whether the stack serves models.
        scaled: Whether anything scales them.
    """
    outage_hours = (events or Events()).outage_hours
    for name, tenant in tenants.items():
        if not tenant.flows:
            continue
        path: Path = ("tenants", name, "flows")
        if events is None:
            yield Problem(path, ABSENT, "nothing carries events in this stack; add multimodal:events: {}")
        if not serving:
            yield Problem(path, ABSENT, "nothing serves models in this stack; add multimodal:serving: {}")
            continue
        entrances: dict[str, dict[str, str]] = {}
        for key, flow in tenant.flows.items():
            found = list(_step_problems((*path, key), flow, tenant, outage_hours))
            yield from found
            yield from _when_problems((*path, key), flow)
            reads = _entering(flow, tenant)
            if not found and reads is not None:
                entrances[key] = entrance(flow, reads)
        yield from _ambiguities(path, entrances)
        yield from _sleeping_problems(name, tenant, scaled=scaled)


def step_modalities(tenant: Tenant, step: Step) -> tuple[Modality | None, Modality | None]:
    """What a step reads and writes; None where that is no one modality, or the model is not known."""
    served = {key: model for (_, key), model in tenant.served.items()}
    if step.model in served:
        return served[step.model].modality, served[step.model].produces
    graph = tenant.graphs.get(step.model)
    if graph is None or ROOT not in graph.nodes:
        return None, None
    return graph_flow(ROOT, graph, served)


def step_model(tenant: Tenant, step: Step) -> ServedModel | Ensemble | None:
    """The model or ensemble that a step calls; None for a graph."""
    return {key: model for (_, key), model in tenant.served.items()}.get(step.model)


def _step_problems(path: Path, flow: Flow, tenant: Tenant, outage_hours: float) -> Iterator[Problem]:
    known = [*(key for _, key in tenant.served), *tenant.graphs]
    broken = False
    for key, step in flow.steps.items():
        here: Path = (*path, "steps", key)
        if step.model not in known:
            broken = True
            yield Problem(
                (*here, "model"), step.model, f"no such model, ensemble or graph; {closest(step.model, known)}"
            )
        if step.after is not None and step.after not in flow.steps:
            broken = True
            others = [other for other in flow.steps if other != key]
            yield Problem((*here, "after"), step.after, f"no such step; {closest(step.after, others)}")
        model = step_model(tenant, step)
        if isinstance(model, Ensemble) and step.request is None and input_tensor(model, model.modality) is None:
            yield Problem(
                (*here, "model"),
                step.model,
                f"its callers send {', '.join(f'{name} ({shape})' for name, shape in asked(model).items())}, and nobody"
                " knows how to make them of one event's data; give request, or let its first step read one string",
            )
        if step.model in tenant.graphs and None in (step.request, step.response):
            yield Problem(
                (*here, "model"),
                step.model,
                "a graph has no protocol of its own, so that nobody knows what to send and what comes back; give"
                " request and response, or name the models one after the other",
            )
    ways = {key: [step.after] for key, step in flow.steps.items() if step.after in flow.steps}
    if around := cycle({key: [one for one in after if one] for key, after in ways.items()}):
        # Read backwards: what follows what.
        yield Problem(
            (*path, "steps"),
            sorted(set(around)),
            f"events would go round for ever: {' -> '.join(reversed(around))}; leave out one after",
        )
        return
    if not broken:
        yield from _modality_problems(path, flow, tenant)
        yield from _time_problems(path, flow, tenant, outage_hours)


def _modality_problems(path: Path, flow: Flow, tenant: Tenant) -> Iterator[Problem]:
    for key, step in flow.steps.items():
        here: Path = (*path, "steps", key, "model")
        reads, _ = step_modalities(tenant, step)
        if step.after is not None:
            _, given = step_modalities(tenant, flow.steps[step.after])
            if None not in (reads, given) and reads is not given:
                yield Problem(
                    here,
                    step.model,
                    f"reads {_said(reads)}, but {flow.steps[step.after].model} before it writes {_said(given)}",
                )
    first, *others = first_steps(flow)
    expected, _ = step_modalities(tenant, flow.steps[first])
    for key in others:
        reads, _ = step_modalities(tenant, flow.steps[key])
        if reads is not expected:
            yield Problem(
                (*path, "steps", key, "model"),
                flow.steps[key].model,
                f"reads {_said(reads)}, but {first} is given the same event and reads {_said(expected)}; make it a flow"
                " of its own",
            )


def _time_problems(path: Path, flow: Flow, tenant: Tenant, outage_hours: float) -> Iterator[Problem]:
    """Steps that try for longer than events are kept."""
    for key, step in flow.steps.items():
        reads, writes = step_modalities(tenant, step)
        model = step_model(tenant, step)
        seconds = timeout(step, reads or Modality.TEXT, writes or Modality.TEXT, model.runtime if model else None)
        whole = longest_seconds(step, seconds)
        if whole > outage_hours * 3600:
            yield Problem(
                (*path, "steps", key, "retries"),
                step.retries,
                f"with {seconds} s for each call a failing event would be tried for {whole / 3600:.1f} h, but topics"
                f" keep events for {outage_hours:g} h; lower retries or timeoutSeconds, or raise events.outageHours",
            )


def _sleeping_problems(name: str, tenant: Tenant, *, scaled: bool) -> Iterator[Problem]:
    """Models without replicas that nothing would wake, or that somebody calls who cannot wait."""
    for (kind, key), model in tenant.served.items():
        if model.replicas.min > 0 or not fed_by(tenant.flows, key):
            continue
        path: Path = ("tenants", name, kind, key, "replicas", "min")
        if not scaled:
            yield Problem(
                path, 0, "nothing scales models in this stack, so nothing wakes it; add multimodal:autoscaling"
            )
        for graph, chosen in tenant.graphs.items():
            if any(step.to == key for node in chosen.nodes.values() for step in node.steps):
                yield Problem(path, 0, f"graphs.{graph} calls it too, and requests do not wait for it to wake; write 1")


def _when_problems(path: Path, flow: Flow) -> Iterator[Problem]:
    kind = flow.when.get("type")
    if kind in OWN_TYPES:
        yield Problem(
            (*path, "when", "type"),
            kind,
            "routers write events of this type themselves, which would go round for ever; name another type, such as"
            f" {REQUEST_TYPE}",
        )


def _entering(flow: Flow, tenant: Tenant) -> Modality | None:
    """What the first steps read."""
    return step_modalities(tenant, flow.steps[first_steps(flow)[0]])[0] if first_steps(flow) else None


def _ambiguities(path: Path, entrances: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Flows of which an event may fit both."""
    keys = list(entrances)
    for index, key in enumerate(keys):
        for other in keys[:index]:
            one, two = entrances[key], entrances[other]
            if not any(one[name] != two[name] for name in one.keys() & two.keys()):
                yield Problem(
                    (*path, key),
                    ABSENT,
                    f"an event may fit this flow and {other} (both read {one['modality']}); give both a when that"
                    f" differs in one attribute, such as when: {{model: {other}}} and when: {{model: {key}}}",
                )


def _said(modality: Modality | None) -> str:
    return modality.value if modality else "nothing of one kind"
