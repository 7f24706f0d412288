"""A stack whose events are carried by Amazon MSK: one graph, from the brokers to KEDA's trigger."""

import json
from functools import cache
from typing import Any

import pulumi

from components.cluster.eks_make import make_eks
from components.eventing.make import make_tenant_events
from components.eventing.make_router import backlogs, make_router
from components.gpu.drivers import driver_plan
from components.settings import Settings
from components.settings.cluster import EksCluster
from components.settings.drivers import driver_owner
from components.trust.audit.make import make_audit
from rehearsal.contracts.aws import BINDINGS
from rehearsal.contracts.check import check, text
from tests.components.recorder import Graph, build
from tests.sdk import test_eks
from tests.stack_files import settings

MSK, TOPIC = "aws:msk/cluster:Cluster", "aws:msk/topic:Topic"
LINK = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
RIGHTS, ACCOUNT = "aws:iam/rolePolicy:RolePolicy", "kubernetes:core/v1:ServiceAccount"
ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/acme/0a1b-2"
BEGIN = "b-1.acme.kafka.us-east-1.amazonaws.com:9098,b-2.acme.kafka.us-east-1.amazonaws.com:9098"
ANSWERS: dict[str, dict[str, Any]] = {
    **test_eks.ANSWERS,
    "aws:s3/bucket:Bucket": {"bucket": "artifacts-4f1"},
    MSK: {"arn": ARN, "bootstrapBrokersSaslIam": BEGIN},
    "aws:msk/configuration:Configuration": {"arn": "arn:configuration", "latestRevision": 1},
}


def chosen(**changes: Any) -> Settings:
    model = {"modality": "text", "runtime": "vllm", "source": "store://chat/1", "gpu": {"slice": "1g.10gb"}}
    tenant = {
        "quota": {"gpus": 4, "slices": {"1g.10gb": 8}},
        "events": {"perSecond": 2},
        "models": {"chat": {**model, "cpu": 1, "memoryGib": 4, "replicas": {"min": 0, "max": 2}}},
        "flows": {"talk": {"steps": {"answer": {"model": "chat"}}}},
    }
    return settings(
        serving={},
        autoscaling={"prometheus": "http://prometheus.monitoring:9090"},
        events={"provider": "msk", "audit": {}, **changes},
        tenants={"vision": tenant},
    )


class Waiting:
    """What KEDA's trigger is told, as an output that a test can read."""

    bootstrap: pulumi.Output[str]
    told: pulumi.Output[dict[str, str]]


def made(stack: Settings) -> Graph:
    """Brokers, the audit stream, and what one tenant has."""
    cluster = stack.cluster
    assert isinstance(cluster, EksCluster)

    def program() -> Waiting:
        parent = pulumi.ComponentResource("multimodal:index:Platform", "p")
        foundation = make_eks("p", stack, cluster, driver_plan("eks", driver_owner("eks", stack.gpu.driver)), parent)
        kafka, opts = foundation.kafka, pulumi.ResourceOptions(parent=parent)
        assert kafka is not None
        make_audit("p", stack, foundation, kafka, {}, opts)
        make_tenant_events("p-tenant-vision", "vision", stack, kafka, opts)
        make_router("p-tenant-vision", "vision", stack, kafka.login, {}, opts)
        (backlog,) = backlogs("vision", stack.tenants["vision"].flows, "chat", kafka.login)
        waiting = Waiting()
        waiting.bootstrap = pulumi.Output.from_input(backlog["bootstrap"])
        waiting.told = pulumi.Output.from_input(backlog["login"])
        return waiting

    return build(ANSWERS, program, read_outputs=("bootstrap", "told"))


@cache
def graph() -> Graph:
    return made(chosen())


def rights(name: str) -> list[dict[str, Any]]:
    return json.loads(graph().one(RIGHTS, name).inputs["policy"])["Statement"]


def test_brokers_are_private_encrypted_and_let_in_by_iam_alone() -> None:
    brokers = graph().one(MSK).inputs
    assert brokers["kafkaVersion"].endswith(".kraft")
    assert brokers["numberOfBrokerNodes"] == len(brokers["brokerNodeGroupInfo"]["clientSubnets"]) == 2
    assert brokers["brokerNodeGroupInfo"]["connectivityInfo"] == {"publicAccess": {"type": "DISABLED"}}
    assert brokers["clientAuthentication"] == {"sasl": {"iam": True, "scram": False}, "unauthenticated": False}
    assert brokers["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert brokers["encryptionInfo"]["encryptionAtRestKmsKeyArn"]


def test_only_nodes_reach_the_brokers() -> None:
    rules = graph().all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    ours = {rule.inputs["fromPort"]: rule.inputs for rule in rules if rule.name.startswith("p-kafka-")}
    assert set(ours) == {9098, 11001}
    assert all(rule["referencedSecurityGroupId"] and "cidrIpv4" not in rule for rule in ours.values())


def test_no_topic_comes_into_being_by_being_named() -> None:
    told = graph().one("aws:msk/configuration:Configuration").inputs["serverProperties"].splitlines()
    assert "auto.create.topics.enable=false" in told
    assert "default.replication.factor=2" in told


def test_topics_are_those_that_strimzi_would_make() -> None:
    topics = {topic.inputs["name"]: topic.inputs for topic in graph().all(TOPIC)}
    assert set(topics) == {
        *("audit", "vision.events", "vision.flow.talk.answer", "vision.results", "vision.dead-letters"),
    }
    configs = json.loads(topics["vision.events"]["configs"])
    assert configs["cleanup.policy"] == "delete"
    assert configs["retention.ms"] == str(24 * 3_600_000)


def test_what_the_cloud_is_asked_for_is_what_its_api_takes() -> None:
    for resource in graph().resources:
        if resource.type.startswith("aws:msk/"):
            binding = BINDINGS[resource.type]
            # Pulumi makes a name up where the program has none.
            inputs = {"name": "made-up", **resource.inputs} if resource.type != MSK else resource.inputs
            assert [text(binding, problem) for problem in check(binding, inputs)] == []


def test_each_tenants_router_and_clients_have_an_account_and_a_role_of_their_own() -> None:
    links = {(link.inputs["namespace"], link.inputs["serviceAccount"]) for link in graph().all(LINK)}
    wanted = {("vision", "kafka-router"), ("vision", "kafka-client")}
    assert wanted <= links
    accounts = {(one.inputs["metadata"]["namespace"], one.inputs["metadata"]["name"]) for one in graph().all(ACCOUNT)}
    assert wanted <= accounts
    router = rights("p-tenant-vision-events-user-router")
    assert f"{ARN.replace(':cluster/', ':topic/')}/vision.*" in [one["Resource"] for one in router]


def test_an_identity_is_there_before_its_account_and_outlives_the_tenant() -> None:
    links = {link.inputs["serviceAccount"]: link for link in graph().all(LINK) if link.inputs["namespace"] == "vision"}
    accounts = {one.inputs["metadata"]["name"]: one for one in graph().all(ACCOUNT)}
    for name in ("kafka-router", "kafka-client"):
        # A child of the tenant's events would go with them, before the pods that use it.
        assert "multimodal:index:Msk::" in links[name].parent
        assert links[name].urn in accounts[name].needs


def test_the_audit_streams_pods_keep_the_one_role_that_they_have() -> None:
    links = [link.inputs["serviceAccount"] for link in graph().all(LINK) if link.inputs["namespace"] == "audit"]
    assert sorted(links) == ["archive", "collector"]
    assert rights("p-audit-kafka-user-collector")
    assert rights("p-audit-kafka-user-archive")


def test_auditors_are_whoever_the_account_gives_the_policy() -> None:
    policy = json.loads(graph().one("aws:iam/policy:Policy").inputs["policy"])["Statement"]
    assert not [one for one in policy if "kafka-cluster:WriteData" in one["Action"]]


def test_keda_asks_as_itself_and_sees_no_record() -> None:
    assert graph().outputs["bootstrap"] == BEGIN
    assert graph().outputs["told"]["saslTokenProvider"] == "aws_msk_iam"
    assert ("keda", "keda-operator") in {
        (link.inputs["namespace"], link.inputs["serviceAccount"]) for link in graph().all(LINK)
    }
    actions = {action for one in rights("p-kafka-scaler") for action in one["Action"]}
    assert actions == {f"kafka-cluster:{action}" for action in ("Connect", "DescribeTopic", "DescribeGroup")}


def test_nothing_of_strimzi_and_no_certificate_is_made() -> None:
    assert [one.name for one in graph().resources if "strimzi" in one.type or "cert-manager" in one.type] == []


def test_records_are_protected_where_the_stack_keeps_them() -> None:
    def protected(found: Graph) -> set[str]:
        return {one.type for one in found.resources if one.protected and ("msk" in one.type or "kms" in one.type)}

    assert protected(graph()) == set()
    assert protected(made(chosen(keepRecords=True))) == {MSK, TOPIC, "aws:kms/key:Key"}
