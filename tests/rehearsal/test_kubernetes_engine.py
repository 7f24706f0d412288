"""The Kubernetes provider as a plugin of the real Pulumi engine, laid where the engine looks for it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi import automation

from rehearsal import supervisor, toolchain
from rehearsal.kube import Kube
from rehearsal.providers import install
from rehearsal.providers.plugin import operation_timeout


class Program:
    """A namespace with a settings map, a quota and a secret, whose settings can be changed."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.quota = "4"
        self.owner = "a"

    def __call__(self) -> None:
        provider = kubernetes.Provider("cluster", kubeconfig=pulumi.Output.secret("of a simulated cluster"))
        opts = pulumi.ResourceOptions(provider=provider)
        namespace = kubernetes.core.v1.Namespace(
            "team",
            metadata={
                "name": self.namespace,
                "labels": {"owner": self.owner},
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            opts=opts,
        )
        inside = {"namespace": namespace.metadata["name"]}
        kubernetes.core.v1.ConfigMap("settings", metadata={**inside, "name": "settings"}, data={"k": "v"}, opts=opts)
        hard = {"requests.nvidia.com/gpu": self.quota, "cpu": "1000m"}
        kubernetes.core.v1.ResourceQuota("gpus", metadata={**inside, "name": "gpus"}, spec={"hard": hard}, opts=opts)
        secret = kubernetes.core.v1.Secret("token", metadata=inside, string_data={"token": "do-not-tell"}, opts=opts)
        pulumi.export("secretName", secret.metadata["name"])


class Stack:
    """A stack of the program with state, plugins and report in one folder."""

    def __init__(self, program: Program, folder: Path, pulumi_folder: Path, environment: dict[str, str]) -> None:
        home, state, work = folder / "home", folder / "state", folder / "work"
        for path in (home, state, work):
            path.mkdir()
        install.install(home, Path(sys.executable))
        self.report = folder / "report.jsonl"
        self.state = state / ".pulumi" / "stacks" / "test" / "dev.json"
        self.messages: list[str] = []
        workspace = automation.LocalWorkspace(
            work_dir=str(work),
            program=program,
            project_settings=automation.ProjectSettings(name="test", runtime="python"),
            env_vars={
                "PULUMI_HOME": str(home),
                "PULUMI_BACKEND_URL": f"file://{state}",
                "PULUMI_CONFIG_PASSPHRASE": "x",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
                # A plugin that is not found would be downloaded from here, and fail.
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "REHEARSAL_REPORT": str(self.report),
                **environment,
            },
            pulumi_command=automation.PulumiCommand(root=str(pulumi_folder)),
        )
        self.stack = automation.Stack.create_or_select("dev", workspace)

    def preview(self) -> dict[str, int]:
        return _named(self.stack.preview(on_output=self.messages.append, color="never").change_summary)

    def up(self) -> dict[str, int]:
        return _named(self.stack.up(on_output=self.messages.append, color="never").summary.resource_changes)

    def refresh(self) -> dict[str, int]:
        return _named(self.stack.refresh(on_output=self.messages.append, color="never").summary.resource_changes)

    def destroy(self) -> dict[str, int]:
        return _named(self.stack.destroy(on_output=self.messages.append, color="never").summary.resource_changes)

    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.report.read_text().splitlines()] if self.report.exists() else []


def _named(changes: Any) -> dict[str, int]:
    return {str(getattr(key, "value", key)): count for key, count in (changes or {}).items() if count}


@pytest.fixture(scope="session")
def pulumi_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with bin/pulumi, as the Automation API wants it."""
    folder = tmp_path_factory.mktemp("pulumi")
    (folder / "bin").symlink_to(toolchain.ensure(("pulumi",), print)["pulumi"], target_is_directory=True)
    return folder


@pytest.fixture
def program(unique: Callable[[str], str]) -> Program:
    return Program(unique("engine"))


@pytest.fixture
def stack(
    program: Program, control_plane: supervisor.Supervisor, pulumi_folder: Path, tmp_path: Path
) -> Iterator[Stack]:
    made = Stack(program, tmp_path, pulumi_folder, {"REHEARSAL_KUBECONFIG": str(control_plane.kubeconfig)})
    yield made
    made.destroy()


@pytest.mark.engine
@pytest.mark.control_plane
def test_a_stack_comes_up_stays_the_same_shows_drift_and_goes(stack: Stack, program: Program, api: Kube) -> None:
    assert stack.preview() == {"create": 6}
    assert stack.up() == {"create": 6}
    state = stack.state.read_text()
    # The last one is the token in base64, as the API server returns it.
    assert not [text for text in ("do-not-tell", "of a simulated cluster", "ZG8tbm90LXRlbGw") if text in state]
    assert stack.up() == {"same": 6}
    assert stack.refresh() == {"same": 6}

    program.quota, program.owner = "8", "b"
    assert stack.up() == {"update": 2, "same": 4}
    place = f"/api/v1/namespaces/{program.namespace}"
    assert (api.get(f"{place}/resourcequotas/gpus") or {})["spec"]["hard"]["requests.nvidia.com/gpu"] == "8"

    api.merge(place, {"metadata": {"labels": {"owner": "somebody"}}})
    api.delete(f"{place}/configmaps/settings")
    assert stack.refresh() == {"update": 1, "delete": 1, "same": 4}
    assert stack.up() == {"update": 1, "create": 1, "same": 4}
    assert (api.get(place) or {})["metadata"]["labels"]["owner"] == "b"

    assert stack.destroy() == {"delete": 6}
    assert api.get(place) is None
    assert not [text for text in stack.messages if "warning" in text.lower()]


@pytest.mark.engine
@pytest.mark.control_plane
def test_a_refusal_names_the_object_and_shows_no_traceback(stack: Stack, program: Program) -> None:
    program.quota = "a few"
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    refusal = f"ResourceQuota {program.namespace}/gpus: cannot create it: "
    lines = [line for line in str(caught.value).splitlines() if refusal in line]
    assert lines
    assert all("quantities must match the regular expression" in line for line in lines)
    assert "Traceback" not in str(caught.value)


# The Automation API leaves the program of a failed run half awaited.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.engine
def test_a_preview_needs_no_control_plane_and_no_known_kubeconfig(
    program: Program, pulumi_folder: Path, tmp_path: Path
) -> None:
    stack = Stack(program, tmp_path, pulumi_folder, {})
    assert stack.preview() == {"create": 6}
    assert {line["kind"] for line in stack.lines()} == {"skipped"}
    program.namespace = "Not A Name"
    with pytest.raises(automation.CommandError, match=r"metadata\.name: 'Not A Name' is not allowed"):
        stack.preview()


def test_installing_twice_changes_nothing_and_drops_other_versions(tmp_path: Path) -> None:
    stale = tmp_path / "plugins" / "resource-kubernetes-v0.0.1"
    stale.mkdir(parents=True)
    install.install(tmp_path, Path(sys.executable))
    launcher = next(tmp_path.glob("plugins/resource-kubernetes-v*/pulumi-resource-kubernetes"))
    before = launcher.stat().st_mtime_ns
    install.install(tmp_path, Path(sys.executable))
    assert launcher.stat().st_mtime_ns == before
    assert os.access(launcher, os.X_OK)
    assert not stale.exists()
    names = {path.name.split("-v")[0] for path in tmp_path.glob("plugins/*")}
    assert names == {f"resource-{name}" for name in ("kubernetes", "aws", "gcp", "azure-native", "random")}


def test_the_users_own_official_plugin_is_used_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    version = install.sdk_version("pulumi-kubernetes")
    official = tmp_path / ".pulumi" / "plugins" / f"resource-kubernetes-v{version}" / "pulumi-resource-kubernetes"
    official.parent.mkdir(parents=True)
    official.write_text("the official one")
    installed = tmp_path / "home" / "plugins" / official.parent.name / official.name
    install.install(tmp_path / "home", Path(sys.executable), official=frozenset({"kubernetes"}))
    assert installed.read_text() == "the official one"
    install.install(tmp_path / "home", Path(sys.executable))
    assert "rehearsal.providers.kubernetes" in installed.read_text()
    assert official.read_text() == "the official one"


def test_an_sdk_that_is_not_installed_is_named() -> None:
    with pytest.raises(RuntimeError, match="pulumi-nowhere is not installed: run"):
        install.sdk_version("pulumi-nowhere")


def test_without_a_custom_timeout_the_default_counts() -> None:
    assert operation_timeout(7) == 7
