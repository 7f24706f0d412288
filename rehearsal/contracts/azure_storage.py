"""Storage accounts of Azure, and what is in them."""

from __future__ import annotations

from rehearsal.contracts import azure_storage_rules as rule
from rehearsal.contracts.azure_common import bind, named, path
from rehearsal.contracts.binding import AutoName, Binding

_GROUP = frozenset({"resourceGroupName"})
_IN_ACCOUNT = _GROUP | {"accountName"}

STORAGE: dict[str, Binding] = {
    "azure-native:storage:StorageAccount": bind(
        "storage",
        "StorageAccountCreateParameters",
        title="Storage",
        fields={
            "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
            "enableNfsV3": "isNfsV3Enabled",
            "encryption.encryptionIdentity": "identity",
            "encryption.encryptionIdentity.encryptionFederatedIdentityClientId": "federatedIdentityClientId",
            "encryption.encryptionIdentity.encryptionUserAssignedIdentity": "userAssignedIdentity",
            "networkRuleSet": "networkAcls",
            "networkRuleSet.ipRules.iPAddressOrRange": "value",
            "networkRuleSet.virtualNetworkRules.virtualNetworkResourceId": "id",
        },
        local=path("accountName"),
        name=AutoName("accountName", 24, alphanumeric=True),
        required=_GROUP,
        replaces=(
            *("resourceGroupName", "location", "accountName", "kind", "isHnsEnabled", "enableNfsV3"),
            "encryption.requireInfrastructureEncryption",
        ),
        rules=(rule.account, named("accountName", r"[a-z0-9]{3,24}", "3-24 lowercase letters and digits")),
    ),
    "azure-native:storage:BlobContainer": bind(
        "storage",
        "BlobContainer",
        title="Storage",
        local=path("accountName", "containerName"),
        name=AutoName("containerName", 63),
        required=_IN_ACCOUNT,
        replaces=("resourceGroupName", "accountName", "containerName"),
        rules=(
            named("containerName", r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]", "3-63 lowercase letters, digits, -"),
        ),
    ),
    "azure-native:storage:BlobServiceProperties": bind(
        "storage",
        "BlobServiceProperties",
        title="Storage",
        local=path("accountName", "blobServicesName"),
        required=_IN_ACCOUNT | {"blobServicesName"},
        replaces=("resourceGroupName", "accountName", "blobServicesName"),
        rules=(rule.blob_service, named("blobServicesName", r"default", "default")),
    ),
    "azure-native:storage:ManagementPolicy": bind(
        "storage",
        "ManagementPolicy",
        title="Storage",
        local=path("accountName", "managementPolicyName"),
        required=_IN_ACCOUNT | {"managementPolicyName"},
        replaces=("resourceGroupName", "accountName", "managementPolicyName"),
        rules=(named("managementPolicyName", r"default", "default"),),
    ),
    "azure-native:storage:FileShare": bind(
        "storage",
        "FileShare",
        title="Storage",
        local=path("accountName", "shareName", "expand"),
        name=AutoName("shareName", 63),
        required=_IN_ACCOUNT,
        replaces=("resourceGroupName", "accountName", "shareName", "enabledProtocols"),
        rules=(
            rule.share,
            named("shareName", r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]", "3-63 lowercase letters, digits, -"),
        ),
    ),
}
"""Azure storage by Pulumi token."""
