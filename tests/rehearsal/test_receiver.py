"""What is answered for receivers of Kafka's brokers and sinks."""

import base64
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, cast

import pytest

from rehearsal import receiver
from rehearsal.kube import Kube, KubeError

pytestmark = pytest.mark.process

CONTRACT = {"generation": "3", "resources": [{"uid": "1", "ingress": {"path": "/acme/default"}}, {"uid": "2"}]}


class Api:
    """An API server with one contract."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    def get(self, path: str) -> dict[str, Any] | None:
        if self.away:
            raise KubeError(500, "", "it is away")
        self.asked.append(path)
        if not path.endswith("/kafka-broker-brokers-triggers"):
            return None
        return {"binaryData": {"data": base64.b64encode(json.dumps(CONTRACT).encode()).decode()}}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def proxy(api: Api) -> Iterator[str]:
    made = receiver.server(cast("Kube", api), 0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    assert made.server_address[0] == "127.0.0.1"
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()


def ask(proxy: str, address: str, **headers: str) -> int:
    """Status of the answer to the controller's question."""
    wanted = {"K-Network-Probe": "probe", "K-Network-Hash": "probe", **headers}
    request = urllib.request.Request(f"http://{address}", headers={key: text for key, text in wanted.items() if text})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
    try:
        with opener.open(request, timeout=10) as reply:
            assert reply.headers["K-Network-Hash"] == "probe"
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


BROKERS = "kafka-broker-ingress.knative-eventing.svc:8080"


def test_a_broker_of_the_contract_is_known(proxy: str, api: Api) -> None:
    assert ask(proxy, f"{BROKERS}/acme/default") == 200
    assert api.asked == ["/api/v1/namespaces/knative-eventing/configmaps/kafka-broker-brokers-triggers"]


@pytest.mark.parametrize(
    "address",
    [
        f"{BROKERS}/acme/other",
        f"{BROKERS}/",
        "kafka-sink-ingress.knative-eventing.svc:8080/acme/default",
        "example.com/acme/default",
    ],
)
def test_nothing_else_is(proxy: str, address: str) -> None:
    assert ask(proxy, address) == 404


def test_events_are_not_taken(proxy: str) -> None:
    assert ask(proxy, f"{BROKERS}/acme/default", **{"K-Network-Probe": ""}) == 404


def test_without_the_api_server_nothing_is_said_of_a_broker(proxy: str, api: Api) -> None:
    api.away = True
    assert ask(proxy, f"{BROKERS}/acme/default") == 502


def test_a_contract_that_is_not_written_yet_knows_nothing() -> None:
    assert receiver.contract(None) == receiver.contract({"binaryData": {"data": ""}}) == {}
    assert not receiver.knows({}, "/acme/default")
