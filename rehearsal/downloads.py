"""Official release binaries in place of a build, where the network offers them.

Nothing depends on it: one probe of a few seconds per run decides, and any trouble means that the tool is built instead.
"""

import hashlib
import platform
import socket
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONNECT_SECONDS = 3.0
_READ_SECONDS = 30.0
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Release:
    """Where a project publishes its programs, one file each, with a SHA-256 beside it."""

    url: str
    """Template with {version}, {os}, {arch} and {name}."""
    checksum: str
    """Template of the file whose first word is the hexadecimal SHA-256."""
    systems: tuple[str, ...] = ("linux",)
    """Operating systems (Go's names) for which upstream publishes all the programs."""


KUBERNETES = Release(
    url="https://dl.k8s.io/v{version}/bin/{os}/{arch}/{name}",
    checksum="https://dl.k8s.io/v{version}/bin/{os}/{arch}/{name}.sha256",
)
"""The Kubernetes project's own download site; server programs exist for Linux only."""


@dataclass
class Source:
    """One run's view of the network: a host that did not answer is not asked again."""

    env: Mapping[str, str]
    """`MULTIMODAL_BUILD_FROM_SOURCE=1` in it turns downloads off."""
    _reachable: dict[str, bool] = field(default_factory=dict[str, bool])

    def fetch(self, release: Release, version: str, names: Iterable[str], folder: Path) -> bool:
        """Put all programs into `folder`, executable and verified. False, with the folder empty, where that fails."""
        system, machine = sys.platform, _ARCHITECTURES.get(platform.machine().lower())
        if self.env.get("MULTIMODAL_BUILD_FROM_SOURCE") == "1" or system not in release.systems or machine is None:
            return False
        try:
            for name in names:
                words = {"version": version, "os": system, "arch": machine, "name": name}
                self._fetch_one(release.url.format(**words), release.checksum.format(**words), folder / name)
        except (OSError, ValueError):
            # URLError and socket timeouts are OSErrors; a wrong checksum is a ValueError. Half a tool is no tool.
            for left in folder.iterdir():
                left.unlink()
            return False
        return True

    def _fetch_one(self, url: str, checksum_url: str, target: Path) -> None:
        self._probe(checksum_url)
        with urllib.request.urlopen(checksum_url, timeout=_READ_SECONDS) as reply:  # noqa: S310 - https or a test's loopback
            expected = reply.read(4096).decode("ascii", "replace").split()[:1]
        digest = hashlib.sha256()
        with urllib.request.urlopen(url, timeout=_READ_SECONDS) as reply, target.open("wb") as output:  # noqa: S310
            while chunk := reply.read(1 << 20):
                digest.update(chunk)
                output.write(chunk)
        if expected != [digest.hexdigest()]:
            raise ValueError(f"checksum of {url} is {digest.hexdigest()}, published is {expected}")
        target.chmod(0o755)

    def _probe(self, url: str) -> None:
        """A short connect decides whether a host is there at all; proxies are left to urllib's own time limit."""
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        if urllib.request.getproxies().get(parts.scheme) and not urllib.request.proxy_bypass(host):
            self._reachable.setdefault(host, True)
        if host not in self._reachable:
            self._reachable[host] = _connects(host, parts.port or (443 if parts.scheme == "https" else 80))
        if not self._reachable[host]:
            raise ConnectionError(f"{host} does not answer")


def _connects(host: str, port: int) -> bool:
    """Whether a connection comes about in time. In a thread, because no time limit applies to looking up a name."""
    done: list[bool] = []

    def attempt() -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
            done.append(True)
        except OSError:
            done.append(False)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return done == [True]
