"""Runs `go build` with a heartbeat, so that minutes of compiling never look like a hang, and leaves nothing behind.

The compiler is its own process group: Ctrl-C and SIGTERM end all of it, not only its front.
"""

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import FrameType

Progress = Callable[[str], None]
"""Receives one line for a human at a time."""

MINIMUM_GO = (1, 26)
"""The oldest Go that builds every tools module: Pulumi's module asks for it."""

HEARTBEAT_SECONDS = 15.0
_LINES_OF_OUTPUT = 12


class ToolchainError(Exception):
    """A tool cannot be provided; the message is one line that says what to do."""


def elapsed(seconds: float) -> str:
    """A duration for people: `42 s`, `3 min 05 s`."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def find_go(env: Mapping[str, str]) -> Path:
    """The `go` command on PATH.

    Raises ToolchainError where it is missing or older than `MINIMUM_GO`.
    """
    wanted = ".".join(map(str, MINIMUM_GO))
    advice = f"install Go {wanted} or newer (https://go.dev/dl) and put it on PATH"
    found = shutil.which("go", path=env.get("PATH", ""))
    if found is None:
        raise ToolchainError(
            f"Go is not installed (no `go` on PATH), and the rehearsal's tools are built with it: {advice}"
        )
    local = {**env, "GOTOOLCHAIN": "local"}
    reply = subprocess.run([found, "env", "GOVERSION"], env=local, capture_output=True, text=True, check=False)
    version = re.match(r"go(\d+)\.(\d+)", reply.stdout.strip())
    if reply.returncode != 0 or version is None:
        reason = (reply.stderr or reply.stdout).strip().splitlines()[-1:] or ["it printed nothing"]
        raise ToolchainError(f"`{found} env GOVERSION` does not work ({reason[0]}): {advice}")
    if (int(version[1]), int(version[2])) < MINIMUM_GO:
        raise ToolchainError(f"Go {version[0][2:]} at {found} is too old: {advice}")
    return Path(found)


@contextlib.contextmanager
def terminate_as_interrupt() -> Generator[None]:
    """Within it SIGTERM and a closed terminal act as Ctrl-C does, so that clean-up runs. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # nohup keeps its promise
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_with_heartbeat(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    beat: Progress,
    every: float = HEARTBEAT_SECONDS,
) -> int:
    """Run to the end and return the exit status; `beat` gets the elapsed time now and then; output goes to `log`.

    Whatever ends the waiting (an interrupt too) first kills the command's whole process group.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    return process.wait(timeout=every)
                except subprocess.TimeoutExpired:
                    beat(elapsed(time.monotonic() - started))
        finally:
            # Compilers are children of `go`: the group also ends where `go` itself is gone already.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def explain_failure(tool: str, log: Path, kept: Path) -> ToolchainError:
    """Turn the output of a failed build into one line: disk full, no network, or the compiler's own last words."""
    text = log.read_text(errors="replace") if log.exists() else ""
    if "no space left on device" in text.lower():
        return disk_full(tool, log.parent)
    network = re.search(r"(dial tcp[^\n]*|no such host|i/o timeout|connection refused|TLS handshake timeout)", text)
    with contextlib.suppress(OSError):
        shutil.copyfile(log, kept)
    if network:
        return ToolchainError(
            f"{tool}: Go could not fetch its modules ({network[1].strip()}): check the network or set GOPROXY; "
            f"log: {kept}"
        )
    words = " | ".join(line.strip() for line in text.splitlines()[-_LINES_OF_OUTPUT:] if line.strip())
    return ToolchainError(f"{tool} does not build: {words or 'the compiler said nothing'}; log: {kept}")


def disk_full(what: str, folder: Path) -> ToolchainError:
    """The error for a disk that filled up while building."""
    return ToolchainError(
        f"{what}: the disk that holds {folder} is full: free some space there, then run the command again"
    )


def is_disk_full(error: OSError) -> bool:
    """Whether an OSError means that a disk or a quota is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def check_space(needs: Mapping[Path, float], purpose: str) -> None:
    """Refuse a build that cannot fit: `needs` maps a folder to the GiB that will be written below it.

    Folders on one disk are added up. Raises ToolchainError naming the GiB and the folder.
    """
    disks: dict[int, tuple[Path, float]] = {}
    for folder, gib in needs.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        first, total = disks.get(existing.stat().st_dev, (folder, 0.0))
        disks[existing.stat().st_dev] = (first, total + gib)
    for folder, gib in disks.values():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free / 2**30
        if free < gib:
            raise ToolchainError(
                f"{purpose} needs {gib:.1f} GiB of free disk at {folder}, which has {free:.1f} GiB: free some space "
                "or set XDG_CACHE_HOME, GOCACHE and GOMODCACHE to folders on a larger disk"
            )
