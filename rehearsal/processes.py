"""Host processes of a rehearsal: started so that they cannot outlive the supervisor, watched, and stopped in order."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not import or allocate much.
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_REASON_LENGTH = 600
_FATAL = re.compile(r"F\d{4} |panic: |[Ee]rror: ")
"""How Go programs begin the line that says why they end."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """What to run. Plain data, so that command lines can be tested without running anything."""

    name: str
    """Unique in a rehearsal; its log is `<name>.log`."""
    argv: tuple[str, ...]
    """Program and arguments. Never a secret: other users of the machine can read it."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment beyond PATH, HOME and the temporary folder."""
    cwd: Path | None = None
    """Folder in which it runs; by default the caller's."""
    ready_url: str = ""
    """Answers 200 once the process does its work; empty: it is ready when it runs."""


class ProcessFailed(Exception):  # noqa: N818 - it is about a process, and reads as a sentence where it is raised
    """A process ended or did not become ready; the message carries its last log lines."""


@dataclass
class Child:
    """A running process."""

    process: Process
    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def obituary(self) -> str:
        """Why it ended, in one line: exit status or signal, and its last words."""
        status = self.popen.poll()
        how = (
            "still runs"
            if status is None
            else f"exited with {status}"
            if status >= 0
            else f"was ended by signal {-status}"
        )
        words = last_lines(self.log)
        return f"{self.process.name} {how}" + (f": {words}" if words else "")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_lines(log: Path, count: int = 4) -> str:
    """What a process said at the end, on one line: its last fatal line if there is one, without the stack below it."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        fatal = [line for line in lines if _FATAL.match(line)]
        return (fatal[-1] if fatal else " | ".join(lines[-count:]))[-_REASON_LENGTH:]
    return ""


def die_with_parent() -> None:
    """For a child between fork and exec: the kernel ends it with whoever started it."""
    # Runs in the child before exec: when the supervisor dies, by whatever means, the kernel ends the child.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def environment(process: Process, base: Mapping[str, str]) -> dict[str, str]:
    """The child's whole environment: little of ours (no proxies, no credentials), Go's collector kept tight."""
    env = {key: base[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in base}
    # Twice the live heap is Go's default; a rehearsal has to fit into a laptop's memory beside everything else. No
    # limit of memory beside it: a heap that comes near one is collected again and again, and nothing else gets done.
    env["GOGC"] = "50"
    return env | dict(process.env)


def start(process: Process, logs: Path, base: Mapping[str, str] | None = None) -> Child:
    """Start a process in a group of its own, its output appended to `<logs>/<name>.log`.

    Must be called from the main thread: Linux ends the child when the *thread* that started it ends.

    Raises:
        ProcessFailed: when the program cannot be run at all.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{process.name}.log"
    try:
        with log.open("ab") as output:
            popen = subprocess.Popen(
                process.argv,
                cwd=process.cwd,
                env=environment(process, os.environ if base is None else base),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
    except OSError as error:
        raise ProcessFailed(f"{process.name} cannot be started: {error}") from error
    return Child(process, popen, log)


def is_ready(child: Child) -> bool:
    """Whether the process answers at its ready address now.

    Raises:
        ProcessFailed: when it has ended.
    """
    if not child.alive:
        raise ProcessFailed(child.obituary())
    if not child.process.ready_url:
        return True
    # Loopback only, so a proxy of the user must not get in between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(child.process.ready_url, timeout=2) as reply:
            return reply.status == 200
    except (OSError, ValueError):
        return False


def wait_until(
    condition: Callable[[], bool], what: str, *, timeout: float, interval: float = 0.1, child: Child | None = None
) -> None:
    """Wait for a condition; give up when it takes too long or when `child` ends first.

    Raises:
        ProcessFailed: saying what was waited for, with the child's last words.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if child is not None and not child.alive:
            raise ProcessFailed(child.obituary())
        if time.monotonic() > deadline:
            words = f": {child.obituary()}" if child is not None else ""
            raise ProcessFailed(f"{what} was not ready within {timeout:g} s{words}")
        time.sleep(interval)


def wait_ready(child: Child, *, timeout: float) -> None:
    """Wait until a child answers at its ready address. Raises ProcessFailed."""
    wait_until(lambda: is_ready(child), child.process.name, timeout=timeout, child=child)


def stop(children: Sequence[Child], *, grace: float) -> None:
    """End these together: ask politely, then after `grace` seconds kill each whole group. Idempotent."""
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + grace
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.popen.wait(timeout=max(0.0, deadline - time.monotonic()))
    for child in children:
        if child.alive:
            _signal(child, signal.SIGKILL)
        child.popen.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.popen.pid, number)
