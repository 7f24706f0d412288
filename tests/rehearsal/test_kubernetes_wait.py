"""An object's own annotation says what an update waits for."""

import re
from typing import Any, cast

import pytest

from rehearsal.providers import kubernetes_crds, kubernetes_wait
from rehearsal.providers.kubernetes_api import Cluster, Kind

KIND = Kind("kafka.strimzi.io/v1", "Kafka", "kafkas", True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are close together."""
    monkeypatch.setattr(kubernetes_wait, "_INTERVAL", 0.02)
    monkeypatch.setattr(kubernetes_crds, "_INTERVAL", 0.02)


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


class Held:
    """Has a CRD whose objects nobody lets go of."""

    def get(self, _kind: Kind, _namespace: str | None, name: str) -> dict[str, Any]:
        finalizers = ["customresourcecleanup.apiextensions.k8s.io"]
        return {"metadata": {"name": name, "finalizers": finalizers, "deletionTimestamp": "2026-01-01T00:00:00Z"}}

    def delete(self, _kind: Kind, _namespace: str | None, _name: str) -> None:
        """Asked for, and not done."""


def test_of_a_crd_that_stays_it_is_told_how_long_it_was_waited_for_and_what_holds_it() -> None:
    told = kubernetes_crds.remove(cast("Cluster", Held()), ["things.x.org", "others.x.org"], 0.3, lambda: False)
    waited_for = re.match(
        r"CustomResourceDefinition things\.x\.org: cannot delete it: it is still there after (\S+) s; ", told
    )
    assert waited_for and float(waited_for[1]) >= 0.3
    assert "customresourcecleanup.apiextensions.k8s.io" in told
