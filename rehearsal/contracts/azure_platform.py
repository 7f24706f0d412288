"""Networks, identities, keys and logs of Azure."""

from __future__ import annotations

from rehearsal.contracts import azure_rules as rule
from rehearsal.contracts.azure_common import bind, named, path
from rehearsal.contracts.binding import AutoName, Binding

_GROUP = frozenset({"resourceGroupName"})
_NETWORK_NAME = r"[a-zA-Z0-9]([\w.-]{0,78}\w)?"
_PEER_SPACES = (
    *("localAddressSpace", "localVirtualNetworkAddressSpace", "remoteAddressSpace"),
    "remoteVirtualNetworkAddressSpace",
)
_IPAM = ("addressSpace.", "subnets.", *(f"virtualNetworkPeerings.{name}." for name in _PEER_SPACES))
_NETWORK_MEANING = "1-80 letters, digits, - _ and dots"


def _placed(*names: str) -> tuple[str, ...]:
    """What moves a resource, which Azure cannot do in place."""
    return ("resourceGroupName", "location", *names)


PLATFORM: dict[str, Binding] = {
    "azure-native:resources:ResourceGroup": bind(
        "resource.resources",
        "ResourceGroup",
        title="Resource Manager",
        required=frozenset({"location"}),
        name=AutoName("resourceGroupName", 90, lowercase=False),
        replaces=_placed("managedBy"),
        rules=(named("resourceGroupName", r"[\w.()-]{0,89}[\w()-]", "1-90 letters, digits, - _ ( ) and dots"),),
    ),
    "azure-native:network:VirtualNetwork": bind(
        "network",
        "VirtualNetwork",
        title="Azure Network (VirtualNetwork)",
        fields={f"{where}ipamPoolPrefixAllocations.id": "pool.id" for where in _IPAM},
        local=path("virtualNetworkName"),
        name=AutoName("virtualNetworkName", 64, lowercase=False),
        required=_GROUP | {"addressSpace"},
        replaces=_placed("virtualNetworkName"),
        rules=(rule.virtual_network, named("virtualNetworkName", _NETWORK_NAME, _NETWORK_MEANING)),
    ),
    "azure-native:network:Subnet": bind(
        "network",
        "Subnet",
        title="Azure Network (Subnet)",
        fields={"ipamPoolPrefixAllocations.id": "pool.id"},
        local=path("virtualNetworkName", "subnetName"),
        name=AutoName("subnetName", 80, lowercase=False),
        required=_GROUP | {"virtualNetworkName"},
        replaces=("resourceGroupName", "virtualNetworkName", "subnetName"),
        rules=(rule.subnet, named("subnetName", _NETWORK_NAME, _NETWORK_MEANING)),
    ),
    "azure-native:network:NatGateway": bind(
        "network",
        "NatGateway",
        title="Azure Network (NatGateway)",
        local=path("natGatewayName"),
        name=AutoName("natGatewayName", 80, lowercase=False),
        required=_GROUP,
        replaces=_placed("natGatewayName", "zones", "sku"),
        rules=(rule.nat_gateway, named("natGatewayName", _NETWORK_NAME, _NETWORK_MEANING)),
    ),
    "azure-native:network:PublicIPAddress": bind(
        "network",
        "PublicIPAddress",
        title="Azure Network (PublicIPAddress)",
        local=path("publicIpAddressName"),
        name=AutoName("publicIpAddressName", 80, lowercase=False),
        required=_GROUP,
        replaces=_placed("publicIpAddressName", "zones", "sku", "publicIPAddressVersion"),
        rules=(rule.public_address, named("publicIpAddressName", _NETWORK_NAME, _NETWORK_MEANING)),
    ),
    "azure-native:network:NetworkSecurityGroup": bind(
        "network",
        "NetworkSecurityGroup",
        title="Azure Network (NetworkSecurityGroup)",
        local=path("networkSecurityGroupName"),
        name=AutoName("networkSecurityGroupName", 80, lowercase=False),
        required=_GROUP,
        replaces=_placed("networkSecurityGroupName"),
        rules=(rule.security_group, named("networkSecurityGroupName", _NETWORK_NAME, _NETWORK_MEANING)),
    ),
    "azure-native:network:PrivateEndpoint": bind(
        "network",
        "PrivateEndpoint",
        title="Azure Network (PrivateEndpoint)",
        fields={"subnet.ipamPoolPrefixAllocations.id": "pool.id"},
        local=path("privateEndpointName"),
        name=AutoName("privateEndpointName", 64, lowercase=False),
        required=_GROUP | {"subnet"},
        replaces=_placed(
            "privateEndpointName", "subnet", "privateLinkServiceConnections", "customNetworkInterfaceName"
        ),
        rules=(rule.private_endpoint, named("privateEndpointName", r"[a-zA-Z0-9]([\w.-]{0,62}\w)?", "2-64 characters")),
    ),
    "azure-native:network:PrivateDnsZoneGroup": bind(
        "network",
        "PrivateDnsZoneGroup",
        title="Azure Network (PrivateDnsZoneGroup)",
        local=path("privateEndpointName", "privateDnsZoneGroupName"),
        name=AutoName("privateDnsZoneGroupName", 80, lowercase=False),
        required=_GROUP | {"privateEndpointName", "privateDnsZoneConfigs"},
        replaces=("resourceGroupName", "privateEndpointName", "privateDnsZoneGroupName"),
    ),
    "azure-native:network:FlowLog": bind(
        "network",
        "FlowLog",
        title="Network Watcher",
        local=path("networkWatcherName", "flowLogName"),
        name=AutoName("flowLogName", 80, lowercase=False),
        required=_GROUP | {"networkWatcherName"},
        replaces=_placed("networkWatcherName", "flowLogName", "targetResourceId"),
        rules=(rule.flow_log,),
    ),
    "azure-native:privatedns:PrivateZone": bind(
        "privatedns",
        "PrivateZone",
        title="Private DNS",
        local=path("privateZoneName"),
        name=AutoName("privateZoneName", 63),
        required=_GROUP,
        replaces=_placed("privateZoneName"),
    ),
    "azure-native:privatedns:VirtualNetworkLink": bind(
        "privatedns",
        "VirtualNetworkLink",
        title="Private DNS",
        local=path("privateZoneName", "virtualNetworkLinkName"),
        name=AutoName("virtualNetworkLinkName", 80),
        required=_GROUP | {"privateZoneName"},
        replaces=_placed("privateZoneName", "virtualNetworkLinkName", "virtualNetwork"),
    ),
    "azure-native:managedidentity:UserAssignedIdentity": bind(
        "msi",
        "Identity",
        title="Managed Identity",
        local=path("resourceName"),
        name=AutoName("resourceName", 128, lowercase=False),
        required=_GROUP,
        replaces=_placed("resourceName"),
        rules=(named("resourceName", r"[a-zA-Z0-9][\w-]{2,127}", "3-128 letters, digits, - and _"),),
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": bind(
        "msi",
        "FederatedIdentityCredential",
        title="Managed Identity",
        local=path("resourceName", "federatedIdentityCredentialResourceName"),
        name=AutoName("federatedIdentityCredentialResourceName", 120, lowercase=False),
        required=_GROUP | {"resourceName", "issuer", "subject", "audiences"},
        replaces=("resourceGroupName", "resourceName", "federatedIdentityCredentialResourceName"),
        rules=(rule.federated_credential,),
    ),
    "azure-native:authorization:RoleAssignment": bind(
        "authorization",
        "RoleAssignmentCreateParameters",
        title="Azure Authorization (RoleAssignment)",
        local=path("scope", "roleAssignmentName"),
        name=AutoName("roleAssignmentName", guid=True),
        replaces=("scope", "roleAssignmentName", "roleDefinitionId", "principalId", "principalType"),
        rules=(rule.role_assignment,),
    ),
    "azure-native:authorization:ManagementLockByScope": bind(
        "resource.locks",
        "ManagementLockObject",
        title="Azure Authorization (ManagementLock)",
        local=path("scope", "lockName"),
        name=AutoName("lockName", 90, lowercase=False),
        required=frozenset({"scope"}),
        replaces=("scope", "lockName"),
        rules=(named("lockName", r"[\w().-]{0,89}[\w()-]", "1-90 letters, digits, - _ ( ) and dots"),),
    ),
    "azure-native:monitor:DiagnosticSetting": bind(
        "monitor.v2021_05_01_preview",
        "DiagnosticSettingsResource",
        title="Azure Monitor (DiagnosticSetting)",
        local=path("resourceUri", "name"),
        name=AutoName("name", 260, lowercase=False),
        required=frozenset({"resourceUri"}),
        replaces=("resourceUri", "name"),
        rules=(rule.diagnostics,),
    ),
    "azure-native:operationalinsights:Workspace": bind(
        "loganalytics",
        "Workspace",
        title="Log Analytics",
        local=path("workspaceName"),
        name=AutoName("workspaceName", 63, lowercase=False),
        required=_GROUP,
        replaces=_placed("workspaceName"),
        rules=(
            rule.workspace,
            named("workspaceName", r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]", "4-63 letters, digits and hyphens"),
        ),
    ),
    "azure-native:keyvault:Vault": bind(
        "keyvault",
        "VaultCreateOrUpdateParameters",
        title="Key Vault",
        local=path("vaultName"),
        name=AutoName("vaultName", 24, lowercase=False),
        required=_GROUP,
        replaces=_placed("vaultName", "properties.tenantId"),
        rules=(
            rule.vault,
            named("vaultName", r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]", "3-24 letters, digits and hyphens"),
        ),
    ),
    "azure-native:keyvault:Key": bind(
        "keyvault",
        "KeyCreateParameters",
        title="Key Vault",
        fields={"properties.attributes.expires": "exp", "properties.attributes.notBefore": "nbf"},
        local=path("vaultName", "keyName"),
        name=AutoName("keyName", 127, lowercase=False),
        required=_GROUP | {"vaultName"},
        replaces=("resourceGroupName", "vaultName", "keyName", "properties.kty", "properties.keySize"),
        rules=(named("keyName", r"[a-zA-Z0-9-]{1,127}", "1-127 letters, digits and hyphens"),),
    ),
    "azure-native:compute:ProximityPlacementGroup": bind(
        "compute",
        "ProximityPlacementGroup",
        title="Azure Compute (ProximityPlacementGroup)",
        local=path("proximityPlacementGroupName"),
        name=AutoName("proximityPlacementGroupName", 80, lowercase=False),
        required=_GROUP,
        replaces=_placed("proximityPlacementGroupName", "proximityPlacementGroupType", "zones"),
        rules=(rule.placement_group,),
    ),
    "azure-native:compute:DiskEncryptionSet": bind(
        "compute",
        "DiskEncryptionSet",
        title="Azure Compute (DiskEncryptionSet)",
        local=path("diskEncryptionSetName"),
        name=AutoName("diskEncryptionSetName", 80, lowercase=False),
        required=_GROUP,
        replaces=_placed("diskEncryptionSetName", "encryptionType"),
        rules=(named("diskEncryptionSetName", r"\w[\w-]{0,79}", "1-80 letters, digits, - and _"),),
    ),
}
"""Azure resource types of no other table by Pulumi token."""
