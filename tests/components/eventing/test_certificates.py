"""Certificates of Kafka: one authority, whose key only cert-manager has."""

import fnmatch

from components.eventing import certificates
from components.eventing.kafka_names import BOOTSTRAP, CLIENT_SECRET, ROUTER_SECRET, secret_name
from components.eventing.retention import Load
from components.eventing.topics import tenant_topics

TOPICS = tenant_topics("vision", Load(per_second=1, kib=1), (), outage_hours=1, brokers=1)
CLIENTS = {secret_name(user): certificates.client(user.name, secret_name(user)) for user in TOPICS.users}


def test_brokers_answer_to_every_name_that_clients_use() -> None:
    names = certificates.listener()["dnsNames"]
    for host in (BOOTSTRAP.partition(":")[0], "multimodal-broker-2.multimodal-kafka-brokers.kafka.svc"):
        assert any(fnmatch.fnmatch(host, name) for name in names), host


def test_strimzi_finds_the_authority_where_it_looks_and_no_key_that_signs() -> None:
    authority, key = certificates.clients_authority(), certificates.clients_authority_key()
    labels = {"strimzi.io/kind": "Kafka", "strimzi.io/cluster": "multimodal"}
    assert authority["secretName"] == "multimodal-clients-ca-cert"
    assert authority["secretTemplate"]["labels"] == key["labels"] == labels
    assert key["data"] == {"ca.key": "cert-manager has it"}
    # Strimzi believes whatever ends in .crt there, so the certificate beside the authority's may sign nothing.
    assert "isCA" not in authority


def test_the_authority_keeps_its_key_so_that_old_certificates_are_still_believed() -> None:
    assert certificates.authority()["privateKey"]["rotationPolicy"] == "Never"
    assert certificates.authority()["isCA"] is True


def test_java_can_read_every_key() -> None:
    made = [certificates.listener(), certificates.clients_authority(), *CLIENTS.values()]
    assert {spec["privateKey"]["encoding"] for spec in made} == {"PKCS8"}


def test_each_user_has_a_certificate_of_exactly_its_name() -> None:
    assert {name: spec["commonName"] for name, spec in CLIENTS.items()} == {
        ROUTER_SECRET: "vision.router",
        CLIENT_SECRET: "vision.client",
    }
    for name, spec in CLIENTS.items():
        assert spec["secretName"] == name
        assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "kafka-ca"}
        assert not {"dnsNames", "subject", "isCA"} & set(spec)
