"""The audit stream on a real broker: routers and the collector add to it, auditors read it, and nobody takes away."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka.admin import NewPartitions
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from kafka.structs import TopicPartition

from components.eventing.kafka_names import AUDIT_TOPIC, client_user, events_topic, router_user
from components.eventing.kafka_objects import Nodes, kafka_metadata, kafka_spec
from components.eventing.retention import Load
from components.eventing.router_kafka import Broker
from components.eventing.topics import StepLoad, tenant_topics
from components.settings.sections import Tenant
from components.trust.audit.streams import KUBERNETES, archive, collector
from components.trust.audit.topic import ARCHIVE, AUDITOR, COLLECTOR, audit_topics
from tests.rehearsal.audit_log import DEPLOYED, KUBELET, LOOKED, OPENED, RENEWED
from tests.rehearsal.cluster import eventually
from tests.rehearsal.flow_models import FakeModel, writer
from tests.rehearsal.flow_router import RunningRouter
from tests.rehearsal.kafka import TestBroker, documents, need_bento, running

pytestmark = [pytest.mark.process, pytest.mark.tools]

TENANT = "acme"
SETTINGS = Tenant.model_validate(
    {
        "quota": {"gpus": 4},
        "models": {
            "llama": {"modality": "text", "runtime": "vllm", "source": "s3://acme-models/llama/1", "gpu": {"count": 1}}
        },
        "flows": {"ask": {"steps": {"answer": {"model": "llama", "timeoutSeconds": 3, "retries": 0}}}},
    }
)
SECRET = "nobody else's business"

LOG = [DEPLOYED, LOOKED, OPENED, KUBELET, RENEWED]


@dataclass
class Stage:
    """What the tests play on."""

    broker: TestBroker
    bento: Path
    folder: Path

    def where(self, user: str) -> Broker:
        """Kafka, as one of its users sees it."""
        certificates = Path(self.broker.files(user)["key"]).parent
        return Broker(bootstrap=self.broker.bootstrap, certificates=str(certificates))

    def run(self, config: dict[str, Any], name: str, *, seconds: float = 60) -> str:
        """Bento with a configuration, until its input ends."""
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**config, "http": {"enabled": False}, "metrics": {"none": {}}}))
        done = subprocess.run(
            [self.bento, "-c", path], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=seconds
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def records(self) -> list[dict[str, Any]]:
        """What an auditor reads."""
        consumer = self.broker.consumer(AUDITOR, AUDIT_TOPIC)
        try:
            return [json.loads(record.value) for record in consumer]
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    bento = need_bento()
    load = Load(per_second=10, kib=4)
    steps = [StepLoad(flow="ask", step="answer", load=load)]
    both = [
        tenant_topics(TENANT, load, steps, outage_hours=1, brokers=1, audited=True),
        audit_topics(changes=2, calls=10, days=7, brokers=1),
    ]
    topics, users = documents(*both)
    nodes = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
    kafka = {"metadata": kafka_metadata(), "spec": kafka_spec(nodes, None, audited=True)}
    with running(kafka, topics=topics, users=users) as broker:
        yield Stage(broker, bento, tmp_path_factory.mktemp("audit"))


def ask(stage: Stage, key: str) -> None:
    event = {
        "specversion": "1.0",
        "id": key,
        "source": "/shop",
        "type": "multimodal.request",
        "modality": "text",
        "idempotencykey": key,
        "datacontenttype": "text/plain",
        "data": SECRET,
    }
    producer = stage.broker.producer(client_user(TENANT))
    producer.send(events_topic(TENANT), json.dumps(event).encode()).get(timeout=20)
    producer.close()


def test_a_router_says_what_was_sent_what_was_called_and_how_it_ended(stage: Stage) -> None:
    model = FakeModel(writer)
    model.faults = {"bad": "404"}
    model.wake()
    router = RunningRouter(
        stage.bento,
        stage.folder / "router",
        TENANT,
        SETTINGS,
        stage.where(router_user(TENANT)),
        lambda _: model.address,
        audited=True,
    )
    (stage.folder / "router").mkdir(exist_ok=True)
    router.start()
    try:
        ask(stage, "good")
        ask(stage, "bad")
        eventually(lambda: len(stage.records()) >= 4, "four records", seconds=60)
    finally:
        router.kill()
        model.sleep()
    records = stage.records()
    said = {(one["data"]["event"], one["data"]["did"]): one for one in records}
    assert {key: one["data"]["outcome"] for key, one in said.items()} == {
        ("good", "send"): "accepted",
        ("good", "call"): "answered",
        ("bad", "send"): "accepted",
        ("bad", "call"): "refused",
    }
    call = said["good", "call"]
    assert call["type"] == "multimodal.audit.call"
    assert call["subject"] == "ask/answer"
    assert call["data"]["who"] == {"tenant": "acme", "source": "/shop"}
    assert call["data"]["what"] == {"flow": "ask", "step": "answer", "model": "llama"}
    assert SECRET not in json.dumps(records)


def test_the_collector_keeps_changes_and_shells_and_leaves_out_the_rest(stage: Stage) -> None:
    entries = stage.folder / "audit.log"
    entries.write_text("".join(json.dumps(entry) + "\n" for entry in LOG) + "this is no entry\n")
    source = {"file": {"paths": [str(entries)], "scanner": {"lines": {}}}}
    log = stage.run(collector(source, KUBERNETES, "aws-prod", stage.where(COLLECTOR), "127.0.0.1:0"), "collector")
    found = [one for one in stage.records() if one["type"] == "multimodal.audit.change"]
    # Partitions and the collector's threads keep no order between records.
    changes = sorted(found, key=lambda one: one["id"])
    assert [(one["id"], one["data"]["did"], one["data"]["outcome"]) for one in changes] == [
        ("a-1", "create", 201),
        ("a-3", "exec", 101),
    ]
    assert changes[0] == {
        "specversion": "1.0",
        "id": "a-1",
        "source": "/clusters/aws-prod",
        "type": "multimodal.audit.change",
        "subject": "apps/deployments/acme/web",
        "time": "2026-11-24T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "who": {"user": "ada@acme.org", "as": "", "groups": ["vision-team"], "addresses": ["192.0.2.7"]},
            "did": "create",
            "what": {
                "group": "apps",
                "resource": "deployments",
                "subresource": "",
                "namespace": "acme",
                "name": "web",
            },
            "outcome": 201,
        },
    }
    assert "an entry of the audit log cannot be read" in log


def test_the_archive_holds_every_record_once(stage: Stage) -> None:
    wanted = stage.records()
    config = archive(
        {
            "file": {
                "path": f"{stage.folder}/archive/${{! @kafka_partition }}-${{! @kafka_offset }}",
                "codec": "all-bytes",
            }
        },
        stage.where(ARCHIVE),
        "127.0.0.1:0",
    )
    # It would go on for ever; here it ends when nothing more comes.
    config["input"]["kafka_franz"]["batching"]["period"] = "1s"
    config["input"] = {"read_until": {"idle_timeout": "5s", "input": config["input"]}}
    stage.run(config, "archive")
    lines = [
        line
        for path in sorted((stage.folder / "archive").iterdir())
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(one["id"] for one in wanted)
    assert wanted


@pytest.mark.parametrize("user", [COLLECTOR, router_user(TENANT), AUDITOR, ARCHIVE])
def test_nobody_deletes_records_or_changes_the_topic(stage: Stage, user: str) -> None:
    with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
        administrator = stage.broker.administrator(user)
        try:
            administrator.delete_records({TopicPartition(AUDIT_TOPIC, 0): 1})
        finally:
            administrator.close()
    before = len(stage.records())
    administrator = stage.broker.administrator(user)
    for change in (
        lambda: administrator.delete_topics([AUDIT_TOPIC]),
        lambda: administrator.create_partitions({AUDIT_TOPIC: NewPartitions(9)}),
    ):
        with pytest.raises(KafkaError):
            change()
    administrator.close()
    assert len(stage.records()) == before > 0


@pytest.mark.parametrize("user", [AUDITOR, ARCHIVE, client_user(TENANT)])
def test_who_reads_cannot_add(stage: Stage, user: str) -> None:
    producer = stage.broker.producer(user, enable_idempotence=False)
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(AUDIT_TOPIC, b"forged").get(timeout=20)
    producer.close(timeout=1)


@pytest.mark.parametrize("user", [COLLECTOR, router_user(TENANT), client_user(TENANT)])
def test_who_adds_cannot_read(stage: Stage, user: str) -> None:
    consumer = stage.broker.consumer(user, AUDIT_TOPIC)
    try:
        found = list(consumer)
    except TopicAuthorizationFailedError:
        found = []
    finally:
        consumer.close()
    assert not found
    assert stage.records()
