"""What KEDA is in AWS, by Pod Identity and without a key."""

from typing import TypedDict

import pulumi

from components.autoscaling.keda import NAMESPACE, OPERATOR_ACCOUNT
from components.cluster.eks_roles import pod_identity


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
        made = pod_identity(
            name,
            cluster_name=args["cluster_name"],
            namespace=NAMESPACE,
            service_account=OPERATOR_ACCOUNT,
            policy=None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.role_name = made.role.name
        self.register_outputs({"roleName": self.role_name})
