"""The process that owns a rehearsal's control plane and controllers: `python -m rehearsal.supervisor --dir .rehearsal`.

It runs detached from whoever started it, so that a cluster outlives `make up`. It holds a lock on a file for as long
as it lives: that, not a process id that may be used again, says whether it runs. When it dies, by whatever means, the
kernel ends its children (Linux); when one of the control plane's processes dies, it ends everything and leaves the
reason in its log and status.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

from rehearsal.control_plane import READY_SECONDS, ControlPlane, Layout
from rehearsal.gobuild import terminate_as_interrupt
from rehearsal.kube import KubeError
from rehearsal.paths import ROOT
from rehearsal.processes import ProcessFailed, free_port
from rehearsal.reconciler import Reconciler

PERIOD_SECONDS = 0.7
"""Pause between two looks at releases, nodes and processes."""
_STOP_SECONDS = 12.0
_LOCK = "supervisor.lock"
_STATUS = "supervisor.json"
_LOG = "supervisor.log"
_KUBECONFIG = "kubeconfig"


class SupervisorError(Exception):
    """The control plane could not be started; the message says why, in one line."""


@dataclass(frozen=True)
class Status:
    """What a supervisor last said about itself."""

    phase: str = "absent"
    """absent, starting, ready, stopped or failed."""
    reason: str = ""
    """Why it stopped or failed."""
    controllers: Mapping[str, str] = field(default_factory=dict[str, str])
    """`namespace/name` of each Helm release -> what became of its controllers."""
    processes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Name -> process id of what the control plane consists of."""


@dataclass(frozen=True)
class Supervisor:
    """A running supervisor."""

    folder: Path
    pid: int

    @property
    def kubeconfig(self) -> Path:
        """Kubeconfig of its control plane; exists once it is ready."""
        return self.folder / _KUBECONFIG

    @property
    def log(self) -> Path:
        """Its log; those of the processes are in `logs/` beside it."""
        return self.folder / _LOG

    def status(self) -> Status:
        """What it last said."""
        return read_status(self.folder)


def read_status(folder: Path) -> Status:
    """The last status written in a folder; `absent` where there is none."""
    try:
        return Status(**json.loads((folder / _STATUS).read_text()))
    except (OSError, ValueError, TypeError):
        return Status()


def running(folder: Path) -> Supervisor | None:
    """The supervisor of a folder, or None. A stale file of a dead one is None, whatever it says."""
    try:
        with (folder / _LOCK).open() as handle:
            try:
                # Shared: two askers do not take each other for the supervisor.
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = handle.read().strip()
                return Supervisor(folder, int(text)) if text.isdigit() else None
    except OSError:
        return None
    return None


def start(folder: Path, tools: Mapping[str, Path], *, timeout: float = READY_SECONDS + 30) -> Supervisor:
    """Start a supervisor and wait until its control plane serves; one that runs already is returned.

    Args:
        folder: State of the checkout, such as `.rehearsal`.
        tools: Tool -> folder with its programs, from `toolchain.ensure`. Controllers that lack theirs are not run.
        timeout: Seconds to wait.

    Raises:
        SupervisorError: when it does not come up; nothing is left running then, nor when the waiting is interrupted.
    """
    folder = folder.resolve()
    present = running(folder)
    if present is not None and present.status().phase == "ready":
        return present
    folder.mkdir(parents=True, exist_ok=True)
    if present is None:
        _clean(folder)
    command = [sys.executable, "-m", "rehearsal.supervisor", "--dir", str(folder)]
    command += [part for name, path in tools.items() for part in ("--tool", f"{name}={path}")]
    with terminate_as_interrupt():
        popen: subprocess.Popen[bytes] | None = None
        try:
            if present is None:
                with (folder / _LOG).open("ab") as log:
                    popen = subprocess.Popen(
                        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                    )
            return _wait_ready(folder, popen, timeout)
        except BaseException:
            if popen is not None and popen.poll() is None:
                # It may not hold its lock yet, so it is ended by its handle and not by `stop`.
                popen.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    popen.wait(timeout=_STOP_SECONDS)
                popen.kill()
                popen.wait()
            raise


def _wait_ready(folder: Path, popen: "subprocess.Popen[bytes] | None", timeout: float) -> Supervisor:
    deadline = time.monotonic() + timeout
    while True:
        found, status = running(folder), read_status(folder)
        if found is not None and status.phase == "ready":
            return found
        if status.phase == "failed":
            raise SupervisorError(f"{status.reason}; log: {folder / _LOG}")
        if popen is not None and popen.poll() is not None:
            raise SupervisorError(
                f"the supervisor ended with {popen.returncode} while it started; log: {folder / _LOG}"
            )
        if time.monotonic() > deadline:
            raise SupervisorError(f"the control plane was not ready within {timeout:g} s; log: {folder / _LOG}")
        time.sleep(0.05)


def stop(folder: Path) -> bool:
    """Stop the supervisor of a folder and everything it owns; True when there was one. Idempotent.

    Also removes what a killed one left behind.
    """
    folder = folder.resolve()
    found = running(folder)
    if found is not None:
        _end(found)
    _clean(folder)
    return found is not None


def _end(found: Supervisor) -> None:
    for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 3.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if running(found.folder) is None:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(found.pid, 0)  # only where we started it ourselves
                return
            time.sleep(0.05)


def _clean(folder: Path) -> None:
    shutil.rmtree(folder / "run", ignore_errors=True)
    for name in (_KUBECONFIG, _STATUS):
        (folder / name).unlink(missing_ok=True)


class _Stop(BaseException):
    """A signal asked for the end; not an Exception, so that nothing on the way swallows it."""


def _on_signal(number: int, _frame: FrameType | None) -> None:
    # Once is enough: what follows is the orderly stop, which a second signal must not cut short.
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    raise _Stop(signal.Signals(number).name)


def _take_lock(folder: Path) -> TextIO:
    handle = (folder / _LOCK).open("a+")
    deadline = time.monotonic() + 2
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            # Perhaps only somebody who looks whether we run.
            if time.monotonic() > deadline:
                raise SupervisorError(f"another supervisor runs in {folder}") from None
            time.sleep(0.02)
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def _log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def run(folder: Path, tools: Mapping[str, Path]) -> int:
    """Be the supervisor of a folder until a signal or a failure ends it. Returns the exit status."""
    lock = _take_lock(folder)
    inode = os.fstat(lock.fileno()).st_ino
    layout = Layout(folder / "run", folder / "logs", folder / _KUBECONFIG, free_port(), tools)
    shutil.rmtree(layout.logs, ignore_errors=True)
    plane = ControlPlane(layout)
    reconciler: Reconciler | None = None
    last: list[Status] = []

    def publish(status: Status) -> None:
        if last and last[0] == status:
            return
        last[:] = [status]
        draft = folder / f"{_STATUS}.new"
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(asdict(status)))
            draft.replace(folder / _STATUS)

    end = Status("stopped")
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _on_signal)
        publish(Status("starting"))
        started = time.monotonic()
        api = plane.start()
        _log(f"control plane ready after {time.monotonic() - started:.1f} s at {layout.server}")
        reconciler = Reconciler(
            api, kubeconfig=layout.kubeconfig, run=layout.run, logs=layout.logs, tools=tools, log=_log
        )
        ids = {child.process.name: child.popen.pid for child in plane.children}
        while True:
            plane.check()
            _step(reconciler)
            publish(Status("ready", controllers=reconciler.answers(), processes=ids))
            if not _is_ours(folder / _LOCK, inode):
                end = Status("stopped", "the folder was removed")
                break
            time.sleep(PERIOD_SECONDS)
    except _Stop as signalled:
        end = Status("stopped", str(signalled))
    except (ProcessFailed, SupervisorError) as error:
        end = Status("failed", str(error))
    except Exception as error:
        end = Status("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _log(f"{end.phase}: {end.reason}")
        if reconciler is not None:
            reconciler.stop()
        plane.stop()
        publish(end)
    return 0 if end.phase == "stopped" else 1


def _step(reconciler: Reconciler) -> None:
    try:
        reconciler.step()
    except KubeError as error:
        # One slow answer is no reason to end; a dead API server is found by `check`.
        _log(f"the API server: {error}")


def _is_ours(lock: Path, inode: int) -> bool:
    try:
        return lock.stat().st_ino == inode
    except OSError:
        return False


def main(arguments: Sequence[str] | None = None, run_: Callable[[Path, Mapping[str, Path]], int] = run) -> int:
    """Command line of the supervisor process."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.supervisor", description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="folder with the state of the checkout")
    parser.add_argument(
        "--tool", action="append", default=[], metavar="NAME=FOLDER", help="where a tool's programs are"
    )
    options = parser.parse_args(arguments)
    tools: dict[str, Path] = {}
    for text in options.tool:
        name, found, path = str(text).partition("=")
        if not found:
            parser.error(f"--tool {text!r} must be NAME=FOLDER")
        tools[name] = Path(path)
    return run_(options.dir.resolve(), tools)


if __name__ == "__main__":
    sys.exit(main())
