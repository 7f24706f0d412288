"""The pack as the engine runs it: a process of its own, asked over gRPC."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import MANDATORY as MANDATORY_LEVEL
from pulumi.runtime.proto import AnalyzeRequest, AnalyzerResource, AnalyzeStackRequest, PolicyType
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

import policy
from policy.rules import POLICIES

pytestmark = pytest.mark.process

MAIN = Path(policy.__file__).with_name("__main__.py")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnalyzerStub]:
    """A running pack, started by its path from a folder that is not the project's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    process = subprocess.Popen(
        [sys.executable, "-u", str(MAIN), "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd=elsewhere
    )
    assert process.stdout
    try:
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield AnalyzerStub(channel)
    finally:
        process.terminate()
        process.wait(10)


def struct(values: dict[str, Any]) -> Struct:
    return ParseDict(values, Struct())


def test_the_pack_serves_every_rule_as_mandatory(pack: AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "multimodal"
    assert [rule.name for rule in info.policies] == [rule.name for rule in POLICIES]
    assert {rule.enforcementLevel for rule in info.policies} == {MANDATORY_LEVEL}
    kinds = {rule.name: rule.policy_type for rule in info.policies}
    assert kinds["tenant-gpu-quota"] == PolicyType.POLICY_TYPE_STACK


def test_a_preview_without_outputs_is_judged_by_its_inputs(pack: AnalyzerStub) -> None:
    """As for a cluster that does not exist yet: no outputs, and an output of the namespace as the quota's place."""
    inputs: dict[tuple[str, str], dict[str, Any]] = {
        ("kubernetes:core/v1:Namespace", "namespace"): {
            "metadata": {"name": "vision", "labels": {"multimodal.dev/tenant": "vision"}}
        },
        ("kubernetes:core/v1:ResourceQuota", "quota"): {
            "metadata": {"namespace": UNKNOWN_STRING_VALUE},
            "spec": {"hard": {"requests.nvidia.com/mig-1g.10gb": 2}},
        },
    }
    stack = AnalyzeStackRequest()
    for (kind, name), values in inputs.items():
        pack.Analyze(AnalyzeRequest(type=kind, urn=f"urn:{name}", name=name, properties=struct(values)))
        stack.resources.append(AnalyzerResource(type=kind, urn=f"urn:{name}", name=name, properties=struct({})))
    stack.resources[1].propertyDependencies["metadata"].urns.append("urn:namespace")
    found = [d for d in pack.AnalyzeStack(stack).diagnostics if d.policyName == "tenant-gpu-quota"]
    assert [(d.urn, d.enforcementLevel, d.message.partition("\n")[2]) for d in found] == [
        (
            "urn:namespace",
            MANDATORY_LEVEL,
            "tenant 'vision' (namespace 'vision'): no quota bounds requests.nvidia.com/gpu, so its pods may take all "
            "of them; add it to spec.hard of ResourceQuota 'quota', with 0 if the tenant may not use it",
        )
    ]
