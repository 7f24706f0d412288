"""What the Cluster Autoscaler may do in AWS, by Pod Identity and without a key.

Source: kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md (permissions for auto-discovery). EKS tags
the Auto Scaling groups of its node groups with the cluster's name (EKS user guide, managed node groups), so the actions
that change something are bound to that tag.
"""

import json
from typing import TypedDict

import pulumi

from components.cluster.eks_roles import pod_identity

READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "eks:DescribeNodegroup",
)
"""Actions that look; AWS binds most of them to no resource."""

WRITES = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")
"""Actions that make nodes come and go."""


class EksAutoscalerIdentityArgs(TypedDict):
    """Whose identity it is."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    namespace: str
    """Namespace of the autoscaler."""

    service_account: str
    """Service account of the autoscaler."""


def autoscaler_policy(cluster_name: str) -> str:
    """The policy as JSON: look at everything, change only the Auto Scaling groups of this cluster."""
    statements = [
        {"Effect": "Allow", "Action": list(READS), "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": list(WRITES),
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster_name}": "owned",
                }
            },
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


class EksAutoscalerIdentity(pulumi.ComponentResource):
    """The role of the Cluster Autoscaler, bound to its service account. Needs the Pod Identity agent on the nodes."""

    role_arn: pulumi.Output[str]
    """ARN of the role."""

    def __init__(self, name: str, args: EksAutoscalerIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:EksAutoscalerIdentity", name, dict(args), opts)
        made = pod_identity(
            name,
            cluster_name=args["cluster_name"],
            namespace=args["namespace"],
            service_account=args["service_account"],
            policy=pulumi.Output.from_input(args["cluster_name"]).apply(autoscaler_policy),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Known only once the association is there, so that whoever uses the role waits for it.
        self.role_arn = pulumi.Output.all(made.role.arn, made.bound.association_id).apply(lambda known: str(known[0]))
        self.register_outputs({"roleArn": self.role_arn})
