"""No event is lost: a real Kafka, the real router with the files that a stack deploys, and models that misbehave.

One story is told to its end, and the tests look at it: events enter while the last model sleeps, calls fail in every
way, the router is killed in the middle, the broker restarts, models mend, and dead letters are replayed.
"""

import base64
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.eventing.kafka_names import (
    client_user,
    dead_letters_topic,
    events_topic,
    results_topic,
    router_user,
    step_topic,
)
from components.eventing.kafka_objects import Nodes, kafka_metadata, kafka_spec
from components.eventing.replay import MOST_REPLAYS
from components.eventing.retention import Load
from components.eventing.router_kafka import Broker
from components.eventing.topics import StepLoad, tenant_topics
from components.settings.sections import Tenant
from tests.rehearsal.cluster import eventually
from tests.rehearsal.flow_models import FakeModel, listener, speaker, writer
from tests.rehearsal.flow_router import RunningRouter
from tests.rehearsal.kafka import TestBroker, documents, need_bento, running

pytestmark = [pytest.mark.process, pytest.mark.tools]

TENANT = "acme"
FLOW = "assistant"
STEPS = ("listen", "answer", "speak")

SETTINGS = Tenant.model_validate(
    {
        "quota": {"gpus": 4},
        "models": {
            "whisper": {"modality": "audio", "runtime": "triton", "source": "s3://acme-models/whisper/1"},
            "llama": {"modality": "text", "runtime": "vllm", "source": "s3://acme-models/llama/1", "gpu": {"count": 1}},
            "voice": {
                "modality": "text",
                "produces": "audio",
                "runtime": "triton",
                "source": "s3://acme-models/voice/1",
            },
        },
        "flows": {
            FLOW: {
                "steps": {
                    "listen": {"model": "whisper", "timeoutSeconds": 3, "retries": 2},
                    "answer": {"model": "llama", "after": "listen", "timeoutSeconds": 3, "retries": 2},
                    "speak": {"model": "voice", "after": "answer", "timeoutSeconds": 3, "retries": 2},
                }
            }
        },
    }
)

GOOD = 40
FAULTS = {"failing": "500", "hanging": "hang", "nonsense": "nonsense", "refusing": "404"}
"""What the language model does to events of this name until it is mended."""
EACH = 5
EXPECTED = {"failing": "failed", "hanging": "failed", "nonsense": "garbage", "refusing": "refused"}


@dataclass
class Story:
    """What happened."""

    sent: set[str] = field(default_factory=set[str])
    """Idempotency keys of events that ask for an answer."""
    junk: int = 0
    """Records that are no such event."""
    early_letters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Dead letters before the replay."""
    early_results: Counter[str] = field(default_factory=Counter[str])
    results: Counter[str] = field(default_factory=Counter[str])
    """Idempotency key -> results, at the end."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    letters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    replayed: list[str] = field(default_factory=list[str])
    """What the replays said of each letter that went back."""
    left: list[str] = field(default_factory=list[str])
    calls: Counter[str] = field(default_factory=Counter[str])
    metrics: str = ""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    bento = need_bento()
    load = Load(per_second=10, kib=4)
    steps = [StepLoad(flow=FLOW, step=step, load=load) for step in STEPS]
    made = tenant_topics(TENANT, load, steps, outage_hours=1, brokers=1)
    topics, users = documents(made)
    models = {"whisper": FakeModel(listener), "llama": FakeModel(writer), "voice": FakeModel(speaker)}
    nodes = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
    kafka = {"metadata": kafka_metadata(), "spec": kafka_spec(nodes, None)}
    with running(kafka, topics=topics, users=users) as broker:
        router = _router(bento, tmp_path_factory.mktemp("router"), broker, models)
        try:
            yield _tell(broker, router, models)
        finally:
            router.kill()
            for model in models.values():
                model.sleep()


def _router(bento: Path, folder: Path, broker: TestBroker, models: dict[str, FakeModel]) -> RunningRouter:
    certificates = Path(broker.files(router_user(TENANT))["key"]).parent
    where = Broker(bootstrap=broker.bootstrap, certificates=str(certificates))
    return RunningRouter(bento, folder, TENANT, SETTINGS, where, lambda model: models[model].address)


def _tell(broker: TestBroker, router: RunningRouter, models: dict[str, FakeModel]) -> Story:
    story = Story()
    models["whisper"].wake()
    models["whisper"].faults = {"twice": "twice"}
    models["llama"].wake()
    models["llama"].faults = dict(FAULTS)
    router.start()
    _send(broker, story)

    # The last model sleeps: what is ready for it waits, and nothing is given up.
    _wait(broker, story, letters=len(FAULTS) * EACH + story.junk)
    assert not _read(broker, results_topic(TENANT))
    models["voice"].wake(loads_seconds=3)

    # In the middle of it all the router is killed and the broker restarts.
    eventually(lambda: len(_read(broker, results_topic(TENANT))) >= 5, "first results", seconds=90)
    router.kill()
    _send(broker, story, "later")
    router.start()
    broker.restart()
    _wait(broker, story, results=2 * GOOD + EACH, letters=len(FAULTS) * EACH + story.junk)
    story.early_letters = _read(broker, dead_letters_topic(TENANT))
    story.early_results = Counter(one["idempotencykey"] for one in _read(broker, results_topic(TENANT)))

    # All but one are mended; that one is replayed until it may not be any more.
    models["llama"].faults = {"refusing-0": "404"}
    since = ""
    for _ in range(MOST_REPLAYS + 1):
        until = _now()
        _note(story, router.replay({"REPLAY_STEP": "answer", "REPLAY_SINCE": since, "REPLAY_UNTIL": until}))
        since = until
        _wait(broker, story, results=len(story.sent) - 1)
        # The next replay is of another second.
        time.sleep(2)
    story.answers = {one["idempotencykey"]: one for one in _read(broker, results_topic(TENANT))}
    story.results = Counter(one["idempotencykey"] for one in _read(broker, results_topic(TENANT)))
    story.letters = _read(broker, dead_letters_topic(TENANT))
    story.calls = models["llama"].calls
    story.metrics = router.metrics()
    return story


def _send(broker: TestBroker, story: Story, prefix: str = "") -> None:
    producer = broker.producer(client_user(TENANT))
    names = [f"good-{number}" for number in range(GOOD)]
    if not prefix:
        names += [f"twice-{number}" for number in range(EACH)]
        names += [f"{fault}-{number}" for fault in FAULTS for number in range(EACH)]
    for number, name in enumerate(names):
        key = f"{prefix}{name}"
        story.sent.add(key)
        event = {
            "specversion": "1.0",
            "id": f"id-{key}",
            "source": "/test",
            "type": "multimodal.request",
            "modality": "audio",
            "idempotencykey": key,
            "partitionkey": f"person-{number % 5}",
        }
        if number % 2:
            # Binary: attributes in headers, data as they are.
            headers = [(f"ce_{name}", value.encode()) for name, value in event.items()]
            producer.send(events_topic(TENANT), key.encode(), headers=[*headers, ("content-type", b"audio/wav")]).get(
                timeout=30
            )
        else:
            whole = {**event, "data_base64": base64.b64encode(key.encode()).decode()}
            producer.send(events_topic(TENANT), json.dumps(whole).encode()).get(timeout=30)
    if not prefix:
        for junk in (b"\xff\xfe no event", b'{"specversion": "1.0"}', _unrouted()):
            producer.send(events_topic(TENANT), junk).get(timeout=30)
            story.junk += 1
    producer.close()


def _unrouted() -> bytes:
    event = {"specversion": "1.0", "id": "u", "source": "/t", "type": "multimodal.request", "modality": "video"}
    return json.dumps(event).encode()


def _read(broker: TestBroker, topic: str) -> list[dict[str, Any]]:
    consumer = broker.consumer(client_user(TENANT), topic, consumer_timeout_ms=3000)
    try:
        return [json.loads(record.value) for record in consumer]
    finally:
        consumer.close()


def _wait(broker: TestBroker, story: Story, *, results: int = 0, letters: int = 0) -> None:
    """Until so many different events have a result, and so many a dead letter."""

    def enough() -> bool:
        answered = {one["idempotencykey"] for one in _read(broker, results_topic(TENANT))}
        buried = {one["id"] for one in _read(broker, dead_letters_topic(TENANT))}
        return len(answered) >= results and len(buried) >= letters

    eventually(enough, f"{results} results and {letters} dead letters of {len(story.sent)} events", seconds=180)


def _note(story: Story, log: str) -> None:
    for line in log.splitlines():
        told = json.loads(line).get("msg", "") if line.startswith("{") else ""
        if told.startswith("replayed: "):
            story.replayed.append(told)
        elif told.startswith("left: "):
            story.left.append(told)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_no_event_is_lost(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    unanswered = story.sent - set(story.results)
    buried = {letter["idempotencykey"] for letter in story.letters if "idempotencykey" in letter}
    lost = unanswered - buried
    twice = sum(count - 1 for count in story.results.values())
    with capsys.disabled():
        print(
            f"\nsent {len(story.sent)} events and {story.junk} records that are none; delivered {len(story.results)}"
            f" (and {twice} of them again), dead letters {len(story.early_letters)} before the replay, replayed"
            f" {len(story.replayed)}, left for good {len(unanswered)} and {story.junk}; lost {len(lost)}"
        )
    assert lost == set()
    assert unanswered == {"refusing-0"}


def test_an_answer_went_through_all_three_models(story: Story) -> None:
    answer = story.answers["good-7"]
    assert base64.b64decode(answer["data_base64"]) == b"spoken answer to heard good-7"
    assert answer["datacontenttype"] == "audio/wav"
    assert (answer["type"], answer["flow"], answer["step"]) == ("multimodal.result", FLOW, "speak")
    assert answer["id"] == "id-good-7.listen.answer.speak"
    assert (answer["correlationid"], answer["causationid"]) == ("id-good-7", "id-good-7.listen.answer")
    assert answer["partitionkey"] == "person-2"


@pytest.mark.parametrize("fault", EXPECTED)
def test_what_a_model_cannot_answer_is_a_dead_letter_that_says_why(story: Story, fault: str) -> None:
    letters = [letter for letter in story.early_letters if letter.get("idempotencykey", "").startswith(fault)]
    assert {letter["idempotencykey"] for letter in letters} == {f"{fault}-{number}" for number in range(EACH)}
    assert {letter["reason"] for letter in letters} == {EXPECTED[fault]}
    attempts = {"failed": 3, "refused": 1, "garbage": 1}[EXPECTED[fault]]
    assert {letter["attempts"] for letter in letters} == {attempts}
    assert {(letter["flow"], letter["step"], letter["topic"]) for letter in letters} == {
        (FLOW, "answer", step_topic(TENANT, FLOW, "answer"))
    }


def test_a_model_that_fails_for_a_while_costs_no_event(story: Story) -> None:
    assert {f"twice-{number}" for number in range(EACH)} <= set(story.early_results)


def test_a_model_that_sleeps_costs_no_event(story: Story) -> None:
    assert not [letter for letter in story.letters if letter["reason"] == "unavailable"]


def test_what_is_no_event_or_fits_no_flow_stands_in_nobodys_way(story: Story) -> None:
    junk = Counter(letter["reason"] for letter in story.early_letters if letter["topic"] == events_topic(TENANT))
    assert junk == {"malformed": 2, "unrouted": 1}
    (raw,) = [letter for letter in story.early_letters if "data_base64" in letter and "no event" in _raw(letter)]
    assert raw["datacontenttype"] == "application/octet-stream"


def _raw(letter: dict[str, Any]) -> str:
    return base64.b64decode(letter["data_base64"]).decode(errors="replace")


def test_a_dead_letter_is_replayed_so_often_and_then_stays(story: Story) -> None:
    again = [letter for letter in story.letters if letter.get("idempotencykey") == "refusing-0"]
    assert max(letter["replays"] for letter in again) == MOST_REPLAYS
    assert [told for told in story.left if "id-refusing-0.listen" in told and told.endswith("and stays")]


def test_what_was_replayed_begins_where_it_failed(story: Story) -> None:
    """Earlier models are not asked again."""
    assert story.answers["failing-1"]["replays"] == 1
    assert story.answers["failing-1"]["id"] == "id-failing-1.listen.answer.speak"


def test_dead_letters_are_counted_for_prometheus(story: Story) -> None:
    lines = [line for line in story.metrics.splitlines() if line.startswith("dead_letters{")]
    assert any('reason="refused"' in line and f'flow="{FLOW}"' in line and 'step="answer"' in line for line in lines)
