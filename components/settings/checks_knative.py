"""Checks of models in knative mode: what Knative has to be there for, and what it does in its own way."""

from collections.abc import Iterator, Mapping

from components.settings.events import Events, KafkaProvider
from components.settings.knative import Knative
from components.settings.platform_serving import Serving
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import Tenant
from components.settings.serving import Mode, ServedModel

_FOREIGN = {
    KafkaProvider.MSK: "Knative's brokers show Kafka a certificate, and Amazon MSK asks for IAM here",
    KafkaProvider.GOOGLE: "Knative's brokers make topics by themselves, and nobody may on Google's Managed Kafka here",
}
"""Provider -> why Knative's brokers cannot lie there."""


def broker_problems(knative: Knative | None, events: Events | None) -> Iterator[Problem]:
    """Brokers on a Kafka that nobody can find, or that is not sized here."""
    kafka = knative.eventing.kafka if knative is not None and knative.eventing is not None else None
    if kafka is None:
        return
    path: Path = ("knative", "eventing", "kafka")
    if kafka.bootstrap is None and kafka.secret is not None:
        yield Problem(
            (*path, "secret"),
            kafka.secret,
            "it is for a Kafka of yours; name that one in bootstrap, or leave secret out: the platform makes the one"
            " for its own",
        )
    elif kafka.bootstrap is not None and kafka.secret is None:
        yield Problem(
            (*path, "secret"),
            ABSENT,
            f"missing; name the Secret in knative-eventing with a certificate for {kafka.bootstrap}, or leave bootstrap"
            " out for the platform's own Kafka",
        )
    elif kafka.bootstrap is None and events is None:
        yield Problem(
            path,
            kafka.model_dump(by_alias=True, exclude_unset=True),
            "there is no Kafka in this stack; add multimodal:events: {}, name one of yours in bootstrap, or leave it"
            " out for brokers in memory",
        )
    elif kafka.bootstrap is None and events is not None and (why := _FOREIGN.get(events.provider)) is not None:
        yield Problem(
            path,
            kafka.model_dump(by_alias=True, exclude_unset=True),
            f"{why}; use strimzi, name another Kafka in bootstrap, or leave it out for brokers in memory",
        )
    if kafka.bootstrap is not None and "kib_per_second" in kafka.model_fields_set:
        yield Problem(
            (*path, "kibPerSecond"),
            kafka.kib_per_second,
            f"{kafka.bootstrap} is sized elsewhere; leave it out, or leave bootstrap out for the platform's own Kafka",
        )


def knative_problems(
    tenants: Mapping[str, Tenant], knative: Knative | None, serving: Serving | None
) -> Iterator[Problem]:
    """What is wrong with the tenants' models in knative mode, and with that as the mode of all. `knative` and `serving`
    are None where the stack has none."""
    by_default = serving is not None and serving.mode is Mode.KNATIVE
    if knative is None and by_default:
        yield Problem(
            ("serving", "mode"),
            Mode.KNATIVE.value,
            "Knative is not in this stack; add multimodal:knative: {}, or leave mode out",
        )
    for name, tenant in tenants.items():
        for (kind, key), model in tenant.served.items():
            if model.mode is not Mode.KNATIVE:
                continue
            path: Path = ("tenants", name, kind, key)
            # Said once where it is the mode of all.
            if knative is None and not by_default:
                yield Problem(
                    (*path, "mode"),
                    model.mode.value,
                    "Knative is not in this stack; add multimodal:knative: {}, or leave mode out",
                )
            beside = max(1, model.replicas.min)
            if model.gpu is not None and model.surge < beside:
                yield Problem(
                    (*path, "surge"),
                    model.surge,
                    "in knative mode a new version comes up beside the old one, on GPUs of its own; set surge to"
                    f" {beside}, for which the quota has to have room, or use mode: standard",
                )
            if isinstance(model, ServedModel) and model.canary is not None and model.canary.replicas > 1:
                yield Problem(
                    (*path, "canary", "replicas"),
                    model.canary.replicas,
                    "in knative mode a canary scales within the model's own replicas; leave it out",
                )
        for key, model in tenant.models.items():
            if model.mode is Mode.KNATIVE and model.transformer is not None:
                yield Problem(
                    ("tenants", name, "models", key, "transformer"),
                    model.transformer.image,
                    "Knative sends requests to one container of a pod, and a model in knative mode is that; use mode:"
                    " standard, or leave the transformer out",
                )
        yield from _graph_problems(name, tenant)
        yield from _flow_problems(name, tenant)


_UNREACHED = (
    "is in knative mode, where requests come through an ingress that tenants' pods do not reach; use a model in"
    " standard mode"
)
"""Knative's ingress answers for all tenants' models, so no pod of a tenant may call it."""


def _graph_problems(name: str, tenant: Tenant) -> Iterator[Problem]:
    """Steps of graphs whose router could not call the model."""
    asleep = _on_knative(tenant)
    for graph_key, graph in tenant.graphs.items():
        for node_key, node in graph.nodes.items():
            for index, step in enumerate(node.steps):
                if step.to in asleep and step.to not in graph.nodes:
                    path: Path = ("tenants", name, "graphs", graph_key, "nodes", node_key, "steps", index, "to")
                    yield Problem(path, step.to, _UNREACHED)


def _flow_problems(name: str, tenant: Tenant) -> Iterator[Problem]:
    """Steps of flows whose router could not call the model."""
    asleep = _on_knative(tenant)
    for flow_key, flow in tenant.flows.items():
        for key, step in flow.steps.items():
            if step.model in asleep:
                path: Path = ("tenants", name, "flows", flow_key, "steps", key, "model")
                yield Problem(path, step.model, _UNREACHED)


def _on_knative(tenant: Tenant) -> set[str]:
    return {key for (_, key), model in tenant.served.items() if model.mode is Mode.KNATIVE}
