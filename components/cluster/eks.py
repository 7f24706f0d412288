"""Amazon EKS: network, control plane, add-ons, system pool and GPU pools."""

import json
from typing import Any, TypedDict, cast

import pulumi
import pulumi_aws as aws

from components.cluster.eks_network import eks_network
from components.cluster.eks_nodes import NodeGroupContext, gpu_node_group, system_node_group
from components.cluster.kubeconfig import eks_kubeconfig
from components.cluster.naming import digest, physical_name
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs

CONTROL_PLANE_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
"""Every log type that EKS has (EKS API, LogType)."""

LOG_DAYS = 90
"""How long control-plane logs are kept."""


class EksClusterArgs(TypedDict):
    """What an EKS cluster needs to know."""

    region: str
    """AWS region; the provider's own."""

    network_cidr: str
    """Network of nodes and pods, /16 to /22."""

    services_cidr: str
    """Kubernetes service addresses; must not overlap `network_cidr`."""

    zones: int
    """Availability zones, 2 to 6."""

    nat_per_zone: bool
    """A NAT gateway in every zone, or one for all."""

    public_cidrs: list[str]
    """Networks that may reach the public API endpoint. Empty: there is none."""

    kubernetes_version: str
    """Minor version, such as 1.34."""

    admins: list[str]
    """ARNs of IAM roles or users that administer the cluster. Nobody else does, so the role that runs Pulumi must be
    among them."""

    system_pool: SystemPoolArgs
    gpu_pools: dict[str, GpuPoolArgs]
    """By name."""

    deletion_protection: bool
    """EKS then refuses to delete the cluster."""


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster with private nodes, Pod Identity, secrets encrypted under its own key and every control-plane log.

    Add-ons take the version that EKS holds to be the default of the Kubernetes version. The NVIDIA device plugin, the
    cluster autoscaler and storage classes are not made here. Raises `ValueError` without admins: EKS then has none at
    all, not even its creator.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if not args["admins"]:
            raise ValueError(
                "cluster.admins is empty, so nobody could use the cluster; list at least Pulumi's own role"
            )
        super().__init__("multimodal:index:EksCluster", name, cast("dict[str, Any]", dict(args)), opts)
        child = pulumi.ResourceOptions(parent=self)
        partition = aws_partition(args["region"])
        physical = physical_name(name, pulumi.get_stack())

        def policy(path: str) -> str:
            return f"arn:{partition}:iam::aws:policy/{path}"

        network = eks_network(name, args["network_cidr"], args["zones"], nat_per_zone=args["nat_per_zone"], parent=self)
        key = aws.kms.Key(
            f"{name}-secrets",
            description=f"Kubernetes secrets of {physical}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=child,
        )
        aws.kms.Alias(f"{name}-secrets", name=f"alias/eks/{physical}", target_key_id=key.key_id, opts=child)
        # EKS writes to the group of this name; made by itself it would keep logs forever and stay after a destroy.
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs", name=f"/aws/eks/{physical}/cluster", retention_in_days=LOG_DAYS, opts=child
        )
        role, may_run = self._role(name, "cluster", "eks.amazonaws.com", [policy("AmazonEKSClusterPolicy")])
        cluster = aws.eks.Cluster(
            name,
            name=physical,
            role_arn=role.arn,
            version=args["kubernetes_version"],
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            deletion_protection=args["deletion_protection"],
            enabled_cluster_log_types=CONTROL_PLANE_LOGS,
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": args["services_cidr"]},
            vpc_config={
                "subnet_ids": network.private_subnet_ids,
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args["public_cidrs"]),
                "public_access_cidrs": args["public_cidrs"] or None,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*may_run, logs]),
        )
        access = [self._admin(name, cluster, arn, partition) for arn in args["admins"]]

        node_role, may_join = self._role(
            name,
            "node",
            "ec2.amazonaws.com",
            [policy("AmazonEKSWorkerNodePolicy"), policy("AmazonEC2ContainerRegistryPullOnly")],
        )
        # Nodes are not ready without these three. The CNI enforces NetworkPolicy objects only when told to.
        first = [
            self._addon(name, cluster, "eks-pod-identity-agent"),
            self._addon(name, cluster, "kube-proxy"),
            self._addon(
                name,
                cluster,
                "vpc-cni",
                settings={"enableNetworkPolicy": "true"},
                identity=("aws-node", policy("AmazonEKS_CNI_Policy")),
            ),
        ]
        context = NodeGroupContext(
            cluster.name, node_role.arn, network.private_subnet_ids, self, [*may_join, *first, *network.ready]
        )
        system = system_node_group(f"{name}-system", args["system_pool"], context)
        for pool_name, pool in args["gpu_pools"].items():
            gpu_node_group(f"{name}-gpu-{pool_name}", pool_name, pool, context)
        # Deployments, which are not active before they have a node to run on.
        self._addon(name, cluster, "coredns", needs=[system])
        self._addon(
            name,
            cluster,
            "aws-ebs-csi-driver",
            identity=("ebs-csi-controller-sa", policy("service-role/AmazonEBSCSIDriverPolicy")),
            needs=[system],
        )

        self.cluster_name = cluster.name
        self.identifier = cluster.arn
        self.workload_identity = cluster.name
        region = args["region"]
        # Everything in the cluster hangs on the kubeconfig, so what gives access to it goes last on destroy.
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(
                cluster.name, cluster.endpoint, cluster.certificate_authority.data, *(entry.id for entry in access)
            ).apply(lambda known: eks_kubeconfig(known[0], known[1], known[2], region))
        )
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "cluster_name": self.cluster_name,
                "identifier": self.identifier,
                "workload_identity": self.workload_identity,
            }
        )

    def _role(
        self, name: str, suffix: str, service: str, policies: list[str]
    ) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        """A role that `service` assumes, and the attachments without which it can do nothing."""
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(f"{name}-{suffix}", assume_role_policy=trust_policy(service), opts=child)
        attached: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{suffix}-{policy.rsplit('/', 1)[-1]}",
                role=role.name,
                policy_arn=policy,
                opts=child,
            )
            for policy in policies
        ]
        return role, attached

    def _admin(self, name: str, cluster: aws.eks.Cluster, arn: str, partition: str) -> pulumi.CustomResource:
        """Let an IAM principal administer the whole cluster."""
        child = pulumi.ResourceOptions(parent=self)
        label = f"{name}-admin-{digest(arn)}"
        entry = aws.eks.AccessEntry(label, cluster_name=cluster.name, principal_arn=arn, type="STANDARD", opts=child)
        return aws.eks.AccessPolicyAssociation(
            label,
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope={"type": "cluster"},
            opts=child,
        )

    def _addon(
        self,
        name: str,
        cluster: aws.eks.Cluster,
        addon: str,
        *,
        settings: dict[str, Any] | None = None,
        identity: tuple[str, str] | None = None,
        needs: list[pulumi.Resource] | None = None,
    ) -> aws.eks.Addon:
        """An EKS add-on; `identity` is its service account and the policy that it needs."""
        after = list(needs or [])
        associations: list[dict[str, pulumi.Input[str]]] = []
        if identity is not None:
            account, policy = identity
            role, attached = self._role(name, addon, "pods.eks.amazonaws.com", [policy])
            associations.append({"role_arn": role.arn, "service_account": account})
            after += attached
        return aws.eks.Addon(
            f"{name}-{addon}",
            cluster_name=cluster.name,
            addon_name=addon,
            configuration_values=json.dumps(settings, sort_keys=True) if settings else None,
            pod_identity_associations=cast("Any", associations) or None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )


def aws_partition(region: str) -> str:
    """The partition of `region`, which every ARN begins with (AWS General Reference)."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def trust_policy(service: str) -> str:
    """Who may assume a role, as JSON. EKS and Pod Identity also tag their sessions (EKS user guide)."""
    actions = ["sts:AssumeRole"] if service == "ec2.amazonaws.com" else ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
