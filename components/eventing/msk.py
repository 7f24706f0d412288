"""Amazon MSK: brokers that Amazon runs, in the cluster's network. Clients sign in by IAM."""

from typing import Any, TypedDict, cast

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.cluster.eks_roles import pod_identity
from components.eventing import msk_objects
from components.eventing.kafka_names import Topic, User, secret_name
from components.eventing.logins import IAM_PORT, IamLogin
from components.eventing.msk_access import BACKLOGS, access_policy, user_policy
from components.labels import tenant_labels
from components.order import after
from components.storage.outputs import Identity

LOG_DAYS = 30
"""How long the brokers' logs are kept."""


class MskArgs(TypedDict):
    """What the brokers are."""

    cluster_name: str
    """Name of the MSK cluster, 64 characters at most."""

    region: str
    """AWS region; the provider's own."""

    eks_cluster: pulumi.Input[str]
    """EKS cluster whose service accounts get access."""

    vpc_id: pulumi.Input[str]
    network_cidr: str
    """Network in which the brokers get addresses."""

    subnet_ids: list[pulumi.Input[str]]
    """Private subnets of two or three zones; each has as many brokers."""

    clients_group: pulumi.Input[str]
    """Security group of the nodes, from which alone brokers are reached."""

    log_key: pulumi.Input[str]
    """ARN of the key of the log group `log_group`, which CloudWatch may use for it."""

    log_group: str
    """Name of the log group that is made for the brokers."""

    brokers: int
    """Brokers of all zones together."""

    machine: str
    """Size of a broker, such as kafka.m7g.large."""

    storage_gib: int
    """GiB of each broker's volume."""

    keep_records: bool
    """Whether whoever would delete the cluster is refused."""

    detailed_metrics: bool
    """Whether CloudWatch has metrics of each topic, which cost extra."""


class Msk(pulumi.ComponentResource):
    """Kafka of Amazon MSK with KRaft: private, TLS everywhere, encrypted under an own key, IAM as the only way in.

    Has no topics and no users of its own: `topic` and `user` make them, as `KafkaOutputs` asks.
    """

    login: IamLogin
    ready: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        args: MskArgs,
        provider: aws.Provider,
        scaler_role: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`provider`: of all that is made later. `scaler_role`: name of the role of who reads backlogs."""
        super().__init__("multimodal:index:Msk", name, cast("dict[str, Any]", dict(args)), opts)
        self._args, self._provider = args, provider
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args["keep_records"])
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Records of {args['cluster_name']}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=kept,
        )
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args["log_group"],
            kms_key_id=args["log_key"],
            retention_in_days=LOG_DAYS,
            opts=child,
        )
        configuration = aws.msk.Configuration(
            f"{name}-configuration",
            kafka_versions=[msk_objects.VERSION],
            server_properties=msk_objects.server_properties(args["brokers"]),
            opts=child,
        )
        self._cluster = aws.msk.Cluster(
            name,
            cluster_name=args["cluster_name"],
            kafka_version=msk_objects.VERSION,
            number_of_broker_nodes=args["brokers"],
            broker_node_group_info={
                "instance_type": args["machine"],
                "client_subnets": args["subnet_ids"],
                "security_groups": [self._group(name)],
                "storage_info": {"ebs_storage_info": {"volume_size": args["storage_gib"]}},
                "connectivity_info": {"public_access": {"type": "DISABLED"}},
            },
            client_authentication={"sasl": {"iam": True, "scram": False}, "unauthenticated": False},
            configuration_info={"arn": configuration.arn, "revision": configuration.latest_revision},
            encryption_info={
                "encryption_at_rest_kms_key_arn": key.arn,
                "encryption_in_transit": {"client_broker": "TLS", "in_cluster": True},
            },
            enhanced_monitoring="PER_TOPIC_PER_BROKER" if args["detailed_metrics"] else "DEFAULT",
            open_monitoring={"prometheus": {"jmx_exporter": {"enabled_in_broker": True}}},
            logging_info={"broker_logs": {"cloudwatch_logs": {"enabled": True, "log_group": logs.name}}},
            opts=kept,
        )
        if scaler_role is not None:
            aws.iam.RolePolicy(
                f"{name}-scaler",
                role=scaler_role,
                policy=self._cluster.arn.apply(lambda arn: access_policy(BACKLOGS, arn)),
                opts=child,
            )
        self.login = IamLogin(
            bootstrap=self._cluster.bootstrap_brokers_sasl_iam,
            region=args["region"],
            network=args["network_cidr"],
        )
        self.ready = [self]
        self.register_outputs({"bootstrap": self.login.bootstrap})

    def topic(self, name: str, _owner: str, topic: Topic, opts: pulumi.ResourceOptions, /) -> None:
        """A topic, made through the API of MSK, which needs no way to the brokers."""
        aws.msk.Topic(
            name,
            cluster_arn=self._cluster.arn,
            **msk_objects.topic_inputs(topic, self._args["brokers"]),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._provider)),
        )

    def user(
        self, name: str, owner: str, user: User, identity: Identity | None, opts: pulumi.ResourceOptions, /
    ) -> None:
        """A policy: on the role that the pods have already; or on a new one of a service account of the user's; or, for
        people, one that whoever administers the account attaches to them."""
        # The tenant's pods use it until their namespace is gone, so it is not the tenant's to take along.
        on_aws = pulumi.ResourceOptions(parent=self, provider=self._provider)
        name = f"{name}-user-{user.name.removeprefix(f'{owner}.')}"
        policy = self._cluster.arn.apply(lambda arn: user_policy(user, arn))
        if user.people:
            aws.iam.Policy(name, description=f"Kafka as {user.name}", policy=policy, opts=on_aws)
            return
        if identity is not None and identity.role is not None:
            aws.iam.RolePolicy(name, role=identity.role, policy=policy, opts=on_aws)
            return
        account = secret_name(user)
        made = pod_identity(
            name,
            cluster_name=self._args["eks_cluster"],
            namespace=owner,
            service_account=account,
            policy=policy,
            opts=on_aws,
        )
        kubernetes.core.v1.ServiceAccount(
            name,
            metadata={"name": account, "namespace": owner, "labels": tenant_labels(owner)},
            automount_service_account_token=False,
            opts=after(opts, made.bound),
        )

    def _group(self, name: str) -> pulumi.Output[str]:
        """A security group that lets in the nodes, and so the pods on them: clients, and who collects metrics."""
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            description="Brokers of Amazon MSK, reached from the nodes alone",
            vpc_id=self._args["vpc_id"],
            tags={"Name": name},
            opts=child,
        )
        for what, port in {"clients": IAM_PORT, "metrics": msk_objects.METRICS_PORT}.items():
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{what}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                referenced_security_group_id=self._args["clients_group"],
                opts=child,
            )
        return group.id
