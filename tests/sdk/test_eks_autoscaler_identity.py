"""The Cluster Autoscaler's identity in AWS."""

import json

from components.cluster.eks_autoscaler_identity import READS, EksAutoscalerIdentity, autoscaler_policy
from tests.components.recorder import Graph, build


def identity() -> Graph:
    return build(
        {"aws:iam/role:Role": {"arn": "arn:aws:iam::123456789012:role/scaler"}},
        lambda: EksAutoscalerIdentity(
            "scaler",
            {"cluster_name": "gpus", "namespace": "cluster-autoscaler", "service_account": "cluster-autoscaler"},
        ),
        read_outputs=("role_arn",),
    )


def test_it_changes_only_the_groups_of_its_own_cluster() -> None:
    reads, writes = json.loads(autoscaler_policy("gpus"))["Statement"]
    assert writes["Condition"]["StringEquals"] == {
        "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
        "aws:ResourceTag/k8s.io/cluster-autoscaler/gpus": "owned",
    }
    assert not [action for action in reads["Action"] if ":Describe" not in action and ":Get" not in action]
    assert set(reads["Action"]) == set(READS)


def test_the_role_is_bound_to_the_service_account_by_pod_identity() -> None:
    graph = identity()
    bound = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert bound.inputs["clusterName"] == "gpus"
    assert (bound.inputs["namespace"], bound.inputs["serviceAccount"]) == ("cluster-autoscaler", "cluster-autoscaler")
    assert bound.inputs["roleArn"] == "arn:aws:iam::123456789012:role/scaler"
    role = graph.one("aws:iam/role:Role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_the_service_account_gets_the_role_once_the_role_may_do_its_work() -> None:
    graph = identity()
    bound = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    rights = graph.one("aws:iam/rolePolicy:RolePolicy")
    assert rights.urn in bound.needs
