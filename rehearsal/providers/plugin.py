# ruff: noqa: ARG002 - hooks name the arguments that overriding providers get
"""Base of the rehearsal's provider plugins: a Pulumi resource provider whose hooks see plain Python.

A plugin is a process that serves the engine's `ResourceProvider` gRPC protocol. The SDK's own
`pulumi.provider.experimental` serves it too, but drops what a rehearsal needs: its diff request has no old inputs,
values that are not known yet arrive as ordinary strings, and every error carries a Python traceback to the terminal. So
`plugin_server.py` answers the protocol itself, and a provider overrides only the hooks of `RehearsalProvider`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path as FilePath
from typing import Literal, NamedTuple

from rehearsal.providers.plugin_values import UNKNOWN, Props, contains_unknown, is_list, is_map, without_unknown

__all__ = [
    "UNKNOWN",
    "Failure",
    "NotReadyError",
    "Props",
    "ProviderError",
    "RehearsalProvider",
    "contains_unknown",
    "is_list",
    "is_map",
    "operation_timeout",
    "report",
    "serve",
    "without_unknown",
]


class Failure(NamedTuple):
    """One refused input."""

    property: str
    """Path of the property, such as `scalingConfig.minSize`; empty for the resource as a whole."""
    reason: str
    """What is wrong, what is allowed and what to do."""


class ProviderError(Exception):
    """A refusal to show to the user as it is, on one line and without a traceback."""


class NotReadyError(ProviderError):
    """A resource that exists but did not become ready: it goes into the state, so that a destroy removes it."""

    def __init__(self, resource_id: str, outputs: Props, reasons: Iterable[str]) -> None:
        self.resource_id = resource_id
        self.outputs = outputs
        self.reasons = list(reasons)
        super().__init__("; ".join(self.reasons))


class RehearsalProvider:
    """A provider for the rehearsal. Override the hooks; every hook may be called from several threads at once.

    Properties are plain Python (see `plugin_values`); what is not known yet in a preview is `UNKNOWN`. Secrets arrive
    in clear and are marked secret again in checked inputs and in outputs at the same paths; do not log them.
    Raise `ProviderError` for a refusal; anything else is reported as a defect of the plugin, with its place.
    """

    def check_config(self, inputs: Props) -> Props:
        """The provider's own inputs as they are to be configured. The engine calls no other hook in a preview while
        one of these is `UNKNOWN`, so a provider that can do without a value leaves it out here."""
        return inputs

    def configure(self, config: Props) -> None:
        """Receives the checked configuration once, before any resource."""

    def normalize_inputs(self, type_: str, urn: str, inputs: Props, old_inputs: Props) -> Props:
        """Inputs with defaults and automatic names filled in. `old_inputs` is empty for a new resource."""
        return inputs

    def check_resource(self, type_: str, inputs: Props, preview: bool, urn: str) -> Iterable[tuple[str, str]]:
        """Refusals of normalized inputs, as (property path, reason).

        The engine checks the same way in a preview and in an update and does not say which it is: `preview` is true
        when some input is still `UNKNOWN`, which happens in previews only.
        """
        return ()

    def replace_on(self, type_: str) -> Collection[str]:
        """Property paths whose change replaces the resource, such as `name` or `nodeConfig.labels[*]`."""
        return ()

    def ignore_in_diff(self, type_: str) -> Collection[str]:
        """Property paths whose change is no change at all."""
        return ()

    def delete_before_replace(self, type_: str, old_inputs: Props, new_inputs: Props) -> bool:
        """Whether a replacement must go before its successor comes, as when both would bear one name."""
        return False

    def secret_outputs(self, type_: str) -> Collection[str]:
        """Top-level outputs that are secret whatever the inputs were."""
        return ()

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        """Creates a resource and returns its id and outputs. In a preview nothing may be changed; outputs that only
        the real creation tells are `UNKNOWN`, and the id is ignored (the engine shows it as not known yet)."""
        raise ProviderError(f"{type_} cannot be created by this rehearsal provider")

    def update_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, old_inputs: Props, old_outputs: Props, preview: bool
    ) -> Props:
        """Changes a resource in place and returns its outputs; by default as creating it would report them."""
        return self.create_resource(type_, urn, inputs, preview)[1]

    def delete_resource(self, type_: str, urn: str, id_: str, outputs: Props) -> None:
        """Removes a resource. One that is already gone is no error."""

    def read_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, outputs: Props
    ) -> tuple[Props, Props] | None:
        """The (inputs, outputs) of a resource as it is now, or None when it is gone. By default nothing drifts."""
        return inputs, outputs

    def invoke(self, token: str, args: Props) -> Props:
        """Result of a provider function."""
        raise ProviderError(f"function {token} is not available in a rehearsal")

    def cancel(self) -> None:
        """Asks operations that wait to give up soon (Ctrl-C)."""


_timeout: ContextVar[float] = ContextVar("operation_timeout", default=0.0)


@contextmanager
def allowed_time(seconds: float) -> Generator[None]:
    """Sets, for the server, what `operation_timeout` answers in this thread. 0 means that nothing was asked for."""
    token = _timeout.set(seconds)
    try:
        yield
    finally:
        _timeout.reset(token)


def operation_timeout(default: float) -> float:
    """Seconds that the running create, update or delete may take: the resource's `customTimeouts`, else `default`."""
    return _timeout.get() or default


def report(
    kind: Literal["checked", "skipped", "note"], urn: str, type_: str, *, by: str = "", reason: str = ""
) -> None:
    """Appends one line to the rehearsal's report, the file named by `REHEARSAL_REPORT`; does nothing without it.

    Args:
        kind: `checked`, `skipped` (say why) or `note` (something a reader should know).
        urn: The resource it is about.
        type_: Its type token.
        by: What did the check, such as `botocore eks.CreateNodegroup`.
        reason: Why it was skipped, or the note. Never a secret.
    """
    target = os.environ.get("REHEARSAL_REPORT")
    if not target:
        return
    line = {"kind": kind, "resource": urn, "type": type_, "by": by, "reason": reason}
    # One write of one line, appended: several plugins share the file.
    with FilePath(target).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def serve(provider: RehearsalProvider, name: str, version: str) -> None:
    """Runs a provider as a plugin process until the engine goes away: see `plugin_server.serve`."""
    from rehearsal.providers import plugin_server  # gRPC is slow to import and tests of the hooks do not need it

    plugin_server.serve(provider, name, version)
