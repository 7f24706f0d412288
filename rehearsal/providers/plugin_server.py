# ruff: noqa: ARG002, N802 - the methods and their arguments are those of the protocol
"""Serves a `RehearsalProvider` to the Pulumi engine: the `ResourceProvider` gRPC protocol on loopback.

Facts of the protocol are from pulumi/pulumi at v3.259.0: proto/pulumi/provider.proto and
sdk/go/common/resource/plugin/provider_plugin.go (what the engine sends, and what it makes of errors).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from concurrent import futures
from pathlib import Path as FilePath
from typing import Any, TypeVar, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.parent import on_parent_death
from rehearsal.providers.plugin import Failure, NotReadyError, Props, ProviderError, RehearsalProvider, allowed_time
from rehearsal.providers.plugin_diff import Change, compare, matches, parse_pattern
from rehearsal.providers.plugin_values import Path, contains_unknown, from_struct, to_struct

_Answer = TypeVar("_Answer")
_WORKERS = 64  # a chart waits a minute in its thread while its neighbours go on
_ANY_SIZE = -1


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates the protocol's requests into hooks, and their results and errors back."""

    def __init__(self, provider: RehearsalProvider, name: str, version: str) -> None:
        self._provider = provider
        self._name = name
        self._version = version

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self._provider.cancel()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        news, secrets = from_struct(request.news)

        def answer() -> Any:
            return provider_pb2.CheckResponse(inputs=to_struct(self._provider.check_config(news), secrets))

        return self._answer(context, "the provider's configuration", answer)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        # Everything behind a rehearsal provider is the same whatever its configuration says.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)

    def Configure(self, request: Any, context: Any) -> Any:
        config, _ = from_struct(request.args)

        def answer() -> Any:
            self._provider.configure(config)
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

        return self._answer(context, "the provider's configuration", answer)

    def Check(self, request: Any, context: Any) -> Any:
        news, secrets = from_struct(request.news)
        olds, _ = from_struct(request.olds)
        type_ = _type(request.urn)

        def answer() -> Any:
            inputs = self._provider.normalize_inputs(type_, request.urn, news, olds)
            found = self._provider.check_resource(type_, inputs, contains_unknown(inputs), request.urn)
            failures = [Failure(*failure) for failure in found]
            return provider_pb2.CheckResponse(
                inputs=to_struct(inputs, secrets),
                failures=[provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in failures],
            )

        return self._answer(context, request.urn, answer)

    def Diff(self, request: Any, context: Any) -> Any:
        old, _ = from_struct(request.old_inputs)
        new, _ = from_struct(request.news)
        type_ = _type(request.urn)

        def answer() -> Any:
            ignored = [*request.ignoreChanges, *self._provider.ignore_in_diff(type_)]
            patterns = [parse_pattern(pattern) for pattern in ignored]
            found = compare(old, new, self._provider.replace_on(type_))
            changes = [change for change in found if not _ignored(change, patterns)]
            replaces = [change.name for change in changes if change.replaces]
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
                replaces=replaces,
                deleteBeforeReplace=bool(replaces) and self._provider.delete_before_replace(type_, old, new),
                diffs=sorted({str(change.path[0]) for change in changes}),
                detailedDiff={
                    change.name: provider_pb2.PropertyDiff(kind=_kind(change), inputDiff=True) for change in changes
                },
                hasDetailedDiff=True,
            )

        return self._answer(context, request.urn, answer)

    def Create(self, request: Any, context: Any) -> Any:
        inputs, secrets = from_struct(request.properties)
        type_ = _type(request.urn)

        def answer() -> Any:
            id_, outputs = self._provider.create_resource(type_, request.urn, inputs, request.preview)
            return provider_pb2.CreateResponse(
                id="" if request.preview else id_, properties=self._outputs(type_, outputs, secrets)
            )

        return self._answer(context, request.urn, answer, request.timeout, secrets)

    def Update(self, request: Any, context: Any) -> Any:
        inputs, secrets = from_struct(request.news)
        old_inputs, _ = from_struct(request.old_inputs)
        old_outputs, _ = from_struct(request.olds)
        type_ = _type(request.urn)

        def answer() -> Any:
            outputs = self._provider.update_resource(
                type_, request.urn, request.id, inputs, old_inputs, old_outputs, request.preview
            )
            return provider_pb2.UpdateResponse(properties=self._outputs(type_, outputs, secrets))

        return self._answer(context, request.urn, answer, request.timeout, secrets)

    def Delete(self, request: Any, context: Any) -> Any:
        outputs, _ = from_struct(request.properties)

        def answer() -> Any:
            self._provider.delete_resource(_type(request.urn), request.urn, request.id, outputs)
            return empty_pb2.Empty()

        return self._answer(context, request.urn, answer, request.timeout)

    def Read(self, request: Any, context: Any) -> Any:
        inputs, input_secrets = from_struct(request.inputs)
        outputs, output_secrets = from_struct(request.properties)
        type_ = _type(request.urn)

        def answer() -> Any:
            found = self._provider.read_resource(type_, request.urn, request.id, inputs, outputs)
            if found is None:
                return provider_pb2.ReadResponse()
            secrets = input_secrets | output_secrets
            return provider_pb2.ReadResponse(
                id=request.id,
                inputs=to_struct(found[0], secrets),
                properties=self._outputs(type_, found[1], secrets),
            )

        return self._answer(context, request.urn, answer)

    def Invoke(self, request: Any, context: Any) -> Any:
        args, _ = from_struct(request.args)

        def answer() -> Any:
            fields: dict[str, Any] = {"return": to_struct(self._provider.invoke(request.tok, args))}
            return provider_pb2.InvokeResponse(**fields)  # `return` is a keyword in Python

        return self._answer(context, request.tok, answer)

    def _outputs(self, type_: str, outputs: Props, secrets: Iterable[Path]) -> Any:
        always: set[Path] = {(key,) for key in self._provider.secret_outputs(type_)}
        return to_struct(outputs, always | set(secrets))

    def _answer(
        self,
        context: Any,
        subject: str,
        answer: Callable[[], _Answer],
        timeout: float = 0.0,
        secrets: Iterable[Path] = (),
    ) -> _Answer:
        """Runs a hook and turns what it raises into the protocol's errors, without a traceback for the user."""
        try:
            with allowed_time(timeout):
                return answer()
        except NotReadyError as failed:
            context.set_trailing_metadata((("grpc-status-details-bin", self._not_ready(subject, failed, secrets)),))
            # Any code but Internal, DataLoss and Unknown tells the engine that the provider knows what it says.
            context.abort(grpc.StatusCode.ABORTED, str(failed))
        except ProviderError as refused:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, " ".join(str(refused).split()))
        except Exception as error:
            traceback.print_exc()  # to the engine's log
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{FilePath(where.filename).name}:{where.lineno}"
            message = f"defect in the rehearsal's {self._name} provider at {place} for {subject}: {error!r}"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        raise AssertionError("abort always raises")

    def _not_ready(self, urn: str, failed: NotReadyError, secrets: Iterable[Path]) -> bytes:
        # Imported late: these generated modules cannot share a process with google.rpc's own copies.
        from pulumi.runtime.proto import status_pb2

        properties = self._outputs(_type(urn), failed.outputs, secrets)
        detail = provider_pb2.ErrorResourceInitFailed(
            id=failed.resource_id, properties=properties, reasons=failed.reasons
        )
        status: Any = status_pb2.Status(code=grpc.StatusCode.ABORTED.value[0], message=str(failed))
        status.details.add().Pack(detail)
        return cast(bytes, status.SerializeToString())


def _type(urn: str) -> str:
    """The resource's own type: `urn:pulumi:stack::project::parent$type::name`."""
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def _ignored(change: Change, patterns: list[tuple[str, ...]]) -> bool:
    return any(len(change.path) >= len(item) and matches(change.path, (None, None), item) for item in patterns)


def _kind(change: Change) -> Any:
    name = change.kind.upper() + ("_REPLACE" if change.replaces else "")
    return provider_pb2.PropertyDiff.Kind.Value(name)


def start(provider: RehearsalProvider, name: str, version: str) -> tuple[Any, int]:
    """A running server on a free loopback port, and the port. Stop it with `.stop(None)`."""
    options = [("grpc.max_receive_message_length", _ANY_SIZE), ("grpc.max_send_message_length", _ANY_SIZE)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=_WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, name, version), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(provider: RehearsalProvider, name: str, version: str) -> None:
    """Serves until the engine ends it, or is gone itself: prints the port on standard output, as a plugin must.

    The engine ends a plugin with SIGINT and waits five seconds for it. A user's Ctrl-C does not get here: the engine
    puts each plugin into a process group of its own, and calls `Cancel` while what runs may still finish.
    """
    gone = threading.Event()

    def stop(_signal: int, _frame: object) -> None:
        gone.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    on_parent_death(gone.set)
    server, port = start(provider, name, version)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    gone.wait()
    provider.cancel()
    server.stop(grace=0.2).wait()
    os._exit(0)  # a hook that still waits must not keep the process
