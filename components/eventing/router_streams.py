"""The router's streams in the words of its configuration: events in, calls of models, answers and dead letters. Pure.

One stream takes events in, and one serves each step of each flow. What all of them do stands in resources that they
share, so that a stream is little more than names and numbers. docs/flows.md says what happens to an event.

Sources: Bento v1.10.0, website/docs (kafka_franz, http, retry, try, catch, resource, streams mode); internal/impl/pure/
processor_retry.go (max_retries counts calls; the original message goes into each; pauses differ by half at random);
internal/httpclient (no retries of its own at 0; error texts). CloudEvents 1.0: Kafka protocol binding, JSON format,
extensions partitioning, dataref and distributed tracing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from components.eventing.kafka_names import (
    events_topic,
    results_topic,
    router_group,
    step_group,
    step_topic,
)
from components.eventing.protocols import Protocol
from components.eventing.router_kafka import Broker, reader
from components.eventing.router_resources import OUTPUT
from components.manifest import Spec
from components.settings.flow_steps import LONGEST_PAUSE_SECONDS, RESULT_TYPE, STEP_TYPE
from components.settings.serving import Modality

INTAKE = "intake"
"""Name of the stream that takes events in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStream:
    """What one step's stream is made of."""

    flow: str
    step: str
    url: str
    """Where its model answers, without the path."""
    protocol: Protocol
    writes: Modality
    seconds: int
    """How long one call may take."""
    retries: int
    at_once: int
    following: tuple[str, ...]
    """Steps that read the answer; empty: it is a result."""
    largest_kib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One flow's entrance."""

    flow: str
    attributes: Mapping[str, str]
    """What an event has to have."""
    steps: tuple[str, ...]
    """Steps that get it."""


def intake(tenant: str, broker: Broker, routes: list[Route], largest_kib: int) -> Spec:
    """The stream that takes events in: what is no event, or fits no flow, becomes a dead letter at once."""
    arms = "".join(f"  {_fits(route.attributes)} => {json.dumps(route.flow)}\n" for route in routes)
    topics = {route.flow: [step_topic(tenant, route.flow, step) for step in route.steps] for route in routes}
    choose = (
        f"let flow = match {{\n{arms}"
        '  _ => throw("no flow of the tenant takes such events: type %v, modality %v"'
        '.format(this.type, this.modality.or("none")))\n}\n'
        "root = this\nroot.flow = $flow\n"
        f"meta topics = {json.dumps(topics, sort_keys=True)}.get($flow)"
    )
    return {
        "input": reader(broker, events_topic(tenant), router_group(tenant), at_once=4, largest_kib=largest_kib),
        "pipeline": {
            "threads": 4,
            "processors": [
                {"mapping": _origin(events_topic(tenant), "", "")},
                {
                    "try": [
                        {"resource": "accept"},
                        {"mapping": "meta event = this"},
                        {"mapping": choose},
                        {"resource": "keep"},
                        {"resource": "fits"},
                        {"resource": "spread"},
                    ]
                },
                {"catch": [{"resource": "bury"}]},
            ],
        },
        "output": {"resource": OUTPUT},
    }


def step_stream(tenant: str, broker: Broker, step: StepStream, outage_hours: float) -> Spec:
    """The stream of one step: its backlog is its topic's, its calls are bounded, and no event stands in another's way.

    Args:
        tenant: Whose it is.
        broker: Where Kafka is.
        step: What it does.
        outage_hours: How long it waits for a model that is asleep, starting or full.
    """
    topic = step_topic(tenant, step.flow, step.step)
    onward = [step_topic(tenant, step.flow, other) for other in step.following] or [results_topic(tenant)]
    made = json.dumps(
        {
            "modality": step.writes.value,
            "source": f"/tenants/{tenant}/flows/{step.flow}/{step.step}",
            "type": STEP_TYPE if step.following else RESULT_TYPE,
        }
    )
    return {
        "input": reader(
            broker,
            topic,
            step_group(tenant, step.flow, step.step),
            at_once=step.at_once,
            largest_kib=step.largest_kib,
        ),
        "pipeline": {
            "threads": step.at_once,
            "processors": [
                {"mapping": _origin(topic, step.flow, step.step)},
                {
                    "try": [
                        {"resource": "take"},
                        {"mapping": step.protocol.request.strip()},
                        {"resource": "ask"},
                        _call(step, outage_hours),
                        {"resource": "judge"},
                        {"mapping": step.protocol.response.strip()},
                        {"mapping": f"meta made = {made}\nmeta topics = {json.dumps(onward)}"},
                        {"resource": "compose"},
                        {"resource": "fits"},
                        {"resource": "spread"},
                    ]
                },
                {"catch": [{"resource": "bury"}]},
            ],
        },
        "output": {"resource": OUTPUT},
    }


def _origin(topic: str, flow: str, step: str) -> str:
    """Forgets what a record's headers say of our own words, and says where it was."""
    return (
        'meta = @.filter(item -> item.key.re_match("^(kafka_|ce_|content-type$)"))\n'
        'meta reason = "malformed"\n'
        f"meta origin = {json.dumps({'flow': flow, 'step': step, 'topic': topic})}"
    )


def _fits(attributes: Mapping[str, str]) -> str:
    return " && ".join(f"this.{name} == {json.dumps(value)}" for name, value in sorted(attributes.items()))


def _call(step: StepStream, outage_hours: float) -> Spec:
    """The call, and when it is made again. Within: a model that fails. Around it: a model that cannot be reached."""
    call = {
        "http": {
            "url": f"{step.url}{step.protocol.path}",
            "verb": "POST",
            "headers": {"Content-Type": '${! @request_type.or("application/json") }'},
            "metadata": {"include_patterns": ["^(traceparent|tracestate|x-request-id|idempotency-key)$"]},
            "timeout": f"{step.seconds}s",
            "retries": 0,
        }
    }
    failing = {
        "retry": {
            "max_retries": step.retries + 1,
            "backoff": {
                "initial_interval": "1s",
                "max_interval": f"{LONGEST_PAUSE_SECONDS}s",
                "max_elapsed_time": "0s",
            },
            # A catch clears the errors of what is in it, so that what is to be tried again fails behind it.
            "processors": [call, {"catch": [{"resource": "classify"}]}, {"resource": "again"}],
        }
    }
    return {
        "retry": {
            "backoff": {
                "initial_interval": "1s",
                "max_interval": "15s",
                "max_elapsed_time": f"{round(outage_hours * 3600)}s",
            },
            "processors": [failing, {"resource": "count"}],
        }
    }


LOGGER: Spec = {"level": "INFO", "format": "json", "static_fields": {"app": "router"}}


def service(address: str) -> Spec:
    """What concerns the router as a whole. `address`: where probes and Prometheus ask."""
    return {
        "http": {"address": address, "enabled": True, "debug_endpoints": False},
        "metrics": {"prometheus": {}},
        "logger": LOGGER,
        # In flight when it is told to stop; what is not finished by then is read again by another.
        "shutdown_timeout": "20s",
    }
