"""An object's own annotation says what an update waits for."""

from typing import Any, cast

import pytest

from rehearsal.providers import kubernetes_wait
from rehearsal.providers.kubernetes_api import Cluster, Kind

KIND = Kind("kafka.strimzi.io/v1", "Kafka", "kafkas", True)


class Scripted:
    """Gives one state of an object after another; the last stays."""

    def __init__(self, *states: list[dict[str, str]]) -> None:
        self.states = list(states)

    def get(self, _kind: Kind, _namespace: str | None, _name: str) -> dict[str, Any]:
        conditions = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"metadata": {"name": "one"}, "status": {"conditions": conditions}}


def waited(asked: str, *states: list[dict[str, str]]) -> list[str]:
    live = {"metadata": {"name": "one", "namespace": "a", "annotations": {"pulumi.com/waitFor": asked}}}
    _, reasons = kubernetes_wait.await_ready(cast("Cluster", Scripted(*states)), KIND, live, 0.3, lambda: False)
    return reasons


def condition(type_: str, status: str, message: str = "") -> dict[str, str]:
    return {"type": type_, "status": status, "message": message}


def test_an_object_is_waited_for_until_its_condition_is_there() -> None:
    assert waited("condition=Ready", [], [condition("Ready", "False")], [condition("Ready", "True")]) == []


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ([], "not ready after 0.3 s: it is not Ready, for no controller has said so yet"),
        ([condition("Ready", "False", "no quota")], "not ready after 0.3 s: it is not Ready: no quota"),
        (
            [condition("NotReady", "True", "Secret a/b is missing")],
            "not ready after 0.3 s: it is NotReady: Secret a/b is missing",
        ),
    ],
)
def test_what_stands_in_the_way_is_told(states: list[dict[str, str]], reason: str) -> None:
    assert waited("condition=Ready", states) == [reason]


def test_other_forms_are_not_waited_for() -> None:
    assert waited("something else", []) == []


def test_a_value_at_a_path_is_waited_for() -> None:
    assert waited("jsonpath={.status.phase}=Running", []) == ["not ready after 0.3 s: status.phase is not Running"]
