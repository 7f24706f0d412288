"""The Cluster Autoscaler: what its chart is told."""

import pytest
import yaml

from components.autoscaling.cluster_autoscaler import ClusterAutoscaler, autoscaler_values
from components.catalog.images import images_in
from components.catalog.versions import COMPONENTS
from tests.components.recorder import build

VERSION = COMPONENTS["clusterAutoscaler"].default


def values(**extra: object) -> dict:
    return autoscaler_values(VERSION, "gpus", "us-east-1", 2, {}, extra)


def test_it_finds_the_node_groups_of_its_own_cluster_only() -> None:
    assert values()["autoDiscovery"] == {"clusterName": "gpus"}
    assert (values()["cloudProvider"], values()["awsRegion"]) == ("aws", "us-east-1")


def test_its_service_account_is_the_one_that_aws_knows() -> None:
    assert values()["rbac"]["serviceAccount"] == {"create": True, "name": "cluster-autoscaler"}


def test_a_node_whose_gpus_are_in_use_stays() -> None:
    assert 0 < values()["extraArgs"]["scale-down-gpu-utilization-threshold"] < 1 / (7 * 8), "one slice of a whole node"


def test_it_buys_what_is_left_with_the_least_idle_hardware() -> None:
    arguments = values()["extraArgs"]
    assert arguments["expander"] == "least-waste"
    assert arguments["balance-similar-node-groups"] is False


def test_every_flag_is_written_as_the_program_reads_it() -> None:
    flags = values()["extraArgs"]
    assert all(isinstance(flag, str | bool | float | int) for flag in flags.values())
    assert flags["max-node-provision-time"] == "30m"


def test_a_node_that_waits_for_its_gpus_is_not_taken_away_before_it_counts_as_failed() -> None:
    flags = values()["extraArgs"]
    assert flags["scale-down-unready-time"] == flags["max-node-provision-time"]


def test_its_pods_keep_the_restricted_standard() -> None:
    assert values()["securityContext"]["runAsNonRoot"] is True
    assert values()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert values()["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_its_image_is_pinned() -> None:
    (image,) = images_in("cluster-autoscaler", values())
    assert image.reference == "registry.k8s.io/autoscaling/cluster-autoscaler:v1.35.0"
    assert image.exact_tag and not image.problem


def test_values_of_the_stack_file_are_merged_last() -> None:
    changed = values(extraArgs={"expander": "price"}, replicaCount=1)
    assert changed["extraArgs"]["expander"] == "price"
    assert changed["extraArgs"]["balance-similar-node-groups"] is False
    assert changed["replicaCount"] == 1


def test_it_lives_in_a_restricted_namespace_of_its_own() -> None:
    graph = build(
        {},
        lambda: ClusterAutoscaler(
            "scaler",
            {
                "version": VERSION,
                "cluster_name": "gpus",
                "region": "us-east-1",
                "replicas": 2,
                "images_lock": {},
                "values": {},
            },
        ),
        read_outputs=("namespace",),
    )
    namespace = graph.one("kubernetes:core/v1:Namespace")
    release = graph.one("kubernetes:helm.sh/v3:Release")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert release.inputs["namespace"] == namespace.inputs["metadata"]["name"] == "cluster-autoscaler"
    assert release.inputs["repositoryOpts"]["repo"] == "https://kubernetes.github.io/autoscaler"
    assert release.inputs["version"] == "9.59.0"


@pytest.mark.parametrize("minor", ["1.33", "1.34", "1.35"])
def test_it_goes_with_every_kubernetes_of_the_matrix(minor: str) -> None:
    low, high = COMPONENTS["clusterAutoscaler"].kubernetes
    assert low <= minor <= high
    assert yaml.safe_load(yaml.safe_dump(values()))
