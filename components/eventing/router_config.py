"""A tenant's flows as the files of its router. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from components.cluster.naming import digest_of
from components.eventing.kafka_names import events_topic, step_topic
from components.eventing.protocols import protocol
from components.eventing.replay import replay
from components.eventing.router_kafka import CALLS_PER_PARTITION, Broker
from components.eventing.router_resources import resources
from components.eventing.router_streams import INTAKE, Route, StepStream, intake, service, step_stream
from components.manifest import Spec
from components.settings.checks_flows import step_modalities, step_model
from components.settings.events import TenantEvents
from components.settings.flow_steps import at_once, entrance, first_steps, following, timeout
from components.settings.flows import Flow
from components.settings.sections import Tenant
from components.settings.serving import Modality

SERVICE_FILE = "service.yaml"
RESOURCES_FILE = "resources.yaml"
REPLAY_FILE = "replay.yaml"

Files = Mapping[str, str]
"""Text of files by name."""


def model_address(tenant: str, model: str, *, graph: bool) -> str:
    """Where a model answers within the cluster: KServe's Service of its predictor, or that of a graph's routers."""
    return (
        f"http://{model}.{tenant}.svc.cluster.local"
        if graph
        else (f"http://{model}-predictor.{tenant}.svc.cluster.local")
    )


def own_files(
    tenant: str, settings: Tenant, broker: Broker, *, address: str, audited: bool = False
) -> dict[str, Files]:
    """What a router has beside its flows, as "config" and "streams".

    Args:
        tenant: Its tenant.
        settings: The tenant's, with model sets among the models.
        broker: Where Kafka is.
        address: Where probes ask.
        audited: Whether it tells the audit stream what it does.
    """
    called = {f"{name}/{key}": step.model for name, flow in settings.flows.items() for key, step in flow.steps.items()}
    largest = sent(settings).largest_kib
    routes = [
        Route(flow=name, attributes=entrance(flow, _reads(settings, flow)), steps=tuple(first_steps(flow)))
        for name, flow in sorted(settings.flows.items())
    ]
    topics = [events_topic(tenant)]
    topics += [step_topic(tenant, name, step) for name, flow in settings.flows.items() for step in flow.steps]
    return {
        "config": {
            SERVICE_FILE: _text(service(address)),
            RESOURCES_FILE: _text(resources(tenant, broker, largest, called if audited else None)),
            REPLAY_FILE: _text(replay(tenant, broker, topics, largest)),
        },
        "streams": {f"{INTAKE}.yaml": _text(intake(tenant, broker, routes, largest))},
    }


def flow_files(
    tenant: str,
    settings: Tenant,
    name: str,
    broker: Broker,
    outage_hours: float,
    locate: Callable[[str], str] | None = None,
) -> Files:
    """The streams of one flow, one for each step.

    Args:
        tenant: Its tenant.
        settings: The tenant's, with model sets among the models.
        name: The flow.
        broker: Where Kafka is.
        outage_hours: How long a step waits for its model.
        locate: Where a model answers; default: within the cluster.
    """
    flow = settings.flows[name]
    return {
        f"{name}.{key}.yaml": _text(
            step_stream(tenant, broker, _stream(tenant, settings, name, key, locate), outage_hours)
        )
        for key in sorted(flow.steps)
    }


def _stream(tenant: str, settings: Tenant, name: str, key: str, locate: Callable[[str], str] | None) -> StepStream:
    flow = settings.flows[name]
    step = flow.steps[key]
    model = step_model(settings, step)
    found = step_modalities(settings, step)
    reads, writes = found[0] or Modality.TEXT, found[1] or Modality.TEXT
    url = locate(step.model) if locate else model_address(tenant, step.model, graph=model is None)
    return StepStream(
        flow=name,
        step=key,
        url=url,
        protocol=protocol(step, model, reads, writes),
        writes=writes,
        seconds=timeout(step, reads, writes, model.runtime if model else None),
        retries=step.retries,
        at_once=at_once(step, model),
        following=tuple(following(flow, key)),
        largest_kib=sent(settings).largest_kib,
    )


def memory_mib(settings: Tenant) -> int:
    """Memory that a router may take: what it holds when every step has as many of the largest events as it may."""
    steps = [step for flow in settings.flows.values() for step in flow.steps.values()]
    held = sum(at_once(step, step_model(settings, step)) * CALLS_PER_PARTITION for step in steps)
    return min(_MOST_MIB, max(_LEAST_MIB, 256 + held * sent(settings).largest_kib // 1024))


_LEAST_MIB, _MOST_MIB = 512, 8192


def sent(settings: Tenant) -> TenantEvents:
    """What the tenant sends."""
    return settings.sent or TenantEvents()


def digest(files: Files) -> str:
    """Changes when a file does."""
    return digest_of(dict(files), 10)


def _reads(settings: Tenant, flow: Flow) -> Modality:
    return step_modalities(settings, flow.steps[first_steps(flow)[0]])[0] or Modality.TEXT


class _Readable(yaml.SafeDumper):
    """YAML in which text of several lines stands as it is."""


def _block(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _block)


def _text(config: Spec) -> str:
    return yaml.dump(config, Dumper=_Readable, sort_keys=False, width=10_000)
