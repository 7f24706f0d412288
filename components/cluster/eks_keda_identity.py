"""What KEDA is in AWS, by Pod Identity and without a key."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.autoscaling.keda import NAMESPACE, OPERATOR_ACCOUNT
from components.cluster.eks_roles import assumed_role


class EksKedaIdentityArgs(TypedDict):
    """Whose identity it is."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""


class EksKedaIdentity(pulumi.ComponentResource):
    """The role of KEDA's operator, bound to its service account before its pods start: those that run already would not
    get it. It may do nothing by itself; who has something to scale by adds the right to read that. Needs the Pod
    Identity agent on the nodes."""

    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: EksKedaIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:EksKedaIdentity", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        role = assumed_role(name, "pods.eks.amazonaws.com", child)
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args["cluster_name"],
            namespace=NAMESPACE,
            service_account=OPERATOR_ACCOUNT,
            role_arn=role.arn,
            opts=child,
        )
        self.role_name = role.name
        self.register_outputs({"roleName": self.role_name})
