"""Outputs of Azure resources."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.providers.outputs import CREATED, Facts, Rule
from rehearsal.providers.plugin_values import Props, is_map

TENANT = "00000000-0000-4000-8000-000000000001"
"""The Entra ID tenant of every rehearsal."""
SUBSCRIPTION = "00000000-0000-4000-8000-000000000002"
"""The subscription where the provider names none."""

_More = Callable[[Facts, str], Props]


def _resource(provider: str, *segments: tuple[str, str], more: _More | None = None) -> Rule:
    """A resource in a group.

    Args:
        provider: Its resource provider, such as `Microsoft.Network`.
        segments: (type, property that holds the name) from the outermost parent to the resource itself.
        more: Further outputs, from the facts and the resource's own name.
    """

    def rule(facts: Facts) -> tuple[str, Props]:
        group = f"/subscriptions/{facts.owner}/resourceGroups/{facts.get('resourceGroupName')}"
        path = "/".join(f"{kind}/{facts.get(prop)}" for kind, prop in segments)
        name = str(facts.get(segments[-1][1]))
        computed: Props = {
            "name": name,
            "type": "/".join((provider, *(kind for kind, _ in segments))),
            "provisioningState": "Succeeded",
            "etag": facts.guid("etag"),
        }
        return f"{group}/providers/{provider}/{path}", {**computed, **(more(facts, name) if more else {})}

    return rule


def _group(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("resourceGroupName"))
    id_ = f"/subscriptions/{facts.owner}/resourceGroups/{name}"
    kind = "Microsoft.Resources/resourceGroups"
    return id_, {"name": name, "type": kind, "properties": {"provisioningState": "Succeeded"}}


def _cluster(facts: Facts, name: str) -> Props:
    location = str(facts.get("location", facts.region))
    host = f"{facts.get('dnsPrefix', name)}-{facts.hex(8)}"
    group = facts.get("nodeResourceGroup", f"MC_{facts.get('resourceGroupName')}_{name}_{location}")
    version = facts.get("kubernetesVersion", "")
    kubelet = f"/subscriptions/{facts.owner}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity"
    profile = facts.get("apiServerAccessProfile", {})
    private = bool(is_map(profile) and profile.get("enablePrivateCluster"))
    computed: Props = {
        "fqdn": f"{host}.hcp.{location}.azmk8s.io",
        "azurePortalFQDN": f"{host}.portal.hcp.{location}.azmk8s.io",
        "nodeResourceGroup": group,
        "currentKubernetesVersion": version,
        "maxAgentPools": 100,
        "powerState": {"code": "Running"},
        "identity": {"principalId": facts.guid("principal"), "tenantId": TENANT},
        "identityProfile": {
            "kubeletidentity": {
                "clientId": facts.guid("kubelet client"),
                "objectId": facts.guid("kubelet object"),
                "resourceId": f"{kubelet}/userAssignedIdentities/{name}-agentpool",
            }
        },
        "oidcIssuerProfile": {
            "issuerURL": f"https://{location}.oic.prod-aks.azure.com/{TENANT}/{facts.guid('issuer')}/"
        },
        "resourceUID": facts.hex(24, "uid"),
    }
    if private:
        computed["privateFQDN"] = f"{host}.privatelink.{location}.azmk8s.io"
    return computed


def _agent_pool(facts: Facts, _name: str) -> Props:
    version = facts.get("orchestratorVersion", "")
    return {"currentOrchestratorVersion": version, "powerState": {"code": "Running"}}


def _identity(facts: Facts, _name: str) -> Props:
    return {"principalId": facts.guid("principal"), "clientId": facts.guid("client"), "tenantId": TENANT}


def _address(facts: Facts, _name: str) -> Props:
    return {"ipAddress": facts.address(), "resourceGuid": facts.guid()}


def _unique(facts: Facts, _name: str) -> Props:
    return {"resourceGuid": facts.guid()}


def _workspace(facts: Facts, _name: str) -> Props:
    return {"customerId": facts.guid("customer"), "createdDate": CREATED}


def _vault(_facts: Facts, name: str) -> Props:
    return {"properties": {"vaultUri": f"https://{name}.vault.azure.net/", "provisioningState": "Succeeded"}}


def _key(facts: Facts, name: str) -> Props:
    uri = f"https://{facts.get('vaultName')}.vault.azure.net/keys/{name}"
    return {"keyUri": uri, "keyUriWithVersion": f"{uri}/{facts.hex(32)}"}


def _encryption_set(facts: Facts, _name: str) -> Props:
    return {"identity": {"principalId": facts.guid("principal"), "tenantId": TENANT}}


def _storage(facts: Facts, name: str) -> Props:
    kinds = ("blob", "dfs", "file", "queue", "table", "web")
    endpoints = {kind: f"https://{name}.{kind}.core.windows.net/" for kind in kinds}
    return {"primaryEndpoints": endpoints, "primaryLocation": facts.get("location", facts.region)}


def _role_assignment(facts: Facts) -> tuple[str, Props]:
    name = facts.get("roleAssignmentName")
    kind = "Microsoft.Authorization/roleAssignments"
    return f"{facts.get('scope')}/providers/{kind}/{name}", {"name": name, "type": kind, "createdOn": CREATED}


def _diagnostics(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("name", facts.name))
    kind = "Microsoft.Insights/diagnosticSettings"
    return f"{facts.get('resourceUri')}/providers/{kind}/{name}", {"name": name, "type": kind}


def _event_hubs_network(facts: Facts) -> tuple[str, Props]:
    group = f"/subscriptions/{facts.owner}/resourceGroups/{facts.get('resourceGroupName')}"
    kind = "Microsoft.EventHub/namespaces/networkRuleSets"
    id_ = f"{group}/providers/Microsoft.EventHub/namespaces/{facts.get('namespaceName')}/networkRuleSets/default"
    return id_, {"name": "default", "type": kind}


def _lock(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("lockName", facts.name))
    kind = "Microsoft.Authorization/locks"
    return f"{facts.get('scope')}/providers/{kind}/{name}", {"name": name, "type": kind}


def _endpoint(facts: Facts, name: str) -> Props:
    return {"networkInterfaces": [{"id": f"{name}.nic.{facts.guid()}"}]}


_NETWORK = "Microsoft.Network"
_IDENTITY = "Microsoft.ManagedIdentity"
_CLUSTER = ("managedClusters", "resourceName")
_CREDENTIAL = ("federatedIdentityCredentials", "federatedIdentityCredentialResourceName")
_ZONE = ("privateDnsZones", "privateZoneName")
_ACCOUNT = ("storageAccounts", "accountName")
_EVENT_HUBS = "Microsoft.EventHub"
_NAMESPACE = ("namespaces", "namespaceName")

OUTPUTS: dict[str, Rule] = {
    "azure-native:resources:ResourceGroup": _group,
    "azure-native:network:VirtualNetwork": _resource(_NETWORK, ("virtualNetworks", "virtualNetworkName"), more=_unique),
    "azure-native:network:Subnet": _resource(
        _NETWORK, ("virtualNetworks", "virtualNetworkName"), ("subnets", "subnetName")
    ),
    "azure-native:network:NatGateway": _resource(_NETWORK, ("natGateways", "natGatewayName"), more=_unique),
    "azure-native:network:PublicIPAddress": _resource(
        _NETWORK, ("publicIPAddresses", "publicIpAddressName"), more=_address
    ),
    "azure-native:network:NetworkSecurityGroup": _resource(
        _NETWORK, ("networkSecurityGroups", "networkSecurityGroupName"), more=_unique
    ),
    "azure-native:network:PrivateEndpoint": _resource(
        _NETWORK, ("privateEndpoints", "privateEndpointName"), more=_endpoint
    ),
    "azure-native:network:PrivateDnsZoneGroup": _resource(
        _NETWORK, ("privateEndpoints", "privateEndpointName"), ("privateDnsZoneGroups", "privateDnsZoneGroupName")
    ),
    "azure-native:network:FlowLog": _resource(
        _NETWORK, ("networkWatchers", "networkWatcherName"), ("flowLogs", "flowLogName")
    ),
    "azure-native:privatedns:PrivateZone": _resource(_NETWORK, _ZONE),
    "azure-native:privatedns:VirtualNetworkLink": _resource(
        _NETWORK, _ZONE, ("virtualNetworkLinks", "virtualNetworkLinkName")
    ),
    "azure-native:managedidentity:UserAssignedIdentity": _resource(
        _IDENTITY, ("userAssignedIdentities", "resourceName"), more=_identity
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": _resource(
        _IDENTITY, ("userAssignedIdentities", "resourceName"), _CREDENTIAL
    ),
    "azure-native:authorization:RoleAssignment": _role_assignment,
    "azure-native:authorization:ManagementLockByScope": _lock,
    "azure-native:operationalinsights:Workspace": _resource(
        "Microsoft.OperationalInsights", ("workspaces", "workspaceName"), more=_workspace
    ),
    "azure-native:monitor:DiagnosticSetting": _diagnostics,
    "azure-native:keyvault:Vault": _resource("Microsoft.KeyVault", ("vaults", "vaultName"), more=_vault),
    "azure-native:keyvault:Key": _resource(
        "Microsoft.KeyVault", ("vaults", "vaultName"), ("keys", "keyName"), more=_key
    ),
    "azure-native:compute:ProximityPlacementGroup": _resource(
        "Microsoft.Compute", ("proximityPlacementGroups", "proximityPlacementGroupName")
    ),
    "azure-native:compute:DiskEncryptionSet": _resource(
        "Microsoft.Compute", ("diskEncryptionSets", "diskEncryptionSetName"), more=_encryption_set
    ),
    "azure-native:storage:StorageAccount": _resource("Microsoft.Storage", _ACCOUNT, more=_storage),
    "azure-native:storage:BlobContainer": _resource(
        "Microsoft.Storage", _ACCOUNT, ("blobServices/default/containers", "containerName")
    ),
    "azure-native:storage:BlobServiceProperties": _resource(
        "Microsoft.Storage", _ACCOUNT, ("blobServices", "blobServicesName")
    ),
    "azure-native:storage:ManagementPolicy": _resource(
        "Microsoft.Storage", _ACCOUNT, ("managementPolicies", "managementPolicyName")
    ),
    "azure-native:storage:FileShare": _resource(
        "Microsoft.Storage", _ACCOUNT, ("fileServices/default/shares", "shareName")
    ),
    "azure-native:eventhub:Namespace": _resource(_EVENT_HUBS, _NAMESPACE),
    "azure-native:eventhub:NamespaceNetworkRuleSet": _event_hubs_network,
    "azure-native:eventhub:EventHub": _resource(_EVENT_HUBS, _NAMESPACE, ("eventhubs", "eventHubName")),
    "azure-native:eventhub:NamespaceAuthorizationRule": _resource(
        _EVENT_HUBS, _NAMESPACE, ("authorizationRules", "authorizationRuleName")
    ),
    "azure-native:containerservice:ManagedCluster": _resource("Microsoft.ContainerService", _CLUSTER, more=_cluster),
    "azure-native:containerservice:AgentPool": _resource(
        "Microsoft.ContainerService", _CLUSTER, ("agentPools", "agentPoolName"), more=_agent_pool
    ),
    "azure-native:containerservice:MaintenanceConfiguration": _resource(
        "Microsoft.ContainerService", _CLUSTER, ("maintenanceConfigurations", "configName")
    ),
}
"""Ids and computed outputs by Pulumi token."""
