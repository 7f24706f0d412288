"""One stack, ready to be rehearsed: settings read, programs built, control plane up, engine prepared."""

import os
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from components.catalog.accelerators import ACCELERATORS
from components.cluster.pools import NodeTaint, pool_taints
from components.gpu.layouts import node_labels
from components.settings import Settings
from components.settings.cluster import ExistingCluster, ExistingGpuPool
from components.settings.settings import NAMESPACE
from rehearsal import control_plane, controllers, fleet, supervisor, toolchain, volumes
from rehearsal.engine import Engine
from rehearsal.kube import Kube
from rehearsal.report import Report
from rehearsal.stacks import StackFile

Say = Callable[[str], None]
"""Tells the user one line."""

ENGINE = "pulumi"
"""The tool that every command needs."""

_MARKER = "stack"
"""File that names the stack which the folder's control plane carries."""


class SessionError(Exception):
    """Why a stack cannot be rehearsed now, and what to do."""


@dataclass(frozen=True)
class Session:
    """A stack with its engine, and its API server where there is one."""

    file: StackFile
    folder: Path
    engine: Engine
    report: Report
    api: Kube | None


def preview(file: StackFile, folder: Path, say: Say) -> Session:
    """A session for a preview: with the API server of an earlier `up` of this stack, else without one."""
    programs = toolchain.ensure([ENGINE], say)
    kubeconfig = folder / "kubeconfig" if carried(folder) == file.stack and supervisor.running(folder) else None
    return _session(file, folder, programs[ENGINE], kubeconfig)


@contextmanager
def running(file: StackFile, folder: Path, say: Say) -> Generator[Session]:
    """A session on a control plane that stays up afterwards, unless it was started here and the work interrupted."""
    other = carried(folder)
    if other not in (None, file.stack) and supervisor.running(folder):
        raise SessionError(
            f"the control plane in {folder.name}/ carries stack {other}; run `make destroy STACK={other}` first"
        )
    programs = toolchain.ensure([ENGINE, *control_plane.TOOLS, *tools(_sections(file), say)], say)
    started = supervisor.running(folder) is None
    if started:
        # The engine's state of an API server that is gone describes nothing.
        shutil.rmtree(folder / "state", ignore_errors=True)
        say("starting the control plane")
    supervisor.start(folder, programs)
    try:
        (folder / _MARKER).write_text(file.stack, encoding="utf-8")
        session = _session(file, folder, programs[ENGINE], folder / "kubeconfig")
        if started and session.api:
            add_nodes(session.api, file.settings)
        yield session
    except KeyboardInterrupt:
        if started:
            supervisor.stop(folder)
        raise


def _sections(file: StackFile) -> list[str]:
    """The sections of a stack file, each before its keys (`serving`, `serving.modelmesh`)."""
    found: list[str] = []
    for key, content in file.config.items():
        name = key.removeprefix(f"{NAMESPACE}:")
        inner = cast("Mapping[str, object]", content if isinstance(content, Mapping) else {})
        found += [name, *(f"{name}.{one}" for one in inner)]
    return found


def tools(sections: Sequence[str], say: Say) -> list[str]:
    """The tools of a stack's controllers; those that this machine cannot have are left out, and why is told."""
    found = list(controllers.tools(sections))
    for tool in controllers.optional_tools(sections):
        reason = toolchain.lacking(tool)
        if reason:
            say(f"without {tool}: {reason}")
        else:
            found.append(tool)
    return found


def carried(folder: Path) -> str | None:
    """The stack whose objects the folder's control plane holds."""
    marker = folder / _MARKER
    return marker.read_text(encoding="utf-8").strip() if marker.exists() else None


def stop(folder: Path) -> bool:
    """Stops the control plane and forgets what it carried; False when none ran."""
    stopped = supervisor.stop(folder)
    (folder / _MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)
    return stopped


def _session(file: StackFile, folder: Path, pulumi: Path, kubeconfig: Path | None) -> Session:
    report = Report(folder / "report.jsonl")
    report.clear()
    env = {"REHEARSAL_REPORT": str(report.path)}
    upstream = upstream_folder()
    if upstream:
        env["REHEARSAL_UPSTREAM"] = str(upstream)
    if kubeconfig:
        env["REHEARSAL_KUBECONFIG"] = str(kubeconfig)
    # A stack on an existing cluster finds it where kubectl would. Without one, a preview has nothing to read.
    os.environ["KUBECONFIG"] = str(kubeconfig or _no_cluster(folder))
    engine = Engine(folder, file.stack, file.config, pulumi=pulumi, env=env)
    return Session(file, folder, engine, report, Kube.from_kubeconfig(kubeconfig) if kubeconfig else None)


def upstream_folder() -> Path | None:
    """Upstream chart values and CRDs: $MULTIMODAL_UPSTREAM, else ../shared/upstream beside the checkout."""
    chosen = os.environ.get("MULTIMODAL_UPSTREAM")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "shared" / "upstream"
    return folder if folder.is_dir() else None


def _no_cluster(folder: Path) -> Path:
    """A kubeconfig that names a cluster nobody answers for."""
    path = folder / "no-cluster.kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: none\n"
        "clusters: [{name: none, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: none, user: {}}]\n"
        "contexts: [{name: none, context: {cluster: none, user: none}}]\n",
        encoding="utf-8",
    )
    return path


def add_nodes(api: Kube, settings: Settings) -> None:
    """Makes the nodes and the default storage class that an existing cluster has. A cloud's nodes come with its node
    pools, and its classes with the stack."""
    if not isinstance(settings.cluster, ExistingCluster):
        return
    volumes.default_class(api)
    fleet.ensure_pool(api, fleet.NodePool(name="system", machine="simulated", vcpu=8, memory_gib=32, count=2))
    for name, pool in settings.cluster.gpu_pools.items():
        fleet.ensure_pool(api, existing_pool(name, pool, pool_taints(settings.cluster, pool)))


def existing_pool(name: str, pool: ExistingGpuPool, taints: list[NodeTaint]) -> fleet.NodePool:
    """The simulated nodes of one pool of an existing cluster."""
    accelerator = ACCELERATORS[pool.accelerator]
    return fleet.NodePool(
        name=name,
        machine="simulated",
        vcpu=pool.vcpu,
        memory_gib=pool.memory_gib,
        accelerator=accelerator.key,
        gpus=pool.gpus,
        labels={
            **pool.labels,
            **node_labels(name, pool.mig, mig_capable=accelerator.mig, time_slicing=pool.time_slicing),
        },
        taints=tuple((taint["key"], taint["value"], taint["effect"]) for taint in taints),
        count=pool.nodes,
    )
