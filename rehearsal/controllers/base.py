"""What a chart's controllers are to the supervisor: host processes, a simulation inside it, or nothing.

Adding a controller is one file that makes one of these and one line in `rehearsal.controllers`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from rehearsal.certificates import Certificate, issue
from rehearsal.kube import JsonObject, Kube
from rehearsal.processes import Process, free_port

_T = TypeVar("_T")

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
    namespace: str = "default"
    """Namespace of the release."""
    hosts: Path = Path("hosts")
    """File with the cluster's names of what runs on this machine. Programs that look names up in `hosts` of their
    working folder are run in this one's folder."""
    logs: Path = Path("logs")
    """Folder of the processes' logs."""
    port: Callable[[], int] = free_port
    """Gives a free port on loopback."""
    certificate: Callable[..., Certificate] = issue
    """Gives a key pair for loopback and the DNS names asked for."""

    def program(self, tool: str, name: str) -> str:
        """Path of a program."""
        return str(self.tools[tool] / name)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write and what to run for one release."""

    processes: tuple[Process, ...]
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path in the context's folder -> content."""
    objects: tuple[JsonObject, ...] = ()
    """What the chart would render and the processes need: applied before they start, removed when they have stopped."""
    registrations: tuple[JsonObject, ...] = ()
    """What sends the API server's requests to the processes, webhooks above all: applied once they are ready, and
    removed before they stop, so that nothing waits for an answer that cannot come."""


@dataclass(frozen=True, kw_only=True)
class HostController:
    """Real controllers, run as processes beside the API server."""

    chart: str
    tools: tuple[str, ...]
    """Tools of `rehearsal.toolchain`."""
    section: str = ""
    """Section of a stack file whose presence installs the chart; empty: every stack has it."""
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Key of that section (`knative.eventing`) -> tools that are needed, too, where a stack file has it. The plan goes
    without those that were not built."""
    crds: tuple[str, ...] = ()
    """CRDs that must be established before the start; they come with the release."""
    plan: Callable[[Values, Context], Plan]
    """Pure. Raises ConfigurationError."""
    beside: Callable[[Kube], None] | None = None
    """What is simulated beside the processes, once they are ready, about once a second. Level-triggered."""
    after: Callable[[Kube], None] | None = None
    """Takes away, once the release has gone, what the processes made and meant to leave. May be done again."""


@dataclass(frozen=True, kw_only=True)
class SimulatedController:
    """A stand-in for what needs hardware, run inside the supervisor about once a second."""

    chart: str
    reconcile: Callable[[Kube, Values], None]
    """Level-triggered: brings the cluster to what the values say. Raises ConfigurationError."""
    withdraw: Callable[[Kube], None]
    """Undoes it when the release goes."""


class Actor(Protocol):
    """A stand-in at work."""

    def step(self, api: Kube, values: Values) -> str:
        """Bring the cluster, and processes of its own, to what the values say; takes about a second at most.

        Returns:
            What a reader of the report should know.

        Raises:
            ConfigurationError: for values that cannot work.
            ProcessFailed: when it cannot go on.
        """
        ...

    def stop(self) -> None:
        """End its processes. Idempotent."""
        ...


@dataclass(frozen=True, kw_only=True)
class ActingController:
    """A stand-in that runs processes of its own, for what the cluster's objects ask for and not the release."""

    chart: str
    section: str = ""
    """Section of a stack file whose presence installs the chart, or a key within it (`serving.modelmesh`) by which the
    tools are needed; empty: every stack has it."""
    optional: tuple[str, ...] = ()
    """Tools that it makes do without, saying so, where this machine cannot have them."""
    act: Callable[[Context], Actor]


@dataclass(frozen=True, kw_only=True)
class NotRun:
    """A chart whose controllers a rehearsal does not run, and why."""

    chart: str
    reason: str


Controller = HostController | SimulatedController | ActingController | NotRun


def value(values: Values, path: str, default: Any = None) -> Any:
    """The value at a dotted path; the default where a part of the path is missing, null or not a mapping."""
    found: Any = values
    for key in path.split("."):
        if not isinstance(found, Mapping):
            return default
        found = cast("Mapping[str, Any]", found).get(key)
    return default if found is None else found


def flag(values: Values, path: str, default: bool) -> bool:
    """A value that is true or false.

    Raises:
        ConfigurationError: for anything else.
    """
    return _typed(values, path, default, bool, "true or false")


def text(values: Values, path: str, default: str = "") -> str:
    """A value that is text.

    Raises:
        ConfigurationError: for anything else.
    """
    return _typed(values, path, default, str, "text; quote it")


def whole(values: Values, path: str, default: int, *, least: int = 1) -> int:
    """A value that is a whole number, at least `least`.

    Raises:
        ConfigurationError: for anything else.
    """
    found: Any = value(values, path, default)
    # YAML from Python may carry a whole number as a float.
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != int(found) or found < least:
        raise ConfigurationError(f"{path} is {found!r}, must be a whole number of at least {least}")
    return int(found)


def environment(values: Values, path: str = "env") -> dict[str, str]:
    """A chart's list of environment variables.

    Raises:
        ConfigurationError: for entries without a plain value, which a process on the host cannot look up.
    """
    found: dict[str, str] = {}
    listed: Any = value(values, path, [])
    if not isinstance(listed, list):
        raise ConfigurationError(f"{path} is {listed!r}, must be a list of name and value")
    for number, entry in enumerate(cast("list[Any]", listed)):
        if not isinstance(entry, Mapping) or set(cast("Mapping[str, Any]", entry)) != {"name", "value"}:
            raise ConfigurationError(f"{path}[{number}] is {entry!r}, must have a name and a plain value here")
        variable = cast("Mapping[str, Any]", entry)
        found[str(variable["name"])] = str(variable["value"])
    return found


def _typed(values: Values, path: str, default: _T, kind: type[_T], allowed: str) -> _T:
    found: Any = value(values, path, default)
    if not isinstance(found, kind):
        raise ConfigurationError(f"{path} is {found!r}, must be {allowed}")
    return found
