"""The multiplexed application: what it answers, and that it never holds more models than fit. Runs on stand-ins."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from multimodal_loading import Loaded
from multimodal_models import application
from multimodal_requests import LARGEST_BODY, TASKS, Catalog, Refused, chosen_source, order
from starlette.requests import Request

from components.settings.model_sets import Task

pytestmark = pytest.mark.usefixtures("no_ray_cluster")

SOURCES = {name: f"hf://acme/{name}:{'a' * 40}" for name in ("ant", "bee", "cat", "dog")}
BODY = json.dumps({"inputs": "hello"}).encode()


def folder(path: Path, models: dict[str, str] = SOURCES, store: str = "") -> Path:
    (path / "models.json").write_text(json.dumps(models))
    (path / "store").write_text(store)
    return path


class Memory:
    """Stands in for a GPU: knows what was loaded, and how much was there at once."""

    known: ClassVar[dict[int, "Memory"]] = {}

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.held, self.most = 0, 0
        self._lock = threading.Lock()
        self.known[id(self)] = self

    def __reduce__(self) -> Any:
        """Serve pickles what it binds; in one process this one stays itself."""
        return remembered, (id(self),)

    def load(self, source: str) -> Callable[[Any, Any], Any]:
        name = source.split("/")[-1].split(":")[0]
        if name == "dog":
            raise OSError("no such bucket")
        memory = self

        class Held:
            def __init__(self) -> None:
                with memory._lock:
                    memory.held += 1
                    memory.most = max(memory.most, memory.held)
                memory.loads.append(name)

            def __call__(self, inputs: Any, parameters: Any) -> Any:
                if inputs == "nonsense":
                    raise ValueError("not a language")
                time.sleep(1.5 if inputs == "slow" else 0)
                return [name, inputs, dict(parameters)]

            def __del__(self) -> None:
                with memory._lock:
                    memory.held -= 1

        return Held()


def remembered(key: int) -> Memory:
    return Memory.known[key]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def front(tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The application in Ray Serve's local mode, with room for two models. Ray's own cache does the evicting."""
    from ray import serve
    from ray.serve import multiplex
    from ray.serve._private.usage import ServeUsageTag

    # What the cache wants from a cluster: names for its metrics.
    replica = SimpleNamespace(app_name="models", deployment="Models", replica_id="1")
    monkeypatch.setattr(multiplex, "_get_internal_replica_context", lambda: replica)
    monkeypatch.setattr(ServeUsageTag, "record", lambda *_: None)
    catalog = Catalog(folder(tmp_path))
    yield serve.run(
        application(memory.load, catalog, reads="text", resident=2), _local_testing_mode=True, name="models"
    )


def ask(front: Any, name: str, inputs: str = "hello") -> Any:
    return front.ask.remote(name, json.dumps({"inputs": inputs}).encode()).result(timeout_s=20)


def test_a_model_is_loaded_when_it_is_asked_for_and_then_stays(front: Any, memory: Memory) -> None:
    assert memory.loads == []
    assert ask(front, "ant") == ["ant", "hello", {}]
    ask(front, "ant")
    assert memory.loads == ["ant"]


def test_the_least_recently_used_model_makes_room(front: Any, memory: Memory) -> None:
    for name in ("ant", "bee", "ant", "cat", "ant", "bee"):
        ask(front, name)
    assert memory.loads == ["ant", "bee", "cat", "bee"]
    assert memory.most == 2


def test_a_model_in_use_goes_only_when_its_last_answer_is_given(front: Any, memory: Memory) -> None:
    ask(front, "ant")
    slow = front.ask.remote("ant", json.dumps({"inputs": "slow"}).encode())
    time.sleep(0.2)
    ask(front, "bee")
    ask(front, "cat")
    assert slow.result(timeout_s=20) == ["ant", "slow", {}]
    assert memory.most == 2


def test_many_callers_at_once_never_hold_more_than_fits(front: Any, memory: Memory) -> None:
    names = ["ant", "bee", "cat"] * 10
    waiting = [front.ask.remote(name, BODY) for name in names]
    assert [answer.result(timeout_s=60)[0] for answer in waiting] == names
    assert memory.most == 2


def test_an_unknown_model_is_refused_with_the_name_that_was_meant(front: Any) -> None:
    with pytest.raises(Refused, match=r"no model 'bea' here; did you mean bee\? GET /models names all 4") as refused:
        ask(front, "bea")
    assert refused.value.status == 404


def test_a_model_that_cannot_be_loaded_says_why_and_the_others_go_on(front: Any) -> None:
    with pytest.raises(Refused, match="model 'dog' could not be loaded: OSError: no such bucket") as refused:
        ask(front, "dog")
    assert refused.value.status == 503
    assert ask(front, "cat")[0] == "cat"


def test_inputs_that_a_model_cannot_read_are_the_callers_mistake(front: Any) -> None:
    with pytest.raises(Refused, match="model 'ant' cannot read the inputs: not a language") as refused:
        ask(front, "ant", "nonsense")
    assert refused.value.status == 422


def test_a_model_added_later_answers_without_a_restart(tmp_path: Path) -> None:
    catalog = Catalog(folder(tmp_path))
    assert "fox" not in catalog.sources()
    time.sleep(0.01)
    folder(tmp_path, {**SOURCES, "fox": "store://foxes/1"}, store="s3://acme-models/vision\n")
    assert catalog.sources()["fox"] == "s3://acme-models/vision/foxes/1"


def test_answers_over_http_are_json(front: Any) -> None:
    def request(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "root_path": ""}
        answer = front.remote(Request(scope, receive)).result(timeout_s=20)
        return answer.status_code, json.loads(answer.body)

    assert request("GET", "/models") == (200, {"models": ["ant", "bee", "cat", "dog"]})
    assert request("POST", "/models/ant", BODY) == (200, ["ant", "hello", {}])
    assert request("POST", "/models/zzz", BODY) == (404, {"error": "no model 'zzz' here; GET /models names all 4"})
    assert request("GET", "/models/ant")[0] == 405
    assert request("GET", "/v1/models") == (404, {"error": "there is GET /models and POST /models/<name>"})


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "the body is empty; send JSON with inputs in it"),
        (b"{", 400, 'the body is no JSON; send {"inputs": "...", "parameters": {}}'),
        (b'{"inputs": "a", "model": "x"}', 400, "the body has inputs and, if you like, parameters; nothing else"),
        (b'{"inputs": {"url": "file:///etc/passwd"}}', 400, "inputs is a text or a list of texts"),
        (b'{"inputs": []}', 400, "inputs is a text or a list of texts"),
        (b'{"inputs": "a", "parameters": 3}', 400, "parameters is an object"),
        (
            b'{"inputs": "a", "parameters": {"custom_generate": "evil/code"}}',
            400,
            "parameter 'custom_generate' cannot be set; these can, to a plain value: aggregation_strategy, do_sample,"
            " max_new_tokens, num_beams, repetition_penalty, return_full_text, temperature, top_k, top_p",
        ),
        (json.dumps({"inputs": ["a"] * 65}).encode(), 413, "inputs has 65 texts; 64 are allowed"),
        (bytes(LARGEST_BODY + 1), 413, f"the body has {LARGEST_BODY + 1} bytes; {LARGEST_BODY} are allowed"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(body: bytes, status: int, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        order(body, "text")
    assert (refused.value.status, str(refused.value)) == (status, reason)


def test_images_and_sounds_come_as_the_body_itself() -> None:
    assert order(b"\xff\xd8\xff", "image") == (b"\xff\xd8\xff", {})
    with pytest.raises(Refused, match="the body is empty; send the audio in it"):
        order(b"", "audio")


def test_a_name_that_resembles_nothing_gets_no_guess() -> None:
    with pytest.raises(Refused, match=r"no model 'zzzz' here; GET /models names all 4"):
        chosen_source("zzzz", SOURCES)


def test_the_application_knows_every_task_of_a_stack_file() -> None:
    assert set(TASKS) == {task.value for task in Task}


def test_a_caller_who_leaves_does_not_end_a_load(memory: Memory) -> None:
    """The load's thread cannot be stopped, so what it loads must be counted."""
    from multimodal_models import models_deployment

    models = models_deployment(1).func_or_class
    replica = models(memory.load)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def model(source: str) -> Loaded:
        started.set()
        await go_on.wait()
        return Loaded(memory.load(source))

    async def leave() -> int:
        replica.model = model
        caller = asyncio.ensure_future(replica.answer(SOURCES["ant"], "hello", {}))
        await started.wait()
        caller.cancel()
        go_on.set()
        await asyncio.sleep(0.1)
        return len(memory.loads)

    loop = asyncio.new_event_loop()  # asyncio.run would take away the one that other tests use
    try:
        assert loop.run_until_complete(leave()) == 1
    finally:
        loop.close()
