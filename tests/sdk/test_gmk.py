"""A stack whose events are carried by Google's Managed Kafka: one graph, from the brokers to KEDA's trigger."""

from functools import cache
from typing import Any

import pulumi

from components.cluster.gke_make import make_gke
from components.eventing.make import make_events, make_tenant_events
from components.eventing.make_router import backlogs, make_router
from components.gpu.drivers import driver_plan
from components.settings import Settings
from components.settings.cluster import GkeCluster
from components.settings.drivers import driver_owner
from components.trust.audit.make import make_audit
from components.trust.make import make_certificates
from rehearsal.contracts.check import check, text
from rehearsal.contracts.gcp import BINDINGS
from tests.components.recorder import Graph, build
from tests.components.test_platform import reaches
from tests.sdk import test_gcp_stacks
from tests.stack_files import settings

BROKERS, TOPIC = "gcp:managedkafka/cluster:Cluster", "gcp:managedkafka/topic:Topic"
ACL, POOL = "gcp:managedkafka/acl:Acl", "gcp:certificateauthority/caPool:CaPool"
AUTHORITY = "gcp:certificateauthority/authority:Authority"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
ISSUER = "kubernetes:cas-issuer.jetstack.io/v1beta1:GoogleCASClusterIssuer"
ADDRESS = "bootstrap.acme.us-central1.managedkafka.p.cloud.goog"
ANSWERS: dict[str, dict[str, Any]] = {
    **test_gcp_stacks.ANSWERS,
    BROKERS: {"bootstrapAddress": ADDRESS},
    POOL: {"name": "clients-4f1"},
    "gcp:projects/serviceIdentity:ServiceIdentity": {"member": "serviceAccount:kafka@google"},
}


def chosen(**changes: Any) -> Settings:
    model = {"modality": "text", "runtime": "vllm", "source": "store://chat/1", "gpu": {"count": 1}}
    tenant = {
        "quota": {"gpus": 4},
        "events": {"perSecond": 2},
        "models": {"chat": {**model, "cpu": 1, "memoryGib": 4, "replicas": {"min": 0, "max": 2}}},
        "flows": {"talk": {"steps": {"answer": {"model": "chat"}}}},
    }
    return settings(
        cluster={
            "provider": "gke",
            "project": "acme-ml",
            "region": "us-central1",
            "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
        },
        serving={},
        autoscaling={"prometheus": "http://prometheus.monitoring:9090"},
        events={"provider": "google-managed-kafka", "audit": {"auditors": ["security"]}, **changes},
        tenants={"vision": tenant},
    )


class Waiting:
    """What KEDA's trigger is told, as outputs that a test can read."""

    bootstrap: pulumi.Output[str]
    told: pulumi.Output[dict[str, str]]


def made(stack: Settings) -> Graph:
    """Brokers, the audit stream, and what one tenant has."""
    cluster = stack.cluster
    assert isinstance(cluster, GkeCluster)

    def program() -> Waiting:
        parent = pulumi.ComponentResource("multimodal:index:Platform", "p")
        opts = pulumi.ResourceOptions(parent=parent)
        foundation = make_gke("p", stack, cluster, driver_plan("gke", driver_owner("gke", stack.gpu.driver)), parent)
        events = make_events("p", stack, foundation, make_certificates("p", stack, {}, opts), {}, opts)
        assert events is not None
        kafka, ready = events
        after = pulumi.ResourceOptions(parent=parent, depends_on=ready)
        make_audit("p", stack, foundation, kafka, {}, after)
        make_tenant_events("p-tenant-vision", "vision", stack, kafka, after)
        make_router("p-tenant-vision", "vision", stack, kafka.login, {}, after)
        (backlog,) = backlogs("vision", stack.tenants["vision"].flows, "chat", kafka.login)
        waiting = Waiting()
        waiting.bootstrap = pulumi.Output.from_input(backlog["bootstrap"])
        waiting.told = pulumi.Output.from_input(backlog["login"])
        return waiting

    return build(ANSWERS, program, read_outputs=("bootstrap", "told"))


@cache
def graph() -> Graph:
    return made(chosen())


def entries(acl: str) -> set[tuple[str, str, str]]:
    """Principal, operation and permission of each entry of one ACL."""
    (found,) = [one for one in graph().all(ACL) if one.inputs["aclId"] == acl]
    return {(one["principal"], one["operation"], one["permissionType"]) for one in found.inputs["aclEntries"]}


def test_brokers_are_private_encrypted_and_believe_one_authority() -> None:
    brokers = graph().one(BROKERS).inputs
    assert brokers["gcpConfig"]["kmsKey"]
    assert brokers["gcpConfig"]["accessConfig"] == {"networkConfigs": [{"subnet": "p-cluster-nodes-id"}]}
    assert brokers["tlsConfig"] == {"trustConfig": {"casConfigs": [{"caPool": "p-kafka-clients-id"}]}}
    assert brokers["capacityConfig"] == {"vcpuCount": "3", "memoryBytes": str(12 * 1024**3)}


def test_brokers_wait_for_the_authority_and_for_their_key() -> None:
    brokers = graph().one(BROKERS)
    assert reaches(graph(), brokers, graph().one(AUTHORITY))
    (may_encrypt,) = [
        one for one in graph().all("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember") if one.name == "p-kafka-records"
    ]
    assert may_encrypt.inputs["member"] == "serviceAccount:kafka@google"
    assert reaches(graph(), brokers, may_encrypt)


def test_the_authority_signs_clients_by_one_name_and_nobody_who_signs_others() -> None:
    policy = graph().one(POOL).inputs["issuancePolicy"]
    assert policy["identityConstraints"]["allowSubjectAltNamesPassthrough"] is False
    assert policy["baselineValues"]["caOptions"] == {"nonCa": True}
    assert policy["baselineValues"]["keyUsage"]["extendedKeyUsage"] == {"clientAuth": True}
    assert graph().one(AUTHORITY).inputs["config"]["x509Config"]["caOptions"]["zeroMaxIssuerPathLength"] is True


def test_only_the_issuer_beside_cert_manager_may_ask_for_certificates() -> None:
    (asks,) = graph().all("gcp:certificateauthority/caPoolIamMember:CaPoolIamMember")
    assert asks.inputs["role"] == "roles/privateca.certificateRequester"
    assert asks.inputs["member"].endswith("/subject/ns/cert-manager/sa/cert-manager-google-cas-issuer")
    issuer = graph().one(ISSUER)
    assert issuer.inputs["spec"] == {"project": "acme-ml", "location": "us-central1", "caPoolId": "clients-4f1"}


def test_what_no_acl_names_is_closed_before_anything_is_open() -> None:
    fence = [one for one in graph().all(ACL) if one.inputs["aclId"] == "cluster" or "/" not in one.inputs["aclId"]]
    assert {one.inputs["aclId"] for one in fence} == {
        *("cluster", "allTopics", "allConsumerGroups", "allTransactionalIds"),
    }
    for one in graph().all(ACL):
        if one not in fence:
            assert {wall.urn for wall in fence} <= one.needs


def test_a_tenant_may_do_what_strimzi_would_let_it() -> None:
    assert entries("topicPrefixed/vision.") == {
        ("User:CN=vision.router", "READ", "ALLOW"),
        ("User:CN=vision.router", "WRITE", "ALLOW"),
    }
    assert entries("topic/vision.events") == {("User:CN=vision.client", "WRITE", "ALLOW")}
    assert entries("topic/vision.results") == {("User:CN=vision.client", "READ", "ALLOW")}
    assert entries("consumerGroupPrefixed/vision.client.") == {("User:CN=vision.client", "READ", "ALLOW")}


def test_writers_of_the_audit_stream_write_and_readers_read() -> None:
    assert entries("topic/audit") == {
        ("User:CN=vision.router", "WRITE", "ALLOW"),
        ("User:CN=audit.collector", "WRITE", "ALLOW"),
        ("User:CN=audit.archive", "READ", "ALLOW"),
        ("User:CN=audit.auditor", "READ", "ALLOW"),
    }


def test_topics_are_those_that_strimzi_would_make() -> None:
    topics = {topic.inputs["topicId"]: topic.inputs for topic in graph().all(TOPIC)}
    assert set(topics) == {
        *("audit", "vision.events", "vision.flow.talk.answer", "vision.results", "vision.dead-letters"),
    }
    assert topics["vision.events"]["replicationFactor"] == 3
    assert topics["vision.events"]["configs"]["retention.ms"] == str(24 * 3_600_000)


def test_each_user_has_a_certificate_of_googles_once_the_rule_about_names_holds() -> None:
    certificates = {one.inputs["spec"]["commonName"]: one for one in graph().all(CERTIFICATE)}
    wanted = {"vision.router", "vision.client", "audit.collector", "audit.archive", "audit.auditor"}
    assert wanted <= set(certificates)
    guard = graph().one("kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding")
    for name in wanted:
        reference = certificates[name].inputs["spec"]["issuerRef"]
        assert (reference["group"], reference["kind"]) == ("cas-issuer.jetstack.io", "GoogleCASClusterIssuer")
        assert reaches(graph(), certificates[name], graph().one(ISSUER))
        assert reaches(graph(), certificates[name], guard)


def test_the_router_begins_where_google_says_and_believes_public_authorities() -> None:
    (router,) = [one for one in graph().all("kubernetes:apps/v1:Deployment") if "router" in one.name]
    (container,) = router.inputs["spec"]["template"]["spec"]["containers"]
    assert {"name": "KAFKA_BOOTSTRAP", "value": f"{ADDRESS}:9192"} in container["env"]
    (way,) = [
        one
        for one in graph().all("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if one.name == "p-tenant-vision-events-network"
    ]
    assert way.inputs["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 9192}]}
    ]


def test_keda_asks_at_the_same_address() -> None:
    assert graph().outputs["bootstrap"] == f"{ADDRESS}:9192"
    assert graph().outputs["told"] == {}


def test_what_the_cloud_is_asked_for_is_what_its_api_takes() -> None:
    ours = ("gcp:managedkafka/", "gcp:certificateauthority/", "gcp:projects/serviceIdentity")
    found = [resource for resource in graph().resources if resource.type.startswith(ours)]
    assert {one.type for one in found} >= {BROKERS, TOPIC, ACL, POOL, AUTHORITY}
    for resource in found:
        binding = BINDINGS[resource.type]
        # Pulumi makes a name up where the program has none.
        inputs = {"name": "made-up", **resource.inputs} if resource.type == POOL else resource.inputs
        assert [text(binding, problem) for problem in check(binding, inputs)] == []


def test_nothing_of_strimzi_is_made() -> None:
    assert [one.name for one in graph().resources if "strimzi" in one.type or "strimzi" in one.name] == []


def test_records_are_protected_where_the_stack_keeps_them() -> None:
    def protected(found: Graph) -> set[str]:
        return {one.type for one in found.resources if one.protected and one.name.startswith(("p-kafka", "p-tenant"))}

    assert protected(graph()) == set()
    kept = protected(made(chosen(keepRecords=True)))
    assert kept == {BROKERS, TOPIC, "gcp:kms/keyRing:KeyRing", "gcp:kms/cryptoKey:CryptoKey"}
