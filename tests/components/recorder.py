"""Components built against mocks, and what the engine was asked to register for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import mocks as runtime_mocks
from pulumi.runtime import set_mocks

ROOT_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Registered:
    """One resource as the engine saw it."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    ignored: tuple[str, ...]
    needs: frozenset[str]
    """URNs of what it depends on, by data or by `depends_on`."""
    urn: str
    delete_first: bool
    kept: bool
    """Whether it stays when the program lets go of it."""
    protected: bool
    """Whether a destroy refuses to touch it."""
    deleted_with: str
    """URN of what it goes with, empty when it goes by itself."""
    delete_timeout: str
    """How long a deletion may take, such as `5m`; empty for the provider's own limit."""


class Recorder(runtime_mocks.MockMonitor):
    """Answers like a cloud that grants everything, and keeps every request."""

    def __init__(self, answers: Mapping[str, dict[str, Any]]) -> None:
        """`answers`: function token or resource type -> outputs beside the inputs."""
        super().__init__(_Echo(answers))
        self.requests: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        response = super().RegisterResource(request)
        if request.type != ROOT_STACK:
            self.requests.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    inputs=plain(self.mocks.seen[request.type, request.name]),
                    ignored=tuple(request.ignoreChanges),
                    needs=frozenset(request.dependencies),
                    urn=response.urn,
                    delete_first=request.deleteBeforeReplace,
                    kept=request.retainOnDelete,
                    protected=request.protect,
                    deleted_with=request.deletedWith,
                    delete_timeout=request.customTimeouts.delete,
                )
            )
        return response


class _Echo(runtime_mocks.Mocks):
    def __init__(self, answers: Mapping[str, dict[str, Any]]) -> None:
        self.answers = answers
        # Registrations run side by side, so each is kept under its own name.
        self.seen: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: runtime_mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.seen[args.typ, args.name] = args.inputs
        known = {"arn": f"arn:{args.name}", "name": args.name, **args.inputs, **self.answers.get(args.typ, {})}
        return f"{args.name}-id", known

    def call(self, args: runtime_mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return self.answers[args.token], []


def plain(value: Any) -> Any:
    """Inputs as written: whole numbers as int, secrets opened."""
    if isinstance(value, dict):
        if "value" in value and pulumi.runtime.rpc._special_sig_key in value:
            return plain(value["value"])
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Graph:
    """Everything that one program registered."""

    resources: tuple[Registered, ...]
    outputs: dict[str, Any]
    secret: frozenset[str]
    """Names of the outputs that are secret."""

    def all(self, type_: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str | None = None) -> Registered:
        found = [resource for resource in self.all(type_) if name is None or resource.name == name]
        assert len(found) == 1, f"{len(found)} of {type_} {name or ''}: {[resource.name for resource in found]}"
        return found[0]

    def names(self) -> list[tuple[str, str]]:
        return [(resource.type, resource.name) for resource in self.resources]


OUTPUTS = ("kubeconfig", "cluster_name", "identifier", "workload_identity")


def build(
    answers: Mapping[str, dict[str, Any]], *components: Callable[[], Any], read_outputs: tuple[str, ...] = OUTPUTS
) -> Graph:
    """Run `components` as one program against mocks, and read outputs of the first."""
    recorder = Recorder(answers)
    set_mocks(recorder.mocks, project="multimodal", stack="test", monitor=recorder)
    outputs: dict[str, Any] = {}
    secret: set[str] = set()

    @pulumi.runtime.test
    def program() -> Any:
        made = [component() for component in components]

        async def read() -> None:
            for key in read_outputs:
                output = getattr(made[0], key)
                outputs[key] = await output.future()
                if await output.is_secret():
                    secret.add(key)

        return pulumi.Output.from_input(read())

    try:
        asyncio.get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
    program()
    return Graph(tuple(recorder.requests), outputs, frozenset(secret))
