"""What the supervisor process does: start the control plane, keep it company, and end everything in order."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

from rehearsal import volumes
from rehearsal.control_plane import ControlPlane
from rehearsal.kube import Kube, KubeError
from rehearsal.layout import Layout
from rehearsal.processes import ProcessFailed, free_port
from rehearsal.reconciler import Reconciler

PERIOD_SECONDS = 0.7
"""Pause between two looks at releases, nodes and processes."""
LOCK = "supervisor.lock"
"""Locked for as long as a supervisor lives; holds its process id."""
STATUS = "supervisor.json"
LOG = "supervisor.log"
KUBECONFIG = "kubeconfig"


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


def read_status(folder: Path) -> Status:
    """The last status written in a folder; `absent` where there is none."""
    try:
        return Status(**json.loads((folder / STATUS).read_text()))
    except (OSError, ValueError, TypeError):
        return Status()


class _Stop(BaseException):
    """A signal asked for the end; not an Exception, so that nothing on the way swallows it."""


def _on_signal(number: int, _frame: FrameType | None) -> None:
    # Once is enough: what follows is the orderly stop, which a second signal must not cut short.
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    raise _Stop(signal.Signals(number).name)


def _take_lock(folder: Path) -> TextIO:
    handle = (folder / LOCK).open("a+")
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
    layout = Layout(folder / "run", folder / "logs", folder / KUBECONFIG, free_port(), tools)
    shutil.rmtree(layout.logs, ignore_errors=True)
    plane = ControlPlane(layout)
    reconciler: Reconciler | None = None
    last: list[Status] = []

    def publish(status: Status) -> None:
        if last and last[0] == status:
            return
        last[:] = [status]
        draft = folder / f"{STATUS}.new"
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(asdict(status)))
            draft.replace(folder / STATUS)

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
            _step(api, reconciler)
            publish(Status("ready", controllers=reconciler.answers(), processes=ids))
            if not _is_ours(folder / LOCK, inode):
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


def _step(api: Kube, reconciler: Reconciler) -> None:
    try:
        reconciler.step()
        volumes.step(api)
    except KubeError as error:
        # One slow answer is no reason to end; a dead API server is found by `check`.
        _log(f"the API server: {error}")


def _is_ours(lock: Path, inode: int) -> bool:
    try:
        return lock.stat().st_ino == inode
    except OSError:
        return False
