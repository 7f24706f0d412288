"""Starting, stopping and killing the supervisor: what it owns never outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal import supervisor
from rehearsal.kube import Kube
from rehearsal.paths import ROOT
from rehearsal.releases import Release
from rehearsal.supervisor import Supervisor, SupervisorError
from tests.rehearsal.cluster import alive, apply_crds, eventually, install, volcano_crds

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    supervisor.stop(tmp_path / "state")


def fake_tools(folder: Path, etcd: str) -> dict[str, Path]:
    """Programs that stand in for a control plane which does not get far."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "etcd"
    program.write_text(f"#!/bin/sh\n{etcd}\n")
    program.chmod(0o755)
    return {"etcd": folder, "kubernetes": folder, "kwok": folder}


def processes_of(folder: Path) -> list[int]:
    """Living processes with a path below the folder on their command line."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in command and alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def test_stopping_what_never_ran_is_no_error(folder: Path) -> None:
    assert supervisor.running(folder) is None
    assert supervisor.stop(folder) is False
    assert supervisor.stop(folder) is False
    assert supervisor.read_status(folder).phase == "absent"


def test_a_process_that_only_has_the_number_of_a_dead_supervisor_is_not_taken_for_it(folder: Path) -> None:
    folder.mkdir()
    (folder / "supervisor.lock").write_text(str(os.getpid()))
    assert supervisor.running(folder) is None
    assert supervisor.stop(folder) is False
    assert alive(os.getpid())


def test_a_control_plane_that_does_not_start_says_why_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    tools = fake_tools(tmp_path / "tools", "echo 'Error: disk on fire' >&2; exit 7")
    with pytest.raises(SupervisorError, match="etcd exited with 7: Error: disk on fire; log: "):
        supervisor.start(folder, tools)
    assert supervisor.running(folder) is None
    assert processes_of(folder) == []
    assert not (folder / "kubeconfig").exists()


def test_a_missing_program_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SupervisorError, match=r"etcd cannot be started: .*No such file"):
        supervisor.start(folder, {"etcd": tmp_path, "kubernetes": tmp_path, "kwok": tmp_path})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_it_starts_leaves_no_process(folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    tools = fake_tools(tmp_path / "tools", "exec sleep 300")
    script = (
        "from pathlib import Path; from rehearsal import supervisor\n"
        f"tools = dict.fromkeys(['etcd', 'kubernetes', 'kwok'], Path({str(tools['etcd'])!r}))\n"
        f"supervisor.start(Path({str(folder)!r}), tools)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.DEVNULL)
    eventually(lambda: supervisor.read_status(folder).phase == "starting", "the supervisor to start")
    starter.send_signal(number)
    assert starter.wait(timeout=15) != 0
    eventually(lambda: not processes_of(folder), "all processes to be gone", seconds=5)
    assert supervisor.running(folder) is None


def test_a_wrong_tool_argument_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        supervisor.main(["--dir", str(tmp_path), "--tool", "etcd"])
    assert "must be NAME=FOLDER" in capsys.readouterr().err


@pytest.fixture
def own(folder: Path, tools: dict[str, Path]) -> Supervisor:
    """A control plane of the test's own, to be broken."""
    return supervisor.start(folder, tools)


def everything(handle: Supervisor) -> list[int]:
    return [handle.pid, *handle.status().processes.values()]


@pytest.mark.control_plane
def test_a_killed_supervisor_leaves_no_process(own: Supervisor) -> None:
    api = Kube.from_kubeconfig(own.kubeconfig)
    apply_crds(api, volcano_crds())
    assert install(api, Release("volcano", "default", "volcano", "1.15.0", {})).controllers == "ready"
    started = {*everything(own), *processes_of(own.folder)}
    assert len(started) == 8  # the supervisor, five of the control plane, two of Volcano

    os.kill(own.pid, signal.SIGKILL)
    eventually(lambda: not any(map(alive, started)), "all processes to be gone", seconds=5)
    assert supervisor.running(own.folder) is None
    assert supervisor.stop(own.folder) is False
    assert not own.kubeconfig.exists()
    assert not (own.folder / "run").exists()


@pytest.mark.control_plane
def test_the_death_of_the_api_server_ends_everything_with_a_reason(own: Supervisor) -> None:
    started = everything(own)
    os.kill(own.status().processes["kube-apiserver"], signal.SIGKILL)
    eventually(lambda: not any(map(alive, started)), "all processes to be gone", seconds=15)
    status = own.status()
    assert status.phase == "failed"
    assert status.reason.startswith("kube-apiserver was ended by signal 9")
    assert "failed: kube-apiserver was ended by signal 9" in own.log.read_text()


@pytest.mark.control_plane
def test_stop_ends_everything_within_ten_seconds_and_can_be_repeated(own: Supervisor) -> None:
    assert supervisor.start(own.folder, {}) == own  # one that runs is not started twice
    started, begin = everything(own), time.monotonic()
    assert supervisor.stop(own.folder) is True
    assert time.monotonic() - begin < 10
    assert not any(map(alive, started))
    assert supervisor.stop(own.folder) is False
    assert sorted(path.name for path in own.folder.iterdir()) == ["logs", "supervisor.lock", "supervisor.log"]


@pytest.mark.control_plane
def test_a_bad_scheduler_configuration_fails_its_release_with_the_reason(
    api: Kube, unique: Callable[[str], str]
) -> None:
    name = unique("volcano")
    values = {"custom": {"scheduler_config_override": "actions: allocat\ntiers: []\n"}}
    answered = install(api, Release(name, "default", "volcano", "1.15.0", values))
    api.delete(f"/api/v1/namespaces/default/secrets/sh.helm.release.v1.{name}.v1")
    assert answered.controllers.startswith("failed: custom.scheduler_config_override: unknown action 'allocat'")
