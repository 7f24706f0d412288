"""Models that scale by what waits for them."""

from typing import Any

from components.eventing.logins import STRIMZI
from components.eventing.make_router import backlogs
from components.serving.scaling import scaled_object
from components.settings.flows import Flow
from components.settings.serving import ServedModel

FLOWS = {
    "talk": Flow.model_validate({"steps": {"answer": {"model": "chat"}, "sum": {"model": "chat", "after": "answer"}}})
}


def triggers(**changes: Any) -> list[dict[str, Any]]:
    return made(**changes)["triggers"]


def made(**changes: Any) -> dict[str, Any]:
    model = ServedModel.model_validate(
        {"modality": "text", "runtime": "vllm", "source": "s3://acme-models/chat/3", "gpu": {"count": 1}, **changes}
    )
    return scaled_object(
        "vision", "chat", model, prometheus="http://p:9090", backlogs=backlogs("vision", FLOWS, "chat", STRIMZI)
    )["spec"]


def test_every_step_that_calls_a_model_scales_it() -> None:
    assert [one["type"] for one in triggers(replicas={"max": 3})] == ["prometheus", "kafka", "kafka"]
    topics = [one["metadata"].get("topic") for one in triggers(replicas={"max": 3})]
    assert topics == [None, "vision.flow.talk.answer", "vision.flow.talk.sum"]


def test_a_model_that_sleeps_is_woken_by_one_event_and_by_nothing_else() -> None:
    spec = made(replicas={"min": 0, "max": 2}, scaling={"cooldownSeconds": 300})
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["cooldownPeriod"]) == (0, 2, 300)
    assert {one["type"] for one in spec["triggers"]} == {"kafka"}
    assert {one["metadata"]["activationLagThreshold"] for one in spec["triggers"]} == {"0"}


def test_what_waits_is_read_with_the_routers_certificate() -> None:
    (trigger, _) = triggers(replicas={"min": 0})
    assert trigger["authenticationRef"] == {"name": "kafka-router"}
    assert trigger["metadata"]["tls"] == "enable"
    assert trigger["metadata"]["bootstrapServers"] == "multimodal-kafka-bootstrap.kafka.svc:9093"
    assert trigger["metadata"]["consumerGroup"] == "vision.flow.talk.answer"


def test_there_may_be_more_replicas_than_partitions() -> None:
    assert triggers(replicas={"min": 0})[0]["metadata"]["allowIdleConsumers"] == "true"
    assert triggers(replicas={"min": 0})[0]["metadata"]["lagThreshold"] == "16"


def test_a_server_without_a_signal_of_its_own_scales_by_what_waits() -> None:
    found = triggers(runtime="huggingface", replicas={"min": 1, "max": 3})
    assert [(one["type"], one["metadata"]["lagThreshold"]) for one in found] == [("kafka", "4"), ("kafka", "4")]
