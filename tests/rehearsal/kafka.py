"""A real broker for tests, from the documents that a stack would deploy: no API server, no operator.

    with running(kafka, topics=[...], users=[...]) as broker:
        producer = broker.producer("acme.client")

Certificates are signed by an authority of the test's own: one for the broker with its names in a cluster, and one for
each user by its name.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.eventing.kafka_names import TenantTopics
from components.eventing.kafka_objects import topic_spec, user_spec
from rehearsal import hosts, toolchain
from rehearsal.certificates import LOOPBACK, Authority, Request
from rehearsal.kafka import resources
from rehearsal.kafka.admin import Admin, KafkaRefusal
from rehearsal.kafka.broker import Broker, Door, KeyPair
from tests.rehearsal.cluster import eventually

Document = Mapping[str, Any]
START_SECONDS = 90.0
"""How long a broker may take on a machine that compiles beside it; it takes about five seconds."""


def need_kafka() -> Path:
    """Folder of Kafka's jars; the test is skipped, with the reason, on a machine that cannot run them."""
    reason = toolchain.lacking("kafka")
    if reason:
        pytest.skip(reason)
    return toolchain.ensure(["kafka"], print)["kafka"]


def need_bento() -> Path:
    """The program of routers; the test is skipped, with the reason, on a machine that cannot have it."""
    reason = toolchain.lacking("bento")
    if reason:
        pytest.skip(reason)
    return toolchain.ensure(["bento"], print)["bento"] / "bento"


def documents(*made: TenantTopics) -> tuple[list[Document], list[Document]]:
    """Topics and users as their resources, for one broker."""
    topics = [{"metadata": {"name": one.name}, "spec": topic_spec(one, 1)} for all_ in made for one in all_.topics]
    users = [{"metadata": {"name": one.name}, "spec": user_spec(one)} for all_ in made for one in all_.users]
    return topics, users


def kafka_document(**config: Any) -> dict[str, Any]:
    """A Kafka resource with one TLS listener, whose brokers' settings are these beside those of every test."""
    source = {"secretName": "kafka-broker", "certificate": "tls.crt", "key": "tls.key"}
    listener = {
        "name": "tls",
        "port": 9093,
        "type": "internal",
        "tls": True,
        "authentication": {"type": "tls"},
        "configuration": {"brokerCertChainAndKey": source},
    }
    settings = {"auto.create.topics.enable": False, **config}
    spec = {"listeners": [listener], "authorization": {"type": "simple"}, "config": settings}
    return {"metadata": {"name": "multimodal", "namespace": "kafka"}, "spec": {"kafka": spec}}


@dataclass
class TestBroker:
    """A running broker and the certificates of its users."""

    __test__ = False

    broker: Broker
    admin: Admin
    folder: Path
    authority: Authority

    @property
    def door(self) -> Door:
        """Its only listener."""
        return self.broker.doors[0]

    @property
    def bootstrap(self) -> str:
        """Where programs of this machine begin."""
        return self.door.host

    def write_hosts(self, folder: Path) -> None:
        """Write `hosts` for programs that look names up there (Bento and KEDA): there the broker has its names in a
        cluster, such as `multimodal-kafka-bootstrap.kafka.svc:9093`."""
        hosts.write(folder / hosts.NAME, self.broker.names)

    def files(self, user: str) -> dict[str, str]:
        """Paths of `ca`, `certificate` and `key` in PEM of a user; one that nobody knows may be asked for, too."""
        folder = self.folder / "users" / user
        if not folder.exists():
            folder.mkdir(parents=True)
            pair = self.authority.sign(Request(common_name=user))
            (folder / "tls.crt").write_text(pair.certificate)
            (folder / "tls.key").write_text(pair.key)
            (folder / "ca.crt").write_text(pair.authority)
        return {name: str(folder / file) for name, file in _FILES.items()}

    def client(self, user: str | None) -> dict[str, Any]:
        """Settings of kafka-python's clients; with no user they show no certificate."""
        files = self.files(user or "nobody")
        shown = {"ssl_certfile": files["certificate"], "ssl_keyfile": files["key"]} if user else {}
        common = {"bootstrap_servers": self.bootstrap, "security_protocol": "SSL", "ssl_cafile": files["ca"]}
        return {**common, **shown, "client_id": user or "nobody"}

    def producer(self, user: str | None, **settings: Any) -> Any:
        """A producer that waits for all replicas."""
        from kafka import KafkaProducer

        return KafkaProducer(**{**self.client(user), "acks": "all", "max_block_ms": 10_000, **settings})

    def consumer(self, user: str | None, *topics: str, group: str | None = None, **settings: Any) -> Any:
        """A consumer from the beginning of topics, which ends after two seconds without a record."""
        from kafka import KafkaConsumer

        wanted = {"group_id": group, "auto_offset_reset": "earliest", "consumer_timeout_ms": 2_000}
        return KafkaConsumer(*topics, **{**self.client(user), **wanted, **settings})

    def administrator(self, user: str) -> Any:
        """An administrator's client with no more leave than the user has."""
        from kafka.admin import KafkaAdminClient

        return KafkaAdminClient(**self.client(user))

    def read(self, user: str, topic: str, count: int, *, seconds: float = 30.0) -> list[Any]:
        """The first records of a topic, once so many are there."""
        consumer = self.consumer(user, topic, consumer_timeout_ms=int(seconds * 1000))
        try:
            found: list[Any] = []
            for record in consumer:
                found.append(record)
                if len(found) == count:
                    return found
        finally:
            consumer.close()
        raise AssertionError(f"{topic}: {len(found)} of {count} records within {seconds:g} s")

    def apply_topic(self, document: Document) -> None:
        """Make a KafkaTopic's topic, or make it anew with other settings, and wait until it is so."""
        wanted = resources.topic(document)
        present = self.admin.topics().get(wanted.name)
        self.admin.ensure_topic(wanted, present[1] if present else None)
        eventually(lambda: wanted.name in self.admin.topics(), f"topic {wanted.name}")

    def apply_user(self, document: Document) -> None:
        """Give a KafkaUser its ACLs and quotas, and wait until the broker has them."""
        wanted = resources.user(document)
        self.admin.set_user(wanted, self.admin.users().get(wanted.name))
        if wanted.acls or wanted.quotas:
            eventually(lambda: self.admin.users().get(wanted.name) == wanted, f"ACLs and quotas of {wanted.name}")

    def restart(self) -> None:
        """End the broker and start it on the same data."""
        self.admin.close()
        _start(self.broker, self.authority)
        self.admin = _connect(self.broker)


_FILES = {"ca": "ca.crt", "certificate": "tls.crt", "key": "tls.key"}


@contextlib.contextmanager
def running(
    kafka: Document,
    *,
    topics: Iterable[Document] = (),
    users: Iterable[Document] = (),
    folder: Path | None = None,
    kind: type[Broker] = Broker,
) -> Generator[TestBroker]:
    """A broker that is what a Kafka resource says, with topics and users, gone with its data afterwards."""
    jars = need_kafka()
    place = Path(tempfile.mkdtemp(prefix="kafka-", dir=folder))
    broker = kind(resources.cluster(kafka), place / "broker", jars, logs=place)
    try:
        authority = Authority("kafka-ca")
        _start(broker, authority)
        made = TestBroker(broker, _connect(broker), place, authority)
        try:
            for document in topics:
                made.apply_topic(document)
            for document in users:
                made.apply_user(document)
            yield made
        finally:
            made.admin.close()
    finally:
        broker.remove()
        shutil.rmtree(place, ignore_errors=True)


def _start(broker: Broker, authority: Authority) -> None:
    names = tuple(name for name in broker.names if name.endswith(".svc"))
    pair = authority.sign(Request(common_name=names[0], names=names, addresses=(LOOPBACK,)))
    own = {one.name: KeyPair(certificate=pair.certificate, key=pair.key) for one in broker.cluster.listeners}
    broker.start(own, authority.certificate)
    eventually(broker.listening, "the broker", seconds=START_SECONDS)


def _connect(broker: Broker) -> Admin:
    def attempt() -> Admin | None:
        with contextlib.suppress(KafkaRefusal):
            return Admin(f"127.0.0.1:{broker.operator_port}", broker.operator_files)
        return None

    found = eventually(attempt, "the broker's first answer", seconds=START_SECONDS)
    assert isinstance(found, Admin)
    return found
