"""Stores on Azure: what is asked of the cloud."""

from functools import cache
from typing import Any

from components.storage.azure import AzureStorage, AzureStorageArgs
from components.storage.azure_accounts import account_name
from components.storage.outputs import Access, Folder, Identity, Store
from tests.components.recorder import Graph, build

ACCOUNT, CONTAINER = "azure-native:storage:StorageAccount", "azure-native:storage:BlobContainer"
GRANT, TRUST = (
    "azure-native:authorization:RoleAssignment",
    "azure-native:managedidentity:FederatedIdentityCredential",
)
ENDPOINT, ZONE = "azure-native:network:PrivateEndpoint", "azure-native:privatedns:PrivateZone"
ANSWERS = {
    "azure-native:managedidentity:UserAssignedIdentity": {"principalId": "principal", "clientId": "client"},
    ACCOUNT: {"name": "st1"},
}


def args(**changes: Any) -> AzureStorageArgs:
    base: AzureStorageArgs = {
        "subscription_id": "0a0a0a0a-0000-0000-0000-000000000000",
        "location": "eastus2",
        "zonal": True,
        "keep_data": True,
        "shared_files_gib": None,
        "private_endpoints": True,
        "cluster_group": "cluster",
        "vnet_id": "vnet",
        "endpoint_subnet_id": "endpoints",
        "admitted_subnet_id": "nodes",
        "issuer": "https://issuer/",
        "tags": {"stack": "test"},
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


IDENTITIES: list[Identity] = []


def _with_access() -> AzureStorage:
    made = AzureStorage("s", args(shared_files_gib=1024))
    folders = {Folder(Store.MODELS, "vision"): Access.READ, Folder(Store.ARTIFACTS, "vision"): Access.WRITE}
    IDENTITIES.append(made.allow("vision", {"namespace": "vision", "service_account": "workloads", "folders": folders}))
    volume = made.datasets("vision")
    assert volume is not None
    made.handle, made.group_of_share = volume.handle, volume.attributes["resourceGroup"]  # type: ignore[attr-defined]
    made.uri_ = made.uri(Folder(Store.MODELS, "vision"))  # type: ignore[attr-defined]
    return made


@cache
def private() -> Graph:
    return build(ANSWERS, _with_access, read_outputs=("handle", "group_of_share", "uri_"))


@cache
def plain() -> Graph:
    changed = args(private_endpoints=False, zonal=False, keep_data=False)
    return build(ANSWERS, lambda: AzureStorage("t", changed), read_outputs=())


def objects(graph: Graph) -> dict[str, Any]:
    return next(found.inputs for found in graph.all(ACCOUNT) if found.inputs["kind"] == "StorageV2")


def test_nobody_gets_in_with_a_key_or_without_a_name() -> None:
    for graph in (private(), plain()):
        for found in graph.all(ACCOUNT):
            assert found.inputs["allowSharedKeyAccess"] is False
            assert found.inputs["allowBlobPublicAccess"] is False
            assert found.inputs["minimumTlsVersion"] == "TLS1_2"
            assert found.inputs["encryption"]["requireInfrastructureEncryption"] is True
    assert {found.inputs["publicAccess"] for found in private().all(CONTAINER)} == {"None"}


def test_there_is_a_container_for_each_folder_that_somebody_may_use() -> None:
    names = {found.inputs["containerName"] for found in private().all(CONTAINER)}
    assert names == {"models-vision", "artifacts-vision"}
    assert private().outputs["uri_"] == "https://st1.blob.core.windows.net/models-vision"


def test_replaced_and_deleted_objects_can_be_had_back_for_a_month() -> None:
    service = private().one("azure-native:storage:BlobServiceProperties").inputs
    assert service["isVersioningEnabled"] is True
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert service[policy] == {"enabled": True, "days": 30}
    rule = private().one("azure-native:storage:ManagementPolicy").inputs["policy"]["rules"][0]
    assert rule["definition"]["actions"]["version"]["delete"] == {"daysAfterCreationGreaterThan": 30}


def test_with_private_endpoints_there_is_no_other_way_in() -> None:
    for found in private().all(ACCOUNT):
        assert found.inputs["publicNetworkAccess"] == "Disabled"
        assert found.inputs["networkRuleSet"]["defaultAction"] == "Deny"
    ways = {found.name: found.inputs for found in private().all(ENDPOINT)}
    assert {name: way["privateLinkServiceConnections"][0]["groupIds"] for name, way in ways.items()} == {
        "s-blob": ["blob"],
        "s-file": ["file"],
    }
    assert {way["subnet"]["id"] for way in ways.values()} == {"endpoints"}
    zones = {found.inputs["privateZoneName"] for found in private().all(ZONE)}
    assert zones == {"privatelink.blob.core.windows.net", "privatelink.file.core.windows.net"}


def test_without_private_endpoints_the_nodes_get_in_and_nobody_else() -> None:
    assert plain().all(ENDPOINT) == []
    rules = objects(plain())["networkRuleSet"]
    assert rules["defaultAction"] == "Deny"
    assert [rule["virtualNetworkResourceId"] for rule in rules["virtualNetworkRules"]] == ["nodes"]


def test_data_is_in_three_zones_where_the_region_has_them() -> None:
    assert [objects(graph)["sku"]["name"] for graph in (private(), plain())] == ["Standard_ZRS", "Standard_LRS"]


def test_data_has_a_resource_group_apart_from_the_cluster() -> None:
    assert {found.inputs["resourceGroupName"] for found in private().all(ACCOUNT)} == {"s-group"}
    assert {found.inputs["resourceGroupName"] for found in private().all(ENDPOINT)} == {"cluster"}


def test_a_service_account_is_let_in_by_its_token_with_a_role_for_each_store() -> None:
    trust = private().one(TRUST).inputs
    assert trust["issuer"] == "https://issuer/"
    assert trust["subject"] == "system:serviceaccount:vision:workloads"
    assert trust["audiences"] == ["api://AzureADTokenExchange"]
    roles = {
        found.inputs["scope"]: found.inputs["roleDefinitionId"].rpartition("/")[2] for found in private().all(GRANT)
    }
    assert roles == {
        "s-models-vision-id": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "s-artifacts-vision-id": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    }
    assert set(IDENTITIES[0].annotations) == {"azure.workload.identity/client-id"}
    assert IDENTITIES[0].pod_labels == {"azure.workload.identity/use": "true"}


def test_shared_files_are_nfs_on_a_premium_account_of_their_own() -> None:
    share = private().one("azure-native:storage:FileShare").inputs
    assert (share["shareName"], share["enabledProtocols"], share["shareQuota"]) == ("vision", "NFS", 1024)
    account = next(found.inputs for found in private().all(ACCOUNT) if found.inputs["kind"] == "FileStorage")
    assert (account["sku"]["name"], account["enableHttpsTrafficOnly"]) == ("Premium_ZRS", False)
    assert private().outputs["group_of_share"] == "s-group"
    assert "#" not in private().outputs["handle"]


def test_accounts_of_two_stacks_never_share_a_name() -> None:
    names = {account_name("st", group) for group in ("a-group1234", "a-group5678")}
    assert len(names) == 2
    assert all(len(name) == 24 and name.isalnum() and name.islower() for name in names)
