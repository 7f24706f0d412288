"""What the Azure contract takes and refuses, by exact message."""

from typing import Any

import pytest

from rehearsal.contracts.azure import BINDINGS
from rehearsal.contracts.check import check, text
from rehearsal.providers.plugin_values import UNKNOWN

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
NETWORK, SUBNET = "azure-native:network:VirtualNetwork", "azure-native:network:Subnet"
NSG, ADDRESS = "azure-native:network:NetworkSecurityGroup", "azure-native:network:PublicIPAddress"
ROLE, VAULT = "azure-native:authorization:RoleAssignment", "azure-native:keyvault:Vault"
LOGS, ACCOUNT = "azure-native:operationalinsights:Workspace", "azure-native:storage:StorageAccount"
CREDENTIAL = "azure-native:managedidentity:FederatedIdentityCredential"
GROUP = "azure-native:resources:ResourceGroup"
WINDOW = "azure-native:containerservice:MaintenanceConfiguration"
ENDPOINT, FLOWS = "azure-native:network:PrivateEndpoint", "azure-native:network:FlowLog"
PLACEMENT, LOCK = (
    "azure-native:compute:ProximityPlacementGroup",
    "azure-native:authorization:ManagementLockByScope",
)
SETTING, BLOBS = "azure-native:monitor:DiagnosticSetting", "azure-native:storage:BlobServiceProperties"
SHARE = "azure-native:storage:FileShare"
NAMESPACE, HUB = "azure-native:eventhub:Namespace", "azure-native:eventhub:EventHub"
HUB_NETWORK, HUB_KEY = (
    "azure-native:eventhub:NamespaceNetworkRuleSet",
    "azure-native:eventhub:NamespaceAuthorizationRule",
)
RESERVATION = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/capacityReservationGroups/r"
GUID = "12338af0-0e69-4776-bea7-57ae8d297424"

SYSTEM = {
    "name": "system",
    "mode": "System",
    "vmSize": "Standard_D4s_v5",
    "osType": "Linux",
    "count": 2,
    "enableAutoScaling": True,
    "minCount": 2,
    "maxCount": 4,
}
GOOD: dict[str, dict[str, Any]] = {
    GROUP: {"resourceGroupName": "g", "location": "eastus"},
    NETWORK: {
        "resourceGroupName": UNKNOWN,
        "virtualNetworkName": "n",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "a", "addressPrefix": "10.0.0.0/24"}],
    },
    SUBNET: {
        "resourceGroupName": UNKNOWN,
        "virtualNetworkName": UNKNOWN,
        "subnetName": "s",
        "addressPrefix": "10.0.0.0/24",
        "natGateway": {"id": UNKNOWN},
    },
    "azure-native:network:NatGateway": {
        "resourceGroupName": "g",
        "sku": {"name": "Standard"},
        "publicIpAddresses": [{"id": UNKNOWN}],
        "idleTimeoutInMinutes": 10,
    },
    ADDRESS: {"resourceGroupName": "g", "sku": {"name": "Standard"}, "publicIPAllocationMethod": "Static"},
    NSG: {
        "resourceGroupName": "g",
        "securityRules": [
            {"name": "a", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"},
            {"name": "b", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*"},
        ],
    },
    "azure-native:privatedns:PrivateZone": {"resourceGroupName": "g", "privateZoneName": "a.b", "location": "global"},
    "azure-native:privatedns:VirtualNetworkLink": {
        "resourceGroupName": "g",
        "privateZoneName": "a.b",
        "virtualNetwork": {"id": UNKNOWN},
        "registrationEnabled": False,
    },
    "azure-native:managedidentity:UserAssignedIdentity": {"resourceGroupName": "g", "resourceName": "identity"},
    CREDENTIAL: {
        "resourceGroupName": "g",
        "resourceName": "identity",
        "issuer": UNKNOWN,
        "subject": "system:serviceaccount:serving:models",
        "audiences": ["api://AzureADTokenExchange"],
    },
    ROLE: {
        "scope": UNKNOWN,
        "principalId": UNKNOWN,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{GUID}/providers/Microsoft.Authorization/roleDefinitions/{GUID}",
        "roleAssignmentName": GUID,
    },
    LOGS: {"resourceGroupName": "g", "workspaceName": "logs", "sku": {"name": "PerGB2018"}, "retentionInDays": 90},
    VAULT: {
        "resourceGroupName": "g",
        "vaultName": "kv-1",
        "properties": {
            "tenantId": UNKNOWN,
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": 7,
        },
    },
    "azure-native:keyvault:Key": {
        "resourceGroupName": "g",
        "vaultName": "kv-1",
        "keyName": "k",
        "properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["encrypt"]},
    },
    "azure-native:compute:DiskEncryptionSet": {
        "resourceGroupName": "g",
        "activeKey": {"keyUrl": UNKNOWN},
        "encryptionType": "EncryptionAtRestWithCustomerKey",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [UNKNOWN]},
    },
    ACCOUNT: {
        "resourceGroupName": "g",
        "accountName": "models1",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "minimumTlsVersion": "TLS1_2",
        "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "203.0.113.1"}]},
    },
    "azure-native:storage:BlobContainer": {
        "resourceGroupName": "g",
        "accountName": "models1",
        "containerName": "models",
        "publicAccess": "None",
    },
    BLOBS: {
        "resourceGroupName": "g",
        "accountName": "models1",
        "blobServicesName": "default",
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": 30},
    },
    "azure-native:storage:ManagementPolicy": {
        "resourceGroupName": "g",
        "accountName": "models1",
        "managementPolicyName": "default",
        "policy": {
            "rules": [
                {
                    "name": "old",
                    "type": "Lifecycle",
                    "enabled": True,
                    "definition": {
                        "filters": {"blobTypes": ["blockBlob"]},
                        "actions": {"version": {"delete": {"daysAfterCreationGreaterThan": 30}}},
                    },
                }
            ]
        },
    },
    SHARE: {
        "resourceGroupName": "g",
        "accountName": "files1",
        "shareName": "shared",
        "enabledProtocols": "NFS",
        "rootSquash": "NoRootSquash",
        "shareQuota": 1024,
    },
    ENDPOINT: {
        "resourceGroupName": "g",
        "privateEndpointName": "blob",
        "subnet": {"id": UNKNOWN},
        "privateLinkServiceConnections": [{"name": "blob", "privateLinkServiceId": UNKNOWN, "groupIds": ["blob"]}],
    },
    "azure-native:network:PrivateDnsZoneGroup": {
        "resourceGroupName": "g",
        "privateEndpointName": "blob",
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [{"name": "blob", "privateDnsZoneId": UNKNOWN}],
    },
    FLOWS: {
        "resourceGroupName": "NetworkWatcherRG",
        "networkWatcherName": "NetworkWatcher_eastus",
        "targetResourceId": UNKNOWN,
        "storageId": UNKNOWN,
        "format": {"type": "JSON", "version": 2},
        "retentionPolicy": {"enabled": True, "days": 90},
    },
    PLACEMENT: {
        "resourceGroupName": "g",
        "location": "eastus",
        "proximityPlacementGroupType": "Standard",
        "intent": {"vmSizes": ["Standard_ND96isr_H100_v5"]},
        "zones": ["1"],
    },
    LOCK: {"scope": UNKNOWN, "level": "CanNotDelete", "lockName": "lock"},
    SETTING: {
        "resourceUri": UNKNOWN,
        "name": "logs",
        "workspaceId": UNKNOWN,
        "logs": [{"category": "guard", "enabled": True}],
    },
    NAMESPACE: {
        "resourceGroupName": "g",
        "namespaceName": "audit-1",
        "sku": {"name": "Standard", "tier": "Standard", "capacity": 1},
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
    },
    HUB_NETWORK: {
        "resourceGroupName": "g",
        "namespaceName": UNKNOWN,
        "publicNetworkAccess": "Disabled",
        "defaultAction": "Deny",
        "trustedServiceAccessEnabled": True,
    },
    HUB: {
        "resourceGroupName": "g",
        "namespaceName": UNKNOWN,
        "eventHubName": "log",
        "partitionCount": 32,
        "messageRetentionInDays": 7,
    },
    HUB_KEY: {
        "resourceGroupName": "g",
        "namespaceName": UNKNOWN,
        "authorizationRuleName": "monitor",
        "rights": ["Manage", "Send", "Listen"],
    },
    WINDOW: {
        "resourceGroupName": "g",
        "resourceName": "c",
        "configName": "aksManagedAutoUpgradeSchedule",
        "maintenanceWindow": {
            "schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}},
            "startTime": "02:00",
            "utcOffset": "+00:00",
            "durationHours": 12,
        },
    },
    CLUSTER: {
        "resourceGroupName": UNKNOWN,
        "resourceName": "c",
        "dnsPrefix": "c",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [UNKNOWN]},
        "sku": {"name": "Base", "tier": "Standard"},
        "agentPoolProfiles": [SYSTEM],
        "oidcIssuerProfile": {"enabled": True},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "networkPolicy": "cilium",
            "networkDataplane": "cilium",
            "podCidr": "10.244.0.0/16",
            "serviceCidr": "10.0.0.0/16",
            "dnsServiceIP": "10.0.0.10",
        },
        "apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24"]},
    },
    POOL: {
        "resourceGroupName": UNKNOWN,
        "resourceName": UNKNOWN,
        "agentPoolName": "h100",
        "mode": "User",
        "vmSize": "Standard_NC40ads_H100_v5",
        "gpuProfile": {"driver": "None"},
        "enableAutoScaling": True,
        "count": 0,
        "minCount": 0,
        "maxCount": 2,
        "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"],
        "nodeLabels": {"multimodal.dev/gpu-pool": "h100"},
    },
}
AKS = "the AKS API"


def network(**change: Any) -> dict[str, Any]:
    """The good cluster with another network profile."""
    return {"networkProfile": {**GOOD[CLUSTER]["networkProfile"], **change}}


def system(**change: Any) -> dict[str, Any]:
    """The good cluster with another system pool."""
    return {"agentPoolProfiles": [{**SYSTEM, **change}]}


def window(**change: Any) -> dict[str, Any]:
    """The good maintenance with another window."""
    return {"maintenanceWindow": {**GOOD[WINDOW]["maintenanceWindow"], **change}}


BAD: list[tuple[str, dict[str, Any], str]] = [
    (GROUP, {"location": None}, "location: missing; the Resource Manager API needs it"),
    (
        GROUP,
        {"tags": {"a/b": "c"}},
        'tags["a/b"] "c": a tag key has 1-512 characters and none of <>%&\\?/; the Resource Manager API refuses it',
    ),
    (
        NETWORK,
        {"subnets": [{"name": "a", "addressPrefix": "10.1.0.0/24"}]},
        'subnets[0].addressPrefix "10.1.0.0/24": lies outside the network 10.0.0.0/16; '
        "the Azure Network (VirtualNetwork) API refuses it",
    ),
    (
        NETWORK,
        {"addressSpace": {"addressPrefixes": ["10.0.0.0/40"]}},
        'addressSpace.addressPrefixes[0] "10.0.0.0/40": is not a CIDR block such as 10.0.0.0/16; '
        "the Azure Network (VirtualNetwork) API refuses it",
    ),
    (
        SUBNET,
        {"addressPrefix": "10.0.0.0/30"},
        'addressPrefix "10.0.0.0/30": must be /29 or larger; the Azure Network (Subnet) API refuses it',
    ),
    (SUBNET, {"addressPrefix": None}, "addressPrefix: missing; the Azure Network (Subnet) API needs it"),
    (
        NSG,
        {"securityRules": [{"priority": 99, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}]},
        "securityRules[0].priority 99: must be from 100 to 4096; "
        "the Azure Network (NetworkSecurityGroup) API refuses it",
    ),
    (
        NSG,
        {"securityRules": [{"priority": 100, "direction": "In", "access": "Allow", "protocol": "Tcp"}]},
        'securityRules[0].direction "In": not one of Inbound, Outbound; '
        "the Azure Network (NetworkSecurityGroup) API refuses it",
    ),
    (
        ADDRESS,
        {"publicIPAllocationMethod": "Dynamic"},
        'publicIPAllocationMethod "Dynamic": must be Static for a Standard address; '
        "the Azure Network (PublicIPAddress) API refuses it",
    ),
    (
        ROLE,
        {"roleDefinitionId": "Contributor"},
        'roleDefinitionId "Contributor": must be .../providers/Microsoft.Authorization/roleDefinitions/<guid>; '
        "the Azure Authorization (RoleAssignment) API refuses it",
    ),
    (
        ROLE,
        {"principalType": "Robot"},
        'principalType "Robot": not one of User, Group, ServicePrincipal, ForeignGroup, Device; '
        "the Azure Authorization (RoleAssignment) API refuses it",
    ),
    (
        VAULT,
        {"properties": {"tenantId": UNKNOWN, "sku": {"family": "A", "name": "gold"}, "enablePurgeProtection": False}},
        "properties.enablePurgeProtection false: can only be true or left out: it cannot be switched off; "
        "the Key Vault API refuses it",
    ),
    (
        VAULT,
        {"properties": {"tenantId": UNKNOWN, "sku": {"family": "A", "name": "gold"}}},
        'properties.sku.name "gold": not one of standard, premium; the Key Vault API refuses it',
    ),
    (VAULT, {"properties": {"tenantId": UNKNOWN}}, "properties.sku: missing; the Key Vault API needs it"),
    (
        VAULT,
        {"vaultName": "kv--1"},
        'vaultName "kv--1": must be 3-24 letters, digits and hyphens; the Key Vault API refuses it',
    ),
    (
        LOGS,
        {"retentionInDays": 10},
        "retentionInDays 10: must be from 30 to 730 days; the Log Analytics API refuses it",
    ),
    (
        ACCOUNT,
        {"accountName": "Models"},
        'accountName "Models": must be 3-24 lowercase letters and digits; the Storage API refuses it',
    ),
    (
        CREDENTIAL,
        {"subject": "system:serviceaccount:models"},
        'subject "system:serviceaccount:models": must be system:serviceaccount:<namespace>:<name>; '
        "the Managed Identity API refuses it",
    ),
    (CLUSTER, {"sku": {"tier": "Gold"}}, f'sku.tier "Gold": not one of Premium, Standard, Free; {AKS} refuses it'),
    (CLUSTER, {"dnsPrefix": None}, f"dnsPrefix: missing; {AKS} needs it"),
    (CLUSTER, {"identity": None}, f"identity: missing: a cluster acts as a managed identity; {AKS} needs it"),
    (CLUSTER, system(mode="User"), f"agentPoolProfiles: must have a pool whose mode is System; {AKS} refuses it"),
    (
        CLUSTER,
        system(minCount=0),
        f"agentPoolProfiles[0].minCount 0: must be at least 1 for a system pool; {AKS} refuses it",
    ),
    (CLUSTER, system(osType="Lin"), f'agentPoolProfiles[0].osType "Lin": not one of Linux, Windows; {AKS} refuses it'),
    (
        CLUSTER,
        system(name="Sys"),
        'agentPoolProfiles[0].name "Sys": must be 1-12 lowercase letters and digits, beginning with a letter; '
        f"{AKS} refuses it",
    ),
    (
        CLUSTER,
        {"oidcIssuerProfile": {"enabled": False}},
        "oidcIssuerProfile.enabled false: must be true when securityProfile.workloadIdentity is enabled; "
        f"{AKS} refuses it",
    ),
    (
        CLUSTER,
        network(dnsServiceIP="10.1.0.10"),
        'networkProfile.dnsServiceIP "10.1.0.10": must lie in serviceCidr 10.0.0.0/16 and not be its first address; '
        f"{AKS} refuses it",
    ),
    (
        CLUSTER,
        network(serviceCidr="10.244.0.0/20"),
        f'networkProfile.serviceCidr "10.244.0.0/20": overlaps podCidr 10.244.0.0/16; {AKS} refuses it',
    ),
    (
        CLUSTER,
        network(networkPlugin="kubenet"),
        f'networkProfile.networkPluginMode "overlay": needs networkPlugin azure; {AKS} refuses it',
    ),
    (
        CLUSTER,
        network(outboundType="nat"),
        'networkProfile.outboundType "nat": not one of loadBalancer, userDefinedRouting, managedNATGateway, '
        f"userAssignedNATGateway, none; {AKS} refuses it",
    ),
    (
        CLUSTER,
        {"apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24"], "enablePrivateCluster": True}},
        'apiServerAccessProfile.authorizedIPRanges ["203.0.113.0/24"]: cannot be given for a private cluster; '
        f"{AKS} refuses it",
    ),
    (
        CLUSTER,
        {"kubernetesVersion": "latest"},
        f'kubernetesVersion "latest": must be a Kubernetes version such as 1.34 or 1.34.1; {AKS} refuses it',
    ),
    (POOL, {"gpuProfile": {"driver": "Skip"}}, f'gpuProfile.driver "Skip": not one of Install, None; {AKS} refuses it'),
    (
        POOL,
        {"vmSize": "Standard_D4s_v5"},
        f'gpuProfile {{"driver": "None"}}: vmSize Standard_D4s_v5 has no GPUs; {AKS} refuses it',
    ),
    (
        POOL,
        {"vmSize": "p5.48xlarge"},
        f'vmSize "p5.48xlarge": must be a VM size such as Standard_D4s_v5; {AKS} refuses it',
    ),
    (
        POOL,
        {"vmSize": "Standard_NC4as_T4_v3", "gpuInstanceProfile": "MIG1g"},
        f'gpuInstanceProfile "MIG1g": Tesla-T4 in Standard_NC4as_T4_v3 cannot be partitioned; {AKS} refuses it',
    ),
    (
        POOL,
        {"gpuInstanceProfile": "MIG5g"},
        f'gpuInstanceProfile "MIG5g": not one of MIG1g, MIG2g, MIG3g, MIG4g, MIG7g; {AKS} refuses it',
    ),
    (POOL, {"maxCount": None}, f"maxCount: missing when enableAutoScaling is true; {AKS} needs it"),
    (POOL, {"count": 5}, f"count 5: must be from minCount 0 to maxCount 2; {AKS} refuses it"),
    (POOL, {"enableAutoScaling": False}, f"maxCount 2: needs enableAutoScaling true; {AKS} refuses it"),
    (POOL, {"spotMaxPrice": -1}, f"spotMaxPrice -1: needs scaleSetPriority Spot; {AKS} refuses it"),
    (
        POOL,
        {"nodeTaints": ["a=b"]},
        f'nodeTaints[0] "a=b": must be key=value:effect with a Kubernetes effect; {AKS} refuses it',
    ),
    (
        POOL,
        {"nodeLabels": {"kubernetes.azure.com/x": "y"}},
        f'nodeLabels["kubernetes.azure.com/x"] "y": is a label prefix that AKS keeps for itself; {AKS} refuses it',
    ),
    (
        POOL,
        {"capacityReservationGroupID": UNKNOWN},
        f"capacityReservationGroupID: Azure takes no reservations of Standard_NC40ads_H100_v5; {AKS} refuses it",
    ),
    (
        POOL,
        {"capacityReservationGroupID": "r", "vmSize": "Standard_NC24ads_A100_v4"},
        'capacityReservationGroupID "r": must be the id of a Microsoft.Compute/capacityReservationGroups; '
        f"{AKS} refuses it",
    ),
    (
        POOL,
        {"capacityReservationGroupID": UNKNOWN, "proximityPlacementGroupID": UNKNOWN},
        f"capacityReservationGroupID: cannot be combined with proximityPlacementGroupID; {AKS} refuses it",
    ),
    (
        POOL,
        {"capacityReservationGroupID": UNKNOWN, "scaleSetPriority": "Spot"},
        f"capacityReservationGroupID: cannot be given for a Spot pool; {AKS} refuses it",
    ),
    (
        POOL,
        {"proximityPlacementGroupID": UNKNOWN, "availabilityZones": ["1", "2"]},
        f'availabilityZones ["1", "2"]: must name one zone at most in a proximity placement group; {AKS} refuses it',
    ),
    (
        POOL,
        {"osDiskType": "Ephemeral", "osDiskSizeGB": 200, "vmSize": "Standard_NC24ads_A100_v4"},
        f"osDiskSizeGB 200: an ephemeral disk of Standard_NC24ads_A100_v4 has at most 64 GiB; {AKS} refuses it",
    ),
    (
        CLUSTER,
        {"autoUpgradeProfile": {"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "SecurityPatch"}},
        'autoUpgradeProfile.nodeOSUpgradeChannel "SecurityPatch": must be NodeImage under upgradeChannel node-image; '
        f"{AKS} refuses it",
    ),
    (
        WINDOW,
        {"configName": "weekly"},
        'configName "weekly": not one of default, aksManagedAutoUpgradeSchedule, aksManagedNodeOSUpgradeSchedule; '
        "the AKS (MaintenanceConfiguration) API refuses it",
    ),
    (
        WINDOW,
        window(durationHours=2),
        "maintenanceWindow.durationHours 2: must be from 4 to 24; the AKS (MaintenanceConfiguration) API refuses it",
    ),
    (
        WINDOW,
        window(startTime="2:00"),
        'maintenanceWindow.startTime "2:00": must be from 00:00 to 23:59; '
        "the AKS (MaintenanceConfiguration) API refuses it",
    ),
    (
        WINDOW,
        window(schedule={}),
        "maintenanceWindow.schedule: must have exactly one of daily, weekly, absoluteMonthly, relativeMonthly, has 0; "
        "the AKS (MaintenanceConfiguration) API refuses it",
    ),
    (
        LOCK,
        {"level": "Never"},
        'level "Never": not one of NotSpecified, CanNotDelete, ReadOnly; '
        "the Azure Authorization (ManagementLock) API refuses it",
    ),
    (
        NAMESPACE,
        {"sku": {"name": "Standard", "capacity": 41}},
        "sku.capacity 41: must be from 1 to 40 throughput units; the Event Hubs API refuses it",
    ),
    (
        NAMESPACE,
        {"namespaceName": "audit"},
        'namespaceName "audit": must be 6-50 letters, digits and hyphens; the Event Hubs API refuses it',
    ),
    (
        HUB_NETWORK,
        {"defaultAction": "Allow"},
        'defaultAction "Allow": lets everybody in where publicNetworkAccess is Disabled: make it Deny; '
        "the Event Hubs API refuses it",
    ),
    (
        HUB,
        {"messageRetentionInDays": 30},
        "messageRetentionInDays 30: must be from 1 to 7 days; the Event Hubs API refuses it",
    ),
    (
        HUB_KEY,
        {"rights": ["Manage", "Send"]},
        'rights ["Manage", "Send"]: must name Send and Listen with Manage; the Event Hubs API refuses it',
    ),
    (
        SETTING,
        {"workspaceId": None},
        "workspaceId: missing: one of workspaceId, storageAccountId, eventHubAuthorizationRuleId, "
        "marketplacePartnerId is needed; the Azure Monitor (DiagnosticSetting) API needs it",
    ),
    (
        ENDPOINT,
        {"privateLinkServiceConnections": [{"privateLinkServiceId": UNKNOWN, "groupIds": ["blob", "file"]}]},
        'privateLinkServiceConnections[0].groupIds ["blob", "file"]: must name one part of the service; '
        "the Azure Network (PrivateEndpoint) API refuses it",
    ),
    (
        FLOWS,
        {"retentionPolicy": {"days": 400}},
        "retentionPolicy.days 400: must be from 0 to 365 days; the Network Watcher API refuses it",
    ),
    (
        PLACEMENT,
        {"intent": None},
        'zones ["1"]: needs intent.vmSizes; the Azure Compute (ProximityPlacementGroup) API refuses it',
    ),
    (
        ACCOUNT,
        {"publicNetworkAccess": "Disabled", "networkRuleSet": {"defaultAction": "Allow"}},
        'networkRuleSet.defaultAction "Allow": lets everybody in where publicNetworkAccess is Disabled: make it Deny; '
        "the Storage API refuses it",
    ),
    (
        ACCOUNT,
        {"kind": "FileStorage"},
        'sku.name "Standard_LRS": must be a Premium one for kind FileStorage; the Storage API refuses it',
    ),
    (
        BLOBS,
        {"deleteRetentionPolicy": {"enabled": True}},
        "deleteRetentionPolicy.days: missing when enabled is true; the Storage API needs it",
    ),
    (
        SHARE,
        {"enabledProtocols": "SMB"},
        'rootSquash "NoRootSquash": needs enabledProtocols NFS; the Storage API refuses it',
    ),
    (POOL, {"maxPods": "many"}, f'maxPods "many": must be a whole number; {AKS} refuses it'),
]


def problems(token: str, inputs: dict[str, Any]) -> list[str]:
    binding = BINDINGS[token]
    return [text(binding, violation) for violation in check(binding, inputs)]


@pytest.mark.parametrize("token", GOOD)
def test_a_good_resource_passes(token: str) -> None:
    assert problems(token, GOOD[token]) == []


@pytest.mark.parametrize(("token", "change", "message"), BAD, ids=[message[:50] for _, _, message in BAD])
def test_a_bad_value_is_refused_with_this_message(token: str, change: dict[str, Any], message: str) -> None:
    assert message in problems(token, {**GOOD[token], **change})


def test_azure_takes_the_values_of_an_enum_in_any_case() -> None:
    assert problems(CLUSTER, {**GOOD[CLUSTER], **system(mode="System", osType="linux")}) == []


def test_a_reservation_of_a_size_that_azure_reserves_passes() -> None:
    reserved = {"capacityReservationGroupID": RESERVATION, "vmSize": "Standard_NC24ads_A100_v4"}
    assert problems(POOL, {**GOOD[POOL], **reserved}) == []


def test_a_gpu_size_outside_the_catalogue_is_doubted_rather_than_known_to_fail() -> None:
    found = problems(POOL, {**GOOD[POOL], "vmSize": "Standard_NC96ads_H100_v5"})
    assert len(found) == 1
    assert found[0].startswith('vmSize "Standard_NC96ads_H100_v5": is not among the GPU sizes of the catalogue')
    assert found[0].endswith("the AKS API would most likely refuse it")


def test_a_cluster_without_any_pool_is_refused() -> None:
    found = problems(CLUSTER, {**GOOD[CLUSTER], "agentPoolProfiles": []})
    assert found == ["agentPoolProfiles: missing: a cluster starts with a system pool; the AKS API needs it"]


def test_every_azure_type_has_a_good_example() -> None:
    assert set(BINDINGS) == set(GOOD)
