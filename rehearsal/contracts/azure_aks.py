"""AKS: clusters and agent pools."""

from __future__ import annotations

from rehearsal.contracts.azure_aks_rules import agent_pool, cluster
from rehearsal.contracts.azure_common import bind, named, path
from rehearsal.contracts.azure_pool_rules import maintenance
from rehearsal.contracts.binding import AutoName, Binding, reasons
from rehearsal.contracts.rules import cidr

_IMMUTABLE = (
    *("vmSize", "osDiskType", "osDiskSizeGB", "osType", "kubeletDiskType", "kubeletConfig", "linuxOSConfig"),
    *("vnetSubnetID", "podSubnetID", "maxPods", "availabilityZones", "proximityPlacementGroupID", "hostGroupID"),
    *("scaleSetPriority", "scaleSetEvictionPolicy", "spotMaxPrice", "gpuProfile", "gpuInstanceProfile", "enableFIPS"),
    *("enableEncryptionAtHost", "enableUltraSSD", "capacityReservationGroupID", "creationData", "type"),
    *("enableNodePublicIP", "nodePublicIPPrefixID", "workloadRuntime"),
)
"""What cannot change after a pool's creation (AKS REST reference, "May not be changed after creation"; for GPUs
aks/use-nvidia-gpu: driver and partition are creation-time only)."""

AKS: dict[str, Binding] = {
    "azure-native:containerservice:ManagedCluster": bind(
        "containerservice",
        "ManagedCluster",
        title="AKS",
        local={
            **path("resourceName"),
            **reasons("state, not a setting", "agentPoolProfiles.virtualMachineNodesStatus"),
        },
        name=AutoName("resourceName", 63, lowercase=False),
        required=frozenset({"resourceGroupName"}),
        replaces=(
            *("resourceGroupName", "resourceName", "location", "dnsPrefix", "fqdnSubdomain", "nodeResourceGroup"),
            *("diskEncryptionSetID", "linuxProfile", "windowsProfile.adminUsername"),
            *("apiServerAccessProfile.enablePrivateCluster", "apiServerAccessProfile.privateDNSZone"),
            *("networkProfile.networkPlugin", "networkProfile.podCidr", "networkProfile.serviceCidr"),
            *("networkProfile.dnsServiceIP", "networkProfile.loadBalancerSku"),
        ),
        rules=(
            named("resourceName", r"[a-zA-Z0-9]([\w-]{0,61}[a-zA-Z0-9])?", "1-63 letters, digits, - and _"),
            cluster,
            cidr("apiServerAccessProfile.authorizedIPRanges", address=True),
            cidr("networkProfile.serviceCidr", 8, 24),
            cidr("networkProfile.podCidr", 8, 24),
        ),
    ),
    "azure-native:containerservice:AgentPool": bind(
        "containerservice",
        "AgentPool",
        title="AKS",
        local={
            **path("resourceName", "agentPoolName"),
            **reasons("state, not a setting", "virtualMachineNodesStatus"),
        },
        name=AutoName("agentPoolName", 12),
        required=frozenset({"resourceGroupName", "resourceName"}),
        replaces=("resourceGroupName", "resourceName", "agentPoolName", *_IMMUTABLE),
        rules=(agent_pool,),
    ),
    "azure-native:containerservice:MaintenanceConfiguration": bind(
        "containerservice",
        "MaintenanceConfiguration",
        title="AKS (MaintenanceConfiguration)",
        local=path("resourceName", "configName"),
        required=frozenset({"resourceGroupName", "resourceName", "configName"}),
        replaces=("resourceGroupName", "resourceName", "configName"),
        rules=(maintenance,),
    ),
}
"""AKS resource types by Pulumi token."""
