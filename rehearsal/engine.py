"""The real Pulumi engine on a stack of this project, with no credentials and nothing outside a folder.

The program runs in this process, as an inline program of the Automation API around `__main__.py`; state is a file
backend; plugins come from a private PULUMI_HOME that holds the rehearsal's own providers.
"""

import os
import runpy
import secrets
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation, log
from pulumi.automation import events

from rehearsal.outcome import Result, Watcher, collect
from rehearsal.paths import ROOT
from rehearsal.providers.install import install

PROJECT = "multimodal"


class Engine:
    """One stack on the engine. Everything it writes is below `folder`."""

    def __init__(self, folder: Path, stack: str, config: Mapping[str, Any], *, pulumi: Path, env: Mapping[str, str]):
        """Prepares the workspace.

        Args:
            folder: Where state, PULUMI_HOME and workspace are kept.
            stack: Name of the stack.
            config: Its config, as in the stack file.
            pulumi: Folder of the `pulumi` program.
            env: Further environment of the engine and the providers, such as REHEARSAL_KUBECONFIG.
        """
        self.stack = stack
        home, state, work = folder / "pulumi-home", folder / "state", folder / "workspace" / stack
        for path in (home, state, work):
            path.mkdir(parents=True, exist_ok=True)
        passphrase = _passphrase(folder / "passphrase")
        install(home, Path(sys.executable))
        self._pack = _policy_launcher(folder / "policy-pack")
        self._config = work / f"Pulumi.{stack}.yaml"
        self.configure(config)
        environment = {
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # A provider on PATH would come before those of the rehearsal.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            # The file backend rewrites the whole state at each step. A rehearsal can afford to lose a crashed run.
            "PULUMI_EXPERIMENTAL": "1",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            # The engine's own memory is most of what a large stack takes; collecting it sooner costs little time.
            "GOGC": "40",
            **env,
        }
        _quiet_when_interrupted()
        # The SDK tells the engine of each registration in a dozen messages that nobody sees, one call each.
        log.debug = _unsaid
        # The Automation API finds the engine on this process's PATH.
        os.environ["PATH"] = f"{pulumi}{os.pathsep}{os.environ['PATH']}"
        workspace = automation.LocalWorkspace(
            work_dir=str(work),
            program=_program,
            env_vars=environment,
            project_settings=automation.ProjectSettings(name=PROJECT, runtime="python"),
        )
        self._stack = automation.Stack.create_or_select(stack, workspace)

    def preview(self, watch: Watcher | None = None) -> Result:
        """What an update would do."""
        return self._run(lambda on_event: self._stack.preview(on_event=on_event, policy_packs=[self._pack]), watch)

    def up(self, watch: Watcher | None = None) -> Result:
        """Creates or updates the stack."""
        return self._run(lambda on_event: self._stack.up(on_event=on_event, policy_packs=[self._pack]), watch)

    def refresh(self, watch: Watcher | None = None) -> Result:
        """Reads every resource again."""
        return self._run(lambda on_event: self._stack.refresh(on_event=on_event), watch)

    def destroy(self, watch: Watcher | None = None) -> Result:
        """Removes everything that the stack has, after a preview, as `pulumi destroy` does.

        The preview is where protected resources refuse; without it all others would be gone by then. A stack that never
        came to anything has nothing to remove, and no history either, which the Automation API takes for granted.
        """
        if not self.resources():
            return Result()
        planned = self._run(lambda on_event: self._stack.destroy(on_event=on_event, preview_only=True), None)
        if planned.failed:
            # What was planned did not happen.
            return Result(errors=planned.errors, failed=True, seconds=planned.seconds)
        result = self._run(lambda on_event: self._stack.destroy(on_event=on_event), watch)
        # An engine that was interrupted ends as if all were well.
        left = 0 if result.failed else len(self.resources())
        if left:
            result.failed = True
            result.errors.append(f"the destroy ended with {left} resources left; run it again to go on")
        return result

    def configure(self, config: Mapping[str, Any]) -> None:
        """Gives the stack another config."""
        _write_stack_config(self._config, config)

    def remove(self) -> None:
        """Forgets the stack. It must be empty."""
        self._stack.workspace.remove_stack(self.stack)

    def resources(self) -> list[dict[str, Any]]:
        """Resources in the stack's state."""
        deployment: Mapping[str, Any] = self._stack.export_stack().deployment or {}
        return list(deployment.get("resources", ()))

    @staticmethod
    def _run(operation: Callable[[Callable[[events.EngineEvent], None]], object], watch: Watcher | None) -> Result:
        result, started = Result(), time.monotonic()

        def on_event(event: events.EngineEvent) -> None:
            collect(event, result, watch)

        try:
            operation(on_event)
        except automation.CommandError as error:
            result.failed = True
            if not result.errors and not any(v.level == "mandatory" for v in result.violations):
                result.errors.append(_engine_message(error))
        result.seconds = time.monotonic() - started
        return result


def _engine_message(error: automation.CommandError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "error:" in line]
    return "\n".join(lines) or str(error).strip()


def _quiet_when_interrupted() -> None:
    """Ctrl-C closes streams that threads of the Automation API still read; their complaints tell a user nothing."""
    ordinary = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not (arguments.exc_type is ValueError and "closed file" in str(arguments.exc_value)):
            ordinary(arguments)

    threading.excepthook = hook
    warnings.filterwarnings("ignore", message="Error in event stream")


def _unsaid(msg: str, resource: Any = None, stream_id: int | None = None, ephemeral: bool | None = None) -> None:
    """Stands in for `pulumi.log.debug`."""


def _program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def _passphrase(path: Path) -> Path:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return path


def _policy_launcher(path: Path) -> str:
    """An executable that runs the policy pack: the engine takes one in place of a pack's folder."""
    path.write_text(
        f"#!{sys.executable}\n"
        "import os, runpy, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from rehearsal.parent import on_parent_death\n"
        # A pack serves until it is told to end, which an engine that was killed does not do.
        "on_parent_death(lambda: os._exit(0))\n"
        f"runpy.run_path({str(ROOT / 'policy' / '__main__.py')!r}, run_name='__main__')\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


def _write_stack_config(path: Path, config: Mapping[str, Any]) -> None:
    """The stack's config for the engine, beside the salt that an earlier run has put into the file."""
    earlier: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    salt = {key: earlier[key] for key in ("encryptionsalt",) if key in (earlier or {})}
    path.write_text(yaml.safe_dump({**salt, "config": dict(config)}, sort_keys=False), encoding="utf-8")


def urns(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """URNs of resources in a state."""
    return [str(resource["urn"]) for resource in resources]
