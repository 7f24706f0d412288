"""Keeps the platform's controllers in step with the Helm releases in the API server.

Level-triggered: each step looks at all releases anew, so a missed change, a restart or a half-done start heals itself.
One state is final until the values change: a controller that failed is not started again, because a rehearsal should
show the failure and not hide it behind restarts.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from rehearsal import hosts, processes, releases, toolchain
from rehearsal.controllers import controller
from rehearsal.controllers.base import (
    ActingController,
    Actor,
    ConfigurationError,
    Context,
    Controller,
    HostController,
    NotRun,
    Plan,
    SimulatedController,
    value,
)
from rehearsal.kube import JsonObject, Kube, KubeError, object_path
from rehearsal.processes import Child, ProcessFailed
from rehearsal.releases import Release

START_SECONDS = 60.0
"""How long CRDs may take to appear, and then how long a controller may take to become ready."""
_STOP_SECONDS = 3.0
_MANAGER = "rehearsal-controllers"

Key = tuple[str, str]
"""Namespace and name of a release."""


class State(Enum):
    """Where a release's controllers are."""

    WAITING = "waiting"
    """For CRDs."""
    STARTING = "starting"
    DONE = "done"
    """Ready, failed or not run at all: the answer says which."""


@dataclass
class Entry:
    """One release and what runs for it."""

    release: Release
    controller: Controller
    state: State = State.WAITING
    children: list[Child] = field(default_factory=list[Child])
    plan: Plan | None = None
    """What was started, with what it needs in the API server."""
    actor: Actor | None = None
    """The stand-in that acts for it."""
    since: float = field(default_factory=time.monotonic)
    answer: str = ""
    """`ready`, `ready: <remark>`, `failed: <reason>` or `none: <reason>`; empty while it is not known."""

    def enter(self, state: State, answer: str = "") -> None:
        """Change the state and remember when."""
        self.state, self.answer, self.since = state, answer, time.monotonic()


class Reconciler:
    """The controllers of one control plane."""

    def __init__(
        self,
        api: Kube,
        *,
        kubeconfig: Path,
        run: Path,
        logs: Path,
        tools: Mapping[str, Path],
        log: Callable[[str], None],
        lookup: Callable[[str], Controller] = controller,
        built: Callable[[str], Path | None] = toolchain.built,
    ) -> None:
        """Args: client, its kubeconfig, private folder, logs, tool folders, where to report, chart -> controller.

        A tool that was built after the start is found by `built`: a stack that gets a section needs no new control
        plane.
        """
        self._api = api
        self._kubeconfig = kubeconfig
        self._run = run
        self._logs = logs
        self._tools = dict(tools)
        self._log = log
        self._lookup = lookup
        self._built = built
        hosts.write(run / hosts.NAME, {})
        self._entries: dict[Key, Entry] = {}

    def answers(self) -> dict[str, str]:
        """`namespace/name` of each release -> its answer, or its state while there is none."""
        return {"/".join(key): entry.answer or entry.state.value for key, entry in self._entries.items()}

    def step(self) -> None:
        """Look at everything once. Raises KubeError when the API server does not answer."""
        found = releases.list_releases(self._api)
        present = {(one.namespace, one.name): one for one in found if not one.deleting}
        for key in [key for key in self._entries if key not in present]:
            self._remove(key)
        for gone in (one for one in found if one.deleting):
            releases.let_go(self._api, gone)
        for key, release in present.items():
            # Before anything runs for it: whoever deletes the release then waits until all of it has stopped.
            releases.hold(self._api, release)
            entry = self._entries.get(key)
            if entry is None or entry.release.chart != release.chart or entry.release.digest != release.digest:
                entry = self._replace(key, release)
            entry.release = release
            self._advance(entry)
            if entry.answer and (release.controllers != entry.answer or not release.acknowledged):
                releases.acknowledge(self._api, release, entry.answer)
                self._log(f"release {release.namespace}/{release.name}: {entry.answer}")

    def stop(self) -> None:
        """End all processes; simulated controllers leave things as they are, the cluster ends with them."""
        for entry in self._entries.values():
            if entry.actor is not None:
                entry.actor.stop()
        processes.stop([child for entry in self._entries.values() for child in entry.children], grace=_STOP_SECONDS)
        self._entries.clear()

    def _replace(self, key: Key, release: Release) -> Entry:
        """Take up a release that is new or has new values."""
        old = self._entries.get(key)
        chosen = self._lookup(release.chart)
        # A stand-in takes up new values as they are; withdrawing in between would drain nodes for a second.
        stays = (
            isinstance(chosen, SimulatedController | ActingController) and old is not None and old.controller is chosen
        )
        if old is not None and not stays:
            self._remove(key)
        entry = Entry(release, chosen, actor=old.actor if old is not None and stays else None)
        self._entries[key] = entry
        rival = next(
            (
                "/".join(other)
                for other, one in self._entries.items()
                if other != key and one.release.chart == release.chart and not isinstance(chosen, NotRun)
            ),
            "",
        )
        if rival:
            entry.enter(
                State.DONE,
                f"failed: release {rival} installs the chart {release.chart} already; one cluster, one of it",
            )
        elif isinstance(chosen, NotRun):
            entry.enter(State.DONE, f"none: {chosen.reason}")
        elif isinstance(chosen, HostController) and (lacking := [tool for tool in chosen.tools if not self._has(tool)]):
            entry.enter(State.DONE, f"none: {', '.join(lacking)} was not built for this rehearsal")
        return entry

    def _has(self, tool: str) -> bool:
        found = self._tools.get(tool) or self._built(tool)
        if found:
            self._tools[tool] = found
        return found is not None

    def _remove(self, key: Key) -> None:
        entry = self._entries[key]
        self._log(f"release {'/'.join(key)} is gone or changed: stopping its controllers")
        self._end(entry)
        if isinstance(entry.controller, SimulatedController) and not entry.answer.startswith("failed: release "):
            entry.controller.withdraw(self._api)
        if isinstance(entry.controller, HostController) and entry.controller.after is not None:
            entry.controller.after(self._api)
        shutil.rmtree(self._folder(key), ignore_errors=True)
        # Last: where the API server did not answer, the next step tries again.
        del self._entries[key]

    def _end(self, entry: Entry) -> None:
        """Stop what runs for a release and take away what it had in the API server. May be done again."""
        if entry.actor is not None:
            entry.actor.stop()
            entry.actor = None
        plan = entry.plan or Plan(processes=())
        for one in plan.registrations:
            self._api.delete(object_path(one))
        processes.stop(entry.children, grace=_STOP_SECONDS)
        entry.children.clear()
        for one in reversed(plan.objects):
            self._api.delete(object_path(one))

    def _apply(self, objects: tuple[JsonObject, ...]) -> None:
        for one in objects:
            try:
                self._api.apply(object_path(one), one, _MANAGER)
            except KubeError as error:
                if error.status in range(400, 500):
                    raise ProcessFailed(f"{one['kind']} {one['metadata']['name']}: {error}") from error
                raise

    def _folder(self, key: Key) -> Path:
        return self._run / "controllers" / key[0] / key[1]

    def _advance(self, entry: Entry) -> None:
        """Move one release's controllers on, and notice when they fail."""
        try:
            if isinstance(entry.controller, SimulatedController):
                if not entry.answer.startswith("failed: "):
                    entry.controller.reconcile(self._api, entry.release.values)
                    entry.enter(State.DONE, "ready")
            elif isinstance(entry.controller, ActingController):
                if not entry.answer.startswith("failed: "):
                    self._act(entry, entry.controller)
            elif isinstance(entry.controller, HostController):
                self._advance_host(entry, entry.controller)
                if entry.answer == "ready" and entry.controller.beside is not None:
                    entry.controller.beside(self._api)
        except (ConfigurationError, ProcessFailed) as error:
            # First: it stays failed even where the API server does not answer what follows.
            entry.enter(State.DONE, f"failed: {error}")
            self._end(entry)

    def _act(self, entry: Entry, controller: ActingController) -> None:
        if entry.actor is None:
            for tool in controller.optional:
                self._has(tool)
            context = self._context(entry)
            context.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            entry.actor = controller.act(context)
        remark = entry.actor.step(self._api, entry.release.values)
        entry.enter(State.DONE, f"ready: {remark}" if remark else "ready")

    def _context(self, entry: Entry) -> Context:
        namespace = entry.release.namespace
        return Context(
            kubeconfig=self._kubeconfig,
            folder=self._folder((namespace, entry.release.name)),
            tools=self._tools,
            namespace=namespace,
            hosts=self._run / hosts.NAME,
            logs=self._logs,
        )

    def _advance_host(self, entry: Entry, host: HostController) -> None:
        late = time.monotonic() - entry.since > START_SECONDS
        if entry.state is State.WAITING:
            for tool in (tool for tools in host.further.values() for tool in tools):
                self._has(tool)
            # Values that cannot work fail at once, without waiting for anything.
            context = self._context(entry)
            plan = host.plan(entry.release.values, context)
            missing = [name for name in host.crds if not self._established(name)]
            if missing and late:
                raise ProcessFailed(
                    f"CRD {missing[0]} did not appear within {START_SECONDS:g} s; does the release bring its CRDs?"
                )
            if missing:
                return
            context.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name, text in plan.files.items():
                (context.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (context.folder / name).write_text(text)
            entry.plan = plan
            self._apply(plan.objects)
            for process in plan.processes:
                with contextlib.suppress(FileNotFoundError):
                    (self._logs / f"{process.name}.log").unlink()
                entry.children.append(processes.start(process, self._logs))
            entry.enter(State.STARTING)
        if entry.state is State.STARTING and all(map(processes.is_ready, entry.children)):
            self._apply(entry.plan.registrations if entry.plan else ())
            entry.enter(State.DONE, "ready")
        elif entry.state is State.STARTING and late:
            names = ", ".join(child.process.name for child in entry.children)
            raise ProcessFailed(f"{names} not ready within {START_SECONDS:g} s: {entry.children[0].obituary()}")
        for child in entry.children:
            if not child.alive:
                raise ProcessFailed(child.obituary())

    def _established(self, crd: str) -> bool:
        try:
            found = self._api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd}")
        except KubeError:
            return False
        conditions = value(found or {}, "status.conditions", [])
        return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)
