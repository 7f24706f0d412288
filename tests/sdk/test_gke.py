"""The GKE cluster: what is asked of Google Cloud."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from components.cluster.gke import GkeCluster, GkeClusterArgs
from components.cluster.gke_network import ExistingNetworkArgs
from components.cluster.gke_rules import maintenance_window
from components.cluster.gke_secrets import compute_service_agent, gke_service_agent
from components.cluster.pools import GpuPoolArgs
from rehearsal.contracts.check import check, text
from rehearsal.contracts.gcp import BINDINGS
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


FAST = {"machine": "a3-ultragpu-8g", "fast_network": True, "zones": ["us-central1-b"]}
EXISTING: ExistingNetworkArgs = {
    "network": "projects/hub/global/networks/shared",
    "subnetwork": "projects/hub/regions/us-central1/subnetworks/gke",
    "pods_range": "gke-pods",
    "services_range": "gke-services",
}


def args(**changes: Any) -> GkeClusterArgs:
    base: GkeClusterArgs = {
        "project": "my-project",
        "region": "us-central1",
        "existing_network": None,
        "flow_logs": False,
        "network_cidr": "10.0.0.0/16",
        "pods_cidr": "10.128.0.0/14",
        "services_cidr": "172.20.0.0/16",
        "control_plane_cidr": "172.16.0.0/28",
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "release_channel": "REGULAR",
        "maintenance": maintenance_window("Sunday", 2, 12),
        "shared_files": False,
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
            "d",
            args(
                public_cidrs=["192.0.2.0/24"],
                admin_group=ADMIN_GROUP,
                deletion_protection=False,
                flow_logs=True,
                shared_files=True,
                gpu_pools={
                    "spot": pool(capacity="spot", machine="g2-standard-96"),
                    "reserved": pool(capacity="reserved", reservation="h200-training", **FAST),
                    "flex": pool(capacity="flex-start", **FAST),
                    "mega": pool(machine="a3-megagpu-8g", fast_network=True, zones=["us-central1-a"]),
                },
            ),
        ),
    )


@cache
def moved_in() -> Graph:
    """A cluster in a network that is already there."""
    return build(ANSWERS, lambda: GkeCluster("e", args(existing_network=EXISTING)))


def node_pool(key: str) -> dict[str, Any]:
    """One of the pools of `other`."""
    return other().one(POOL, f"d-gpu-{key}").inputs


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
    grant = default().one("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "c-secrets")
    assert grant.inputs["member"] == gke_service_agent("42")
    assert grant.urn in default().one(CLUSTER).needs


def test_disks_of_nodes_are_encrypted_with_the_same_key_which_compute_engine_may_use_first() -> None:
    grant = default().one("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "c-disks")
    assert grant.inputs["member"] == compute_service_agent("42")
    for nodes in default().all(POOL):
        assert nodes.inputs["nodeConfig"]["bootDiskKmsKey"] == "c-secrets-id"
        assert grant.urn in nodes.needs


def test_all_control_plane_logs_are_on() -> None:
    assert {"APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"} <= set(cluster()["loggingConfig"]["enableComponents"])


def test_network_policies_are_enforced() -> None:
    assert cluster()["datapathProvider"] == "ADVANCED_DATAPATH"


def test_nodes_run_under_an_account_that_may_do_little() -> None:
    members = default().all("gcp:projects/iAMMember:IAMMember")
    assert {member.inputs["role"] for member in members} == {
        "roles/container.defaultNodeServiceAccount",
        "roles/artifactregistry.reader",
    }
    assert all({member.urn for member in members} <= nodes.needs for nodes in default().all(POOL))
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


def test_flow_logs_are_kept_only_when_asked_for() -> None:
    subnetwork = "gcp:compute/subnetwork:Subnetwork"
    assert "logConfig" not in default().one(subnetwork).inputs
    assert other().one(subnetwork).inputs["logConfig"]["metadata"] == "INCLUDE_ALL_METADATA"


def test_registry_and_storage_are_reached_by_private_addresses() -> None:
    assert default().one("gcp:compute/subnetwork:Subnetwork").inputs["privateIpGoogleAccess"] is True


def test_the_control_plane_reaches_webhooks_on_our_nodes_only() -> None:
    rule = default().one("gcp:compute/firewall:Firewall")
    assert rule.inputs["sourceRanges"] == ["172.16.0.0/28"]
    assert rule.inputs["targetServiceAccounts"] == ["nodes@p"]
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": ["8443", "9443"]}]
    assert all(rule.urn in nodes.needs for nodes in default().all(POOL))


def test_an_existing_network_is_used_and_nothing_is_made_in_it() -> None:
    assert not [resource for resource in moved_in().resources if resource.type.startswith("gcp:compute/")]
    found = cluster(moved_in)
    assert (found["network"], found["subnetwork"]) == (EXISTING["network"], EXISTING["subnetwork"])
    assert found["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "gke-pods",
        "servicesSecondaryRangeName": "gke-services",
    }


def test_google_upgrades_within_the_window_only() -> None:
    assert cluster()["maintenancePolicy"]["recurringWindow"] == {
        "startTime": "2024-01-07T02:00:00Z",
        "endTime": "2024-01-07T14:00:00Z",
        "recurrence": "FREQ=WEEKLY;BYDAY=SU",
    }


def test_pods_mount_buckets_always_and_filestore_where_there_is_one() -> None:
    for graph, files in ((default, False), (other, True)):
        addons = cluster(graph)["addonsConfig"]
        assert addons["gcsFuseCsiDriverConfig"] == {"enabled": True}
        assert addons["gcpFilestoreCsiDriverConfig"] == {"enabled": files}


def test_a_pool_with_a_fast_network_never_replaces_the_cluster() -> None:
    assert cluster()["enableMultiNetworking"] is True


def test_images_are_streamed_to_gpu_nodes() -> None:
    config = default().one(POOL, "c-gpu-h100").inputs["nodeConfig"]
    assert (config["gcfsConfig"], config["imageType"]) == ({"enabled": True}, "COS_CONTAINERD")


def test_gpus_are_shared_by_the_gpu_operator_and_not_by_gke() -> None:
    for nodes in (*default().all(POOL), *other().all(POOL)):
        for gpus in nodes.inputs["nodeConfig"].get("guestAccelerators", []):
            assert set(gpus) == {"type", "count", "gpuDriverInstallationConfig"}


def test_local_disks_become_the_nodes_scratch_space_where_the_machine_has_some() -> None:
    config = default().one(POOL, "c-gpu-h100").inputs["nodeConfig"]
    assert config["ephemeralStorageLocalSsdConfig"] == {"localSsdCount": 16}
    assert "ephemeralStorageLocalSsdConfig" not in node_pool("spot")["nodeConfig"]


def test_only_a_reserved_pool_takes_reserved_machines() -> None:
    assert node_pool("reserved")["nodeConfig"]["reservationAffinity"] == {
        "consumeReservationType": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": ["h200-training"],
    }
    for key in ("spot", "flex", "mega"):
        affinity = node_pool(key)["nodeConfig"]["reservationAffinity"]
        assert affinity == {"consumeReservationType": "NO_RESERVATION"}


def test_a_spot_pool_is_spot_and_no_other_is() -> None:
    assert {key: node_pool(key)["nodeConfig"]["spot"] for key in ("spot", "reserved", "flex", "mega")} == {
        "spot": True,
        "reserved": False,
        "flex": False,
        "mega": False,
    }


def test_flex_start_machines_stay_seven_days_and_are_neither_repaired_nor_upgraded() -> None:
    found = node_pool("flex")
    assert (found["nodeConfig"]["flexStart"], found["nodeConfig"]["maxRunDuration"]) == (True, "604800s")
    assert found["management"] == {"autoRepair": False, "autoUpgrade": True}
    assert "upgradeSettings" not in found
    assert "queuedProvisioning" not in found
    assert (found["initialNodeCount"], found["autoscaling"]["totalMinNodeCount"]) == (0, 0)


def test_other_pools_know_nothing_of_flex_start() -> None:
    config = node_pool("reserved")["nodeConfig"]
    assert not {"flexStart", "maxRunDuration"} & set(config)
    assert node_pool("reserved")["management"] == {"autoRepair": True, "autoUpgrade": True}


def test_multi_node_jobs_have_the_networks_that_gke_makes_for_them() -> None:
    for key in ("reserved", "flex", "mega"):
        assert node_pool(key)["networkConfig"] == {"acceleratorNetworkProfile": "auto"}
    assert "networkConfig" not in node_pool("spot")
    strategies = {key: node_pool(key)["nodeConfig"].get("gpudirectStrategy") for key in ("flex", "mega", "spot")}
    assert strategies == {"flex": "RDMA", "mega": None, "spot": None}


def test_machines_are_placed_close_together_unless_their_reservation_did_that() -> None:
    placed = {key: node_pool(key).get("placementPolicy") for key in ("reserved", "flex", "mega", "spot")}
    compact = {"type": "COMPACT"}
    assert placed == {"reserved": None, "flex": compact, "mega": compact, "spot": None}


@pytest.mark.parametrize("graph", [default, other, moved_in], ids=["default", "other", "moved_in"])
def test_google_would_take_every_resource(graph: Callable[[], Graph]) -> None:
    assert contract_problems(graph()) == []


def contract_problems(graph: Graph) -> list[str]:
    """What Google's API models say against a graph; a resource type without a model is a problem, too."""
    clouds = [resource for resource in graph.resources if resource.type.startswith("gcp:")]
    return [f"{resource.type} has no model" for resource in clouds if resource.type not in BINDINGS] + [
        f"{resource.name}: {text(BINDINGS[resource.type], violation)}"
        for resource in clouds
        if resource.type in BINDINGS
        for violation in check(BINDINGS[resource.type], resource.inputs)
    ]
