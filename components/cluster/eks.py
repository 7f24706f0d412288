"""Amazon EKS: network, control plane, add-ons, system pool and GPU pools."""

from typing import Any, TypedDict, cast

import pulumi
import pulumi_aws as aws

from components.cluster.eks_addons import AFTER_NODES, BEFORE_NODES, SHARED_FILES, make_addon
from components.cluster.eks_endpoints import flow_logs, private_endpoints, s3_gateway
from components.cluster.eks_key import cluster_key
from components.cluster.eks_network import EksNetwork, ExistingVpcArgs, existing_network, own_network
from components.cluster.eks_nodes import NodeGroupContext, gpu_node_group, system_node_group
from components.cluster.eks_roles import aws_partition, managed_policy, service_role
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

    zones: list[str]
    """Availability zones by name, 2 to 6. EKS has no control plane in the zones with the ids use1-az3, usw1-az2 and
    cac1-az3, whose names differ from account to account."""

    existing: ExistingVpcArgs | None
    """A network to move into. None: one is made."""

    nat_per_zone: bool
    """A NAT gateway in every zone, or one for all."""

    private_endpoints: bool
    """Reach AWS services from inside the network; S3 is reached so in any case. Of a network that is made only: an
    existing one has its owner's."""

    flow_logs: bool
    """Keep a record of connections."""

    public_cidrs: list[str]
    """Networks that may reach the public API endpoint. Empty: there is none."""

    kubernetes_version: str
    """Minor version, such as 1.34."""

    extended_support: bool
    """Stay on the version after its standard support, at extra cost; else AWS upgrades the cluster then."""

    admins: list[str]
    """ARNs of IAM roles or users that administer the cluster, one at least. Nobody else does, not even its creator, so
    the role that runs Pulumi must be among them."""

    system_pool: SystemPoolArgs
    gpu_pools: dict[str, GpuPoolArgs]
    """By name."""

    shared_files: bool
    """Whether volumes on EFS are wanted."""

    deletion_protection: bool
    """EKS then refuses to delete the cluster."""

    tags: dict[str, str]
    """Tags for billing of what node groups start; all else has them from the provider."""


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster with private nodes, Pod Identity and every control-plane log; secrets, logs and disks are
    encrypted under its own key.

    Add-ons take the version that EKS holds to be the default of the Kubernetes version. The NVIDIA device plugin, the
    cluster autoscaler and storage classes are not made here.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]

    network: EksNetwork
    """Where the cluster is, for what else has to be reached from its nodes."""

    disk_key: pulumi.Output[str]
    """ARN of the key for volumes."""

    log_group: pulumi.Output[str]
    """Log group of the control plane."""

    nodes_group: pulumi.Output[str]
    """Security group that every node is in, and so the pods on it."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:EksCluster", name, cast("dict[str, Any]", dict(args)), opts)
        physical = physical_name(name, pulumi.get_stack())
        region = args["region"]
        key = cluster_key(name, physical, region, self)
        self.disk_key = key.arn
        self.network = self._network(name, physical, args)
        cluster = self._control_plane(name, physical, args)
        for arn in args["admins"]:
            self._admin(name, cluster, arn, aws_partition(region))

        node_policies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]
        node_role, may_join = service_role(
            f"{name}-node", "ec2.amazonaws.com", [managed_policy(region, policy) for policy in node_policies], self
        )
        first = [make_addon(name, region, cluster, addon, self) for addon in BEFORE_NODES]
        self.nodes_group = cluster.vpc_config.cluster_security_group_id.apply(str)
        context = NodeGroupContext(
            cluster_name=cluster.name,
            cluster_group_id=self.nodes_group,
            node_role_arn=node_role.arn,
            vpc_id=self.network.vpc_id,
            disk_key=self.disk_key,
            tags=args["tags"],
            subnets=self.network.private,
            parent=self,
            needs=[*may_join, *first, *self.network.ready],
        )
        system = system_node_group(f"{name}-system", args["system_pool"], context)
        for pool_name, pool in args["gpu_pools"].items():
            gpu_node_group(f"{name}-gpu-{pool_name}", pool_name, pool, context)
        for addon in (*AFTER_NODES, *([SHARED_FILES] if args["shared_files"] else [])):
            make_addon(name, region, cluster, addon, self, needs=[system])

        self.cluster_name = cluster.name
        self.identifier = cluster.arn
        self.workload_identity = cluster.name
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority.data).apply(
                lambda known: eks_kubeconfig(known[0], known[1], known[2], region)
            )
        )
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "cluster_name": self.cluster_name,
                "identifier": self.identifier,
                "workload_identity": self.workload_identity,
            }
        )

    def _network(self, name: str, physical: str, args: EksClusterArgs) -> EksNetwork:
        cidr, zones = args["network_cidr"], args["zones"]
        if args["existing"] is not None:
            network = existing_network(args["existing"], zones)
        else:
            network = own_network(name, cidr, zones, nat_per_zone=args["nat_per_zone"], parent=self)
            s3_gateway(name, args["region"], network, self)
            if args["private_endpoints"]:
                private_endpoints(name, args["region"], cidr, network, self)
        if args["flow_logs"]:
            flow_logs(name, physical, network, self.disk_key, self)
        return network

    def _control_plane(self, name: str, physical: str, args: EksClusterArgs) -> aws.eks.Cluster:
        # EKS writes to the group of this name; made by itself it would keep logs forever and stay after a destroy.
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/eks/{physical}/cluster",
            kms_key_id=self.disk_key,
            retention_in_days=LOG_DAYS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.log_group = logs.name
        policy = managed_policy(args["region"], "AmazonEKSClusterPolicy")
        role, may_run = service_role(f"{name}-cluster", "eks.amazonaws.com", [policy], self)
        return aws.eks.Cluster(
            name,
            name=physical,
            role_arn=role.arn,
            version=args["kubernetes_version"],
            upgrade_policy={"support_type": "EXTENDED" if args["extended_support"] else "STANDARD"},
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            deletion_protection=args["deletion_protection"],
            enabled_cluster_log_types=CONTROL_PLANE_LOGS,
            encryption_config={"provider": {"key_arn": self.disk_key}, "resources": ["secrets"]},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": args["services_cidr"]},
            vpc_config={
                "subnet_ids": list(self.network.private.values()),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args["public_cidrs"]),
                "public_access_cidrs": args["public_cidrs"] or None,
            },
            # Refused by Pulumi at once; the cloud refuses too late, when most of the stack is gone.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*may_run, logs], protect=args["deletion_protection"]),
        )

    def _admin(self, name: str, cluster: aws.eks.Cluster, arn: str, partition: str) -> None:
        """Let an IAM principal administer the whole cluster."""
        child = pulumi.ResourceOptions(parent=self)
        label = f"{name}-admin-{digest(arn)}"
        entry = aws.eks.AccessEntry(label, cluster_name=cluster.name, principal_arn=arn, type="STANDARD", opts=child)
        aws.eks.AccessPolicyAssociation(
            label,
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope={"type": "cluster"},
            opts=child,
        )
