"""What the program registers for ensembles and graphs."""

from typing import Any

import pytest

from components.serving.ensemble import Ensemble
from components.serving.graph import InferenceGraph
from components.settings.serving import ServedModel
from tests.components.recorder import Graph, build
from tests.rehearsal.bad_ensembles import ANSWER, MODELS, PHOTOS, ensembles
from tests.stack_files import settings


@pytest.fixture(scope="module")
def ensemble() -> Graph:
    cluster = settings(**ensembles()).cluster
    scaled: dict[str, Any] = {**PHOTOS, "replicas": {"min": 1, "max": 2}}
    return build(
        {},
        lambda: Ensemble(
            "photos",
            {
                "tenant": "vision",
                "model": "photos",
                "settings": scaled,
                "domain": "models.acme.example",
                "prometheus": "http://prometheus:9090",
                "backlogs": [],
                "account": "workloads",
                "pod_labels": {},
            },
            cluster,
        ),
        read_outputs=(),
    )


@pytest.fixture(scope="module")
def graph() -> Graph:
    models = {key: ServedModel.model_validate(model) for key, model in MODELS.items()}
    args: Any = {
        "tenant": "vision",
        "graph": "answer",
        "settings": ANSWER,
        "domain": "models.acme.example",
        "image": "docker.io/kserve/router:v0.18.1",
    }
    return build({}, lambda: InferenceGraph("answer", args, dict(models)), read_outputs=())


def kinds(graph: Graph) -> list[str]:
    return sorted(one.type.rpartition(":")[2] for one in graph.resources)


def test_an_ensemble_is_a_repository_a_service_a_route_and_what_scales_it(ensemble: Graph) -> None:
    assert kinds(ensemble) == ["ConfigMap", "Ensemble", "HTTPRoute", "InferenceService", "ScaledObject"]


def test_an_ensembles_files_are_there_before_its_server(ensemble: Graph) -> None:
    carried = ensemble.one("kubernetes:core/v1:ConfigMap")
    service = ensemble.one("kubernetes:serving.kserve.io/v1beta1:InferenceService")
    assert carried.urn in service.needs
    assert "class TritonPythonModel" in carried.inputs["data"]["decode.1.model.py"]


def test_a_graph_is_routers_a_service_and_a_route(graph: Graph) -> None:
    assert kinds(graph) == ["Deployment", "HTTPRoute", "InferenceGraph", "Service"]
