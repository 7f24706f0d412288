"""EKS: clusters, managed node groups, add-ons, access."""

from __future__ import annotations

from rehearsal.contracts import aws_rules as rule
from rehearsal.contracts.aws_common import bind, local
from rehearsal.contracts.aws_eks_rules import cluster, node_group
from rehearsal.contracts.binding import AutoName, Binding, reasons
from rehearsal.contracts.rules import at_most_one, cidr

EKS: dict[str, Binding] = {
    "aws:eks/cluster:Cluster": bind(
        "eks",
        "CreateCluster",
        fields={
            "vpcConfig": "resourcesVpcConfig",
            "enabledClusterLogTypes": "logging.clusterLogging.types",
        },
        local={
            **local("forceUpdateVersion"),
            **reasons("computed by the API", "vpcConfig.clusterSecurityGroupId", "vpcConfig.vpcId"),
            **reasons("computed by the API", "kubernetesNetworkConfig.serviceIpv6Cidr"),
            **reasons("an older form of bootstrapSelfManagedAddons", "defaultAddonsToRemoves"),
        },
        name=AutoName("name", 100, lowercase=False),
        replaces=(
            *("name", "roleArn", "encryptionConfig", "outpostConfig", "bootstrapSelfManagedAddons"),
            *("kubernetesNetworkConfig.ipFamily", "kubernetesNetworkConfig.serviceIpv4Cidr"),
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
        ),
        rules=(
            cluster,
            cidr("vpcConfig.publicAccessCidrs"),
            cidr("kubernetesNetworkConfig.serviceIpv4Cidr", 12, 24),
        ),
    ),
    "aws:eks/nodeGroup:NodeGroup": bind(
        "eks",
        "CreateNodegroup",
        fields={
            "nodeRoleArn": "nodeRole",
            "subnetIds": "subnets",
            "nodeGroupName": "nodegroupName",
            "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups",
        },
        local=local("forceUpdateVersion", "nodeGroupNamePrefix"),
        name=AutoName("nodeGroupName", 63, lowercase=False, alternative="nodeGroupNamePrefix"),
        replaces=(
            *("clusterName", "nodeGroupName", "nodeGroupNamePrefix", "nodeRoleArn", "subnetIds", "instanceTypes"),
            *("amiType", "capacityType", "diskSize", "remoteAccess", "launchTemplate.id", "launchTemplate.name"),
        ),
        required=frozenset({"scalingConfig"}),
        rules=(
            rule.instance_type_exists("instanceTypes"),
            node_group,
            at_most_one("launchTemplate", "diskSize"),
            at_most_one("launchTemplate", "remoteAccess"),
            at_most_one("updateConfig.maxUnavailable", "updateConfig.maxUnavailablePercentage"),
            at_most_one("launchTemplate.id", "launchTemplate.name"),
        ),
    ),
    "aws:eks/addon:Addon": bind(
        "eks",
        "CreateAddon",
        fields={
            "resolveConflictsOnCreate": "resolveConflicts",
            "resolveConflictsOnUpdate": "resolveConflicts",
        },
        local=local("preserve"),
        replaces=("addonName", "clusterName", "namespaceConfig"),
    ),
    "aws:eks/accessEntry:AccessEntry": bind(
        "eks",
        "CreateAccessEntry",
        fields={"userName": "username"},
        replaces=("clusterName", "principalArn", "type"),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": bind(
        "eks",
        "AssociateAccessPolicy",
        replaces=("clusterName", "principalArn", "policyArn"),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": bind(
        "eks",
        "CreatePodIdentityAssociation",
        replaces=("clusterName", "namespace", "serviceAccount"),
        rules=(rule.json_policy("policy"),),
    ),
}
"""EKS resource types by Pulumi token."""
