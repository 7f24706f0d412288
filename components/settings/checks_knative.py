"""Checks of models in knative mode: what Knative has to be there for, and what it does in its own way."""

from collections.abc import Iterator, Mapping

from components.settings.knative import Knative
from components.settings.problems import Path, Problem
from components.settings.sections import Tenant
from components.settings.serving import Mode, ServedModel


def knative_problems(tenants: Mapping[str, Tenant], knative: Knative | None) -> Iterator[Problem]:
    """What is wrong with the tenants' models in knative mode. `knative` is None where the stack has none."""
    for name, tenant in tenants.items():
        for (kind, key), model in tenant.served.items():
            if model.mode is not Mode.KNATIVE:
                continue
            path: Path = ("tenants", name, kind, key)
            if knative is None:
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
        yield from _graph_problems(name, tenant)


def _graph_problems(name: str, tenant: Tenant) -> Iterator[Problem]:
    """Steps to models that no pod of a tenant reaches: Knative's own ingress answers for all tenants' models."""
    answering = {key: model for (_, key), model in tenant.served.items()}
    for graph_key, graph in tenant.graphs.items():
        for node_key, node in graph.nodes.items():
            for index, step in enumerate(node.steps):
                model = answering.get(step.to)
                if model is not None and model.mode is Mode.KNATIVE and step.to not in graph.nodes:
                    yield Problem(
                        ("tenants", name, "graphs", graph_key, "nodes", node_key, "steps", index, "to"),
                        step.to,
                        "is in knative mode, where requests come through an ingress that tenants' pods do not reach;"
                        " use a model in standard mode",
                    )
