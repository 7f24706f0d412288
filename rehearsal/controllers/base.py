"""What a chart's controllers are to the supervisor: host processes, a simulation inside it, or nothing.

Adding a controller is one file that makes one of these and one line in `rehearsal.controllers`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from rehearsal.kube import Kube
from rehearsal.processes import Process, free_port

Values = Mapping[str, Any]
"""Values of a Helm release: what the stack sets over the chart's defaults."""


class ConfigurationError(Exception):
    """The release's values cannot work; the message names the value path, the value and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where a controller's processes run."""

    kubeconfig: Path
    folder: Path
    """Private to this release; the plan's files are written into it before its processes start."""
    tools: Mapping[str, Path]
    """Tool -> folder with its programs."""
    port: Callable[[], int] = free_port
    """Gives a free port on loopback."""

    def program(self, tool: str, name: str) -> str:
        """Path of a program."""
        return str(self.tools[tool] / name)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write and what to run for one release."""

    processes: tuple[Process, ...]
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """File name in the context's folder -> content."""


@dataclass(frozen=True, kw_only=True)
class HostController:
    """Real controllers, run as processes beside the API server."""

    chart: str
    tools: tuple[str, ...]
    """Tools of `rehearsal.toolchain`."""
    crds: tuple[str, ...] = ()
    """CRDs that must be established before the start; they come with the release."""
    plan: Callable[[Values, Context], Plan]
    """Pure. Raises ConfigurationError."""


@dataclass(frozen=True, kw_only=True)
class SimulatedController:
    """A stand-in for what needs hardware, run inside the supervisor about once a second."""

    chart: str
    reconcile: Callable[[Kube, Values], None]
    """Level-triggered: brings the cluster to what the values say. Raises ConfigurationError."""
    withdraw: Callable[[Kube], None]
    """Undoes it when the release goes."""


@dataclass(frozen=True, kw_only=True)
class NotRun:
    """A chart whose controllers a rehearsal does not run, and why."""

    chart: str
    reason: str


Controller = HostController | SimulatedController | NotRun


def value(values: Values, path: str, default: Any = None) -> Any:
    """The value at a dotted path; the default where a part of the path is missing, null or not a mapping."""
    found: Any = values
    for key in path.split("."):
        if not isinstance(found, Mapping):
            return default
        found = cast("Mapping[str, Any]", found).get(key)
    return default if found is None else found
