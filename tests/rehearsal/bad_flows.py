"""Mistakes in flows: part of the table of bad input."""

from typing import Any

_GPU = {"gpu": {"slice": "1g.10gb"}, "cpu": 1, "memoryGib": 4}
_MODELS: dict[str, Any] = {
    "hear": {"modality": "audio", "runtime": "triton", "source": "s3://acme-models/hear/1", **_GPU},
    "write": {"modality": "text", "runtime": "vllm", "source": "s3://acme-models/write/1", **_GPU},
    "speak": {
        "modality": "text",
        "produces": "audio",
        "runtime": "triton",
        "source": "s3://acme-models/speak/1",
        **_GPU,
    },
}
_FLOWS = "multimodal:tenants.vision.flows"


def flows(chosen: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A stack whose tenant has three models and these flows, changed."""
    return {
        "events": {},
        "serving": {},
        "autoscaling": {"prometheus": "http://prometheus.monitoring:9090"},
        "tenants.vision.models": _MODELS,
        "tenants.vision.flows": chosen,
        **changes,
    }


def flow(steps: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A stack with one flow."""
    return flows({"talk": {"steps": steps, **keys}})


_LISTEN = {"listen": {"model": "hear"}}
_SLEEPS = {**_MODELS, "write": {**_MODELS["write"], "replicas": {"min": 0, "max": 1}}}

FLOW_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "flows without Kafka",
        {key: value for key, value in flow(_LISTEN).items() if key != "events"},
        f"{_FLOWS}: nothing carries events in this stack; add multimodal:events: {{}}",
    ),
    (
        "flows without serving",
        {key: value for key, value in flow(_LISTEN).items() if key != "serving"},
        f"{_FLOWS}: nothing serves models in this stack; add multimodal:serving: {{}}",
    ),
    (
        "a flow that goes round",
        flow({"one": {"model": "write", "after": "two"}, "two": {"model": "write", "after": "one"}}),
        f'{_FLOWS}.talk.steps = ["one", "two"]: events would go round for ever: one -> two -> one; leave out one after',
    ),
    (
        "a step that follows itself",
        flow({"one": {"model": "write", "after": "one"}}),
        f'{_FLOWS}.talk.steps = ["one"]: events would go round for ever: one -> one; leave out one after',
    ),
    (
        "a step that cannot read what is given to it",
        flow({**_LISTEN, "again": {"model": "hear", "after": "listen"}}),
        f'{_FLOWS}.talk.steps.again.model = "hear": reads audio, but hear before it writes text',
    ),
    (
        "first steps that read different things",
        flow({**_LISTEN, "answer": {"model": "write"}}),
        f'{_FLOWS}.talk.steps.listen.model = "hear": reads audio, but answer is given the same event and reads text;'
        " make it a flow of its own",
    ),
    (
        "a step of a model that is not there",
        flow({"listen": {"model": "heer"}}),
        f'{_FLOWS}.talk.steps.listen.model = "heer": no such model, ensemble or graph; did you mean hear?',
    ),
    (
        "a step after one that is not there",
        flow({**_LISTEN, "answer": {"model": "write", "after": "lissen"}}),
        f'{_FLOWS}.talk.steps.answer.after = "lissen": no such step; did you mean listen?',
    ),
    (
        "a join",
        flow({**_LISTEN, "answer": {"model": "write", "after": ["listen"]}}),
        f'{_FLOWS}.talk.steps.answer.after = ["listen"]: a step follows one step: to join answers, something would have'
        " to keep the early ones until the last is there;",
    ),
    (
        "a flow without steps",
        flow({}),
        f"{_FLOWS}.talk.steps = {{}}: dictionary should have at least 1 item after validation, not 0",
    ),
    (
        "two flows that want the same events",
        flows({"one": {"steps": _LISTEN}, "two": {"steps": _LISTEN, "when": {"priority": "batch"}}}),
        f"{_FLOWS}.two: an event may fit this flow and one (both read audio); give both a when that differs in one"
        " attribute, such as when: {model: one} and when: {model: two}",
    ),
    (
        "a flow that takes up dead letters",
        flow(_LISTEN, when={"type": "multimodal.dead-letter"}),
        f'{_FLOWS}.talk.when.type = "multimodal.dead-letter": routers write events of this type themselves, which would'
        " go round for ever; name another type, such as multimodal.request",
    ),
    (
        "a flow that takes up results",
        flow(_LISTEN, when={"type": "multimodal.result"}),
        f'{_FLOWS}.talk.when.type = "multimodal.result": routers write events of this type themselves',
    ),
    (
        "an attribute that CloudEvents cannot have",
        flow(_LISTEN, when={"Model-Name": "fast"}),
        f"{_FLOWS}.talk.when.Model-Name",
    ),
    (
        "calls that outlast their topics",
        flows({"talk": {"steps": {"listen": {"model": "hear", "timeoutSeconds": 7200}}}}, events={"outageHours": 4}),
        f"{_FLOWS}.talk.steps.listen.retries = 4: with 7200 s for each call a failing event would be tried for 10.0 h,"
        " but topics keep events for 4 h; lower retries or timeoutSeconds, or raise events.outageHours",
    ),
    (
        "a model that sleeps and nobody wakes",
        flows({"talk": {"steps": _LISTEN}}, **{"tenants.vision.models": _SLEEPS}),
        "multimodal:tenants.vision.models.write.replicas.min = 0: nothing could wake it: a model without replicas gives"
        " no signal; write 1, let a step of a flow call it, or use mode: knative",
    ),
    (
        "a model that sleeps without anything that scales",
        {
            key: value
            for key, value in flows(
                {"talk": {"steps": {"answer": {"model": "write"}}}}, **{"tenants.vision.models": _SLEEPS}
            ).items()
            if key != "autoscaling"
        },
        "multimodal:tenants.vision.models.write.replicas.min = 0: nothing scales models in this stack, so nothing wakes"
        " it; add multimodal:autoscaling",
    ),
    (
        "a graph as a step, without words for it",
        flows(
            {"talk": {"steps": {"listen": {"model": "ways"}}}},
            **{"tenants.vision.graphs": {"ways": {"nodes": {"root": {"kind": "sequence", "steps": [{"to": "hear"}]}}}}},
        ),
        f'{_FLOWS}.talk.steps.listen.model = "ways": a graph has no protocol of its own, so that nobody knows what to'
        " send and what comes back; give request and response, or name the models one after the other",
    ),
    (
        "an ensemble of numbers as a step",
        flows(
            {"talk": {"steps": {"listen": {"model": "sums"}}}},
            **{
                "tenants.vision.ensembles": {
                    "sums": {
                        "modality": "audio",
                        "cpu": 1,
                        "memoryGib": 4,
                        "steps": {
                            "add": {
                                "backend": "onnxruntime",
                                "source": "s3://acme-models/add/1",
                                "inputs": {"samples": {"type": "fp32", "dims": [-1]}},
                                "outputs": {"sum": {"type": "fp32", "dims": [1]}},
                            }
                        },
                        "outputs": {"sum": "add.sum"},
                    }
                }
            },
        ),
        f'{_FLOWS}.talk.steps.listen.model = "sums": its callers send samples (fp32 [batch, -1]), and nobody knows how'
        " to make them of one event's data; give request, or let its first step read one string",
    ),
    (
        "a model that sleeps and that a graph calls",
        flows(
            {"talk": {"steps": {"answer": {"model": "write"}}}},
            **{
                "tenants.vision.models": _SLEEPS,
                "tenants.vision.graphs": {
                    "ways": {"nodes": {"root": {"kind": "sequence", "steps": [{"to": "write"}]}}}
                },
            },
        ),
        "multimodal:tenants.vision.models.write.replicas.min = 0: graphs.ways calls it too, and requests do not wait"
        " for it to wake; write 1",
    ),
]
