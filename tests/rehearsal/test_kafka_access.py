"""The real API server takes Strimzi's and cert-manager's resources, and no certificate of a foreign name."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.eventing import certificates, kafka_objects
from components.eventing.certificate_guard import NAME, certificate_policy
from components.eventing.kafka_names import CLUSTER, secret_name
from components.eventing.kafka_objects import Nodes
from components.eventing.retention import Load
from components.eventing.topics import StepLoad, tenant_topics
from components.labels import TENANT
from rehearsal import session, upstream_crds
from rehearsal.kube import JsonObject, Kube, KubeError
from tests.rehearsal.cluster import apply_crds, eventually

pytestmark = pytest.mark.control_plane

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CERTIFICATES = "/apis/cert-manager.io/v1/namespaces/{}/certificates"
REQUESTS = "/apis/cert-manager.io/v1/namespaces/{}/certificaterequests"
KAFKA = "/apis/kafka.strimzi.io/v1/namespaces/{}/{}"
TENANT_NAME, BROKERS = "guarded-events", "kafka"
TOPICS = tenant_topics(
    TENANT_NAME,
    Load(per_second=20, kib=8),
    [StepLoad(flow="assistant", step="listen", load=Load(per_second=5, kib=64), consumers=4)],
    outage_hours=24,
    brokers=3,
)
OF_USERS = {secret_name(user): certificates.client(user.name, secret_name(user)) for user in TOPICS.users}
PROD = Nodes(brokers=3, apart=True, zones=True, storage_gib=500, storage_class="fast")
DEV = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
_PROBES = itertools.count(1)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module", autouse=True)
def platform(api: Kube, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kinds, two namespaces, and the rule, which has begun to work."""
    found = session.upstream_folder()
    if found is not None:
        patch.setenv("REHEARSAL_UPSTREAM", str(found))
    for chart in ("cert-manager", "strimzi-kafka-operator"):
        definitions = upstream_crds.crds(chart)
        assert definitions is not None
        apply_crds(api, definitions.documents)
    for kind, spec in {
        "ValidatingAdmissionPolicy": certificate_policy(),
        "ValidatingAdmissionPolicyBinding": {"policyName": NAME, "validationActions": ["Deny"]},
    }.items():
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}}
        plural = "validatingadmissionpolicies" if kind.endswith("Policy") else "validatingadmissionpolicybindings"
        api.create(f"{ADMISSION}/{plural}", {**body, "spec": spec})
    for name, labels in {TENANT_NAME: {TENANT: TENANT_NAME}, BROKERS: {}}.items():
        metadata = {"name": name, "labels": labels}
        api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    eventually(lambda: all(served(api, kind) for kind in ("kafkas", "kafkatopics", "kafkausers")), "Strimzi's kinds")
    eventually(lambda: refused(api, TENANT_NAME, client({"commonName": "other.client"})), "the rule to work")
    yield
    api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/{NAME}")
    api.delete(f"{ADMISSION}/validatingadmissionpolicies/{NAME}")
    paths = [f"/api/v1/namespaces/{name}" for name in (TENANT_NAME, BROKERS)]
    for path in paths:
        api.delete(path)
    # Other tests have a namespace of Kafka's too.
    eventually(lambda: not any(api.get(path) for path in paths), "the namespaces to go", seconds=120)


def served(api: Kube, plural: str) -> bool:
    try:
        return api.get(KAFKA.format("default", plural)) is not None
    except KubeError:  # its storage is still being made
        return False


def client(changes: Mapping[str, Any]) -> JsonObject:
    """Spec of the tenant's client certificate, changed."""
    return {**OF_USERS["kafka-client"], **changes}


def certify(api: Kube, namespace: str, spec: JsonObject, name: str | None = None) -> None:
    body = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name or f"probe-{next(_PROBES)}"},
        "spec": spec,
    }
    api.create(CERTIFICATES.format(namespace), body)


def refused(api: Kube, namespace: str, spec: JsonObject) -> str:
    """Why the certificate was refused; "" when it was not."""
    try:
        certify(api, namespace, spec)
    except KubeError as error:
        if error.status == 404:  # the kind is not served yet
            return ""
        assert error.status == 403, error
        return str(error)
    return ""


@pytest.mark.parametrize("secret", ["kafka-router", "kafka-client"])
def test_a_tenants_own_certificates_are_taken(api: Kube, secret: str) -> None:
    certify(api, TENANT_NAME, OF_USERS[secret])


def test_the_brokers_own_certificates_are_taken(api: Kube) -> None:
    certify(api, BROKERS, certificates.listener())
    certify(api, BROKERS, certificates.clients_authority())


def test_certificates_of_other_issuers_are_not_its_business(api: Kube) -> None:
    own = {"issuerRef": {"name": "own"}}
    elsewhere = {"issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "platform-ca"}}
    for changes in (own, elsewhere):
        certify(api, TENANT_NAME, client({"commonName": "anything", "dnsNames": ["a.example"], **changes}))


PREFIX = f"Kafka knows a client by it, so in namespace {TENANT_NAME} it begins with {TENANT_NAME}."
ALONE = "a certificate of kafka-ca has a commonName and no other name, and is no authority"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another tenant's user": ({"commonName": "language.client"}, f'commonName "language.client": {PREFIX}'),
    "a tenant of a longer name": ({"commonName": f"{TENANT_NAME}-lab.client"}, PREFIX),
    "no common name": ({"commonName": "", "dnsNames": [f"{TENANT_NAME}.client"]}, f'commonName "": {PREFIX}'),
    "a subject in a name": ({"commonName": f"{TENANT_NAME}.client,O=io.strimzi"}, PREFIX),
    "one of Strimzi's parts": ({"subject": {"organizations": ["io.strimzi"]}}, ALONE),
    "a subject of its own": ({"literalSubject": "CN=multimodal-kafka,O=io.strimzi"}, ALONE),
    "a broker's address": ({"dnsNames": [f"{CLUSTER}-kafka-bootstrap.kafka.svc"]}, ALONE),
    "an authority": ({"isCA": True}, ALONE),
}


@pytest.mark.parametrize(("changes", "told"), WRONG.values(), ids=WRONG)
def test_a_certificate_of_another_name_is_refused(api: Kube, changes: dict[str, Any], told: str) -> None:
    assert told in refused(api, TENANT_NAME, client(changes))


def test_a_certificate_cannot_be_turned_to_kafkas_authority_later(api: Kube) -> None:
    certify(api, TENANT_NAME, client({"commonName": "other.client", "issuerRef": {"name": "own"}}), "turned")
    path = f"{CERTIFICATES.format(TENANT_NAME)}/turned"
    with pytest.raises(KubeError, match="Kafka knows a client by it"):
        api.merge(path, {"spec": {"issuerRef": client({})["issuerRef"]}})


def test_nobody_but_cert_manager_makes_requests(api: Kube) -> None:
    body = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "CertificateRequest",
        "metadata": {"name": "by-hand"},
        "spec": {"request": "bm9uZQ==", "issuerRef": client({})["issuerRef"]},
    }
    with pytest.raises(KubeError, match="requests to kafka-ca come from cert-manager itself"):
        api.create(REQUESTS.format(TENANT_NAME), body)


def make(api: Kube, plural: str, kind: str, metadata: JsonObject, spec: JsonObject) -> None:
    body = {"apiVersion": kafka_objects.API, "kind": kind, "metadata": metadata, "spec": spec}
    # Unknown fields are refused instead of dropped.
    api.create(f"{KAFKA.format(BROKERS, plural)}?fieldValidation=Strict", body)


@pytest.mark.parametrize("nodes", [PROD, DEV], ids=["prod", "dev"])
def test_the_cluster_is_as_strimzi_wants_it(api: Kube, nodes: Nodes) -> None:
    definitions = upstream_crds.crds("strimzi-kafka-operator")
    if definitions is None or definitions.permissive:
        pytest.skip("Strimzi's CRDs are not here, and made-up ones accept anything")
    suffix = f"-{next(_PROBES)}"
    metadata = kafka_objects.kafka_metadata()
    make(
        api,
        "kafkas",
        "Kafka",
        {**metadata, "name": CLUSTER + suffix},
        kafka_objects.kafka_spec(nodes, "keda", others=["knative-eventing"]),
    )
    for pool, spec in kafka_objects.node_pools(nodes).items():
        made = kafka_objects.platform_metadata(pool)
        make(api, "kafkanodepools", "KafkaNodePool", {**made, "name": pool + suffix}, spec)


def test_topics_and_users_are_as_strimzi_wants_them(api: Kube) -> None:
    definitions = upstream_crds.crds("strimzi-kafka-operator")
    if definitions is None or definitions.permissive:
        pytest.skip("Strimzi's CRDs are not here, and made-up ones accept anything")
    for topic in TOPICS.topics:
        metadata = kafka_objects.topic_metadata(TENANT_NAME, topic)
        make(api, "kafkatopics", "KafkaTopic", metadata, kafka_objects.topic_spec(topic, 3))
    for user in TOPICS.users:
        metadata = kafka_objects.user_metadata(TENANT_NAME, user)
        make(api, "kafkausers", "KafkaUser", metadata, kafka_objects.user_spec(user))
