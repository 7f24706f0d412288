"""How much memory a rehearsal takes at its peak: this process, the control plane, and everything below them."""

import contextlib
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rehearsal import supervisor

_PERIOD_SECONDS = 1.0


class Peak:
    """The largest sum of resident memory that was seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mib = 0.0
        """In MiB; pages that several processes share count for each."""

    def sample(self) -> None:
        """Looks once."""
        roots = [psutil.Process()]
        found = supervisor.running(self._folder)
        if found is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                roots.append(psutil.Process(found.pid))
        self.mib = max(self.mib, sum(_tree(root) for root in roots) / 2**20)


def _tree(root: psutil.Process) -> int:
    total = 0
    for process in {root.pid: root, **{child.pid: child for child in _children(root)}}.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return root.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@contextmanager
def peak(folder: Path) -> Generator[Peak]:
    """Watches while the block runs."""
    found, done = Peak(folder), threading.Event()

    def watch() -> None:
        while not done.wait(_PERIOD_SECONDS):
            found.sample()

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()
