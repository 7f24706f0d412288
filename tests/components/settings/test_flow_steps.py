"""What follows from a flow's settings."""

from typing import Any

import yaml

from components.settings import Settings
from components.settings.event_topics import topics_by_tenant
from components.settings.flow_steps import at_once, entrance, fed_by, first_steps, following, longest_seconds, timeout
from components.settings.flows import Flow, Step
from components.settings.serving import Modality, Runtime, ServedModel
from tests.rehearsal.bad_flows import flows
from tests.stack_files import settings

CHAIN = """
assistant:
  steps:
    listen: {model: hear}
    answer: {model: write, after: listen}
    speak: {model: speak, after: answer}
"""


def stack(**changes: Any) -> Settings:
    return settings(**{**flows(yaml.safe_load(CHAIN)), **changes})


def test_three_chained_models_are_five_lines_of_a_stack_file() -> None:
    assert len(CHAIN.strip().splitlines()) == 5
    assert first_steps(stack().tenants["vision"].flows["assistant"]) == ["listen"]


def test_a_flow_takes_requests_of_what_its_first_steps_read() -> None:
    flow = Flow(steps={"listen": Step(model="hear")})
    assert entrance(flow, Modality.AUDIO) == {"type": "multimodal.request", "modality": "audio"}


def test_a_flow_may_say_otherwise_what_it_takes() -> None:
    flow = Flow(steps={"listen": Step(model="hear")}, when={"type": "com.acme.call", "priority": "batch"})
    assert entrance(flow, Modality.AUDIO) == {"type": "com.acme.call", "modality": "audio", "priority": "batch"}


def test_several_steps_may_follow_one() -> None:
    steps = {"a": Step(model="m"), "c": Step(model="m", after="a"), "b": Step(model="m", after="a")}
    assert following(Flow(steps=steps), "a") == ["b", "c"]


def test_a_model_is_fed_by_every_step_that_calls_it() -> None:
    assert fed_by(stack().tenants["vision"].flows, "write") == [("assistant", "answer")]


def test_time_outs_suit_what_a_model_reads_and_writes() -> None:
    step = Step(model="m")
    assert timeout(step, Modality.IMAGE, Modality.TEXT, Runtime.TRITON) == 60
    assert timeout(step, Modality.TEXT, Modality.TEXT, Runtime.VLLM) == 300
    assert timeout(step, Modality.AUDIO, Modality.TEXT, Runtime.TRITON) == 300
    assert timeout(step, Modality.VIDEO, Modality.TEXT, Runtime.VLLM) == 900
    assert timeout(step, Modality.TEXT, Modality.VIDEO, Runtime.TRITON) == 1800
    assert timeout(Step(model="m", timeout_seconds=5), Modality.VIDEO, Modality.TEXT, Runtime.VLLM) == 5


def test_calls_at_once_grow_with_the_models_replicas() -> None:
    model = ServedModel.model_validate(
        {"modality": "text", "runtime": "vllm", "source": "s3://acme-models/a/1", "replicas": {"max": 3}}
    )
    assert at_once(Step(model="m"), model) == 48
    assert at_once(Step(model="m", concurrency=1), model) == 1
    assert at_once(Step(model="m"), None) == 8


def test_how_long_a_failing_event_is_tried_counts_calls_and_pauses() -> None:
    assert longest_seconds(Step(model="m", retries=0), 60) == 60
    # Pauses of 1, 2, 4 and 8 seconds, half as long again at worst.
    assert longest_seconds(Step(model="m", retries=4), 60) == round(300 + 1.5 * 15)


def test_every_step_has_a_topic_of_the_tenant() -> None:
    chosen = stack()
    assert chosen.events is not None
    topics = topics_by_tenant(chosen.events, chosen.environment, chosen.tenants)["vision"].topics
    assert [topic.name for topic in topics if ".flow." in topic.name] == [
        "vision.flow.assistant.answer",
        "vision.flow.assistant.listen",
        "vision.flow.assistant.speak",
    ]


def test_flows_need_no_word_about_how_much_is_sent() -> None:
    sent = stack().tenants["vision"].sent
    assert sent is not None
    assert sent.per_second == 1
    assert settings().tenants["vision"].sent is None
