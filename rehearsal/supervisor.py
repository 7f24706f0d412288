"""The process that owns a rehearsal's control plane and controllers: `python -m rehearsal.supervisor --dir .rehearsal`.

It runs detached from whoever started it, so that a cluster outlives `make up`. It holds a lock on a file for as long
as it lives: that, not a process id that may be used again, says whether it runs. When it dies, by whatever means, the
kernel ends its children (Linux); when one of the control plane's processes dies, it ends everything and leaves the
reason in its log and status.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import supervision
from rehearsal.control_plane import READY_SECONDS
from rehearsal.gobuild import terminate_as_interrupt
from rehearsal.paths import ROOT
from rehearsal.supervision import Status, SupervisorError, read_status

__all__ = ["Status", "Supervisor", "SupervisorError", "read_status", "running", "start", "stop"]

_STOP_SECONDS = 12.0
"""How long an orderly stop may take before the process is killed; it needs about two seconds."""


@dataclass(frozen=True)
class Supervisor:
    """A running supervisor."""

    folder: Path
    pid: int

    @property
    def kubeconfig(self) -> Path:
        """Kubeconfig of its control plane; exists once it is ready."""
        return self.folder / supervision.KUBECONFIG

    @property
    def log(self) -> Path:
        """Its log; those of the processes are in `logs/` beside it."""
        return self.folder / supervision.LOG

    def status(self) -> Status:
        """What it last said."""
        return read_status(self.folder)


def running(folder: Path) -> Supervisor | None:
    """The supervisor of a folder, or None. A stale file of a dead one is None, whatever it says."""
    try:
        with (folder / supervision.LOCK).open() as handle:
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
                with (folder / supervision.LOG).open("ab") as log:
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
            raise SupervisorError(f"{status.reason}; log: {folder / supervision.LOG}")
        if popen is not None and popen.poll() is not None:
            raise SupervisorError(
                f"the supervisor ended with {popen.returncode} while it started; log: {folder / supervision.LOG}"
            )
        if time.monotonic() > deadline:
            raise SupervisorError(
                f"the control plane was not ready within {timeout:g} s; log: {folder / supervision.LOG}"
            )
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
    for name in (supervision.KUBECONFIG, supervision.STATUS):
        (folder / name).unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of the supervisor process."""
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.supervisor", description="Owns a rehearsal's control plane."
    )
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
    return supervision.run(options.dir.resolve(), tools)


if __name__ == "__main__":
    sys.exit(main())
