"""A flat program: registers what another program registered, with plain resource classes and nothing else."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import pulumi
from google.protobuf.message import Message
from pulumi.output import Unknown
from pulumi.runtime import rpc, settings
from pulumi.runtime.proto import resource_pb2

STACK = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"

_KINDS: Mapping[str, type[Message]] = {
    "RegisterResource": resource_pb2.RegisterResourceRequest,
    "ReadResource": resource_pb2.ReadResourceRequest,
    "RegisterResourceOutputs": resource_pb2.RegisterResourceOutputsRequest,
}
"""Method of the engine's resource monitor -> its request. What else a program may ask changes no resource."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One request of a program to the engine."""

    method: str
    request: Any
    urn: str
    """Of the resource that it made, or is about."""


@dataclass(slots=True)
class Recording:
    """Requests in the order in which the engine answered them: what a resource depends on stands before it."""

    registrations: list[Registration] = field(default_factory=list[Registration])

    def of(self, method: str) -> Iterator[Registration]:
        """The requests of one method."""
        return (made for made in self.registrations if made.method == method)

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """What `recorded` wrote."""
        found = cls()
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            request = _KINDS[row["method"]]()
            request.ParseFromString(base64.b64decode(row["request"]))
            found.registrations.append(Registration(row["method"], request, row["urn"]))
        return found

    def facts(self) -> list[tuple[Any, ...]]:
        """What the engine was told, in an order of its own: two programs are the same when these are."""
        registered = [(made.urn, *_identity(made.request)) for made in self.of("RegisterResource")]
        outputs = [(made.urn, _plain(made.request.outputs)) for made in self.of("RegisterResourceOutputs")]
        return sorted(registered) + sorted(outputs)


def _identity(request: Any) -> tuple[Any, ...]:
    placed = (request.parent, request.custom, request.provider, request.version, request.deletedWith)
    return (*placed, sorted(request.dependencies), _plain(request.object))


def _plain(struct: Any) -> str:
    return json.dumps(rpc.deserialize_properties(struct, keep_unknowns=True), sort_keys=True, default=_word)


def _word(value: object) -> str:
    return "(unknown)" if isinstance(value, Unknown) else repr(value)


class _Monitor:
    """The engine's resource monitor, noting what it is asked."""

    def __init__(self, monitor: Any, file: TextIO) -> None:
        self._monitor, self._file = monitor, file
        self._writing = Lock()

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._monitor, method)
        if method not in _KINDS:
            return call

        def noted(request: Any, *rest: Any, **options: Any) -> Any:
            answer = call(request, *rest, **options)
            urn = request.urn if method == "RegisterResourceOutputs" else answer.urn
            text = base64.b64encode(request.SerializeToString()).decode()
            # Written at once: what a recording would keep in memory is not the program's.
            with self._writing:
                self._file.write(json.dumps({"method": method, "urn": urn, "request": text}) + "\n")
            return answer

        return noted


def recorded(program: Callable[[], None], file: TextIO) -> Callable[[], None]:
    """The program, with what it registers written to `file`, for `Recording.read`."""

    def run() -> None:
        monitor = _Monitor(settings.get_monitor(), file)
        setattr(settings.SETTINGS, "monitor", monitor)  # noqa: B010 - typed as a property
        program()

    return run


def flat(recording: Recording) -> Callable[[], None]:
    """A program that registers the same types, names, inputs, parents and dependencies."""
    # A program's text holds its inputs; this one has them from the recording, which is read before the clock starts.
    inputs = {made.urn: _values(made.request.object) for made in recording.of("RegisterResource")}
    outputs = {made.urn: _values(made.request.outputs) for made in recording.of("RegisterResourceOutputs")}
    order = [made for made in recording.registrations if made.method != "RegisterResourceOutputs"]

    def run() -> None:
        made: dict[str, pulumi.Resource] = {}
        for registration in order:
            request, urn = registration.request, registration.urn
            if registration.method == "ReadResource":
                made[urn] = pulumi.StackReference(request.name, stack_name=request.id)
            elif request.type != STACK:
                made[urn] = _resource(request, _inputs(inputs[urn]), _options(request, made))
        for urn, plain in outputs.items():
            values = _inputs(plain)
            if urn in made:
                component = made[urn]
                assert isinstance(component, pulumi.ComponentResource)  # noqa: S101 - nothing else has outputs
                component.register_outputs(values)
            else:
                for key, value in values.items():
                    pulumi.export(key, value)

    return run


def _resource(request: Any, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> pulumi.Resource:
    if request.type.startswith(_PROVIDER):
        return pulumi.ProviderResource(request.type.removeprefix(_PROVIDER), request.name, inputs, options)
    if request.custom:
        return pulumi.CustomResource(request.type, request.name, inputs, options)
    return pulumi.ComponentResource(request.type, request.name, inputs, options)


def _options(request: Any, made: Mapping[str, pulumi.Resource]) -> pulumi.ResourceOptions:
    options = pulumi.ResourceOptions(
        parent=made.get(request.parent), depends_on=_found(request.dependencies, made), version=request.version or None
    )
    if request.provider:
        provider = made[request.provider.rpartition("::")[0]]
        assert isinstance(provider, pulumi.ProviderResource)  # noqa: S101 - nothing else provides
        options.provider = provider
    if request.deletedWith:
        options.deleted_with = made[request.deletedWith]
    if request.HasField("customTimeouts"):
        limits = request.customTimeouts
        options.custom_timeouts = pulumi.CustomTimeouts(limits.create, limits.update, limits.delete)
    return options


def _found(urns: Iterable[str], made: Mapping[str, pulumi.Resource]) -> list[pulumi.Resource]:
    return [made[urn] for urn in urns]


def _values(struct: Any) -> dict[str, Any]:
    return rpc.deserialize_properties(struct, keep_unknowns=True)


def _inputs(values: dict[str, Any]) -> dict[str, Any]:
    """As a program gives them: a secret is an output, which can only be made while the program runs."""
    return {key: _unwrapped(value) for key, value in values.items()}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    return pulumi.Output.secret(rpc.unwrap_rpc_secret(value)) if rpc.is_rpc_secret(value) else value
