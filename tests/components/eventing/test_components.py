"""Kafka comes up after its certificates, and goes after the topics that its operator has to let go of."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.catalog.images import images_in
from components.eventing.strimzi import strimzi_values
from components.platform import Platform
from components.settings import Settings
from tests.components.recorder import Graph, build
from tests.components.test_platform import kubeconfig, reaches
from tests.stack_files import settings

STRIMZI = "kubernetes:kafka.strimzi.io/v1:"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
RELEASE = "kubernetes:helm.sh/v3:Release"


def stack(path: Path, **events: object) -> Settings:
    cluster: dict[str, Any] = {"provider": "existing", "kubeconfig": str(path), "gpuPools": {}}
    tenants: dict[str, Any] = {"vision": {"quota": {}, "events": {}}, "language": {"quota": {}}}
    return settings(cluster=cluster, tenants=tenants, events=events)


def build_stack(folder: Path, **events: object) -> Graph:
    path = folder / "kubeconfig"
    path.write_text(kubeconfig())
    answers: dict[str, Any] = {"pulumi:pulumi:StackReference": {"outputs": {"layouts": {}}}}
    return build(answers, lambda: Platform("p", stack(path, **events), {}), read_outputs=("cluster_name",))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build_stack(tmp_path_factory.mktemp("events"))


def test_cert_manager_comes_where_there_are_events_alone(graph: Graph) -> None:
    assert [release.name for release in graph.all(RELEASE) if "certificates" in release.name] == [
        "p-certificates-release"
    ]


def test_brokers_start_when_operator_nodes_and_certificates_are_there(graph: Graph) -> None:
    kafka = graph.one(f"{STRIMZI}Kafka")
    assert kafka.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    for before in (
        graph.one(RELEASE, "p-strimzi-release"),
        graph.one(f"{STRIMZI}KafkaNodePool"),
        graph.one(CERTIFICATE, "p-kafka-listener"),
        graph.one(CERTIFICATE, "p-kafka-clients-ca"),
        graph.one("kubernetes:core/v1:Secret", "p-kafka-clients-ca-key"),
    ):
        assert reaches(graph, kafka, before), before.name


def test_topics_go_before_the_operator_that_has_to_let_go_of_them(graph: Graph) -> None:
    topics = graph.all(f"{STRIMZI}KafkaTopic")
    assert sorted(topic.inputs["metadata"]["name"] for topic in topics) == [
        "vision.dead-letters",
        "vision.events",
        "vision.results",
    ]
    for resource in (*topics, *graph.all(f"{STRIMZI}KafkaUser")):
        assert reaches(graph, resource, graph.one(f"{STRIMZI}Kafka"))
        assert reaches(graph, resource, graph.one(RELEASE, "p-strimzi-release"))


def test_nobody_makes_certificates_before_the_rule_holds(graph: Graph) -> None:
    rule = graph.one(
        "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding", "p-kafka-certificates-binding"
    )
    for secret in ("kafka-router", "kafka-client"):
        assert reaches(graph, graph.one(CERTIFICATE, f"p-tenant-vision-events-{secret}"), rule)


def test_records_are_protected_where_the_stack_keeps_them(graph: Graph, tmp_path: Path) -> None:
    kinds = ("Kafka", "KafkaNodePool", "KafkaTopic")
    assert not any(resource.protected for kind in kinds for resource in graph.all(f"{STRIMZI}{kind}"))
    kept = build_stack(tmp_path, keepRecords=True)
    assert all(resource.protected for kind in kinds for resource in kept.all(f"{STRIMZI}{kind}"))
    assert not any(resource.protected for resource in kept.all(f"{STRIMZI}KafkaUser"))


def test_nothing_secret_is_in_what_the_program_asks_for(graph: Graph) -> None:
    (secret,) = graph.all("kubernetes:core/v1:Secret")
    assert secret.inputs["stringData"] == {"ca.key": "cert-manager has it"}
    assert "PRIVATE KEY" not in json.dumps([resource.inputs for resource in graph.resources])


def test_every_image_that_the_operator_runs_is_pinned_and_its_pods_are_restricted() -> None:
    values = strimzi_values({"version": "1.2.0", "replicas": 2, "images_lock": {}, "values": {"logLevel": "DEBUG"}})
    found = images_in("strimzi-kafka-operator", values)
    assert not [image for image in found if image.problem or not image.exact_tag]
    assert {image.tag for image in found if image.repository == "strimzi/kafka"} == {"1.2.0-kafka-4.2.1"}
    assert {"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"} in values["extraEnvs"]
    assert values["podDisruptionBudget"] == {"enabled": True}
    assert values["logLevel"] == "DEBUG"
