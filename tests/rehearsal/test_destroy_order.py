"""Which order of a destroy is good, on made-up events of the engine."""

import pytest

from rehearsal.destroy_order import violations
from rehearsal.outcome import Moment, Step

PLATFORM = "multimodal:index:Platform"
NAMESPACE = f"{PLATFORM}$multimodal:index:Tenant$kubernetes:core/v1:Namespace"
RELEASE = f"{PLATFORM}$multimodal:index:Volcano$kubernetes:helm.sh/v3:Release"
EKS = f"{PLATFORM}$multimodal:index:EksCluster"
AKS = f"{PLATFORM}$multimodal:index:AksCluster"


def step(chain: str, name: str, operation: str = "delete") -> Step:
    return Step(operation, f"urn:pulumi:s::multimodal::{chain}::{name}", chain.rsplit("$", 1)[-1])


def goes(chain: str, name: str) -> list[Moment]:
    """A resource that begins to go and is gone before anything else happens."""
    return [Moment(step(chain, name), done=False), Moment(step(chain, name), done=True)]


TENANT = goes(NAMESPACE, "tenant")
CHART = goes(RELEASE, "chart")
DRIVER = goes(f"{EKS}$aws:eks/addon:Addon", "aws-ebs-csi-driver")
AGENT = goes(f"{EKS}$aws:eks/addon:Addon", "vpc-cni")
NODES = goes(f"{EKS}$aws:eks/nodeGroup:NodeGroup", "nodes")
CLUSTER = goes(f"{EKS}$aws:eks/cluster:Cluster", "cluster")
SUBNET = goes(f"{EKS}$aws:ec2/subnet:Subnet", "subnet")
ENTRY = goes(f"{EKS}$aws:eks/accessEntry:AccessEntry", "admin")
POLICY = goes(f"{EKS}$aws:iam/rolePolicyAttachment:RolePolicyAttachment", "node-policy")
NAT = goes(f"{EKS}$aws:ec2/natGateway:NatGateway", "nat")
SECRETS = goes(f"{EKS}$aws:kms/key:Key", "secrets")
BUCKET = goes("aws:s3/bucket:Bucket", "models")
KEY = goes(f"{PLATFORM}$multimodal:index:AwsStorage$aws:kms/key:Key", "data")
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
IDENTITY = goes(f"{PLATFORM}$multimodal:index:AwsStorage${ASSOCIATION}", "vision")
SCALER = goes(f"{PLATFORM}$multimodal:index:ClusterAutoscaler$kubernetes:helm.sh/v3:Release", "scaler")
SCALER_IDENTITY = goes(f"{EKS}$multimodal:index:EksAutoscalerIdentity${ASSOCIATION}", "scaler")
TOPIC = goes(f"{PLATFORM}$multimodal:index:TenantEvents$kubernetes:kafka.strimzi.io/v1:KafkaTopic", "events")
KAFKA = goes(f"{PLATFORM}$multimodal:index:Kafka$kubernetes:kafka.strimzi.io/v1:Kafka", "kafka")
STRIMZI = goes(f"{PLATFORM}$multimodal:index:Strimzi$kubernetes:helm.sh/v3:Release", "strimzi")
GMK = f"{PLATFORM}$multimodal:index:Gmk"
BROKERS = goes(f"{GMK}$gcp:managedkafka/cluster:Cluster", "p-kafka")
RIGHTS = goes(f"{GMK}$gcp:managedkafka/acl:Acl", "p-kafka-topicPrefixed-vision.")
FENCE = goes(f"{GMK}$gcp:managedkafka/acl:Acl", "p-kafka-allTopics")
RECORDS = goes(f"{GMK}$gcp:kms/cryptoKey:CryptoKey", "p-kafka-records")
NODES_NETWORK = goes(f"{PLATFORM}$multimodal:index:GkeCluster$gcp:compute/subnetwork:Subnetwork", "nodes")
GOOD = [*TENANT, *CHART, *DRIVER, *NODES, *AGENT, *NAT, *ENTRY, *CLUSTER, *POLICY, *SUBNET, *SECRETS, *BUCKET, *KEY]


def test_a_good_order_has_no_violations() -> None:
    assert violations(GOOD) == []


def test_a_stack_of_which_nothing_went_is_in_order() -> None:
    assert violations([]) == []


@pytest.mark.parametrize(
    ("early", "late", "told"),
    [
        (
            CHART,
            TENANT,
            "kubernetes:helm.sh/v3:Release chart began to go while kubernetes:core/v1:Namespace tenant was still there:"
            " a tenant's workloads and volumes go while the controllers that clean up after them run",
        ),
        (
            NODES,
            TENANT,
            "aws:eks/nodeGroup:NodeGroup nodes began to go while kubernetes:core/v1:Namespace tenant was still there:"
            " what is in the cluster may own load balancers, volumes and nodes",
        ),
        (
            DRIVER,
            TENANT,
            "aws:eks/addon:Addon aws-ebs-csi-driver began to go while kubernetes:core/v1:Namespace tenant was still"
            " there: volumes are deleted by their driver",
        ),
        (
            ENTRY,
            CHART,
            "aws:eks/accessEntry:AccessEntry admin began to go while kubernetes:helm.sh/v3:Release chart was still"
            " there: without an entry the cluster lets nobody in to remove it",
        ),
        (
            CLUSTER,
            NODES,
            "aws:eks/cluster:Cluster cluster began to go while aws:eks/nodeGroup:NodeGroup nodes was still there:"
            " nodes are drained and deleted through the control plane",
        ),
        (
            POLICY,
            NODES,
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment node-policy began to go while"
            " aws:eks/nodeGroup:NodeGroup nodes was still there: nodes need their rights to leave",
        ),
        (
            SUBNET,
            CLUSTER,
            "aws:ec2/subnet:Subnet subnet began to go while aws:eks/cluster:Cluster cluster was still there:"
            " its network interfaces are in it",
        ),
        (
            SECRETS,
            CLUSTER,
            "aws:kms/key:Key secrets began to go while aws:eks/cluster:Cluster cluster was still there:"
            " its secrets are encrypted under it",
        ),
        (
            IDENTITY,
            TENANT,
            "aws:eks/podIdentityAssociation:PodIdentityAssociation vision began to go while"
            " kubernetes:core/v1:Namespace tenant was still there: a tenant's pods use it until they are gone",
        ),
        (
            SCALER_IDENTITY,
            SCALER,
            "aws:eks/podIdentityAssociation:PodIdentityAssociation scaler began to go while"
            " kubernetes:helm.sh/v3:Release scaler was still there: the autoscaler acts in the cloud until it is gone",
        ),
        (
            KAFKA,
            TOPIC,
            "kubernetes:kafka.strimzi.io/v1:Kafka kafka began to go while kubernetes:kafka.strimzi.io/v1:KafkaTopic"
            " events was still there: a topic's finalizer goes when the brokers have deleted it",
        ),
        (
            STRIMZI,
            KAFKA,
            "kubernetes:helm.sh/v3:Release strimzi began to go while kubernetes:kafka.strimzi.io/v1:Kafka kafka was"
            " still there: its operator takes the brokers away",
        ),
        (
            FENCE,
            RIGHTS,
            "gcp:managedkafka/acl:Acl p-kafka-allTopics began to go while gcp:managedkafka/acl:Acl"
            " p-kafka-topicPrefixed-vision. was still there: what no ACL is about is open to everybody who has a"
            " certificate",
        ),
        (
            RECORDS,
            BROKERS,
            "gcp:kms/cryptoKey:CryptoKey p-kafka-records began to go while gcp:managedkafka/cluster:Cluster p-kafka was"
            " still there: records are encrypted under it",
        ),
        (
            NODES_NETWORK,
            BROKERS,
            "gcp:compute/subnetwork:Subnetwork nodes began to go while gcp:managedkafka/cluster:Cluster p-kafka was"
            " still there: their endpoints are in it",
        ),
        (
            KEY,
            BUCKET,
            "aws:kms/key:Key data began to go while aws:s3/bucket:Bucket models was still there:"
            " what is encrypted under a key cannot be read without it",
        ),
    ],
    ids=lambda value: value[0].step.name if isinstance(value, list) else "",
)
def test_what_goes_too_early_is_named_with_what_it_left_behind(
    early: list[Moment], late: list[Moment], told: str
) -> None:
    assert told in violations([*early, *late])


def test_to_begin_is_not_to_be_gone() -> None:
    (began, ended), (first, last) = NODES, CLUSTER
    assert len(violations([began, first, ended, last])) == 1
    assert violations([began, ended, first, last]) == []


def test_what_failed_to_go_is_still_there() -> None:
    assert len(violations([NODES[0], *CLUSTER])) == 1


def test_an_interrupted_destroy_and_the_one_that_finishes_it_are_one() -> None:
    assert violations([TENANT[0], *TENANT, *NODES]) == []


def test_steps_that_delete_nothing_do_not_count() -> None:
    created = step(f"{EKS}$aws:eks/nodeGroup:NodeGroup", "nodes", "create")
    assert violations([*CLUSTER, Moment(created, done=False), Moment(created, done=True)]) == []


@pytest.mark.parametrize(
    ("parent", "expected"), [(AKS, 1), (f"{PLATFORM}$multimodal:index:AzureStorage", 0)], ids=["cluster", "workload"]
)
def test_a_grant_outlives_the_nodes_only_where_it_is_the_clusters(parent: str, expected: int) -> None:
    grant = goes(f"{parent}$azure-native:authorization:RoleAssignment", "grant")
    assert len(violations([*grant, *goes(f"{AKS}$azure-native:containerservice:AgentPool", "pool")])) == expected


def test_a_lock_goes_before_what_it_locks() -> None:
    lock = goes(f"{AKS}$azure-native:authorization:ManagementLockByScope", "lock")
    for kind in ("containerservice:ManagedCluster", "monitor:DiagnosticSetting"):
        locked = goes(f"{AKS}$azure-native:{kind}", "locked")
        assert violations([*lock, *locked]) == []
        assert len(violations([*locked, *lock])) == 1
