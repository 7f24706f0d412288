"""What tests on the real API server share: namespaces, pods, Volcano jobs, release records, and patience."""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.scheduling.priorities import VALUES
from rehearsal import releases
from rehearsal.kube import JsonObject, Kube
from rehearsal.releases import Release
from rehearsal.tooltable import TOOLS

PATIENCE_SECONDS = 30.0
JOBS = "/apis/batch.volcano.sh/v1alpha1"
SCHEDULING = "/apis/scheduling.volcano.sh/v1beta1"


def eventually(condition: Callable[[], Any], what: str, *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until something is true and return it; fail with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Namespace:
    """One namespace and what tests do in it."""

    api: Kube
    name: str

    @property
    def pods_path(self) -> str:
        return f"/api/v1/namespaces/{self.name}/pods"

    def pods(self) -> list[JsonObject]:
        return self.api.items(self.pods_path)

    def phases(self, job: str | None = None) -> Counter[str]:
        """Phase -> number of pods, of one Volcano job or all."""
        chosen = [pod for pod in self.pods() if job is None or job_of(pod) == job]
        return Counter(pod["status"].get("phase", "") for pod in chosen)

    def gpus_by_node(self) -> Counter[str]:
        """Node -> GPUs that this namespace's pods hold there."""
        held: Counter[str] = Counter()
        for pod in self.pods():
            if node := pod["spec"].get("nodeName"):
                requests = (one["resources"]["limits"] for one in pod["spec"]["containers"])
                held[node] += sum(int(one.get("nvidia.com/gpu", 0)) for one in requests)
        return held

    def run(self, name: str, resources: Mapping[str, str], **spec: Any) -> JsonObject:
        """Create a pod for the default scheduler."""
        return self.api.create(self.pods_path, pod(name, resources, **spec))

    def node_of(self, name: str) -> str | None:
        found = self.api.get(f"{self.pods_path}/{name}")
        return found["spec"].get("nodeName") if found else None

    def submit(self, name: str, *, replicas: int, gpus: int, pool: str, queue: str = "default") -> None:
        """Submit a Volcano job whose pods must all start together."""
        template = pod("unused", {"nvidia.com/gpu": str(gpus), "cpu": "1"}, nodeSelector=pool_selector(pool))
        job = {
            "apiVersion": "batch.volcano.sh/v1alpha1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": self.name},
            "spec": {
                "schedulerName": "volcano",
                "minAvailable": replicas,
                "queue": queue,
                "tasks": [{"name": "worker", "replicas": replicas, "template": {"spec": template["spec"]}}],
            },
        }
        self.api.create(f"{JOBS}/namespaces/{self.name}/jobs", job)

    def remove(self) -> None:
        for job in self.api.items(f"{JOBS}/namespaces/{self.name}/jobs"):
            self.api.delete(f"{JOBS}/namespaces/{self.name}/jobs/{job['metadata']['name']}")
        self.api.delete(f"/api/v1/namespaces/{self.name}")


def make_namespace(api: Kube, name: str) -> Namespace:
    """Create a namespace and wait until pods can be created in it."""
    api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    eventually(lambda: api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"), f"service account of {name}")
    return Namespace(api, name)


def pool_selector(pool: str) -> dict[str, str]:
    return {"rehearsal.multimodal.dev/pool": pool}


def pod(name: str, resources: Mapping[str, str], **spec: Any) -> JsonObject:
    """A pod that tolerates GPU taints."""
    container = {"name": "main", "image": "registry.invalid/main:1", "resources": {"limits": dict(resources)}}
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "tolerations": tolerations, **spec},
    }


def job_of(found: JsonObject) -> str | None:
    """The Volcano job that a pod belongs to."""
    labels: Mapping[str, str] = found["metadata"].get("labels") or {}
    return labels.get("volcano.sh/job-name")


def install(api: Kube, release: Release) -> Release:
    """Record a Helm release and wait for the answer of its controllers."""
    record = releases.record(release)
    api.apply(f"/api/v1/namespaces/{release.namespace}/secrets/{record['metadata']['name']}", record, "tests")
    return releases.wait_acknowledged(api, release.namespace, release.name, timeout=60, interval=0.1)


def uninstall(api: Kube, release: Release) -> None:
    """Remove a release's record, and wait until its controllers have stopped: the next one may have the same name."""
    path = f"/api/v1/namespaces/{release.namespace}/secrets/{releases.secret_name(release.name)}"
    api.delete(path)
    eventually(lambda: api.get(path) is None, f"the end of release {release.name}", seconds=60)


@contextmanager
def priority_classes(api: Kube) -> Generator[None]:
    """The platform's PriorityClasses while it lasts: the control plane is shared, and stacks bring them, too."""
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    for priority, value in VALUES.items():
        body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": priority.value}}
        api.create(path, {**body, "value": value})
    try:
        yield
    finally:
        for priority in VALUES:
            api.delete(f"{path}/{priority.value}")


def apply_crds(api: Kube, crds: Iterable[JsonObject]) -> None:
    """Create CRDs that are not there yet: server-side apply of a large one takes three times as long."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for crd in crds:
        if api.get(f"{path}/{crd['metadata']['name']}") is None:
            api.create(path, crd)


@cache
def volcano_crds() -> tuple[JsonObject, ...]:
    """Volcano's CRDs as they lie in the Go module from which its programs were built."""
    module = f"volcano.sh/volcano@v{TOOLS['volcano'].version}"
    command = ["go", "mod", "download", "-json", module]
    reply = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "GOFLAGS": "-mod=mod"}
    )
    folder = Path(json.loads(reply.stdout)["Dir"]) / "config" / "crd"
    return tuple(document for path in sorted(folder.glob("*/bases/*.yaml")) for document in _documents(path))


def _documents(path: Path) -> list[JsonObject]:
    # A CRD has ten thousand lines: the C loader, where it is built in, is ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [document for document in yaml.load_all(path.read_text(), Loader=loader) if document]


def alive(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
