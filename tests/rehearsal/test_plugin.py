# ruff: noqa: ARG002 - the hooks' arguments are given
"""The base of the provider plugins, through the very protocol that the engine speaks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.providers import plugin, plugin_server
from rehearsal.providers.plugin import UNKNOWN, NotReadyError, Props, ProviderError, RehearsalProvider
from rehearsal.providers.plugin_diff import compare, parse_pattern, render_path
from rehearsal.providers.plugin_values import from_struct, to_struct, without_unknown

pytestmark = pytest.mark.process

URN = "urn:pulumi:dev::multimodal::multimodal:index:Cluster$test:index:Thing::a-thing"


class Thing(RehearsalProvider):
    """Remembers what its hooks were given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.error: Exception | None = None

    def check_resource(self, type_: str, inputs: Props, preview: bool, urn: str) -> list[tuple[str, str]]:
        self.seen.append((type_, inputs, preview))
        return [("size", "size: 0 is below the minimum 1")] if inputs.get("size") == 0 else []

    def replace_on(self, type_: str) -> list[str]:
        return ["name", "disk.kind"]

    def delete_before_replace(self, type_: str, old_inputs: Props, new_inputs: Props) -> bool:
        return old_inputs["name"] == new_inputs["name"]

    def secret_outputs(self, type_: str) -> list[str]:
        return ["token"]

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        if self.error:
            raise self.error
        self.seen.append(plugin.operation_timeout(5))
        return "id-1", {**inputs, "token": UNKNOWN if preview else "abc"}

    def read_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, outputs: Props
    ) -> tuple[Props, Props] | None:
        return None if id_ == "gone" else (inputs, outputs)


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def stub(thing: Thing) -> Iterator[Any]:
    server, port = plugin_server.start(thing, "test", "1.2.3")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(None)


def diff(stub: Any, old: Props, new: Props, ignore: list[str] | None = None) -> Any:
    request = provider_pb2.DiffRequest(
        id="id-1", urn=URN, old_inputs=to_struct(old), olds=to_struct({}), news=to_struct(new), ignoreChanges=ignore
    )
    return stub.Diff(request)


def test_plain_values_survive_the_round_trip_and_whole_numbers_stay_integers() -> None:
    plain = {"a": 3, "b": 2.5, "c": [True, None, "x", {"d": -1}], "e": {}, "f": UNKNOWN, "g": 2.0**60}
    back, secrets = from_struct(to_struct(plain))
    assert back == plain
    assert isinstance(back["a"], int)
    assert isinstance(back["g"], float)
    assert secrets == set()


def test_secrets_come_back_at_the_paths_where_they_were() -> None:
    paths = {("password",), ("nested", "list", 1), ("nested", "a.b")}
    _, secrets = from_struct(to_struct({"password": "p", "nested": {"list": [1, 2], "a.b": "s"}}, paths))
    assert secrets == paths


def test_a_secret_whose_list_shrank_hides_the_whole_list() -> None:
    _, secrets = from_struct(to_struct({"list": [1]}, {("list", 3)}))
    assert secrets == {("list",)}


def test_a_secret_below_what_is_now_a_scalar_hides_the_scalar() -> None:
    _, secrets = from_struct(to_struct({"a": "text", "b": 1}, {("a", "deeper"), ("c",)}))
    assert secrets == {("a",)}


def test_a_value_that_is_no_property_is_refused() -> None:
    with pytest.raises(TypeError, match="a PosixPath cannot be a property"):
        to_struct({"a": Path()})


def test_what_is_not_known_yet_can_be_left_out() -> None:
    assert without_unknown({"a": UNKNOWN, "b": [1, UNKNOWN, {"c": UNKNOWN}]}) == {"b": [1, {}]}
    assert plugin.contains_unknown({"b": [{"c": UNKNOWN}]})
    assert not plugin.contains_unknown({"b": [{"c": None}]})


def test_paths_are_written_as_the_engine_writes_them() -> None:
    assert render_path(("metadata", "labels", 'a.b/"c"', 0, "x")) == 'metadata.labels["a.b/\\"c\\""][0].x'
    assert parse_pattern('labels["a.b"].c[*][0]') == ("labels", "a.b", "c", "*", "0")
    with pytest.raises(ValueError, match="is not a property path"):
        parse_pattern("a[")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("a", "update")]),
        ({"a": None}, {}, []),
        ({}, {"a": {"b": 1}}, [("a", "add")]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": [1]}, {"a": [3, 2]}, [("a[0]", "update"), ("a[1]", "add")]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, [("a.c", "delete")]),
        ({"a": {"b": 1}}, {"a": UNKNOWN}, [("a", "update")]),
        ({"a": "x"}, {"a": ["x"]}, [("a", "update")]),
    ],
)
def test_differences_are_named_by_path_and_kind(old: Props, new: Props, expected: list[tuple[str, str]]) -> None:
    assert [(change.name, change.kind) for change in compare(old, new)] == expected


def test_a_whole_value_that_appears_replaces_only_if_it_holds_what_forces_it() -> None:
    assert [change.replaces for change in compare({}, {"disk": {"size": 1}}, ["disk.kind"])] == [False]
    assert [change.replaces for change in compare({}, {"disk": {"kind": "ssd"}}, ["disk.kind"])] == [True]
    assert [change.replaces for change in compare({"disks": [{"kind": 1}]}, {}, ["disks[*].kind"])] == [True]


def test_check_hands_plain_inputs_to_the_hook_and_refusals_back(stub: Any, thing: Thing) -> None:
    news = to_struct({"size": 0, "name": UNKNOWN}, {("size",)})
    response = stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
    assert thing.seen == [("test:index:Thing", {"size": 0, "name": UNKNOWN}, True)]
    assert [(item.property, item.reason) for item in response.failures] == [("size", "size: 0 is below the minimum 1")]
    assert from_struct(response.inputs) == ({"size": 0, "name": UNKNOWN}, {("size",)})


def test_no_difference_is_no_change(stub: Any) -> None:
    assert diff(stub, {"name": "a", "n": 1}, {"n": 1, "name": "a"}).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_change_is_detailed_and_replaces_where_the_provider_says_so(stub: Any) -> None:
    response = diff(stub, {"name": "a", "disk": {"kind": "hdd", "size": 1}}, {"name": "a", "disk": {"kind": "ssd"}})
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.replaces) == ["disk.kind"]
    assert response.deleteBeforeReplace
    assert {key: item.kind for key, item in response.detailedDiff.items()} == {
        "disk.kind": provider_pb2.PropertyDiff.UPDATE_REPLACE,
        "disk.size": provider_pb2.PropertyDiff.DELETE,
    }


def test_a_replacement_under_another_name_may_overlap_the_old_resource(stub: Any) -> None:
    response = diff(stub, {"name": "a"}, {"name": "b"})
    assert list(response.replaces) == ["name"]
    assert not response.deleteBeforeReplace


def test_ignored_changes_are_no_changes(stub: Any) -> None:
    response = diff(stub, {"name": "a", "tags": {"x": 1}}, {"name": "a", "tags": {"x": 2}}, ["tags"])
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_create_keeps_secrets_secret_and_honours_custom_timeouts(stub: Any, thing: Thing) -> None:
    properties = to_struct({"name": "a", "key": "k"}, {("key",)})
    response = stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties, timeout=12))
    assert response.id == "id-1"
    outputs, secrets = from_struct(response.properties)
    assert outputs == {"name": "a", "key": "k", "token": "abc"}
    assert secrets == {("key",), ("token",)}
    stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties))
    assert thing.seen == [12, 5]


def test_a_preview_has_no_id_and_outputs_that_are_not_known_yet(stub: Any) -> None:
    request = provider_pb2.CreateRequest(urn=URN, properties=to_struct({"name": "a"}), preview=True)
    response = stub.Create(request)
    assert response.id == ""
    assert from_struct(response.properties)[0] == {"name": "a", "token": UNKNOWN}


def test_a_resource_that_is_gone_reads_as_gone(stub: Any) -> None:
    request = provider_pb2.ReadRequest(urn=URN, id="gone", inputs=to_struct({"a": 1}), properties=to_struct({"a": 1}))
    assert stub.Read(request).id == ""
    request.id = "there"
    assert stub.Read(request).id == "there"


def test_a_refusal_reaches_the_user_on_one_line_without_a_traceback(stub: Any, thing: Thing) -> None:
    thing.error = ProviderError("quota exceeded:\n  gpus 9 > 8")
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=to_struct({})))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.details() == "quota exceeded: gpus 9 > 8"


def test_a_defect_names_its_place_and_the_resource(stub: Any, thing: Thing) -> None:
    thing.error = KeyError("x")
    with pytest.raises(grpc.RpcError, match=r"defect in the rehearsal's test provider at test_plugin\.py:\d+ for urn"):
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=to_struct({})))


def test_a_resource_that_did_not_become_ready_still_goes_into_the_state(stub: Any, thing: Thing) -> None:
    thing.error = NotReadyError("id-7", {"key": "k"}, ["no pod is ready"])
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=to_struct({"key": "k"}, {("key",)})))
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(failed)
    assert (failed.id, list(failed.reasons)) == ("id-7", ["no pod is ready"])
    assert from_struct(failed.properties) == ({"key": "k"}, {("key",)})


def test_an_unknown_function_is_refused_by_name(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="test:index:get is not available in a rehearsal"):
        stub.Invoke(provider_pb2.InvokeRequest(tok="test:index:get"))


def test_report_lines_are_appended_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REHEARSAL_REPORT", raising=False)
    plugin.report("note", URN, "t")
    monkeypatch.setenv("REHEARSAL_REPORT", str(tmp_path / "report.jsonl"))
    plugin.report("checked", URN, "t", by="botocore")
    plugin.report("skipped", URN, "t", reason="no model")
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [(line["kind"], line["by"], line["reason"]) for line in lines] == [
        ("checked", "botocore", ""),
        ("skipped", "", "no model"),
    ]


def test_a_plugin_prints_its_port_and_ends_with_its_parent(tmp_path: Path) -> None:
    plugin_file = tmp_path / "plugin_process.py"
    plugin_file.write_text(
        "from rehearsal.providers.plugin import RehearsalProvider, serve\nserve(RehearsalProvider(), 'test', '1.0.0')\n"
    )
    parent = textwrap.dedent(
        f"""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, {str(plugin_file)!r}], stdout=subprocess.PIPE, text=True)
        print(child.pid, child.stdout.readline().strip(), flush=True)
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", parent], env=environment, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    )
    pid, port = (int(part) for part in done.stdout.split())
    assert port > 0
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, f"plugin process {pid} outlived its parent"
        time.sleep(0.1)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_ends_at_once_when_the_engine_says_so(ending: signal.Signals) -> None:
    code = (
        "from rehearsal.providers.plugin import RehearsalProvider, serve; serve(RehearsalProvider(), 'test', '1.0.0')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert int(child.stdout.readline()) > 0
    child.send_signal(ending)
    # The engine waits five seconds, at the end of every command, and then kills.
    assert child.wait(timeout=4) == 0
    child.stdout.close()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")
