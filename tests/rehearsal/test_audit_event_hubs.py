"""The audit log of AKS comes from Event Hubs by tokens: the deployed collector, a real broker, and a fake Entra ID."""

import contextlib
import json
import subprocess
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.eventing.kafka_names import AUDIT_TOPIC
from components.eventing.kafka_objects import Nodes, kafka_metadata, kafka_spec
from components.eventing.router_kafka import Broker
from components.trust.audit.event_hubs import CACHES, GROUP, HUB, event_hubs_input
from components.trust.audit.streams import KUBERNETES, collector
from components.trust.audit.topic import AUDITOR, COLLECTOR, audit_topics
from rehearsal.kafka.resources import Acl, Topic, User
from tests.rehearsal.audit_log import DEPLOYED, KUBELET, OPENED
from tests.rehearsal.cluster import eventually
from tests.rehearsal.event_hubs import TokenBroker, TokenEndpoint, as_azure_writes
from tests.rehearsal.kafka import TestBroker, documents, need_bento, running

pytestmark = [pytest.mark.process, pytest.mark.tools]

CLIENT, TENANT = "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000f0"
HOST = "acme-audit.servicebus.windows.net"
MONITOR = "azure-monitor"
TOKEN_SECONDS = 5
ACCOUNT_TOKEN = "eyJhbGciOiJSUzI1NiJ9.service+account/token.1"


@dataclass
class Stage:
    """What the tests play on."""

    broker: TestBroker
    bento: Path
    folder: Path

    @property
    def hub(self) -> str:
        """Where the broker takes tokens."""
        assert isinstance(self.broker.broker, TokenBroker)
        return self.broker.broker.hub

    def config(self) -> dict[str, Any]:
        """What a stack deploys, but for addresses and the hours between two tokens."""
        files = self.broker.files(COLLECTOR)
        kafka = Broker(bootstrap=self.broker.bootstrap, certificates=str(Path(files["key"]).parent))
        made = collector(event_hubs_input(), KUBERNETES, "azure-prod", kafka, "127.0.0.1:0", CACHES)
        log, token = made["input"]["broker"]["inputs"]
        log["kafka"] |= {"addresses": [self.hub], "tls": {"enabled": True, "root_cas_file": files["ca"]}}
        token["generate"]["interval"] = "1s"
        return {**made, "http": {"enabled": False}, "metrics": {"none": {}}}

    def write(self, *entries: Any) -> None:
        """What Azure Monitor does."""
        producer = self.broker.producer(MONITOR)
        producer.send(HUB, as_azure_writes(list(entries))).get(timeout=20)
        producer.close()

    def records(self) -> list[dict[str, Any]]:
        """What an auditor reads."""
        consumer = self.broker.consumer(AUDITOR, AUDIT_TOPIC)
        try:
            return [json.loads(record.value) for record in consumer]
        finally:
            consumer.close()

    def found(self) -> dict[str, dict[str, Any]]:
        """The same by id: some may be there twice."""
        return {one["id"]: one for one in self.records()}

    def arrives(self, key: str) -> dict[str, Any]:
        """A record, once it is there."""
        return eventually(lambda: self.found().get(key), f"record {key}", seconds=120)


@dataclass
class Collector:
    """The collector's process."""

    process: "subprocess.Popen[bytes]"
    log: Path
    account: Path
    """Its service account's token."""

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    bento = need_bento()
    topics, users = documents(audit_topics(changes=2, calls=10, days=7, brokers=1))
    kafka = {
        "metadata": kafka_metadata(),
        "spec": kafka_spec(Nodes(brokers=1, apart=False, zones=False, storage_gib=10), None, audited=True),
    }
    with running(kafka, topics=topics, users=users, kind=TokenBroker) as broker:
        broker.admin.ensure_topic(Topic(name=HUB, partitions=4, config={}), None)
        reads = {Acl(resource="topic", name=HUB, pattern="literal", operation="READ")}
        reads.add(Acl(resource="group", name=GROUP, pattern="literal", operation="READ"))
        broker.admin.set_user(User(name=CLIENT, acls=frozenset(reads)), None)
        writes = Acl(resource="topic", name=HUB, pattern="literal", operation="WRITE")
        broker.admin.set_user(User(name=f"CN={MONITOR}", acls=frozenset({writes})), None)
        yield Stage(broker, bento, tmp_path_factory.mktemp("event-hubs"))


@contextlib.contextmanager
def collecting(stage: Stage, authority: str) -> Generator[Collector]:
    """The collector with what workload identity gives its pod."""
    config, log, account = (stage.folder / name for name in ("collector.yaml", "collector.log", "account-token"))
    config.write_text(yaml.safe_dump(stage.config()))
    account.write_text(ACCOUNT_TOKEN)
    environment = {
        "AUDIT_HOST": HOST,
        "AZURE_AUTHORITY_HOST": authority,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": str(account),
        "AZURE_TENANT_ID": TENANT,
    }
    with log.open("wb") as out:
        process = subprocess.Popen([stage.bento, "-c", config], env=environment, stdout=out, stderr=out)
    try:
        yield Collector(process, log, account)
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_the_deployed_configuration_is_one_that_bento_takes(stage: Stage) -> None:
    config = stage.folder / "deployed.yaml"
    kafka = Broker(bootstrap="kafka:9093", certificates="/etc/audit/certificates")
    config.write_text(
        yaml.safe_dump(collector(event_hubs_input(), KUBERNETES, "azure-prod", kafka, "0.0.0.0:4195", CACHES))
    )
    done = subprocess.run(
        [stage.bento, "lint", config], env={"AUDIT_HOST": HOST}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_changes_arrive_once_entra_id_answers_and_go_on_when_tokens_run_out(stage: Stage) -> None:
    entra = TokenEndpoint(CLIENT, seconds=TOKEN_SECONDS)
    stage.write(DEPLOYED, KUBELET, "this is no entry\n", OPENED)
    with collecting(stage, entra.address) as running_one:
        eventually(lambda: "gives no token" in running_one.said(), "a complaint about Entra ID", seconds=30)
        assert stage.found() == {}
        entra.open()
        try:
            record = stage.arrives("a-1")
            first = len(entra.asked)
            running_one.account.write_text(f"{ACCOUNT_TOKEN}.renewed")
            time.sleep(2 * TOKEN_SECONDS)
            stage.write({**DEPLOYED, "auditID": "b-1"})
            stage.arrives("b-1")
            assert len(entra.asked) > first
            stage.broker.restart()
            stage.write({**DEPLOYED, "auditID": "c-1"})
            stage.arrives("c-1")
        finally:
            entra.close()
        assert running_one.process.poll() is None
    assert set(stage.found()) == {"a-1", "a-3", "b-1", "c-1"}
    assert record["data"]["who"]["user"] == "ada@acme.org"
    assert record["source"] == "/clusters/azure-prod"
    assert "an entry of the audit log cannot be read" in running_one.said()
    asserted = [form.pop("client_assertion") for _, form in entra.asked]
    assert (asserted[0], asserted[-1]) == (ACCOUNT_TOKEN, f"{ACCOUNT_TOKEN}.renewed")
    assert entra.asked[0] == (
        f"/{TENANT}/oauth2/v2.0/token",
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "scope": f"https://{HOST}/.default",
        },
    )
    # Neither token stands in the log.
    assert ACCOUNT_TOKEN not in running_one.said()
    assert "eyJhbGciOiAibm9uZSJ9" not in running_one.said()


def test_a_collector_that_comes_back_reads_on_where_it_was(stage: Stage) -> None:
    before = stage.records()
    stage.write({**DEPLOYED, "auditID": "d-1"})
    entra = TokenEndpoint(CLIENT, seconds=3600)
    entra.open()
    try:
        with collecting(stage, entra.address):
            stage.arrives("d-1")
    finally:
        entra.close()
    assert sorted(one["id"] for one in stage.records()) == sorted([*(one["id"] for one in before), "d-1"])


def test_whom_the_hub_does_not_know_reads_nothing(stage: Stage) -> None:
    before = stage.found()
    stage.write({**DEPLOYED, "auditID": "e-1"})
    entra = TokenEndpoint("somebody-else", seconds=60)
    entra.open()
    try:
        with collecting(stage, entra.address) as running_one:
            eventually(lambda: "not authorized" in running_one.said().lower(), "a refusal", seconds=30)
    finally:
        entra.close()
    assert stage.found() == before
