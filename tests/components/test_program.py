"""The program's own door: what a plain `pulumi up` says about a stack file with mistakes."""

import runpy
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config, set_mocks

from tests.components.recorder import Recorder
from tests.project import ROOT
from tests.stack_files import sections


def test_a_mistake_ends_the_program_with_all_of_them_and_without_a_resource() -> None:
    changed: dict[str, Any] = sections(**{"cluster.zones": ["us-east-1a", "us-east-1h"], "environment": "live"})
    recorder = Recorder({})
    set_mocks(recorder.mocks, project="multimodal", stack="x", monitor=recorder)
    set_all_config({f"multimodal:{key}": value for key, value in changed.items()})
    try:
        # The engine shows a RunError as its text, and any other exception with a traceback.
        with pytest.raises(pulumi.RunError) as caught:
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    finally:
        set_all_config({})
    first, *problems = str(caught.value).splitlines()
    assert first == "stack x: 2 problems"
    assert problems[0] == '  multimodal:environment = "live": allowed: dev, staging, prod'
    assert problems[1].startswith('  multimodal:cluster.zones[1] = "us-east-1h": the network that is made has subnets')
    assert caught.value.__suppress_context__
    assert recorder.requests == []
