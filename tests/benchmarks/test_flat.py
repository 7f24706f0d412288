"""The flat program beside which the platform's is measured."""

from pathlib import Path

import pytest

from benchmarks.flat import Recording
from benchmarks.measure import measure


@pytest.mark.engine
def test_it_tells_the_engine_the_same_as_the_platforms_program(tmp_path: Path) -> None:
    ours, flat = tmp_path / "ours", tmp_path / "flat"
    measure(5, tenants=2, recording=ours)
    measure(5, tenants=2, recording=flat, replay=ours)
    facts = Recording.read(ours).facts()
    assert sum(":Model::" in str(fact[0]) for fact in facts) == 10, "each model, and its outputs"
    assert Recording.read(flat).facts() == facts
