"""What the real Knative operator, Eventing's webhooks and the controller of Kafka's brokers make of a tenant's broker.

Kafka is a real broker with the platform's own user for Eventing, whose certificate stands in the Secret that the
platform's rule makes fit for Knative.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kafka.admin import KafkaAdminClient

from components.eventing import certificates, kafka_objects
from components.eventing.kafka_names import BOOTSTRAP, CLIENTS_CA_KEY_SECRET, CLUSTER, ISSUER
from components.eventing.kafka_names import NAMESPACE as KAFKA_NAMESPACE
from components.eventing.kafka_objects import Nodes
from components.knative import broker_guard, kafka_access
from components.knative.names import BROKERS_SECRET, BROKERS_USER, EVENTING_NAMESPACE
from components.knative.specs import eventing_spec
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER
from components.trust.cert_manager import SELF_SIGNED_ISSUER
from rehearsal import controllers, fleet, toolchain, upstream_crds, workloads
from rehearsal.controllers.base import value
from rehearsal.fleet import NodePool
from rehearsal.kafka.admin import Admin
from rehearsal.kube import JsonObject, Kube, object_path
from rehearsal.releases import Release
from rehearsal.supervisor import Supervisor
from tests.rehearsal.cluster import Namespace, apply_crds, eventually, install, make_namespace, uninstall
from tests.rehearsal.kafka import need_kafka

pytestmark = [pytest.mark.control_plane, pytest.mark.tools]

RELEASES = (
    Release("cert-manager", CERT_MANAGER, "cert-manager", "v1.20.3"),
    Release("kyverno", "default", "kyverno", "3.9.0"),
    Release("strimzi", KAFKA_NAMESPACE, "strimzi-kafka-operator", "1.2.0"),
    Release("knative-operator", "default", "knative-operator", "v1.22.3"),
)
KAFKA = f"/apis/kafka.strimzi.io/v1/namespaces/{KAFKA_NAMESPACE}"
SECRET = f"/api/v1/namespaces/{EVENTING_NAMESPACE}/secrets/{BROKERS_SECRET}"
CONFIG_MAPS = f"/api/v1/namespaces/{EVENTING_NAMESPACE}/configmaps"
SECONDS = 240.0
"""The operator, its webhooks and Kafka need a minute, and several where the machine compiles beside them."""


def put(api: Kube, version: str, kind: str, name: str, namespace: str = "", /, **more: Any) -> JsonObject:
    """Apply an object, and return it as it was asked for."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **more.pop("metadata", {})}
    body = {"apiVersion": version, "kind": kind, "metadata": metadata, **more}
    api.apply(object_path(body), body, "tests")
    return body


def conditions(found: JsonObject | None) -> dict[str, JsonObject]:
    """What is said of the present generation of an object."""
    if found is None or value(found, "status.observedGeneration", 1) < found["metadata"].get("generation", 1):
        return {}
    said: list[JsonObject] = value(found, "status.conditions", [])
    return {one["type"]: one for one in said}


def ready(api: Kube, body: JsonObject) -> JsonObject | None:
    """The object once it is ready."""
    found = api.get(object_path(body))
    return found if conditions(found).get("Ready", {}).get("status") == "True" else None


def become_ready(api: Kube, body: JsonObject) -> JsonObject:
    """The object when it is ready; fails with what it says of itself."""

    def said() -> str:
        told = conditions(api.get(object_path(body))).values()
        return "; ".join(f"{one['type']} {one['status']} {one.get('message', '')}" for one in told)

    try:
        return eventually(lambda: ready(api, body), "", seconds=SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{body['kind']} {body['metadata']['name']} is not ready: {said()}") from error


def certificate(api: Kube, namespace: str, name: str, spec: Any) -> None:
    become_ready(api, put(api, "cert-manager.io/v1", "Certificate", name, namespace, spec=spec))


def kafka(api: Kube, kind: str, metadata: Any, spec: Any) -> JsonObject:
    return put(api, kafka_objects.API, kind, metadata["name"], KAFKA_NAMESPACE, metadata=metadata, spec=spec)


def wait_gone(api: Kube, *namespaces: str) -> None:
    """Wait until these are no more: the control plane is shared, and other tests have namespaces of these names."""
    for name in namespaces:
        eventually(lambda at=name: api.get(f"/api/v1/namespaces/{at}") is None, f"the end of {name}", seconds=SECONDS)


def fit_for_knative(api: Kube) -> bool:
    """Whether the Secret has Knative's keys; one that was written before the rule worked is written anew."""
    found = api.get(SECRET)
    if found is not None and "user.crt" not in found["data"]:
        api.delete(SECRET)
        return False
    return found is not None


@pytest.fixture(scope="module")
def operators(api: Kube) -> Iterator[None]:
    """cert-manager, Kyverno, Strimzi and Knative's operator."""
    need_kafka()
    toolchain.ensure(controllers.tools(["knative", "knative.eventing"]), print)
    wait_gone(api, CERT_MANAGER, KAFKA_NAMESPACE, EVENTING_NAMESPACE)
    for name in (CERT_MANAGER, KAFKA_NAMESPACE):
        make_namespace(api, name)
    for one in RELEASES:
        definitions = upstream_crds.crds(one.chart)
        assert definitions is not None
        begins = "mutatingpolicies." if one.chart == "kyverno" else ""
        apply_crds(api, [crd for crd in definitions.documents if crd["metadata"]["name"].startswith(begins)])
        assert install(api, one).controllers.startswith("ready"), one.chart
    yield
    for one in reversed(RELEASES):
        uninstall(api, one)
    for name in (KAFKA_NAMESPACE, CERT_MANAGER):
        api.delete(f"/api/v1/namespaces/{name}")
    wait_gone(api, CERT_MANAGER, KAFKA_NAMESPACE, EVENTING_NAMESPACE)


@pytest.fixture(scope="module")
def platform(api: Kube, operators: None) -> Iterator[None]:
    """Kafka, and Eventing's namespace with its user's Secret, as a stack makes them."""
    put(api, "cert-manager.io/v1", "ClusterIssuer", SELF_SIGNED_ISSUER, spec={"selfSigned": {}})
    put(api, "cert-manager.io/v1", "ClusterIssuer", ISSUER, spec={"ca": {"secretName": "kafka-ca"}})
    certificate(api, CERT_MANAGER, "authority", certificates.authority())
    certificate(api, KAFKA_NAMESPACE, "listener", certificates.listener())
    certificate(api, KAFKA_NAMESPACE, "clients-ca", certificates.clients_authority())
    no_key = certificates.clients_authority_key()["data"]
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in no_key.items()}
    put(api, "v1", "Secret", CLIENTS_CA_KEY_SECRET, KAFKA_NAMESPACE, data=encoded)
    nodes = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
    for name, spec in kafka_objects.node_pools(nodes).items():
        kafka(api, "KafkaNodePool", kafka_objects.platform_metadata(name), spec)
    cluster = kafka_objects.kafka_spec(nodes, None, others=[EVENTING_NAMESPACE])
    become_ready(api, kafka(api, "Kafka", kafka_objects.kafka_metadata(), cluster))
    user = kafka_objects.user_spec(kafka_access.brokers_user(64, 1))
    become_ready(api, kafka(api, "KafkaUser", kafka_objects.platform_metadata(BROKERS_USER), user))

    level = {"pod-security.kubernetes.io/enforce": "baseline"}
    put(api, "v1", "Namespace", EVENTING_NAMESPACE, metadata={"labels": level})
    admission = "admissionregistration.k8s.io/v1"
    guard = put(api, admission, "ValidatingAdmissionPolicy", broker_guard.NAME, spec=broker_guard.broker_policy())
    bound = {"policyName": broker_guard.NAME, "validationActions": ["Deny"]}
    binding = put(api, admission, "ValidatingAdmissionPolicyBinding", broker_guard.NAME, spec=bound)
    rule = put(api, "policies.kyverno.io/v1", "MutatingPolicy", "keys", spec=kafka_access.keys_policy())
    eventually(lambda: value(api.get(object_path(rule)) or {}, "status.conditionStatus.ready", False), "the rule")
    certificate(api, EVENTING_NAMESPACE, BROKERS_SECRET, kafka_access.certificate())
    eventually(lambda: fit_for_knative(api), "the rule to work")
    yield
    for one in (rule, binding, guard):
        api.delete(object_path(one))
    api.delete(f"/api/v1/namespaces/{EVENTING_NAMESPACE}")
    for plural in ("kafkausers", "kafkas", "kafkanodepools"):
        for one in api.items(f"{KAFKA}/{plural}"):
            api.delete(f"{KAFKA}/{plural}/{quote(one['metadata']['name'])}")
        eventually(lambda kinds=plural: not api.items(f"{KAFKA}/{kinds}"), f"the end of all {plural}")


@pytest.fixture(scope="module", autouse=True)
def eventing(api: Kube, platform: None) -> Iterator[None]:
    """Knative Eventing on Kafka as the platform asks for it, installed by the operator and taken away by it."""
    system = NodePool(name="eventing-system", machine="simulated", vcpu=16, memory_gib=64)
    fleet.ensure_pool(api, system, 1)
    config = kafka_access.broker_config(BOOTSTRAP, partitions=6, hours=24, brokers=1)
    spec = eventing_spec("v1.22.3", 1, config, keda=False)
    version = "operator.knative.dev/v1beta1"
    body = put(api, version, "KnativeEventing", EVENTING_NAMESPACE, EVENTING_NAMESPACE, spec=spec)
    become_ready(api, body)
    # Its webhooks say what they want to see once they run; before, a broker would get no defaults.
    hooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    kafkas = "defaulting.webhook.kafka.eventing.knative.dev"
    for name in ("webhook.eventing.knative.dev", kafkas, f"pods.{kafkas}"):
        path = f"{hooks}/{name}"
        eventually(lambda at=path: asks(api.get(at)), f"the webhook {name}", seconds=SECONDS)
    yield
    api.delete(object_path(body))
    eventually(lambda: api.get(object_path(body)) is None, "Knative Eventing to go", seconds=SECONDS)
    fleet.remove_pool(api, system.name)


def asks(hook: JsonObject | None) -> bool:
    """Whether a webhook is called for anything."""
    return all(one.get("rules") and one["clientConfig"].get("caBundle") for one in (hook or {}).get("webhooks", [{}]))


@pytest.fixture(scope="module")
def tenant(api: Kube, eventing: None) -> Iterator[Namespace]:
    made = make_namespace(api, "acme-events")
    yield made
    made.remove()
    wait_gone(api, made.name)


def make_broker(api: Kube, namespace: Namespace, name: str, **spec: Any) -> JsonObject:
    return put(api, "eventing.knative.dev/v1", "Broker", name, namespace.name, spec=spec)


@pytest.fixture(scope="module")
def broker(api: Kube, tenant: Namespace) -> JsonObject:
    """A broker of which the tenant says nothing but its name, once it is ready."""
    return become_ready(api, make_broker(api, tenant, "default"))


@pytest.fixture(scope="module")
def operator(control_plane: Supervisor, broker: JsonObject) -> Iterator[Admin]:
    """Kafka as its operator sees it."""
    folder = control_plane.folder / "run" / "controllers" / KAFKA_NAMESPACE / "strimzi" / f"{KAFKA_NAMESPACE}-{CLUSTER}"
    port = re.search(r"OPERATOR://127\.0\.0\.1:(\d+)", (folder / "server.properties").read_text())
    assert port is not None
    files = {name: str(folder / f"operator.{name}") for name in ("ca", "certificate", "key")}
    admin = Admin(f"127.0.0.1:{port[1]}", files)
    yield admin
    admin.close()


@pytest.fixture
def as_eventing(api: Kube, broker: JsonObject, tmp_path: Path) -> Iterator[Any]:
    """Kafka as Eventing sees it, by the keys of the Secret that Knative reads."""
    secret = api.get(SECRET)
    service = api.get(f"/api/v1/namespaces/{KAFKA_NAMESPACE}/services/{CLUSTER}-kafka-bootstrap")
    assert secret is not None
    assert service is not None
    for name, text in secret["data"].items():
        (tmp_path / name).write_bytes(base64.b64decode(text))
    assert (tmp_path / "protocol").read_text() == "SSL"
    client = KafkaAdminClient(
        bootstrap_servers=service["metadata"]["annotations"]["rehearsal.multimodal.dev/address"],
        security_protocol="SSL",
        ssl_cafile=str(tmp_path / "ca.crt"),
        ssl_certfile=str(tmp_path / "user.crt"),
        ssl_keyfile=str(tmp_path / "user.key"),
    )
    yield client
    client.close()


def contract(api: Kube, name: str) -> list[JsonObject]:
    """What a data plane is told, by its ConfigMap."""
    found = api.get(f"{CONFIG_MAPS}/{name}")
    return json.loads(base64.b64decode(found["binaryData"]["data"])).get("resources", []) if found else []


def test_a_broker_that_says_nothing_is_on_the_platforms_kafka_and_gets_ready(
    broker: JsonObject, tenant: Namespace
) -> None:
    assert broker["metadata"]["annotations"]["eventing.knative.dev/broker.class"] == "Kafka"
    assert broker["spec"]["config"]["name"] == "kafka-broker-config"
    said = conditions(broker)
    assert {one["status"] for one in said.values()} == {"True"}
    assert {"DataPlaneAvailable", "ConfigParsed", "TopicReady", "ConfigMapUpdated", "ProbeSucceeded"} <= set(said)
    address = f"http://kafka-broker-ingress.{EVENTING_NAMESPACE}.svc.cluster.local/{tenant.name}/default"
    assert broker["status"]["address"]["url"] == address


def test_its_topic_is_made_as_eventings_user_and_keeps_what_the_stack_says(
    operator: Admin, as_eventing: Any, tenant: Namespace
) -> None:
    topic = f"knative-eventing.broker.{tenant.name}.default"
    assert operator.topics()[topic][1] == 6
    assert topic in as_eventing.list_topics()
    kept = {"retention.ms": "86400000", "segment.bytes": str(64 * 2**20), "min.insync.replicas": "1"}
    assert operator.config(topic) == kept


def test_the_data_plane_is_told_of_the_broker_and_of_the_secret(api: Kube, tenant: Namespace) -> None:
    (made,) = [
        one for one in contract(api, "kafka-broker-brokers-triggers") if one["reference"]["namespace"] == tenant.name
    ]
    assert made["topics"] == [f"knative-eventing.broker.{tenant.name}.default"]
    assert (made["bootstrapServers"], made["ingress"]["path"]) == (BOOTSTRAP, f"/{tenant.name}/default")
    assert (made["authSecret"]["namespace"], made["authSecret"]["name"]) == (EVENTING_NAMESPACE, BROKERS_SECRET)


def test_a_trigger_gets_ready_with_a_group_of_its_own(
    api: Kube, broker: JsonObject, as_eventing: Any, tenant: Namespace
) -> None:
    model = "http://model.acme-events.svc.cluster.local/"
    wanted = {"attributes": {"type": "image"}}
    spec = {"broker": "default", "filter": wanted, "subscriber": {"uri": model}}
    body = put(api, "eventing.knative.dev/v1", "Trigger", "images", tenant.name, spec=spec)
    become_ready(api, body)
    group = f"knative-eventing.trigger.{tenant.name}.images"
    (told,) = [one for one in contract(api, "kafka-broker-dispatcher-0") if one.get("egresses")]
    (egress,) = told["egresses"]
    assert (egress["consumerGroup"], egress["destination"], egress["filter"]) == (group, model, wanted)
    assert len(as_eventing.list_group_offsets([group])[group]) == 6
    api.delete(object_path(body))
    eventually(lambda: api.get(object_path(body)) is None, "the trigger to go", seconds=SECONDS)
    eventually(lambda: not contract(api, "kafka-broker-dispatcher-0"), "its dispatcher to be told", seconds=SECONDS)


def test_a_broker_that_goes_takes_its_topic_along(api: Kube, operator: Admin, tenant: Namespace) -> None:
    topic = f"knative-eventing.broker.{tenant.name}.passing"
    body = make_broker(api, tenant, "passing")
    become_ready(api, body)
    assert topic in operator.topics()
    api.delete(object_path(body))
    eventually(lambda: api.get(object_path(body)) is None, "the broker to go", seconds=SECONDS)
    assert topic not in operator.topics()
    assert topic not in [name for one in contract(api, "kafka-broker-brokers-triggers") for name in one["topics"]]


def test_a_broker_whose_secret_is_missing_fails_a_rehearsal_in_the_controllers_words(
    api: Kube, operator: Admin, tenant: Namespace
) -> None:
    data = {**kafka_access.broker_config(BOOTSTRAP, partitions=1, hours=1, brokers=1), "auth.secret.ref.name": "gone"}
    put(api, "v1", "ConfigMap", "own-broker", tenant.name, data=data)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "name": "own-broker", "namespace": tenant.name}
    body = make_broker(api, tenant, "wrong", config=config)
    try:
        eventually(lambda: "gone" in " ".join(problems(api)), "the Secret to be missed", seconds=SECONDS)
        (problem,) = [one for one in problems(api) if "/wrong " in one]
        assert problem.startswith(f"Broker {tenant.name}/wrong is not ready: ")
        assert f"{tenant.name}/gone" in problem
        assert f"knative-eventing.broker.{tenant.name}.wrong" not in operator.topics()
    finally:
        api.delete(object_path(body))


def test_three_copies_cannot_be_had_here_and_kafka_says_so(api: Kube, tenant: Namespace) -> None:
    data = kafka_access.broker_config(BOOTSTRAP, partitions=1, hours=1, brokers=3)
    settings = put(api, "v1", "ConfigMap", "three-copies", EVENTING_NAMESPACE, data=data)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "name": "three-copies", "namespace": EVENTING_NAMESPACE}
    body = make_broker(api, tenant, "copied", config=config)
    refused = re.compile(rf"Broker {tenant.name}/copied is not ready: .*replicat", re.IGNORECASE)
    try:
        eventually(lambda: any(map(refused.match, problems(api))), "Kafka to refuse", seconds=SECONDS)
    finally:
        api.delete(object_path(body))
        # Its controller does not let go of a broker whose topic was never made (docs/knative.md).
        for path in (object_path(body), SECRET):
            api.merge(path, {"metadata": {"finalizers": []}})
        api.delete(object_path(settings))


def problems(api: Kube) -> list[str]:
    """What a rehearsal fails with, of Knative's brokers and triggers."""
    found = workloads.problems(workloads.workloads(api))
    return [one for one in found if one.startswith(("Broker", "Trigger"))]
