"""Which programs a stack's rehearsal gets."""

import pytest

from rehearsal import session


def test_a_stack_with_events_gets_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.toolchain.lacking", lambda _tool: "")
    said: list[str] = []
    assert "kafka" in session.tools(["events"], said.append)
    assert "kafka" not in session.tools(["serving"], said.append)
    assert said == []


def test_what_a_machine_cannot_have_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.toolchain.lacking", lambda _tool: "Java is not installed")
    said: list[str] = []
    assert "kafka" not in session.tools(["events"], said.append)
    assert said == ["without kafka: Java is not installed"]
