"""The AKS cluster: what is asked of Azure."""

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from components.catalog.azure_limits import os_disk
from components.cluster.aks import AksCluster
from components.cluster.aks_args import AksClusterArgs
from components.cluster.aks_network import endpoint_block, network_of
from components.cluster.aks_secrets import vault_name
from components.cluster.aks_upgrades import image_channel
from components.cluster.kubeconfig import KubeconfigError, aks_kubeconfig
from components.cluster.pools import GpuPoolArgs
from tests.components.cluster.samples import gpu_pool
from tests.components.recorder import Graph, build

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
SUBNET, GRANT = "azure-native:network:Subnet", "azure-native:authorization:RoleAssignment"
WINDOW = "azure-native:containerservice:MaintenanceConfiguration"
LOCK = "azure-native:authorization:ManagementLockByScope"
FLOWS, PLACEMENT = "azure-native:network:FlowLog", "azure-native:compute:ProximityPlacementGroup"
ENCRYPTION = "azure-native:compute:DiskEncryptionSet"
SUBSCRIPTION = "/subscriptions/0a0a0a0a-0000-0000-0000-000000000000"
GROUP = "0a0a0a0a-0000-0000-0000-000000000001"


def credentials(document: Any) -> str:
    return base64.b64encode(yaml.safe_dump(document).encode()).decode()


FOUND = {"clusters": [{"name": "x", "cluster": {"server": "https://aks:443", "certificate-authority-data": "Q0E="}}]}
ANSWERS: dict[str, dict[str, Any]] = {
    "azure-native:containerservice:listManagedClusterUserCredentials": {
        "kubeconfigs": [{"name": "clusterUser", "value": credentials(FOUND)}]
    },
    "azure-native:managedidentity:UserAssignedIdentity": {"principalId": "principal", "tenantId": "tenant"},
    "azure-native:keyvault:Key": {"keyUriWithVersion": "https://kv/keys/k/1"},
    ENCRYPTION: {"identity": {"principalId": "disks", "tenantId": "tenant"}},
    CLUSTER: {
        "oidcIssuerProfile": {"issuerURL": "https://issuer/"},
        "name": "c-test",
        # What goes in as a list of ids comes out as a map.
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {}},
    },
    FLOWS: {"identity": {"type": "UserAssigned", "userAssignedIdentities": {}}},
}


def pool(**changes: Any) -> GpuPoolArgs:
    base = gpu_pool("Standard_ND96isr_H100_v5", driver="None")
    plain: dict[str, Any] = {
        "capacity": "on-demand",
        "reservation": None,
        "fast_network": False,
        "time_slicing": None,
        "zones": [],
    }
    return {**base, **plain, **changes}  # type: ignore[typeddict-item]


def args(**changes: Any) -> AksClusterArgs:
    base: AksClusterArgs = {
        "subscription_id": "0a0a0a0a-0000-0000-0000-000000000000",
        "location": "eastus2",
        "tenant_id": None,
        "network_cidr": "10.0.0.0/16",
        "existing_subnet_id": None,
        "flow_logs": False,
        "pods_cidr": "10.128.0.0/14",
        "services_cidr": "172.20.0.0/16",
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "upgrade_channel": "patch",
        "maintenance": {"day": "Sunday", "start_hour": 2, "hours": 12},
        "uptime_sla": False,
        "locked": False,
        "admin_groups": [GROUP],
        "zones": ["1", "2", "3"],
        "system_pool": {"machine": "Standard_D4s_v5", "min_nodes": 2, "max_nodes": 4},
        "gpu_pools": {"h100": pool()},
        "audited_changes": None,
        "tags": {"stack": "test"},
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


@cache
def default() -> Graph:
    return build(ANSWERS, lambda: AksCluster("c", args()))


@cache
def other() -> Graph:
    """All that can be chosen differently, at once, under another name."""
    return build(
        ANSWERS,
        lambda: AksCluster(
            "d",
            args(
                public_cidrs=["192.0.2.0/24"],
                gpu_pools={"s": pool(capacity="spot")},
                zones=[],
                flow_logs=True,
                upgrade_channel="rapid",
            ),
        ),
    )


RESERVATION = f"{SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.Compute/capacityReservationGroups/a100"
SUBNET_ID = f"{SUBSCRIPTION}/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/hub/subnets/aks"


@cache
def production() -> Graph:
    """A production cluster in another's subnet, with pools that are reserved and wired."""
    reserved = {"capacity": "reserved", "reservation": RESERVATION}
    pools = {
        "h100": pool(fast_network=True, zones=["2"]),
        "a100": pool(machine="Standard_NC24ads_A100_v4", **reserved),
        "t4": pool(machine="Standard_NC16as_T4_v3", **reserved),
    }
    given = args(gpu_pools=pools, existing_subnet_id=SUBNET_ID, flow_logs=True, uptime_sla=True, locked=True)
    return build(ANSWERS, lambda: AksCluster("p", given))


def cluster(graph: Callable[[], Graph] = default) -> dict[str, Any]:
    return graph().one(CLUSTER).inputs


def test_nodes_are_private_and_leave_through_nat() -> None:
    subnet = default().one(SUBNET, "c-nodes").inputs
    assert subnet["natGateway"] == {"id": "c-nat-id"}
    assert subnet["addressPrefix"] == "10.0.0.0/17"
    assert cluster()["networkProfile"]["outboundType"] == "userAssignedNATGateway"
    pools = [cluster()["agentPoolProfiles"][0], default().one(POOL).inputs]
    assert [(p["vnetSubnetID"], p["enableNodePublicIP"]) for p in pools] == [("c-nodes-id", False)] * 2


def test_the_public_endpoint_is_off_when_no_network_is_listed() -> None:
    access = cluster()["apiServerAccessProfile"]
    assert access["enablePrivateCluster"] is True
    assert access["enablePrivateClusterPublicFQDN"] is False
    assert "authorizedIPRanges" not in access


def test_the_public_endpoint_opens_to_the_listed_networks_only() -> None:
    access = cluster(other)["apiServerAccessProfile"]
    assert (access["enablePrivateCluster"], access["authorizedIPRanges"]) == (False, ["192.0.2.0/24"])


def test_secrets_are_encrypted_with_an_own_key_that_the_cluster_may_use_and_nobody_purge() -> None:
    kms = cluster()["securityProfile"]["azureKeyVaultKms"]
    assert (kms["enabled"], kms["keyId"], kms["keyVaultResourceId"]) == (True, "https://kv/keys/k/1", "c-secrets-id")
    vault = default().one("azure-native:keyvault:Vault").inputs["properties"]
    assert vault["enablePurgeProtection"] is True
    assert vault["enableRbacAuthorization"] is True
    grant = default().one("azure-native:authorization:RoleAssignment", "c-secrets")
    assert grant.inputs["roleDefinitionId"].endswith("/12338af0-0e69-4776-bea7-57ae8d297424")
    assert (grant.inputs["scope"], grant.inputs["principalId"]) == ("c-secrets-id", "principal")
    assert grant.urn in default().one(CLUSTER).needs


def test_disks_are_encrypted_with_an_own_key_that_rotates() -> None:
    key = default().one("azure-native:keyvault:Key", "c-disks").inputs
    (rotation,) = key["properties"]["rotationPolicy"]["lifetimeActions"]
    assert (rotation["action"], rotation["trigger"]) == ({"type": "rotate"}, {"timeAfterCreate": "P1Y"})
    found = default().one(ENCRYPTION).inputs
    assert found["activeKey"] == {"keyUrl": "https://kv/keys/k/1", "sourceVault": {"id": "c-secrets-id"}}
    assert found["rotationToLatestKeyVersionEnabled"] is True
    assert cluster()["diskEncryptionSetID"] == "c-disks-id"


def test_the_set_may_use_the_key_and_the_cluster_see_the_set_before_there_are_nodes() -> None:
    on_key, on_set = (default().one(GRANT, f"c-disks-{what}") for what in ("key", "set"))
    assert on_key.inputs["roleDefinitionId"].endswith("/e147488a-f6f5-4113-8e2d-b22465e65bf6")
    assert (on_key.inputs["scope"], on_key.inputs["principalId"]) == ("c-secrets-id", "disks")
    assert on_set.inputs["roleDefinitionId"].endswith("/acdd72a7-3385-48ef-bd42-f606fba81ae7")
    assert (on_set.inputs["scope"], on_set.inputs["principalId"]) == ("c-disks-id", "principal")
    assert {on_key.urn, on_set.urn, default().one(ENCRYPTION).urn} <= default().one(CLUSTER).needs


def test_all_control_plane_logs_are_on() -> None:
    setting = default().one("azure-native:monitor:DiagnosticSetting").inputs
    assert setting["resourceUri"] == "c-id"
    on = {log["category"] for log in setting["logs"] if log["enabled"]}
    assert {"kube-apiserver", "kube-audit-admin", "kube-controller-manager", "kube-scheduler", "guard"} <= on


def test_network_policies_are_enforced() -> None:
    network = cluster()["networkProfile"]
    assert (network["networkPolicy"], network["networkDataplane"]) == ("cilium", "cilium")
    assert network["dnsServiceIP"] == "172.20.0.10"


def test_only_the_listed_groups_administer() -> None:
    found = cluster()
    assert found["disableLocalAccounts"] is True
    assert found["aadProfile"]["adminGroupObjectIDs"] == [GROUP]


def test_a_gpu_pool_scales_from_zero_with_its_labels_and_taints() -> None:
    found = default().one(POOL, "c-gpu-h100")
    assert (found.inputs["agentPoolName"], found.inputs["resourceName"]) == ("h100", "c-test")
    assert [found.inputs[key] for key in ("enableAutoScaling", "count", "minCount", "maxCount")] == [True, 0, 0, 4]
    assert found.ignored == ("count",)
    assert found.inputs["nodeLabels"]["multimodal.dev/gpu-pool"] == "pool"
    assert found.inputs["nodeTaints"] == ["nvidia.com/gpu=present:NoSchedule"]
    assert found.inputs["gpuProfile"] == {"driver": "None"}


def test_a_spot_pool_is_evicted_for_capacity_and_never_for_its_price() -> None:
    spot = other().one(POOL).inputs
    assert (spot["scaleSetPriority"], spot["scaleSetEvictionPolicy"], spot["spotMaxPrice"]) == ("Spot", "Delete", -1)
    assert "upgradeSettings" not in spot
    regular = default().one(POOL).inputs
    assert (regular["scaleSetPriority"], "spotMaxPrice" in regular) == ("Regular", False)


def test_an_upgrade_of_a_gpu_pool_needs_no_spare_gpus() -> None:
    found = default().one(POOL)
    settings = found.inputs["upgradeSettings"]
    assert (settings["maxSurge"], settings["maxUnavailable"], settings["drainTimeoutInMinutes"]) == ("0", "1", 60)
    assert found.delete_first


def test_the_kubeconfig_is_secret_and_asks_entra_id_for_tokens() -> None:
    assert default().secret == {"kubeconfig"}
    config = json.loads(default().outputs["kubeconfig"])
    assert config["clusters"][0]["cluster"]["server"] == "https://aks:443"
    assert config["users"][0]["user"]["exec"]["command"] == "kubelogin"


def test_the_outputs_identify_the_cluster() -> None:
    outputs = default().outputs
    assert (outputs["cluster_name"], outputs["identifier"]) == ("c-test", "c-id")
    assert outputs["workload_identity"] == "https://issuer/"


def test_a_region_without_zones_is_asked_for_none() -> None:
    assert cluster()["agentPoolProfiles"][0]["availabilityZones"] == ["1", "2", "3"]
    assert "availabilityZones" not in cluster(other)["agentPoolProfiles"][0]


def test_credentials_without_a_cluster_are_refused() -> None:
    with pytest.raises(KubeconfigError, match="no cluster with a server"):
        aks_kubeconfig("c", credentials({"clusters": []}))


def test_vaults_of_two_resource_groups_never_share_a_name() -> None:
    names = {vault_name(group) for group in ("a-group1234", "a-group5678")}
    assert len(names) == 2
    assert all(3 <= len(name) <= 24 and name[0].isalpha() for name in names)


def test_upgrades_keep_to_the_window_both_of_versions_and_of_images() -> None:
    profile = cluster()["autoUpgradeProfile"]
    assert profile == {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "SecurityPatch"}
    windows = {found.inputs["configName"]: found.inputs["maintenanceWindow"] for found in default().all(WINDOW)}
    assert set(windows) == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}
    for window in windows.values():
        assert window["schedule"] == {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}}
        assert (window["startTime"], window["utcOffset"], window["durationHours"]) == ("02:00", "+00:00", 12)


def test_images_are_replaced_where_the_channel_is_node_image() -> None:
    assert [image_channel(channel) for channel in ("node-image", "patch", "none")] == [
        "NodeImage",
        "SecurityPatch",
        "SecurityPatch",
    ]


def test_an_update_does_not_take_back_versions_that_aks_has_moved() -> None:
    assert "kubernetesVersion" in other().one(CLUSTER).ignored
    assert other().one(POOL).ignored == ("count", "orchestratorVersion")
    assert "kubernetesVersion" not in default().one(CLUSTER).ignored


def test_an_uptime_is_paid_for_where_it_is_asked_for() -> None:
    assert [cluster(graph)["sku"]["tier"] for graph in (default, production)] == ["Free", "Standard"]


def test_a_lock_comes_after_everything_that_it_covers_and_so_goes_first() -> None:
    assert default().all(LOCK) == []
    lock = production().one(LOCK)
    assert (lock.inputs["scope"], lock.inputs["level"]) == ("p-id", "CanNotDelete")
    covered = [*production().all(POOL), *production().all(WINDOW)]
    covered += production().all("azure-native:monitor:DiagnosticSetting")
    assert {found.urn for found in covered} <= lock.needs


def test_a_cluster_in_an_existing_subnet_makes_no_network() -> None:
    graph = production()
    made = {found.type for found in graph.resources}
    assert not made & {SUBNET, "azure-native:network:VirtualNetwork", "azure-native:network:NatGateway"}
    assert {found.inputs["vnetSubnetID"] for found in graph.all(POOL)} == {SUBNET_ID}
    assert cluster(production)["agentPoolProfiles"][0]["vnetSubnetID"] == SUBNET_ID
    assert graph.one(GRANT, "p-network").inputs["scope"] == SUBNET_ID


def test_private_endpoints_get_addresses_that_no_node_has() -> None:
    assert default().one(SUBNET, "c-endpoints").inputs["addressPrefix"] == "10.0.128.0/27"
    assert endpoint_block("10.1.16.0/20") == "10.1.24.0/27"


def test_the_network_of_a_subnet_is_read_off_its_id() -> None:
    assert network_of(SUBNET_ID) == SUBNET_ID.removesuffix("/subnets/aks")


def test_flow_logs_are_written_without_keys_by_the_watcher_that_azure_made() -> None:
    assert default().all(FLOWS) == []
    log = other().one(FLOWS)
    assert (log.inputs["networkWatcherName"], log.inputs["resourceGroupName"]) == (
        "NetworkWatcher_eastus2",
        "NetworkWatcherRG",
    )
    assert log.inputs["targetResourceId"] == "d-network-id"
    assert log.inputs["identity"]["userAssignedIdentities"] == ["d-flow-logs-id"]
    account = other().one("azure-native:storage:StorageAccount").inputs
    assert (account["allowSharedKeyAccess"], account["networkRuleSet"]["defaultAction"]) == (False, "Deny")
    assert other().one(GRANT, "d-flow-logs").urn in log.needs


def test_flow_logs_of_an_existing_network_watch_our_subnet_only() -> None:
    assert production().one(FLOWS).inputs["targetResourceId"] == SUBNET_ID


def test_a_reserved_pool_comes_out_of_its_group_which_the_control_plane_may_use() -> None:
    grants = [found for found in production().all(GRANT) if found.name.startswith("p-capacity")]
    assert [found.inputs["scope"] for found in grants] == [RESERVATION]
    assert grants[0].inputs["roleDefinitionId"].endswith("/b24988ac-6180-42a0-ab88-20f7382dd24c")
    for name in ("a100", "t4"):
        found = production().one(POOL, f"p-gpu-{name}")
        assert found.inputs["capacityReservationGroupID"] == RESERVATION
        assert grants[0].urn in found.needs
    assert "capacityReservationGroupID" not in production().one(POOL, "p-gpu-h100").inputs


def test_a_pool_with_a_fast_network_stands_close_together_in_one_zone() -> None:
    placement = production().one(PLACEMENT)
    assert (placement.inputs["zones"], placement.inputs["intent"]) == (
        ["2"],
        {"vmSizes": ["Standard_ND96isr_H100_v5"]},
    )
    found = production().one(POOL, "p-gpu-h100")
    assert found.inputs["proximityPlacementGroupID"] == f"{placement.name}-id"
    assert placement.urn in found.needs
    assert default().all(PLACEMENT) == []


@pytest.mark.parametrize(
    ("machine", "disk", "kind"),
    [
        ("Standard_NC4as_T4_v3", 176, "Ephemeral"),
        ("Standard_NC4as_T4_v3", 177, "Managed"),
        ("Standard_NC24ads_A100_v4", 200, "Managed"),
        ("Standard_ND96isr_H100_v5", 1024, "Ephemeral"),
        ("Standard_NC80adis_H100_v5", 2041, "Managed"),
        ("Standard_Unknown", 100, "Managed"),
    ],
)
def test_the_os_disk_is_local_where_it_fits(machine: str, disk: int, kind: str) -> None:
    assert os_disk(machine, disk) == kind
