"""What a person is told who got something wrong: one table of mistakes, one clear message each, nothing created."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from rehearsal.__main__ import main
from tests.stack_files import REMOVE, sections

GKE = {
    "provider": "gke",
    "project": "acme-multimodal",
    "region": "us-central1",
    "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
}
AKS = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    "gpuPools": {"a100": {"machine": "Standard_NC24ads_A100_v4", "maxNodes": 2}},
}
EXISTING = {"provider": "existing", "gpuPools": {"h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 1}}}
SMALL: dict[str, Any] = {"vision": {"quota": {"gpus": 1}}}
KEYLESS = {"keyless": {"issuer": "https://issuer.example", "subject": "x"}}


class Case(NamedTuple):
    """One mistake in a stack file."""

    name: str
    changes: dict[str, Any]
    """Dotted path -> value, on top of a valid stack."""

    told: str
    """Part of the message."""


CASES = [
    Case("unknown section", {"tennants": {}}, "multimodal:tennants: unknown key; did you mean tenants?"),
    Case("missing section", {"trust": REMOVE}, "multimodal:trust: missing; it has no default"),
    Case("unknown environment", {"environment": "live"}, 'environment = "live": allowed: dev, staging, prod'),
    Case(
        "unknown key in a pool",
        {"cluster.gpuPools.l4.machin": "x"},
        'l4.machin = "x": unknown key; did you mean machine?',
    ),
    Case(
        "unknown key in a tenant",
        {"tenants.vision.quotas": {}},
        "tenants.vision.quotas = {}: unknown key; did you mean quota?",
    ),
    Case("unknown provider", {"cluster.provider": "oke"}, 'cluster.provider = "oke": allowed: eks, gke, aks, existing'),
    Case("no provider", {"cluster.provider": REMOVE}, "cluster.provider: missing; allowed: aks, eks, existing, gke"),
    Case(
        "machine type that AWS lacks",
        {"cluster.gpuPools.l4.machine": "g6.7xlarge"},
        "aws has no machine type 'g6.7xlarge'",
    ),
    Case(
        "machine type of another cloud",
        {"cluster": {**GKE, "gpuPools": {"l4": {**GKE["gpuPools"]["l4"], "machine": "g6.2xlarge"}}}, "tenants": SMALL},  # type: ignore[index]
        "gcp has no machine type 'g6.2xlarge'",
    ),
    Case("GPU pool without GPUs", {"cluster.gpuPools.l4.machine": "m7i.xlarge"}, '"m7i.xlarge": has no GPU'),
    Case(
        "system pool with GPUs",
        {"cluster.systemPool": {"machine": "g6.xlarge"}},
        "has GPUs, which controllers would leave idle",
    ),
    Case("layout that does not fit", {"cluster.gpuPools.h100.mig": {"3g.40gb": 3}}, "at most 2"),
    Case("mix that does not fit", {"cluster.gpuPools.h100.mig": {"4g.40gb": 1, "2g.20gb": 2}}, "does not fit"),
    Case("profile of another GPU", {"cluster.gpuPools.h100.mig": {"1g.5gb": 7}}, "1g.10gb"),
    Case("layout on a GPU without MIG", {"cluster.gpuPools.l4.mig": {"1g.10gb": 1}}, "MIG"),
    Case("no slices", {"cluster.gpuPools.h100.mig": {"1g.10gb": 0}}, "greater than or equal to 1"),
    Case(
        "more nodes at least than at most", {"cluster.gpuPools.l4.minNodes": 9}, "minNodes = 9: more than maxNodes = 3"
    ),
    Case(
        "negative size",
        {"cluster.gpuPools.l4.maxNodes": -1},
        "maxNodes = -1: input should be greater than or equal to 1",
    ),
    Case(
        "words for a number",
        {"cluster.gpuPools.l4.maxNodes": "two"},
        'maxNodes = "two": input should be a valid integer',
    ),
    Case("unknown capacity", {"cluster.gpuPools.l4.capacity": "cheap"}, 'capacity = "cheap": allowed: on-demand, spot'),
    Case(
        "small disk", {"cluster.gpuPools.l4.diskGib": 20}, "diskGib = 20: input should be greater than or equal to 100"
    ),
    Case(
        "label of the platform",
        {"cluster/gpuPools/l4/labels": {"nvidia.com/mig.config": "x"}},
        "sets multimodal.dev, nvidia.com labels itself",
    ),
    Case(
        "label of Kubernetes",
        {"cluster/gpuPools/l4/labels": {"team.k8s.io/x": "y"}},
        "kubelets may not set labels under kubernetes.io",
    ),
    Case(
        "Kubernetes outside the matrix",
        {"versions": {"kubernetes": "1.31"}},
        'versions.kubernetes = "1.31": not supported; use one of 1.33, 1.34, 1.35',
    ),
    Case("Kubernetes as a number", {"versions": {"kubernetes": 1.34}}, 'write it in quotes, as "1.34"'),
    Case(
        "component outside the matrix",
        {"versions": {"gpuOperator": "v24.9.0"}},
        'versions.gpuOperator = "v24.9.0": not in the matrix',
    ),
    Case("more GPUs than the pools have", {"tenants.vision.quota.gpus": 13}, "can supply at most 12 whole GPUs"),
    Case(
        "more slices than the pools have",
        {"tenants.vision.quota.slices": {"1g.10gb": 65}},
        "can supply at most 64 of these slices",
    ),
    Case(
        "slices that no pool has",
        {"tenants.vision.quota.slices": {"2g.20gb": 1}},
        "at most 0 of these slices; there are 1g.10gb, 3g.40gb",
    ),
    Case(
        "tenant with the platform's name",
        {"tenants": {"kube-system": SMALL["vision"]}},
        "this namespace belongs to the platform",
    ),
    Case("tenant with a bad name", {"tenants": {"Vision_Team": SMALL["vision"]}}, "this name does not match"),
    Case(
        "allowance without a peer",
        {"tenants.vision.allow": {"x": {"direction": "egress", "ports": [1]}}},
        "exactly one of namespace and cidr",
    ),
    Case(
        "allowance without a port",
        {"tenants.vision.allow": {"x": {"direction": "egress", "cidr": "10.0.0.0/8", "ports": []}}},
        "at least one port",
    ),
    Case(
        "services within the network",
        {"cluster.network": {"cidr": "10.0.0.0/16", "services": "10.0.64.0/20"}},
        "overlaps network.cidr = 10.0.0.0/16",
    ),
    Case("network with host bits", {"cluster.network": {"cidr": "10.0.0.1/16"}}, "not a network in CIDR form"),
    Case(
        "network too small for its zones", {"cluster.network": {"cidr": "10.0.0.0/24"}}, "must be between /16 and /20"
    ),
    Case(
        "API open to the world",
        {"cluster.api": {"publicCidrs": ["0.0.0.0/0"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "API open to the world by IPv6",
        {"cluster.api": {"publicCidrs": ["::/0"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "API open to half the world",
        {"cluster.api": {"publicCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "driver that the cloud does not install",
        {"gpu": {"driver": "cloud"}},
        "on eks the driver may be owned by image",
    ),
    Case(
        "driver that GKE's system refuses",
        {"gpu": {"driver": "operator"}, "cluster": GKE, "tenants": SMALL},
        "on gke the driver may be owned by cloud",
    ),
    Case(
        "zone of another region", {"cluster": {**GKE, "region": "us-east4"}, "tenants": SMALL}, "not a zone of us-east4"
    ),
    Case(
        "agent pool name that AKS refuses",
        {"cluster": {**AKS, "gpuPools": {"a100-slices": AKS["gpuPools"]["a100"]}}, "tenants": SMALL},
        "this name does not match",
    ),  # type: ignore[index]
    Case(
        "unknown GPU of an existing cluster",
        {"cluster": {**EXISTING, "gpuPools": {"x": {"accelerator": "H1000", "gpus": 1, "nodes": 1}}}, "tenants": {}},
        '"H1000": not a known GPU; did you mean',
    ),
    Case(
        "unsigned images in production",
        {"environment": "prod", "trust.enforcement": "audit"},
        "a prod stack must enforce image signatures",
    ),
    Case(
        "attestor of two kinds",
        {"trust.attestors": {"x": {**KEYLESS, "key": "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"}}},
        "exactly one of keyless and key",
    ),
    Case("key that is not one", {"trust.attestors": {"x": {"key": "c2VjcmV0"}}}, "does not match"),
    Case("nobody signs", {"trust.attestors": {}}, "at least 1 item"),
    Case("no registry", {"trust.registries": []}, "at least 1 item"),
    Case("no administrator", {"cluster.admins": REMOVE}, "cluster.admins: missing; it has no default"),
    Case(
        "administrator that is not one",
        {"cluster.admins": ["root"]},
        'cluster.admins[0] = "root": does not match ^arn:aws',
    ),
]


def told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command in a project at `tmp_path` that must refuse; returns what it said."""
    before = sorted(tmp_path.rglob("*"))
    status = main([*arguments], root=tmp_path)
    output = capsys.readouterr()
    assert status not in (0, None)
    assert "Traceback" not in output.out + output.err
    assert sorted(tmp_path.rglob("*")) == before, "something was created"
    return output.err


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "stacks").mkdir(exist_ok=True)
    (tmp_path / "stacks" / "Pulumi.x.yaml").write_text(text, encoding="utf-8")


def write_stack(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = {f"multimodal:{key}": value for key, value in sections(**changes).items()}
    write(tmp_path, yaml.safe_dump({"config": config}))


@pytest.mark.parametrize("command", ["up", "preview"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_mistake_in_a_stack_file_is_explained_before_anything_is_built(
    case: Case, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stack(tmp_path, case.changes)
    said = told_to(tmp_path, capsys, command, "--stack", "x")
    assert case.told in said
    assert said.startswith("stacks/Pulumi.x.yaml: ")


TEXTS = {
    "broken YAML": ("config:\n  multimodal:environment: [dev\n", "stacks/Pulumi.x.yaml, line 3"),
    "two tenants of one name": (
        "config:\n  multimodal:tenants:\n    vision: {}\n    vision: {}\n",
        'stacks/Pulumi.x.yaml, line 4, column 5: not valid YAML: "vision" stands here and in line 3; names must differ',
    ),
    "two pools of one name": (
        "config:\n  multimodal:cluster:\n    gpuPools:\n      h100: {}\n      h100: {}\n",
        '"h100" stands here and in line 4; names must differ',
    ),
    "tabs": ("config:\n\tmultimodal:environment: dev\n", "line 2"),
    "no config": ("environment: dev\n", "a stack file has a `config:` map"),
    "empty": ("", "a stack file has a `config:` map"),
}


@pytest.mark.parametrize(("text", "told"), TEXTS.values(), ids=TEXTS)
def test_a_file_that_cannot_be_read_is_explained_with_its_line(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, text)
    assert told in told_to(tmp_path, capsys, "up", "--stack", "x")


def test_a_missing_stack_file_lists_those_that_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_stack(tmp_path, {})
    said = told_to(tmp_path, capsys, "up", "--stack", "prod")
    assert said == "stacks/Pulumi.prod.yaml: no such stack file; stacks with one: x\n"


def test_a_missing_go_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack(tmp_path, {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setenv("PATH", "/nowhere")
    said = told_to(tmp_path, capsys, "up", "--stack", "x")
    assert said.startswith("error: ")
    assert "Go 1.26" in said


def test_a_full_disk_says_how_much_is_needed_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    write_stack(tmp_path, {})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1024))
    said = told_to(tmp_path, capsys, "up", "--stack", "x")
    assert said.startswith("error: ")
    assert "GiB" in said
    assert "XDG_CACHE_HOME" in said
