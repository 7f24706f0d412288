"""GKE: clusters and node pools, and how Pulumi flattens them.

Pulumi's provider is generated from the beta provider, which calls v1beta1 of the GKE API; so that is the model here.
"""

from __future__ import annotations

from functools import partial

from rehearsal.contracts.binding import AutoName, Binding, reasons, under
from rehearsal.contracts.discovery_model import schema
from rehearsal.contracts.gcp_common import bind, local, path
from rehearsal.contracts.gcp_container_rules import cluster, maintenance, node_config, node_pool
from rehearsal.contracts.rules import cidr, matches

_NAME = matches("name", r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", "1-40 lowercase letters, digits and hyphens")

_NODE_FIELDS = {
    "guestAccelerators": "accelerators",
    "guestAccelerators.count": "acceleratorCount",
    "guestAccelerators.type": "acceleratorType",
    "gpudirectStrategy": "gpuDirectConfig.gpuDirectStrategy",
    "linuxNodeConfig.hugepagesConfig": "hugepages",
    "loggingVariant": "loggingConfig.variantConfig.variant",
    "nodeImageConfigs": "nodeImageConfig[0]",
    "resourceManagerTags": "resourceManagerTags.tags",
}
_NODE_LOCAL = reasons("computed by the API", "effectiveTaints")
# A node pool that is changed can change its name, size or drain settings in place; a machine it cannot.
_NODE_REPLACES = (
    *("advancedMachineFeatures", "bootDiskKmsKey", "confidentialNodes", "enableConfidentialStorage"),
    *(
        "ephemeralStorageConfig",
        "ephemeralStorageLocalSsdConfig",
        "flexStart",
        "guestAccelerators",
        "gpudirectStrategy",
    ),
    *("localNvmeSsdBlockConfig", "localSsdCount", "localSsdEncryptionMode", "maxRunDuration", "metadata"),
    *("minCpuPlatform", "nodeGroup", "oauthScopes", "preemptible", "reservationAffinity", "sandboxConfig"),
    *("secondaryBootDisks", "serviceAccount", "shieldedInstanceConfig", "soleTenantConfig", "spot"),
)

_POOL_FIELDS = {
    "nodeConfig": "config",
    "nodeCount": "initialNodeCount",
    "nodeLocations": "locations",
    "maxPodsPerNode": "maxPodsConstraint.maxPodsPerNode",
    "maintenancePolicies": "maintenancePolicy[0]",
    "maintenancePolicies.exclusionUntilEndOfSupports": "exclusionUntilEndOfSupport[0]",
    "nodeDrainConfigs": "nodeDrainConfig[0]",
    "networkConfig.podCidrOverprovisionConfig.disabled": "disable",
    "networkConfig.additionalNodeNetworkConfigs.stackType": "@ip.stackType",
    **under("nodeConfig", _NODE_FIELDS),
}
_POOL_LOCAL = {**local("namePrefix", "ignoreNodeCountChanges"), **under("nodeConfig", _NODE_LOCAL)}
_OTHERS = {
    "exclusion": partial(schema, "container", "v1beta1", "TimeWindow"),
    # The API says nothing of the stack of one interface; its values are those of the cluster's.
    "ip": partial(schema, "container", "v1beta1", "IPAllocationPolicy"),
}
_NETWORK = {
    name: f"networkConfig.{name}"
    for name in (
        *("datapathProvider", "defaultSnatStatus", "disableL4LbFirewallReconciliation", "dnsConfig"),
        *("enableCiliumClusterwideNetworkPolicy", "enableFqdnNetworkPolicy", "enableMultiNetworking"),
        *("gatewayApiConfig", "inTransitEncryptionConfig", "networkPerformanceConfig", "privateIpv6GoogleAccess"),
        "serviceExternalIpsConfig",
    )
}
_CLUSTER_FIELDS = {
    **_NETWORK,
    "enableIntranodeVisibility": "networkConfig.enableIntraNodeVisibility",
    "enableL4IlbSubsetting": "networkConfig.enableL4ilbSubsetting",
    "addonsConfig.rayOperatorConfigs": "rayOperatorConfig[0]",
    "autopilotClusterPolicyConfig": "autopilot.clusterPolicyConfig",
    "autopilotPrivilegedAdmissions": "autopilot.privilegedAdmissionConfig.allowlistPaths",
    "clusterAutoscaling": "autoscaling",
    "clusterAutoscaling.autoProvisioningDefaults": "autoprovisioningNodePoolDefaults",
    "clusterAutoscaling.autoProvisioningDefaults.diskSize": "diskSizeGb",
    "clusterAutoscaling.autoProvisioningDefaults.management.upgradeOptions": "upgradeOptions[0]",
    "clusterAutoscaling.defaultComputeClassEnabled": "defaultComputeClassConfig.enabled",
    "clusterAutoscaling.enabled": "enableNodeAutoprovisioning",
    "defaultMaxPodsPerNode": "defaultMaxPodsConstraint.maxPodsPerNode",
    "enableAutopilot": "autopilot.enabled",
    "enableLegacyAbac": "legacyAbac.enabled",
    "enableShieldedNodes": "shieldedNodes.enabled",
    "ipAllocationPolicy.podCidrOverprovisionConfig.disabled": "disable",
    "loggingConfig.enableComponents": "componentConfig.enableComponents",
    "maintenancePolicy.dailyMaintenanceWindow": "window.dailyMaintenanceWindow",
    "maintenancePolicy.maintenanceExclusions": "@exclusion",
    "maintenancePolicy.maintenanceExclusions.exclusionOptions": "maintenanceExclusionOptions",
    "maintenancePolicy.recurringMaintenanceWindow": "window.recurringMaintenanceWindow",
    "maintenancePolicy.recurringWindow": "window.recurringWindow",
    "maintenancePolicy.recurringWindow.startTime": "window.startTime",
    "maintenancePolicy.recurringWindow.endTime": "window.endTime",
    "minMasterVersion": "initialClusterVersion",
    "monitoringConfig.enableComponents": "componentConfig.enableComponents",
    "monitoringConfig.managedPrometheus": "managedPrometheusConfig",
    "nodeLocations": "locations",
    "nodePoolAutoConfig.resourceManagerTags": "resourceManagerTags.tags",
    "nodePoolDefaults.nodeConfigDefaults.insecureKubeletReadonlyPortEnabled": (
        "nodeKubeletConfig.insecureKubeletReadonlyPortEnabled"
    ),
    "nodePoolDefaults.nodeConfigDefaults.loggingVariant": "loggingConfig.variantConfig.variant",
    "nodeVersion": "nodePools.version",
    "resourceUsageExportConfig.enableResourceConsumptionMetering": "consumptionMeteringConfig.enabled",
    **under("nodeConfig", _NODE_FIELDS),
    **under("nodePools", _POOL_FIELDS),
}
_CLUSTER_LOCAL = {
    **local("removeDefaultNodePool", "deletionProtection", "allowNetAdmin", "skipNodePoolRefresh"),
    **local("ignoreNodeCountChanges", "dataplaneOptimizationMode"),
    **reasons("set after creation", "desiredEmulatedVersion"),
    **reasons("decides whether ipAllocationPolicy is sent; see the rule", "networkingMode"),
    **reasons("a map's key in the API", "maintenancePolicy.maintenanceExclusions.exclusionName"),
    **reasons("computed by the API", "fleet.membershipId", "fleet.membershipLocation"),
    **reasons("computed by the API", "nodePools.managedInstanceGroupUrls"),
    **under("nodeConfig", _NODE_LOCAL),
    **under("nodePools", _POOL_LOCAL),
}

CONTAINER: dict[str, Binding] = {
    "gcp:container/cluster:Cluster": bind(
        "container",
        "v1beta1",
        "Cluster",
        "clusters.create",
        fields=_CLUSTER_FIELDS,
        others=_OTHERS,
        local={**path("location"), **_CLUSTER_LOCAL},
        name=AutoName("name", 40),
        replaces=(
            *("name", "location", "project", "network", "subnetwork", "clusterIpv4Cidr", "enableKubernetesAlpha"),
            *("ipAllocationPolicy.clusterIpv4CidrBlock", "ipAllocationPolicy.servicesIpv4CidrBlock"),
            *("ipAllocationPolicy.clusterSecondaryRangeName", "ipAllocationPolicy.servicesSecondaryRangeName"),
            *("ipAllocationPolicy.stackType", "networkingMode", "datapathProvider", "defaultMaxPodsPerNode"),
            *("enableAutopilot", "confidentialNodes", "enableTpu", "initialNodeCount", "enableMultiNetworking"),
            *("privateClusterConfig.masterIpv4CidrBlock", "privateClusterConfig.enablePrivateNodes"),
            *(f"nodeConfig.{name}" for name in (*_NODE_REPLACES, "machineType", "diskType", "diskSizeGb")),
        ),
        rules=(
            _NAME,
            cluster,
            maintenance,
            cidr("masterAuthorizedNetworksConfig.cidrBlocks.cidrBlock"),
            cidr("privateClusterConfig.masterIpv4CidrBlock", 28, 28),
        ),
    ),
    "gcp:container/nodePool:NodePool": bind(
        "container",
        "v1beta1",
        "NodePool",
        "nodePools.create",
        fields=_POOL_FIELDS,
        others=_OTHERS,
        local={**path("location", "cluster"), **_POOL_LOCAL},
        name=AutoName("name", 40, alternative="namePrefix"),
        replaces=(
            *("name", "namePrefix", "cluster", "location", "project", "initialNodeCount", "maxPodsPerNode"),
            *("placementPolicy", "queuedProvisioning", "networkConfig.podRange", "networkConfig.createPodRange"),
            *("networkConfig.podIpv4CidrBlock", "networkConfig.additionalNodeNetworkConfigs"),
            *("networkConfig.additionalPodNetworkConfigs", "networkConfig.acceleratorNetworkProfile"),
            # Machine and disk of a pool can be changed in place by the API, node by node. For a GPU pool that means
            # other GPUs under running models, so a rehearsal shows it as what it is: a new pool.
            *(f"nodeConfig.{name}" for name in (*_NODE_REPLACES, "machineType")),
        ),
        required=frozenset({"cluster"}),
        rules=(_NAME, node_pool, node_config("nodeConfig")),
    ),
}
"""GKE resource types by Pulumi token."""
