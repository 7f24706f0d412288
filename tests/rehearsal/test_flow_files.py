"""Bento itself reads every file that it would be given, of every stack and example, and what it makes of events."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.eventing.logins import ADDRESSES, STRIMZI, GoogleLogin, IamLogin
from components.eventing.protocols import protocol
from components.eventing.router_config import flow_files, own_files
from components.eventing.router_kafka import client
from components.settings import load
from components.settings.ensembles import Ensemble
from components.settings.flows import Step
from components.settings.sections import Tenant
from components.settings.serving import Modality, ServedModel
from components.settings.set_workloads import with_sets
from components.settings.stack_file import read_stack_file, stack_path, stacks
from rehearsal import toolchain
from tests.examples.test_examples import EXAMPLES, merged
from tests.project import ROOT

pytestmark = [pytest.mark.process, pytest.mark.tools]

BROKERS = {
    "by certificate": STRIMZI.broker("/etc/router/certificates"),
    "by certificate of Google's": GoogleLogin(bootstrap="", network="10.0.0.0/16").broker("/etc/router/certificates"),
    "by IAM": IamLogin(bootstrap="", region="eu-central-1", network="10.0.0.0/16").broker("/etc/router/certificates"),
}
TOLD = {ADDRESSES: "b-1.a.kafka.eu-central-1.amazonaws.com:9098,b-2.a.kafka.eu-central-1.amazonaws.com:9098"}
"""What a pod of the second kind takes from its environment."""


@pytest.fixture(scope="module")
def bento() -> Path:
    return toolchain.ensure(["bento"], print)["bento"] / "bento"


def tenants() -> dict[str, Tenant]:
    """Every tenant with flows, of every stack and example."""
    found: dict[str, Tenant] = {}
    chosen = {stack: load(read_stack_file(stack_path(ROOT, stack)), source=stack) for stack in stacks(ROOT)}
    chosen |= {example: merged(example, "local") for example in EXAMPLES}
    for name, settings in chosen.items():
        for key, tenant in settings.tenants.items():
            if tenant.flows:
                found[f"{name}/{key}"] = with_sets(settings.cluster, tenant)
    return found


TENANTS = tenants()


@pytest.mark.parametrize("login", BROKERS)
@pytest.mark.parametrize("where", TENANTS)
def test_bento_finds_nothing_wrong_with_a_routers_files(where: str, login: str, bento: Path, tmp_path: Path) -> None:
    name, tenant, broker = where.rpartition("/")[2], TENANTS[where], BROKERS[login]
    own = own_files(name, tenant, broker, address="0.0.0.0:4195")
    files = {**own["config"], **own["streams"]}
    for flow in tenant.flows:
        files |= flow_files(name, tenant, flow, broker, 24)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    assert lint(bento, *tmp_path.glob("*.yaml")) == (0, "")


def lint(bento: Path, *files: Path) -> tuple[int, str]:
    """What Bento says of files."""
    told = {**os.environ, **TOLD}
    done = subprocess.run([bento, "lint", *map(str, files)], capture_output=True, text=True, env=told)
    return done.returncode, done.stdout + done.stderr


def test_bento_refuses_a_way_to_sign_in_that_it_does_not_know(bento: Path, tmp_path: Path) -> None:
    settings = client(BROKERS["by IAM"])
    settings["sasl"][0]["mechanism"] = "AWS_IAM"
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({"input": {"kafka_franz": {**settings, "topics": ["a"]}}}))
    code, said = lint(bento, tmp_path / "s.yaml")
    assert code == 1
    assert "AWS_IAM" in said


def test_bento_refuses_a_mapping_that_is_none(bento: Path, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("pipeline: {processors: [{mapping: 'root = this.('}]}")
    done = subprocess.run([bento, "lint", str(tmp_path / "s.yaml")], capture_output=True, text=True)
    assert done.returncode == 1


def model(runtime: str, reads: str = "text", writes: str = "text") -> ServedModel:
    return ServedModel.model_validate(
        {"runtime": runtime, "modality": reads, "produces": writes, "source": "s3://acme-models/a/1"}
    )


PHOTOS = Ensemble.model_validate(
    {
        "modality": "image",
        "maxBatchSize": 4,
        "steps": {
            "decode": {
                "backend": "python",
                "code": "examples/triton-image-ensemble/decode.py",
                "inputs": {"picture": {"type": "string", "dims": [1]}},
                "outputs": {"labels": {"type": "string", "dims": [5]}},
            }
        },
        "outputs": {"labels": "decode.labels"},
    }
)
PICTURE = {"id": "1", "data_base64": "aGk=", "datacontenttype": "image/jpeg"}
SAID = {"id": "1", "data": "hello"}


def evaluated(bento: Path, mapping: str, given: dict[str, Any], folder: Path) -> Any:
    """What a mapping makes; text where it failed."""
    (folder / "m.blobl").write_text(mapping)
    done = subprocess.run(
        [bento, "blobl", "-f", str(folder / "m.blobl")], input=json.dumps(given), capture_output=True, text=True
    )
    return json.loads(done.stdout) if done.stdout.strip() else done.stderr


@pytest.mark.parametrize(
    ("chosen", "event", "body"),
    [
        (model("vllm"), SAID, {"model": "m", "messages": [{"role": "user", "content": "hello"}]}),
        (
            model("vllm"),
            {"id": "1", "data": {"messages": [], "temperature": 0, "model": "other"}},
            {"model": "m", "messages": [], "temperature": 0},
        ),
        (
            model("vllm", "image"),
            PICTURE,
            {
                "model": "m",
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,aGk="}}],
                    }
                ],
            },
        ),
        (
            model("vllm", "audio"),
            {"id": "1", "dataref": "https://store/a.wav"},
            {
                "model": "m",
                "messages": [
                    {"role": "user", "content": [{"type": "audio_url", "audio_url": {"url": "https://store/a.wav"}}]}
                ],
            },
        ),
        (model("vllm", "text", "embedding"), SAID, {"model": "m", "input": "hello"}),
        (
            model("triton", "audio"),
            PICTURE,
            {"id": "1", "inputs": [{"name": "audio", "datatype": "BYTES", "shape": [1], "data": ["aGk="]}]},
        ),
        (
            PHOTOS,
            PICTURE,
            {"id": "1", "inputs": [{"name": "picture", "datatype": "BYTES", "shape": [1, 1], "data": ["aGk="]}]},
        ),
        (model("huggingface"), {"id": "1", "data": {"text": "hello"}}, {"instances": ["hello"]}),
        (model("huggingface", "image"), PICTURE, {"instances": [{"image": {"b64": "aGk="}}]}),
    ],
)
def test_an_event_becomes_what_the_models_server_reads(
    chosen: ServedModel | Ensemble, event: dict[str, Any], body: dict[str, Any], bento: Path, tmp_path: Path
) -> None:
    made = protocol(Step(model="m"), chosen, chosen.modality, chosen.produces)
    assert evaluated(bento, made.request, event, tmp_path) == body


@pytest.mark.parametrize(
    ("chosen", "answer", "data"),
    [
        (
            model("vllm"),
            {"choices": [{"message": {"content": "yes"}}]},
            {"data": "yes", "datacontenttype": "text/plain"},
        ),
        (
            model("vllm", "text", "embedding"),
            {"data": [{"embedding": [0.5, 1]}]},
            {"data": [0.5, 1], "datacontenttype": "application/json"},
        ),
        (
            PHOTOS,
            {"outputs": [{"name": "labels", "data": ["cat", "dog"]}]},
            {"data": "cat\ndog", "datacontenttype": "text/plain"},
        ),
        (
            model("triton", "text", "audio"),
            {"outputs": [{"name": "audio", "data": ["aGk="]}]},
            {"data_base64": "aGk=", "datacontenttype": "audio/wav"},
        ),
        (model("huggingface"), {"predictions": ["good"]}, {"data": "good", "datacontenttype": "text/plain"}),
        (
            model("huggingface", "text", "embedding"),
            {"predictions": [[0.1, 0.2]]},
            {"data": [0.1, 0.2], "datacontenttype": "application/json"},
        ),
    ],
)
def test_an_answer_becomes_the_data_of_the_next_event(
    chosen: ServedModel | Ensemble, answer: dict[str, Any], data: dict[str, Any], bento: Path, tmp_path: Path
) -> None:
    made = protocol(Step(model="m"), chosen, chosen.modality, chosen.produces)
    assert evaluated(bento, made.response, answer, tmp_path) == data


@pytest.mark.parametrize(
    ("chosen", "answer"),
    [
        (model("vllm"), {"choices": []}),
        (model("vllm", "text", "embedding"), {"data": [{"embedding": "none"}]}),
        (model("triton"), {"outputs": []}),
        (model("triton", "text", "audio"), {"outputs": [{"data": ["*no base64*"]}]}),
        (model("huggingface"), {"error": "busy"}),
    ],
)
def test_an_answer_that_holds_no_data_is_garbage(
    chosen: ServedModel, answer: dict[str, Any], bento: Path, tmp_path: Path
) -> None:
    made = protocol(Step(model="m"), chosen, chosen.modality, chosen.produces)
    assert "failed" in str(evaluated(bento, made.response, answer, tmp_path))


def test_an_event_without_what_the_model_reads_says_what_to_give(bento: Path, tmp_path: Path) -> None:
    made = protocol(Step(model="m"), model("vllm", "image"), Modality.IMAGE, Modality.TEXT)
    told = evaluated(bento, made.request, SAID, tmp_path)
    assert "the event has no data: give data_base64, or dataref with an address" in told
