"""The real router for tests: Bento with the very files that a stack deploys, but for addresses of this machine."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from components.eventing import router_objects as objects
from components.eventing.logins import STRIMZI
from components.eventing.router_config import REPLAY_FILE, flow_files, own_files
from components.eventing.router_kafka import Broker
from components.settings.sections import Tenant
from rehearsal.processes import free_port


class RunningRouter:
    """A tenant's router in a process of its own, which may be killed and started again."""

    def __init__(
        self,
        bento: Path,
        folder: Path,
        name: str,
        tenant: Tenant,
        broker: Broker,
        locate: Callable[[str], str],
        outage_hours: float = 1,
        *,
        audited: bool = False,
    ) -> None:
        self._bento = bento
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        own = own_files(name, tenant, broker, address=f"127.0.0.1:{self._port}", audited=audited)
        streams = [flow_files(name, tenant, flow, broker, outage_hours, locate) for flow in tenant.flows]
        self._write(objects.CONFIG, own["config"])
        for files in (own["streams"], *streams):
            self._write(objects.STREAMS, files)
        self._arguments = [self._here(argument) for argument in _arguments(name)]

    def start(self) -> None:
        """Start it and wait until it is ready."""
        log = (self._folder / "router.log").open("ab")
        self._process = subprocess.Popen([self._bento, *self._arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self.ready():
            assert self._process.poll() is None, (self._folder / "router.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the router is not ready"
            time.sleep(0.2)

    def ready(self) -> bool:
        """What its readiness probe finds."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def metrics(self) -> str:
        """What Prometheus reads."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def replay(self, chosen: Mapping[str, str], seconds: float = 120) -> str:
        """Run a replay to its end and return its log."""
        done = subprocess.run(
            [self._bento, "-c", self._here(f"{objects.CONFIG}/{REPLAY_FILE}")],
            env={"PATH": os.environ["PATH"], **chosen},
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _write(self, path: str, files: Mapping[str, str]) -> None:
        folder = Path(self._here(path))
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)

    def _here(self, path: str) -> str:
        return path.replace("/etc/router", str(self._folder))


def _arguments(tenant: str) -> list[str]:
    """The arguments of the deployed container."""
    made = objects.deployment(tenant, STRIMZI, image="bento", replicas=1, memory_mib=512, config="c", streams=["s"])
    return made["spec"]["template"]["spec"]["containers"][0]["args"]
