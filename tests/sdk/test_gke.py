"""The GKE cluster: what is asked of Google Cloud."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from components.cluster.gke import GkeCluster, GkeClusterArgs, gke_service_agent
from components.cluster.gke_nodes import boot_disk_type, first_size, gke_accelerator
from components.cluster.pools import GpuPoolArgs
from tests.components.cluster.samples import gpu_pool
from tests.components.recorder import Graph, build

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
ADMIN_GROUP = "gke-security-groups@example.com"
ANSWERS = {
    "gcp:organizations/getProject:getProject": {"number": "42"},
    CLUSTER: {"endpoint": "192.0.2.1", "masterAuth": {"clusterCaCertificate": "Q0E="}},
    "gcp:serviceaccount/account:Account": {"email": "nodes@p", "member": "serviceAccount:nodes@p"},
}


def pool(**changes: Any) -> GpuPoolArgs:
    base = gpu_pool("a3-highgpu-8g", driver="INSTALLATION_DISABLED")
    return {**base, "zones": ["us-central1-c", "us-central1-a"], **changes}  # type: ignore[typeddict-item]


def args(**changes: Any) -> GkeClusterArgs:
    base: GkeClusterArgs = {
        "project": "my-project",
        "region": "us-central1",
        "network_cidr": "10.0.0.0/16",
        "pods_cidr": "10.128.0.0/14",
        "services_cidr": "172.20.0.0/16",
        "control_plane_cidr": "172.16.0.0/28",
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "release_channel": "REGULAR",
        "admin_group": None,
        "system_pool": {"machine": "n2-standard-4", "min_nodes": 2, "max_nodes": 4},
        "gpu_pools": {"h100": pool()},
        "deletion_protection": True,
        "labels": {"stack": "test"},
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


@cache
def default() -> Graph:
    return build(ANSWERS, lambda: GkeCluster("c", args()))


@cache
def other() -> Graph:
    """All that can be chosen differently, at once, under another name."""
    return build(
        ANSWERS,
        lambda: GkeCluster(
            "d", args(public_cidrs=["192.0.2.0/24"], admin_group=ADMIN_GROUP, deletion_protection=False)
        ),
    )


def cluster(graph: Callable[[], Graph] = default) -> dict[str, Any]:
    return graph().one(CLUSTER).inputs


def test_nodes_are_private_and_leave_through_nat() -> None:
    assert cluster()["privateClusterConfig"]["enablePrivateNodes"] is True
    nat = default().one("gcp:compute/routerNat:RouterNat")
    assert all(nat.urn in nodes.needs for nodes in default().all(POOL))


def test_the_public_endpoint_is_off_when_no_network_is_listed() -> None:
    found = cluster()
    assert found["privateClusterConfig"]["enablePrivateEndpoint"] is True
    assert found["masterAuthorizedNetworksConfig"].get("cidrBlocks", []) == []


def test_the_public_endpoint_opens_to_the_listed_networks_only() -> None:
    found = cluster(other)
    assert found["privateClusterConfig"]["enablePrivateEndpoint"] is False
    networks = found["masterAuthorizedNetworksConfig"]
    assert [block["cidrBlock"] for block in networks["cidrBlocks"]] == ["192.0.2.0/24"]
    assert networks["gcpPublicCidrsAccessEnabled"] is False


def test_secrets_are_encrypted_with_an_own_key_that_rotates_and_that_gke_may_use() -> None:
    assert cluster()["databaseEncryption"] == {"state": "ENCRYPTED", "keyName": "c-secrets-id"}
    assert default().one("gcp:kms/cryptoKey:CryptoKey").inputs["rotationPeriod"] == "7776000s"
    grant = default().one("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    assert grant.inputs["member"] == gke_service_agent("42")
    assert grant.urn in default().one(CLUSTER).needs


def test_all_control_plane_logs_are_on() -> None:
    assert {"APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"} <= set(cluster()["loggingConfig"]["enableComponents"])


def test_network_policies_are_enforced() -> None:
    assert cluster()["datapathProvider"] == "ADVANCED_DATAPATH"


def test_nodes_run_under_an_account_that_may_do_little() -> None:
    members = default().all("gcp:projects/iAMMember:IAMMember")
    assert [member.inputs["role"] for member in members] == ["roles/container.defaultNodeServiceAccount"]
    for nodes in default().all(POOL):
        config = nodes.inputs["nodeConfig"]
        assert config["serviceAccount"] == "nodes@p"
        assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}


def test_the_first_pool_goes_and_never_comes_back_as_a_difference() -> None:
    found = default().one(CLUSTER)
    assert found.inputs["removeDefaultNodePool"] is True
    assert "nodeConfig" in found.ignored


def test_a_gpu_pool_scales_from_zero_with_its_labels_and_taints() -> None:
    found = default().one(POOL, "c-gpu-h100")
    assert found.inputs["initialNodeCount"] == 0
    assert found.inputs["autoscaling"] == {"totalMinNodeCount": 0, "totalMaxNodeCount": 4, "locationPolicy": "ANY"}
    assert found.inputs["nodeLocations"] == ["us-central1-a", "us-central1-c"]
    assert found.ignored == ("initialNodeCount",)
    config = found.inputs["nodeConfig"]
    assert config["labels"]["multimodal.dev/gpu-pool"] == "pool"
    assert config["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]


def test_the_driver_is_left_to_its_one_owner() -> None:
    gpus = default().one(POOL, "c-gpu-h100").inputs["nodeConfig"]["guestAccelerators"]
    assert gpus == [
        {
            "type": "nvidia-h100-80gb",
            "count": 8,
            "gpuDriverInstallationConfig": {"gpuDriverVersion": "INSTALLATION_DISABLED"},
        }
    ]


def test_an_upgrade_of_a_gpu_pool_needs_no_spare_gpus() -> None:
    found = default().one(POOL, "c-gpu-h100")
    assert (found.inputs["upgradeSettings"]["maxSurge"], found.inputs["upgradeSettings"]["maxUnavailable"]) == (0, 1)
    assert found.delete_first


@pytest.mark.parametrize(
    ("smallest", "zones", "per_zone"), [(0, 2, 0), (1, 1, 1), (1, 2, 1), (2, 2, 1), (3, 2, 2), (2, 0, 2)]
)
def test_a_pool_begins_with_at_least_its_smallest_size(smallest: int, zones: int, per_zone: int) -> None:
    assert first_size(smallest, zones) == per_zone


def test_deletion_protection_is_as_asked() -> None:
    assert cluster()["deletionProtection"] is True
    assert cluster(other)["deletionProtection"] is False


def test_groups_reach_rbac_only_when_there_is_one() -> None:
    assert "authenticatorGroupsConfig" not in cluster()
    assert cluster(other)["authenticatorGroupsConfig"] == {"securityGroup": ADMIN_GROUP}


def test_the_kubeconfig_is_secret_and_asks_google_for_tokens() -> None:
    assert default().secret == {"kubeconfig"}
    config = json.loads(default().outputs["kubeconfig"])
    assert config["clusters"][0]["cluster"]["server"] == "https://192.0.2.1"
    assert config["users"][0]["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"


def test_the_outputs_identify_the_cluster() -> None:
    outputs = default().outputs
    assert (outputs["cluster_name"], outputs["identifier"]) == ("c-test", "c-id")
    assert outputs["workload_identity"] == "my-project.svc.id.goog"


@pytest.mark.parametrize(
    ("machine", "disk"),
    [
        ("n2-standard-4", "pd-balanced"),
        ("g2-standard-8", "pd-balanced"),
        ("a3-highgpu-8g", "pd-balanced"),
        ("a3-ultragpu-8g", "hyperdisk-balanced"),
        ("a4-highgpu-8g", "hyperdisk-balanced"),
        ("c4-standard-8", "hyperdisk-balanced"),
    ],
)
def test_machines_get_a_disk_that_they_can_boot_from(machine: str, disk: str) -> None:
    assert boot_disk_type(machine) == disk


def test_a_machine_without_gpu_makes_no_gpu_pool() -> None:
    with pytest.raises(ValueError, match="n2-standard-4 has no GPU"):
        gke_accelerator("n2-standard-4")
