"""The life of a release's controllers, with a scripted API server and small real processes."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from rehearsal import releases
from rehearsal.controllers.base import (
    ActingController,
    ConfigurationError,
    Context,
    Controller,
    HostController,
    NotRun,
    Plan,
    SimulatedController,
    Values,
)
from rehearsal.kube import Kube, KubeError
from rehearsal.processes import Process
from rehearsal.reconciler import Reconciler
from rehearsal.releases import Release
from tests.rehearsal.cluster import alive, eventually

pytestmark = pytest.mark.process


class ScriptedApi:
    """Secrets and CRDs in memory."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], dict[str, Any]] = {}
        self.crds: set[str] = set()
        self.annotated = 0
        self.objects: dict[str, Mapping[str, Any]] = {}
        self.refuse = ""
        self.history: list[str] = []

    def apply(self, path: str, body: Mapping[str, Any], _manager: str) -> None:
        if self.refuse and path.endswith(self.refuse):
            raise KubeError(422, "Invalid", f"{self.refuse} is not as it should be")
        self.history.append(f"apply {path.rpartition('/')[2]}")
        self.objects[path] = body

    def delete(self, path: str) -> None:
        if self.objects.pop(path, None) is not None:
            self.history.append(f"delete {path.rpartition('/')[2]}")

    def put(self, name: str, values: Mapping[str, Any], chart: str = "sample") -> None:
        secret = releases.record(Release(name, "default", chart, "1", dict(values)))
        old = self.secrets.get(("default", secret["metadata"]["name"]))
        if old:
            for kept in ("annotations", "finalizers"):
                secret["metadata"][kept] = old["metadata"].get(kept) or {}
        self.secrets["default", secret["metadata"]["name"]] = secret

    def drop(self, name: str) -> None:
        """Deletes a record as the API server does: one with a finalizer stays until nobody holds it."""
        key = ("default", releases.secret_name(name))
        if self.secrets[key]["metadata"].get("finalizers"):
            self.secrets[key]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            del self.secrets[key]

    def merge(self, path: str, body: Mapping[str, Any]) -> None:
        key = (path.split("/")[4], path.rpartition("/")[2])
        metadata = self.secrets[key]["metadata"]
        metadata["finalizers"] = body["metadata"]["finalizers"]
        if not metadata["finalizers"] and "deletionTimestamp" in metadata:
            del self.secrets[key]

    def answer(self, name: str) -> str:
        return releases.parse(self.secrets["default", releases.secret_name(name)]).controllers

    def list_secrets(self, label_selector: str) -> list[dict[str, Any]]:
        assert label_selector == "owner=helm"
        return list(self.secrets.values())

    def annotate_secret(self, namespace: str, name: str, annotations: Mapping[str, str]) -> None:
        self.annotated += 1
        self.secrets[namespace, name]["metadata"].setdefault("annotations", {}).update(annotations)

    def get(self, path: str) -> dict[str, Any] | None:
        found = path.rpartition("/")[2] in self.crds
        return {"status": {"conditions": [{"type": "Established", "status": "True"}]}} if found else None


def _plan(values: Values, context: Context) -> Plan:
    if "refuse" in values:
        raise ConfigurationError(f"refuse is {values['refuse']!r}, must not be set")
    script = f"import time; {values.get('script', 'time.sleep(600)')}"
    process = Process(name="sample", argv=(sys.executable, "-c", script, str(context.folder / "conf")))
    named = {one: {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one}} for one in ("needed", "hook")}
    wanted = bool(values.get("objects"))
    return Plan(
        processes=(process,),
        files={"conf": str(values)},
        objects=(named["needed"],) if wanted else (),
        registrations=(named["hook"],) if wanted else (),
    )


class Acting:
    """A stand-in that remembers what it was told."""

    def __init__(self, context: Context, told: list[Any]) -> None:
        self.context = context
        self.told = told

    def step(self, _api: Kube, values: Values) -> str:
        if "refuse" in values:
            raise ConfigurationError("refuse must not be set")
        self.told.append(values["n"])
        return "" if "tool" in self.context.tools and "other" in self.context.tools else "without other"

    def stop(self) -> None:
        self.told.append("stopped")


class World:
    """A reconciler and what it acts on."""

    def __init__(self, folder: Path) -> None:
        self.api = ScriptedApi()
        self.folder = folder
        self.simulated: list[Any] = []
        self.acted: list[Any] = []
        self.contexts: list[Context] = []
        self.built: dict[str, Path] = {}
        known: dict[str, Controller] = {
            "sample": HostController(chart="sample", tools=("tool",), crds=("things.example.org",), plan=_plan),
            "unbuilt": HostController(chart="unbuilt", tools=("other",), plan=_plan),
            "partial": HostController(
                chart="partial", tools=("tool",), further={"sample.part": ("other",)}, plan=self._planned
            ),
            "simulated": SimulatedController(
                chart="simulated",
                reconcile=lambda _api, values: self.simulated.append(values["n"]),
                withdraw=lambda _api: self.simulated.append("withdrawn"),
            ),
            "acting": ActingController(chart="acting", optional=("other",), act=self._act),
        }
        self.reconciler = Reconciler(
            cast("Kube", self.api),
            kubeconfig=folder / "kubeconfig",
            run=folder / "run",
            logs=folder / "logs",
            tools={"tool": folder},
            log=lambda _text: None,
            lookup=lambda chart: known.get(chart) or NotRun(chart=chart, reason="nobody runs it"),
            built=self.built.get,
        )

    def _planned(self, values: Values, context: Context) -> Plan:
        self.contexts.append(context)
        return _plan(values, context)

    def _act(self, context: Context) -> Acting:
        self.contexts.append(context)
        return Acting(context, self.acted)

    def step(self) -> None:
        self.reconciler.step()

    def pids(self) -> list[int]:
        """Processes that were started with this world's folder."""
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    command = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.folder).encode() in command and alive(int(entry.name)):
                    found.append(int(entry.name))
        return found

    def until(self, condition: Callable[[], bool]) -> None:
        def stepped() -> bool:
            self.step()
            return condition()

        eventually(stepped, "the reconciler to get there", seconds=10)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.reconciler.stop()
    assert made.pids() == []


def ready(world: World, **values: Any) -> int:
    """Install the sample release and return its process."""
    world.api.crds.add("things.example.org")
    world.api.put("r", values)
    world.until(lambda: world.api.answer("r") == "ready")
    (pid,) = world.pids()
    return pid


def test_a_controller_waits_for_its_crds(world: World) -> None:
    world.api.put("r", {})
    world.step()
    world.step()
    assert world.api.answer("r") == ""
    assert world.pids() == []
    world.api.crds.add("things.example.org")
    world.until(lambda: world.api.answer("r") == "ready")
    assert len(world.pids()) == 1


def test_crds_that_never_come_fail_the_release(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.reconciler.START_SECONDS", 0)
    world.api.put("r", {})
    world.until(lambda: world.api.answer("r").startswith("failed: CRD things.example.org did not appear"))


def test_a_controller_runs_with_the_configuration_of_its_release(world: World) -> None:
    ready(world, depth=3)
    (written,) = (world.folder / "run" / "controllers").rglob("conf")
    assert written.read_text() == "{'depth': 3}"


def test_an_answer_is_written_once(world: World) -> None:
    ready(world)
    world.step()
    world.step()
    assert world.api.annotated == 1


def test_changed_values_restart_the_controller_and_are_answered_anew(world: World) -> None:
    first = ready(world, depth=1)
    second = ready(world, depth=2)
    assert first != second
    assert releases.parse(world.api.list_secrets("owner=helm")[0]).acknowledged


def test_a_release_that_goes_takes_its_processes_along(world: World) -> None:
    pid = ready(world)
    world.api.drop("r")
    assert world.api.secrets, "the record is held while its controllers run"
    world.step()
    assert not alive(pid)
    assert list((world.folder / "run").rglob("conf")) == []
    assert not world.api.secrets


def test_bad_values_fail_with_their_reason_without_waiting_for_crds(world: World) -> None:
    world.api.put("r", {"refuse": 1})
    world.step()
    assert world.api.answer("r") == "failed: refuse is 1, must not be set"


def test_corrected_values_recover_a_failed_release(world: World) -> None:
    world.api.put("r", {"refuse": 1})
    world.step()
    assert ready(world)


def test_a_crash_fails_the_release_with_the_last_words_and_is_not_restarted(world: World) -> None:
    world.api.crds.add("things.example.org")
    world.api.put("r", {"script": "print('panic: no such gpu', flush=True); raise SystemExit(3)"})
    world.until(lambda: world.api.answer("r") == "failed: sample exited with 3: panic: no such gpu")
    world.step()
    world.step()
    assert world.pids() == []


def test_a_crash_after_it_was_ready_is_reported_too(world: World) -> None:
    pid = ready(world)
    os.kill(pid, 9)
    world.until(lambda: world.api.answer("r") == "failed: sample was ended by signal 9")


def test_a_chart_that_nobody_runs_says_why(world: World) -> None:
    world.api.put("r", {}, chart="other")
    world.step()
    assert world.api.answer("r") == "none: nobody runs it"


def test_a_controller_whose_program_was_not_built_is_not_run(world: World) -> None:
    world.api.put("r", {}, chart="unbuilt")
    world.step()
    assert world.api.answer("r") == "none: other was not built for this rehearsal"


def test_a_tool_that_was_built_since_the_start_is_found(world: World) -> None:
    world.built["other"] = world.folder
    world.api.put("r", {}, chart="unbuilt")
    world.until(lambda: world.api.answer("r") == "ready")


@pytest.mark.parametrize("built", [False, True])
def test_a_part_of_a_controller_runs_where_its_tool_was_built_and_holds_nothing_up_elsewhere(
    world: World, built: bool
) -> None:
    if built:
        world.built["other"] = world.folder
    world.api.put("r", {}, chart="partial")
    world.until(lambda: world.api.answer("r") == "ready")
    assert ("other" in world.contexts[0].tools) is built


def test_webhooks_come_once_the_processes_are_ready_and_go_before_they_stop(world: World) -> None:
    pid = ready(world, objects=True)
    assert world.api.history == ["apply needed", "apply hook"]
    running: list[bool] = []
    delete = world.api.delete
    world.api.delete = lambda path: (running.append(alive(pid)), delete(path))[1]  # type: ignore[method-assign]
    world.api.drop("r")
    world.step()
    assert world.api.history[2:] == ["delete hook", "delete needed"]
    assert running == [True, False]


def test_an_object_that_is_refused_fails_the_release_and_leaves_nothing(world: World) -> None:
    world.api.crds.add("things.example.org")
    world.api.refuse = "hook"
    world.api.put("r", {"objects": True})
    world.until(lambda: world.api.answer("r") == "failed: ConfigMap hook: hook is not as it should be")
    assert world.api.objects == {}
    assert world.pids() == []


def test_changed_values_bring_their_objects_anew(world: World) -> None:
    ready(world, objects=True, depth=1)
    ready(world, objects=True, depth=2)
    once = ["apply needed", "apply hook"]
    assert world.api.history == [*once, "delete hook", "delete needed", *once]


def test_a_second_release_of_one_chart_is_refused_and_leaves_the_first_alone(world: World) -> None:
    pid = ready(world)
    world.api.put("second", {})
    world.step()
    assert world.api.answer("second").startswith("failed: release default/r installs the chart sample already")
    world.api.drop("second")
    world.step()
    assert alive(pid)


def test_a_simulation_follows_its_values_and_withdraws_at_the_end(world: World) -> None:
    world.api.put("g", {"n": 1}, chart="simulated")
    world.step()
    assert world.api.answer("g") == "ready"
    world.api.put("g", {"n": 2}, chart="simulated")
    world.step()
    world.api.drop("g")
    world.step()
    assert world.simulated == [1, 2, "withdrawn"]


def test_a_stand_in_with_processes_follows_its_values_and_stops_with_its_release(world: World) -> None:
    world.built["other"] = world.folder
    world.api.put("g", {"n": 1}, chart="acting")
    world.step()
    assert world.api.answer("g") == "ready"
    world.api.put("g", {"n": 2}, chart="acting")
    world.step()
    world.api.drop("g")
    world.step()
    assert world.acted == [1, 2, "stopped"]
    assert len(world.contexts) == 1


def test_a_stand_in_does_without_what_the_machine_cannot_have_and_says_so(world: World) -> None:
    world.api.put("g", {"n": 1}, chart="acting")
    world.step()
    assert world.api.answer("g") == "ready: without other"


def test_a_stand_in_whose_values_cannot_work_is_stopped_and_recovers_with_others(world: World) -> None:
    world.api.put("g", {"n": 1}, chart="acting")
    world.step()
    world.api.put("g", {"refuse": 1}, chart="acting")
    world.step()
    world.step()
    assert world.api.answer("g") == "failed: refuse must not be set"
    assert world.acted == [1, "stopped"]
    world.api.put("g", {"n": 3}, chart="acting")
    world.step()
    assert world.acted == [1, "stopped", 3]


def test_a_stand_in_stops_with_the_control_plane(world: World) -> None:
    world.api.put("g", {"n": 1}, chart="acting")
    world.step()
    world.reconciler.stop()
    assert world.acted == [1, "stopped"]


def test_programs_find_the_clusters_names_in_one_file(world: World) -> None:
    world.api.put("g", {"n": 1}, chart="acting")
    world.step()
    (context,) = world.contexts
    assert context.hosts.read_text() == "127.0.0.1 localhost\n"
