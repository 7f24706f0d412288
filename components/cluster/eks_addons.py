"""EKS add-ons, each with the rights it needs and no others."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import pulumi
import pulumi_aws as aws

from components.cluster.eks_roles import managed_policy, service_role


class Addon(NamedTuple):
    """One add-on. Its version is the one that EKS holds to be the default of the Kubernetes version."""

    name: str
    account: str | None = None
    """Service account that gets an identity."""
    policy: str | None = None
    """AWS managed policy of that identity."""
    settings: dict[str, Any] | None = None


BEFORE_NODES = (
    # Nodes are not ready without these three. The CNI enforces NetworkPolicy objects only when told to.
    Addon("eks-pod-identity-agent"),
    Addon("kube-proxy"),
    Addon("vpc-cni", "aws-node", "AmazonEKS_CNI_Policy", {"enableNetworkPolicy": "true"}),
)
AFTER_NODES = (
    # Deployments, which are not active before they have a node to run on.
    Addon("coredns"),
    Addon("aws-ebs-csi-driver", "ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
)
SHARED_FILES = Addon("aws-efs-csi-driver", "efs-csi-controller-sa", "service-role/AmazonEFSCSIDriverPolicy")
"""Driver of the shared file system (EKS user guide, "Use elastic file system storage with Amazon EFS")."""


def make_addon(
    name: str,
    region: str,
    cluster: aws.eks.Cluster,
    addon: Addon,
    parent: pulumi.Resource,
    needs: Sequence[pulumi.Resource] = (),
) -> aws.eks.Addon:
    """The add-on, and by Pod Identity the role of its service account."""
    after = list(needs)
    associations: list[dict[str, pulumi.Input[str]]] = []
    if addon.account and addon.policy:
        role, attached = service_role(
            f"{name}-{addon.name}", "pods.eks.amazonaws.com", [managed_policy(region, addon.policy)], parent
        )
        associations.append({"role_arn": role.arn, "service_account": addon.account})
        after += attached
    return aws.eks.Addon(
        f"{name}-{addon.name}",
        cluster_name=cluster.name,
        addon_name=addon.name,
        configuration_values=json.dumps(addon.settings, sort_keys=True) if addon.settings else None,
        pod_identity_associations=cast("Any", associations) or None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )
