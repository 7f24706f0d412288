"""Processes and those that they started: neither outlives the other by accident."""

import contextlib
import os
import threading
import time
from collections.abc import Callable

import psutil

_PERIOD_SECONDS = 0.5


def on_parent_death(action: Callable[[], object]) -> None:
    """Calls `action` once the parent has ended, from a thread of its own.

    Polled, because a parent-death signal fires when the parent's *thread* ends, and a Go program's threads do.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PERIOD_SECONDS)
        action()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_children(seconds: float = 10.0) -> None:
    """Waits for every process below this one to end by itself, as after Ctrl-C, and then ends what is left."""
    _, alive = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=seconds)
