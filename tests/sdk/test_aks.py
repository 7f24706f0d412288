"""The AKS cluster: what is asked of Azure."""

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from components.cluster.aks import AksCluster, AksClusterArgs
from components.cluster.aks_secrets import vault_name
from components.cluster.kubeconfig import KubeconfigError, aks_kubeconfig
from components.cluster.pools import GpuPoolArgs
from tests.components.cluster.samples import gpu_pool
from tests.components.recorder import Graph, build

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
GROUP = "0a0a0a0a-0000-0000-0000-000000000001"


def credentials(document: Any) -> str:
    return base64.b64encode(yaml.safe_dump(document).encode()).decode()


FOUND = {"clusters": [{"name": "x", "cluster": {"server": "https://aks:443", "certificate-authority-data": "Q0E="}}]}
ANSWERS = {
    "azure-native:containerservice:listManagedClusterUserCredentials": {
        "kubeconfigs": [{"name": "clusterUser", "value": credentials(FOUND)}]
    },
    "azure-native:managedidentity:UserAssignedIdentity": {"principalId": "principal", "tenantId": "tenant"},
    "azure-native:keyvault:Key": {"keyUriWithVersion": "https://kv/keys/k/1"},
    CLUSTER: {
        "oidcIssuerProfile": {"issuerURL": "https://issuer/"},
        "name": "c-test",
        # What goes in as a list of ids comes out as a map.
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {}},
    },
}


def pool(**changes: Any) -> GpuPoolArgs:
    return {**gpu_pool("Standard_ND96isr_H100_v5", driver="None"), **changes}  # type: ignore[typeddict-item]


def args(**changes: Any) -> AksClusterArgs:
    base: AksClusterArgs = {
        "subscription_id": "0a0a0a0a-0000-0000-0000-000000000000",
        "location": "eastus2",
        "tenant_id": None,
        "network_cidr": "10.0.0.0/16",
        "pods_cidr": "10.128.0.0/14",
        "services_cidr": "172.20.0.0/16",
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "admin_groups": [GROUP],
        "zones": ["1", "2", "3"],
        "system_pool": {"machine": "Standard_D4s_v5", "min_nodes": 2, "max_nodes": 4},
        "gpu_pools": {"h100": pool()},
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
        lambda: AksCluster("d", args(public_cidrs=["192.0.2.0/24"], gpu_pools={"s": pool(spot=True)}, zones=[])),
    )


def cluster(graph: Callable[[], Graph] = default) -> dict[str, Any]:
    return graph().one(CLUSTER).inputs


def test_nodes_are_private_and_leave_through_nat() -> None:
    subnet = default().one("azure-native:network:Subnet").inputs
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


def test_a_cluster_that_nobody_could_use_is_refused() -> None:
    with pytest.raises(ValueError, match="adminGroups is empty"):
        AksCluster("c", args(admin_groups=[]))


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
    assert found.inputs["upgradeSettings"] == {"maxSurge": "0", "maxUnavailable": "1"}
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
