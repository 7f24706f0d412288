"""How wide commands print."""

import pytest

from rehearsal.console import LOG_COLUMNS, standard_output


def test_a_log_gets_long_lines_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    standard_output().print("x" * (LOG_COLUMNS - 1))
    assert capsys.readouterr().out == "x" * (LOG_COLUMNS - 1) + "\n"


def test_a_width_that_is_asked_for_counts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    standard_output().print("x" * 50)
    assert capsys.readouterr().out == "x" * 40 + "\n" + "x" * 10 + "\n"
