"""Strimzi's and cert-manager's parts on a real API server: statuses, finalizers, certificates that a broker trusts."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import TopicAuthorizationFailedError

from components.eventing import certificates, kafka_objects, router_objects
from components.eventing.kafka_names import (
    BOOTSTRAP,
    CLIENTS_CA_KEY_SECRET,
    CLUSTER,
    ISSUER,
    LISTENER_SECRET,
    NAMESPACE,
    Grant,
    Operation,
    Resource,
    Topic,
    User,
    secret_name,
    step_group,
    step_topic,
)
from components.eventing.kafka_objects import Nodes
from components.eventing.logins import STRIMZI
from components.eventing.make_router import backlogs
from components.serving.scaling import scaled_object
from components.settings.flows import Flow
from components.settings.serving import ServedModel
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER
from components.trust.cert_manager import SELF_SIGNED_ISSUER
from rehearsal import controllers, fleet, session, toolchain, upstream_crds
from rehearsal.controllers.base import Context, value
from rehearsal.controllers.strimzi import Strimzi
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube
from rehearsal.releases import Release
from rehearsal.supervisor import Supervisor
from tests.rehearsal.cluster import Namespace, apply_crds, eventually, install, make_namespace, uninstall
from tests.rehearsal.kafka import need_kafka

pytestmark = [pytest.mark.control_plane, pytest.mark.tools]

KAFKA = f"/apis/kafka.strimzi.io/v1/namespaces/{NAMESPACE}"
CERTIFICATES = "/apis/cert-manager.io/v1"
TENANT = "acme"
TOPIC = Topic(name=f"{TENANT}.events", partitions=2, retention_ms=3_600_000)
USER = User(
    name=f"{TENANT}.client",
    grants=(
        Grant(
            resource=Resource.TOPIC,
            name=f"{TENANT}.",
            prefixed=True,
            operations=(Operation.READ, Operation.WRITE, Operation.DESCRIBE),
        ),
        Grant(
            resource=Resource.GROUP, name=f"{TENANT}.", prefixed=True, operations=(Operation.READ, Operation.DESCRIBE)
        ),
    ),
    produce_bytes_per_second=1_000_000,
)
SECONDS = 120.0
"""A broker needs five seconds, and a minute where the machine compiles beside it."""


def put(api: Kube, collection: str, version: str, kind: str, metadata: Any, spec: Any) -> JsonObject:
    """Apply one of the documents that a stack makes."""
    body = {"apiVersion": version, "kind": kind, "metadata": dict(metadata), "spec": spec}
    return api.apply(f"{collection}/{quote(metadata['name'])}", body, "tests")


def ready(api: Kube, path: str) -> JsonObject | None:
    """The object at a path once it is ready."""
    found = api.get(path)
    conditions: list[JsonObject] = value(found or {}, "status.conditions", [])
    return found if any(one["type"] == "Ready" and one["status"] == "True" for one in conditions) else None


def certificate(api: Kube, namespace: str, name: str, spec: Any) -> None:
    where = f"{CERTIFICATES}/namespaces/{namespace}/certificates"
    metadata = {"name": name, "namespace": namespace}
    put(api, where, "cert-manager.io/v1", "Certificate", metadata, spec)
    eventually(lambda: ready(api, f"{where}/{name}"), f"Certificate {name}")


@pytest.fixture(scope="module", autouse=True)
def operators(api: Kube) -> Iterator[str]:
    """cert-manager, Strimzi and KEDA; what Strimzi's release says of itself."""
    need_kafka()
    toolchain.ensure(controllers.tools(["autoscaling"]), print)
    for name in (CERT_MANAGER, NAMESPACE):
        make_namespace(api, name)
    releases = [
        Release("cert-manager", CERT_MANAGER, "cert-manager", "v1.20.3"),
        Release("strimzi", NAMESPACE, "strimzi-kafka-operator", "1.2.0"),
        Release("keda", "default", "keda", "2.20.2"),
    ]
    answers: list[str] = []
    for one in releases:
        with pytest.MonkeyPatch.context() as patch:
            # Strimzi's own CRDs where they are at hand: they say more than made-up ones.
            patch.setenv("REHEARSAL_UPSTREAM", str(session.upstream_folder() or ""))
            definitions = upstream_crds.crds(one.chart)
        assert definitions is not None
        apply_crds(api, definitions.documents)
        answers.append(install(api, one).controllers)
    assert [answer.partition(":")[0] for answer in answers] == ["ready", "ready", "ready"]
    yield answers[1]
    for one in reversed(releases):
        uninstall(api, one)
    for name in (NAMESPACE, CERT_MANAGER):
        api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def tenant(api: Kube) -> Iterator[Namespace]:
    made = make_namespace(api, TENANT)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def cluster(api: Kube, operators: str, tenant: Namespace) -> Iterator[JsonObject]:
    """The platform's Kafka, with a tenant's topic and user and their certificates, made as a stack makes them."""
    for name, spec in ((SELF_SIGNED_ISSUER, {"selfSigned": {}}), (ISSUER, {"ca": {"secretName": "kafka-ca"}})):
        metadata = {"name": name}
        put(api, f"{CERTIFICATES}/clusterissuers", "cert-manager.io/v1", "ClusterIssuer", metadata, spec)
    certificate(api, CERT_MANAGER, "authority", certificates.authority())
    certificate(api, NAMESPACE, "listener", certificates.listener())
    nodes = Nodes(brokers=3, apart=False, zones=False, storage_gib=10)
    for name, spec in kafka_objects.node_pools(nodes).items():
        metadata = kafka_objects.platform_metadata(name)
        put(api, f"{KAFKA}/kafkanodepools", kafka_objects.API, "KafkaNodePool", metadata, spec)
    put(
        api,
        f"{KAFKA}/kafkas",
        kafka_objects.API,
        "Kafka",
        kafka_objects.kafka_metadata(),
        kafka_objects.kafka_spec(nodes, None),
    )
    eventually(lambda: not_ready(api), "the Secret that is missing to be named")
    assert not_ready(api) == f"Secret {NAMESPACE}/{CLUSTER}-clients-ca-cert is missing"
    certificate(api, NAMESPACE, "clients-ca", certificates.clients_authority())
    no_key = certificates.clients_authority_key()["data"]
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in no_key.items()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": CLIENTS_CA_KEY_SECRET}, "data": encoded}
    api.apply(f"/api/v1/namespaces/{NAMESPACE}/secrets/{CLIENTS_CA_KEY_SECRET}", secret, "tests")
    certificate(api, TENANT, secret_name(USER), certificates.client(USER.name, secret_name(USER)))
    topic(api, TOPIC)
    metadata = kafka_objects.user_metadata(TENANT, USER)
    put(api, f"{KAFKA}/kafkausers", kafka_objects.API, "KafkaUser", metadata, kafka_objects.user_spec(USER))
    yield eventually(
        lambda: ready(api, f"{KAFKA}/kafkas/{CLUSTER}"), f"Kafka to be ready: {not_ready(api)}", seconds=SECONDS
    )
    for plural in ("kafkatopics", "kafkausers", "kafkas", "kafkanodepools"):
        for one in api.items(f"{KAFKA}/{plural}"):
            api.delete(f"{KAFKA}/{plural}/{quote(one['metadata']['name'])}")
        eventually(lambda kinds=plural: not api.items(f"{KAFKA}/{kinds}"), f"the end of all {plural}")


def topic(api: Kube, wanted: Topic, **changes: Any) -> None:
    spec = {**kafka_objects.topic_spec(wanted, 3), **changes}
    metadata = kafka_objects.topic_metadata(TENANT, wanted)
    put(api, f"{KAFKA}/kafkatopics", kafka_objects.API, "KafkaTopic", metadata, spec)


def not_ready(api: Kube) -> str:
    conditions: list[JsonObject] = value(api.get(f"{KAFKA}/kafkas/{CLUSTER}") or {}, "status.conditions", [])
    return next((one["message"] for one in conditions if one["type"] == "NotReady"), "")


@pytest.fixture
def client(api: Kube, cluster: JsonObject, tmp_path: Path) -> dict[str, Any]:
    """Settings of a client with the certificate that the tenant's Secret holds."""
    secret = api.get_secret(TENANT, "kafka-client")
    assert secret is not None
    for name, text in secret["data"].items():
        (tmp_path / name).write_bytes(base64.b64decode(text))
    service = api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{CLUSTER}-kafka-bootstrap")
    assert service is not None
    return {
        "bootstrap_servers": service["metadata"]["annotations"]["rehearsal.multimodal.dev/address"],
        "security_protocol": "SSL",
        "ssl_cafile": str(tmp_path / "ca.crt"),
        "ssl_certfile": str(tmp_path / "tls.crt"),
        "ssl_keyfile": str(tmp_path / "tls.key"),
    }


def test_the_release_says_that_one_broker_stands_for_all(operators: str) -> None:
    assert operators == (
        "ready: one Kafka broker on this machine stands for all of a cluster: replicas and in-sync replicas count as 1"
    )


def test_a_cluster_says_where_clients_begin(cluster: JsonObject) -> None:
    (listener,) = cluster["status"]["listeners"]
    assert listener["bootstrapServers"] == BOOTSTRAP
    assert listener["certificates"][0].startswith("-----BEGIN CERTIFICATE-----")
    assert cluster["status"]["observedGeneration"] == cluster["metadata"]["generation"]
    assert (cluster["status"]["kafkaVersion"], len(cluster["status"]["clusterId"])) == ("4.2.1", 22)


def test_node_pools_say_which_nodes_they_have(api: Kube, cluster: JsonObject) -> None:
    pool = api.get(f"{KAFKA}/kafkanodepools/combined")
    assert pool is not None
    assert (pool["status"]["nodeIds"], pool["status"]["clusterId"]) == ([0, 1, 2], cluster["status"]["clusterId"])


def test_a_user_is_known_by_its_certificate(api: Kube, cluster: JsonObject) -> None:
    path = f"{KAFKA}/kafkausers/{USER.name}"
    found = eventually(lambda: ready(api, path), "the user")
    assert found["status"]["username"] == f"CN={USER.name}"


def test_a_topic_is_held_by_its_operator_until_it_is_deleted(api: Kube, client: dict[str, Any]) -> None:
    extra = Topic(name=f"{TENANT}.extra", partitions=1, retention_ms=1_000)
    path = f"{KAFKA}/kafkatopics/{extra.name}"
    topic(api, extra)
    found = eventually(lambda: ready(api, path), "the topic")
    assert found["metadata"]["finalizers"] == ["strimzi.io/topic-operator"]
    assert (found["status"]["topicName"], len(found["status"]["topicId"])) == (extra.name, 22)
    consumer = KafkaConsumer(**client)
    assert extra.name in consumer.topics()
    api.delete(path)
    eventually(lambda: api.get(path) is None, "the topic to go")
    assert extra.name not in consumer.topics()
    consumer.close()


def test_a_topic_that_the_broker_refuses_says_why(api: Kube, cluster: JsonObject) -> None:
    wrong = Topic(name=f"{TENANT}.wrong", partitions=1, retention_ms=1_000)
    topic(api, wrong, config={"retention.bites": 1})
    path = f"{KAFKA}/kafkatopics/{wrong.name}"
    condition = eventually(lambda: value(api.get(path) or {}, "status.conditions", []), "what the broker says")[0]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Ready", "False", "KafkaError")
    assert "Unknown topic config name: retention.bites" in condition["message"]
    topic(api, wrong)
    eventually(lambda: ready(api, path), "the topic once it is mended")
    api.delete(path)


def test_a_tenant_writes_with_the_certificate_of_its_secret_and_nowhere_else(client: dict[str, Any]) -> None:
    producer = KafkaProducer(**client)
    producer.send(TOPIC.name, b"hello").get(timeout=30)
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send("other.events", b"x").get(timeout=30)
    producer.close()


def test_a_changed_cluster_restarts_its_broker_and_keeps_its_records(
    api: Kube, client: dict[str, Any], cluster: JsonObject
) -> None:
    producer = KafkaProducer(**client)
    producer.send(TOPIC.name, b"kept").get(timeout=30)
    producer.close()
    path = f"{KAFKA}/kafkas/{CLUSTER}"
    api.merge(path, {"spec": {"kafka": {"config": {"log.retention.check.interval.ms": 60_000}}}})
    generation = cluster["metadata"]["generation"] + 1
    eventually(
        lambda: (found := ready(api, path)) and found["status"]["observedGeneration"] == generation,
        "the changed Kafka to be ready",
        seconds=SECONDS,
    )
    found = ready(api, path)
    assert found is not None
    assert found["status"]["clusterId"] == cluster["status"]["clusterId"]
    service = api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{CLUSTER}-kafka-bootstrap")
    assert service is not None
    client["bootstrap_servers"] = service["metadata"]["annotations"]["rehearsal.multimodal.dev/address"]
    consumer = KafkaConsumer(TOPIC.name, **client, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    assert any(record.value == b"kept" for record in consumer)
    consumer.close()


def test_the_backlog_of_the_broker_wakes_a_deployment_through_the_real_keda(
    api: Kube, tenant: Namespace, client: dict[str, Any], unique: Callable[[str], str]
) -> None:
    pool = unique("woken")
    fleet.ensure_pool(api, NodePool(name=pool, machine="m7i.large", vcpu=8, memory_gib=32), 1)
    container = {"name": "main", "image": "registry.invalid/main:1"}
    template = {"metadata": {"labels": {"app": "model"}}, "spec": {"containers": [container]}}
    deployments = f"/apis/apps/v1/namespaces/{TENANT}/deployments"
    spec: dict[str, Any] = {"replicas": 0, "selector": {"matchLabels": {"app": "model"}}, "template": template}
    put(api, deployments, "apps/v1", "Deployment", {"name": "model"}, spec)
    keda = f"/apis/keda.sh/v1alpha1/namespaces/{TENANT}"
    shown = [
        {"parameter": parameter, "name": "kafka-client", "key": key}
        for parameter, key in (("ca", "ca.crt"), ("cert", "tls.crt"), ("key", "tls.key"))
    ]
    authentication = f"{keda}/triggerauthentications"
    put(api, authentication, "keda.sh/v1alpha1", "TriggerAuthentication", {"name": "kafka"}, {"secretTargetRef": shown})
    lag = {
        "bootstrapServers": BOOTSTRAP,
        "topic": TOPIC.name,
        "consumerGroup": f"{TENANT}.model",
        "lagThreshold": "5",
        "offsetResetPolicy": "earliest",
        "tls": "enable",
    }
    trigger = {"type": "kafka", "metadata": lag, "authenticationRef": {"name": "kafka"}}
    scaling: dict[str, Any] = {
        "scaleTargetRef": {"name": "model"},
        "minReplicaCount": 0,
        "maxReplicaCount": 2,
        "pollingInterval": 1,
        "cooldownPeriod": 1,
        "triggers": [trigger],
    }
    producer = KafkaProducer(**client)
    for number in range(8):
        producer.send(TOPIC.name, str(number).encode()).get(timeout=30)
    producer.close()
    put(api, f"{keda}/scaledobjects", "keda.sh/v1alpha1", "ScaledObject", {"name": "model"}, scaling)

    def replicas() -> int:
        return int((api.get(f"{deployments}/model") or {})["spec"]["replicas"])

    eventually(lambda: replicas() > 0, "a model for what waits", seconds=60)
    consumer = KafkaConsumer(
        TOPIC.name,
        **client,
        group_id=f"{TENANT}.model",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=15_000,
    )
    for _ in consumer:
        consumer.commit()
    consumer.close()
    eventually(lambda: replicas() == 0, "no model once nothing waits", seconds=90)
    api.delete(f"{keda}/scaledobjects/model")
    eventually(lambda: api.get(f"{keda}/scaledobjects/model") is None, "the scaled object to go")
    fleet.remove_pool(api, pool)


def test_an_event_wakes_a_flows_model_on_a_gpu_and_it_sleeps_again(
    api: Kube, tenant: Namespace, client: dict[str, Any], pools: Callable[..., NodePool]
) -> None:
    """With the ScaledObject and the authentication of a stack, but for the router's name and KEDA's patience."""
    gpus = {"nvidia.com/gpu": "1"}
    pool = pools()
    waiting = Topic(name=step_topic(TENANT, "talk", "answer"), partitions=2, retention_ms=3_600_000)
    topic(api, waiting)
    eventually(lambda: ready(api, f"{KAFKA}/kafkatopics/{waiting.name}"), "the step's topic")
    shape = {"image": "registry.invalid/vllm:1", "resources": {"limits": gpus}}
    labels = {"app": "chat-predictor"}
    pod: dict[str, Any] = {
        "containers": [{"name": "main", **shape}],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    deployments = f"/apis/apps/v1/namespaces/{TENANT}/deployments"
    spec: dict[str, Any] = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    put(api, deployments, "apps/v1", "Deployment", {"name": "chat-predictor"}, spec)

    keda = f"/apis/keda.sh/v1alpha1/namespaces/{TENANT}"
    shown = router_objects.authentication(TENANT, STRIMZI)
    for one in shown["spec"]["secretTargetRef"]:
        one["name"] = "kafka-client"
    authentication = f"{keda}/triggerauthentications"
    put(api, authentication, "keda.sh/v1alpha1", "TriggerAuthentication", shown["metadata"], shown["spec"])
    model = ServedModel.model_validate(
        {
            "modality": "text",
            "runtime": "vllm",
            "source": "s3://acme-models/chat/3",
            "gpu": {"count": 1},
            "replicas": {"min": 0, "max": 1},
        }
    )
    flows = {"talk": Flow.model_validate({"steps": {"answer": {"model": "chat"}}})}
    made = scaled_object(
        TENANT, "chat", model, prometheus="http://none:9090", backlogs=backlogs(TENANT, flows, "chat", STRIMZI)
    )
    patience = {"pollingInterval": 1, "cooldownPeriod": 1}
    scaled = f"{keda}/scaledobjects"
    put(api, scaled, "keda.sh/v1alpha1", "ScaledObject", made["metadata"], {**made["spec"], **patience})

    def replicas() -> int:
        return int((api.get(f"{deployments}/chat-predictor") or {})["spec"]["replicas"])

    def running() -> list[str]:
        pods = api.items(f"/api/v1/namespaces/{TENANT}/pods?labelSelector=app%3Dchat-predictor")
        return [one["spec"].get("nodeName", "") for one in pods if value(one, "status.phase", "") == "Running"]

    eventually(lambda: value(api.get(f"{scaled}/chat") or {}, "status.conditions", []), "KEDA to look", seconds=60)
    assert replicas() == 0
    producer = KafkaProducer(**client)
    producer.send(waiting.name, b"{}").get(timeout=30)
    producer.close()
    eventually(lambda: running() != [], "a model on a GPU for one event", seconds=60)
    assert running()[0].startswith(pool.name)
    consumer = KafkaConsumer(
        waiting.name,
        **client,
        group_id=step_group(TENANT, "talk", "answer"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=15_000,
    )
    for _ in consumer:
        consumer.commit()
    consumer.close()
    eventually(lambda: replicas() == 0, "the model to sleep once nothing waits", seconds=90)
    api.delete(f"{scaled}/chat")
    eventually(lambda: api.get(f"{scaled}/chat") is None, "the scaled object to go")


def test_names_of_the_cluster_lead_to_the_broker(control_plane: Supervisor, cluster: JsonObject) -> None:
    lines = (control_plane.folder / "run" / "hosts").read_text().splitlines()
    names = {line.split()[1]: line.split()[0] for line in lines}
    assert names[BOOTSTRAP.partition(":")[0]].startswith("127.")
    assert f"{CLUSTER}-combined-0.{CLUSTER}-kafka-brokers.{NAMESPACE}.svc" in names


def test_without_java_statuses_are_all_there_is(api: Kube, operators: str, tmp_path: Path) -> None:
    made = make_namespace(api, "simulated")
    context = Context(kubeconfig=tmp_path, folder=tmp_path, tools={}, namespace=made.name, hosts=tmp_path / "hosts")
    strimzi = Strimzi(context, lambda _tool: "Java is not installed")
    where = f"/apis/kafka.strimzi.io/v1/namespaces/{made.name}"
    for name, data in (("clients-ca-cert", "ca.crt"), ("clients-ca", "ca.key")):
        _secret(api, made.name, f"{CLUSTER}-{name}", data)
    _secret(api, made.name, LISTENER_SECRET, "tls.crt", "tls.key")
    nodes = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
    documents = (
        ("KafkaNodePool", kafka_objects.platform_metadata("combined"), kafka_objects.node_pools(nodes)["combined"]),
        ("Kafka", kafka_objects.kafka_metadata(), kafka_objects.kafka_spec(nodes, None)),
        ("KafkaTopic", kafka_objects.topic_metadata(TENANT, TOPIC), kafka_objects.topic_spec(TOPIC, 1)),
        ("KafkaUser", kafka_objects.user_metadata(TENANT, USER), kafka_objects.user_spec(USER)),
    )
    for kind, metadata, spec in documents:
        put(api, f"{where}/{kind.lower()}s", kafka_objects.API, kind, {**metadata, "namespace": made.name}, spec)
    said = strimzi.step(api, {})
    assert said == "no broker runs, statuses of Kafka's resources are simulated: Java is not installed"
    names = (f"kafkas/{CLUSTER}", f"kafkatopics/{TOPIC.name}", f"kafkausers/{USER.name}")
    assert all(ready(api, f"{where}/{name}") for name in names)
    api.delete(f"{where}/kafkatopics/{TOPIC.name}")
    assert api.get(f"{where}/kafkatopics/{TOPIC.name}") is not None, "its operator holds it"
    strimzi.step(api, {})
    assert api.get(f"{where}/kafkatopics/{TOPIC.name}") is None
    strimzi.stop()
    made.remove()


def _secret(api: Kube, namespace: str, name: str, *keys: str) -> None:
    data = dict.fromkeys(keys, base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode())
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
    api.apply(f"/api/v1/namespaces/{namespace}/secrets/{name}", body, "tests")
