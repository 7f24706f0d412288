"""What the engine did in one run, from its own events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pulumi.automation import events


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the engine did to one resource."""

    operation: str
    """create, update, delete, same, replace …"""

    urn: str
    type: str

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rsplit("::", 1)[1]


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding of the policy pack."""

    policy: str
    level: str
    urn: str
    message: str


UNCHANGED = frozenset({"same", "read", "discard"})
"""Operations that change nothing outside the state: a read looks, and a discard forgets what was read."""


class Moment(NamedTuple):
    """The engine begins a step, or is done with it."""

    step: Step
    done: bool


@dataclass(slots=True)
class Result:
    """What one run of the engine did."""

    steps: list[Step] = field(default_factory=list[Step])
    moments: list[Moment] = field(default_factory=list[Moment])
    """When each step began and when it was done, in the order of the engine's own events."""
    violations: list[Violation] = field(default_factory=list[Violation])
    errors: list[str] = field(default_factory=list[str])
    seconds: float = 0.0
    failed: bool = False
    _known: set[Step] = field(default_factory=set[Step], repr=False, compare=False)
    """`steps` once more: a list takes too long to look through for each of thousands."""

    @property
    def changed(self) -> list[Step]:
        """Steps that changed something."""
        return [step for step in self.steps if step.operation not in UNCHANGED]

    def add(self, step: Step) -> bool:
        """Notes a step that is done; False when it was noted before."""
        if step in self._known:
            return False
        self._known.add(step)
        self.steps.append(step)
        self.moments.append(Moment(step, done=True))
        return True


Watcher = Callable[[Step, bool], None]
"""Told of each step when it starts (False) and when it is done (True)."""


def collect(event: events.EngineEvent, result: Result, watch: Watcher | None) -> None:
    """Adds what one event tells to `result`, and tells `watch` of it."""
    if event.resource_pre_event:
        step = _step(event.resource_pre_event.metadata)
        result.moments.append(Moment(step, done=False))
        if watch:
            watch(step, False)
    elif event.res_outputs_event:
        step = _step(event.res_outputs_event.metadata)
        # A component is reported twice: when it is registered and when its outputs are.
        if result.add(step) and watch:
            watch(step, True)
    elif event.res_op_failed_event:
        result.failed = True
    elif event.policy_event:
        found = event.policy_event
        violation = Violation(
            found.policy_name, found.enforcement_level, found.resource_urn or "", found.message.strip()
        )
        if violation not in result.violations:
            result.violations.append(violation)
    elif event.diagnostic_event and event.diagnostic_event.severity == "error":
        message = _plain(event.diagnostic_event.message)
        if message and not _is_echo(message) and message not in result.errors:
            result.errors.append(message)


def _step(metadata: events.StepEventMetadata) -> Step:
    operation = metadata.op.value if hasattr(metadata.op, "value") else str(metadata.op)
    return Step(operation, metadata.urn, metadata.type)


def _plain(message: str) -> str:
    """The message without the engine's colour marks."""
    for mark in ("<{%reset%}>", "<{%fg 1%}>", "<{%fg 3%}>", "<{%bold%}>"):
        message = message.replace(mark, "")
    return message.strip()


def _is_echo(message: str) -> bool:
    """Whether the message only says that something failed, which another message explains."""
    return message in ("preview failed", "update failed") or message.endswith("resource errors")
