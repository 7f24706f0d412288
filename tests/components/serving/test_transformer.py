"""A transformer in a model's pod."""

from typing import Any

import pytest

from components.serving.models import canary_model, inference_service
from components.serving.network import allow_gateway
from components.settings import Settings
from components.settings.holdings import replica
from components.settings.serving import ServedModel
from tests.rehearsal.bad_serving import LLM, TRANSFORMER, serving
from tests.stack_files import settings


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**serving())


def model(**changes: Any) -> ServedModel:
    return ServedModel.model_validate({**LLM, "transformer": TRANSFORMER, **changes})


def transformer(stack: Settings, chosen: ServedModel, name: str = "chat") -> dict[str, Any]:
    made = inference_service("vision", name, chosen, stack.cluster, answers_to="chat")["spec"]["predictor"]
    (container,) = made["containers"]
    return container


def test_a_transformer_stands_before_the_model_server_in_one_pod(stack: Settings) -> None:
    made = transformer(stack, model())
    assert made["name"] == "transformer-container"
    assert made["args"] == ["--http_port=8081", "--model_name=chat", "--predictor_host=localhost:8080", "--words=9"]
    assert made["ports"] == [{"name": "http", "containerPort": 8081, "protocol": "TCP"}]


def test_a_transformer_may_run_where_pod_security_is_restricted(stack: Settings) -> None:
    security = transformer(stack, model())["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_the_canarys_transformer_asks_for_the_same_model(stack: Settings) -> None:
    chosen = model(canary={"source": "s3://acme-models/chat/4", "percent": 10})
    assert chosen.canary is not None
    made = transformer(stack, canary_model(chosen, chosen.canary), "chat-canary")
    assert "--model_name=chat" in made["args"]


def test_a_transformer_counts_against_the_quota(stack: Settings) -> None:
    with_one, without = replica(stack.cluster, model()), replica(stack.cluster, model(transformer=None))
    assert (with_one["cpu"] - without["cpu"], with_one["memory"] - without["memory"]) == (2, 4)


def test_the_gateway_reaches_transformers_only_where_there_are_some() -> None:
    ports = [
        [port["port"] for port in allow_gateway(transformers=some)["ingress"][0]["ports"]] for some in (False, True)
    ]
    assert ports == [[8080], [8080, 8081]]
