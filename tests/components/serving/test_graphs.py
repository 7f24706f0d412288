"""What an inference graph in a stack file becomes in the cluster."""

import json
from typing import Any

import pytest

from components.serving.graphs import graph_route, graph_spec, router_deployment, router_service
from components.serving.network import allow_gateway_to_graphs
from components.settings import Settings
from components.settings.ensembles import Ensemble
from components.settings.graphs import Graph
from components.settings.serving import ServedModel
from tests.rehearsal.bad_ensembles import ANSWER, MODELS, PHOTOS, graphs
from tests.stack_files import settings

SERVED = {
    **{key: ServedModel.model_validate(model) for key, model in MODELS.items()},
    "embed": ServedModel.model_validate({**MODELS["chat"], "runtime": "huggingface"}),
    "rank": ServedModel.model_validate({**MODELS["chat"], "runtime": "huggingface"}),
    "photos": Ensemble.model_validate(PHOTOS),
}
IMAGE = "docker.io/kserve/router:v0.18.1"


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**graphs())


def graph(**nodes: Any) -> Graph:
    return Graph.model_validate({"nodes": nodes})


def steps(kind: str, *made: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps of a graph with one node, in KServe's words."""
    return graph_spec("vision", graph(root={"kind": kind, "steps": list(made)}), SERVED)["nodes"]["root"]["steps"]


def test_a_graph_of_a_stack_file_is_read(stack: Settings) -> None:
    assert set(stack.tenants["vision"].graphs["answer"].nodes) == {"root", "answer"}


def test_each_step_of_a_sequence_reads_the_answer_before_it() -> None:
    first, second = steps("sequence", {"to": "caption"}, {"to": "speak"})
    assert "data" not in first
    assert second["data"] == "$response"


def test_a_step_may_read_the_request_as_the_first_did() -> None:
    assert "data" not in steps("sequence", {"to": "caption"}, {"to": "describe", "reads": "request"})[1]


def test_models_are_called_where_their_runtime_answers() -> None:
    made = steps("parallel", {"to": "chat"}, {"to": "embed"}, {"to": "photos"})
    assert [one["serviceUrl"] for one in made] == [
        "http://chat-predictor.vision.svc.cluster.local/v1/chat/completions",
        "http://embed-predictor.vision.svc.cluster.local/v1/models/embed:predict",
        "http://photos-predictor.vision.svc.cluster.local/v2/models/photos/infer",
    ]


def test_a_step_may_call_another_path() -> None:
    (made,) = steps("sequence", {"to": "photos", "path": "/v2/models/photos/generate"})
    assert made["serviceUrl"].endswith(".local/v2/models/photos/generate")


def test_predictions_of_one_hugging_face_model_are_instances_of_the_next() -> None:
    assert steps("sequence", {"to": "embed"}, {"to": "rank"})[1]["mapPredictionsToInstances"] is True
    other = steps("sequence", {"to": "embed"}, {"to": "rank", "path": "/openai/v1/rerank"})
    assert "mapPredictionsToInstances" not in other[1]
    assert "mapPredictionsToInstances" not in steps("sequence", {"to": "caption"}, {"to": "chat"})[1]


def test_a_switch_takes_a_step_by_its_condition() -> None:
    made = steps("switch", {"to": "caption", "when": 'messages.#(role=="user")'}, {"to": "speak", "when": "text"})
    assert [one["condition"] for one in made] == ['messages.#(role=="user")', "text"]


def test_the_last_share_covers_the_throw_that_old_routers_miss() -> None:
    made = steps("split", {"to": "chat", "percent": 90}, {"to": "speak", "percent": 10})
    assert [one["weight"] for one in made] == [90, 11]


def test_answers_of_parallel_steps_go_by_the_models_names() -> None:
    assert [one["name"] for one in steps("parallel", {"to": "chat"}, {"to": "speak"})] == ["chat", "speak"]


def test_a_step_that_fails_ends_the_request() -> None:
    assert {one["dependency"] for one in steps("sequence", {"to": "caption"}, {"to": "chat"})} == {"Hard"}


def test_nodes_lead_to_nodes() -> None:
    made = graph_spec("vision", Graph.model_validate(ANSWER), SERVED)["nodes"]
    assert made["root"]["steps"][1]["nodeName"] == "answer"
    assert made["answer"]["routerType"] == "Splitter"


def deployment(**changes: Any) -> dict[str, Any]:
    chosen = Graph.model_validate({**ANSWER, **changes})
    return router_deployment("vision", "answer", chosen, SERVED, image=IMAGE)


def test_routers_carry_the_whole_graph() -> None:
    (router,) = deployment()["spec"]["template"]["spec"]["containers"]
    assert router["image"] == IMAGE
    assert router["args"][0] == "--graph-json"
    assert json.loads(router["args"][1]) == graph_spec("vision", Graph.model_validate(ANSWER), SERVED)


def test_routers_run_under_pod_security_restricted() -> None:
    pod = deployment()["spec"]["template"]["spec"]
    confined = pod["containers"][0]["securityContext"]
    assert confined["seccompProfile"] == {"type": "RuntimeDefault"}
    assert confined["capabilities"] == {"drop": ["ALL"]}
    assert confined["runAsNonRoot"] is True
    assert confined["allowPrivilegeEscalation"] is False
    assert pod["automountServiceAccountToken"] is False


def test_routers_count_against_their_tenants_queue_and_take_their_place_by_priority() -> None:
    template = deployment(priority="batch")["spec"]["template"]
    assert template["metadata"]["annotations"] == {"scheduling.volcano.sh/queue-name": "vision"}
    assert template["spec"]["schedulerName"] == "volcano"
    assert template["spec"]["priorityClassName"] == "batch"


def test_a_router_that_stops_finishes_its_requests() -> None:
    # The router waits 30 seconds before it closes its door.
    assert deployment(timeoutSeconds=60)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 90


def test_the_service_leads_to_the_routers_and_the_route_to_the_service() -> None:
    template = deployment()["spec"]["template"]
    service = router_service("vision", "answer")["spec"]
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    rule = graph_route("vision", "answer", Graph.model_validate(ANSWER), domain="d")["spec"]["rules"][0]
    assert rule == {"backendRefs": [{"name": "answer", "port": 80}], "timeouts": {"request": "300s"}}


def test_the_gateway_reaches_routers() -> None:
    (selected,) = allow_gateway_to_graphs()["podSelector"]["matchExpressions"]
    assert selected["key"] in deployment()["spec"]["template"]["metadata"]["labels"]
