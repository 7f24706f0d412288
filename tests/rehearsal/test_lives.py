"""A cloud stack's whole life on a control plane of its own, and one that is cut short."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rehearsal import supervisor
from rehearsal.__main__ import INTERRUPTED, main
from tests.project import ROOT


@pytest.mark.engine
@pytest.mark.control_plane
def test_a_rehearsal_of_a_cloud_schedules_onto_its_own_fleet_and_leaves_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["rehearse", "--stack", "gcp-dev"], root=project)
    output = capsys.readouterr().out
    assert status == 0, output
    assert "second up gcp-dev: done; no changes" in output
    assert "NVIDIA-L4" in output
    assert "rehearsal passed" in output


@pytest.mark.engine
@pytest.mark.control_plane
def test_ctrl_c_leaves_no_process(project: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rehearsal.__main__ import main; "
        f"sys.exit(main(['up'], root=Path({str(project)!r})))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "create" in line:
                break
        family = psutil.Process(running.pid).children(recursive=True)
        os.killpg(running.pid, signal.SIGINT)
        said = running.stdout.read()
        assert running.wait(timeout=60) == INTERRUPTED
    assert "Traceback" not in said
    deadline = time.monotonic() + 15
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family):
        assert time.monotonic() < deadline, [child.cmdline() for child in family if child.is_running()]
        time.sleep(0.2)
    assert supervisor.running(project / ".rehearsal") is None
