"""The audit log of an EKS control plane for the audit stream: CloudWatch hands it to Kinesis, and a pod reads there.

Sources: CloudWatch Logs user guide, "Subscription filters" and "Filter pattern syntax for JSON log events"; AWS service
authorization reference (Kinesis, DynamoDB); Bento v1.10.0, internal/impl/aws/input_kinesis.go (what it asks for) and
website/docs (columns of the table of checkpoints).
"""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.cluster.eks_roles import assumed_role
from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.storage.outputs import Identity
from components.trust.audit.feed import SERVICE_ACCOUNT, Feed
from components.trust.audit.streams import KUBERNETES, kinesis_input

PATTERN = (
    '{ ($.kind = "Event") && ($.stage = "ResponseComplete") && (($.verb = "create") || ($.verb = "update") ||'
    ' ($.verb = "patch") || ($.verb = "delete*") || ($.objectRef.subresource = "exec") ||'
    ' ($.objectRef.subresource = "attach") || ($.objectRef.subresource = "portforward")) }'
)
"""What CloudWatch hands on: changes, and shells in pods. What else is left out, the collector sees to."""

KEPT_HOURS = 72
"""How long Kinesis keeps what the collector has not read: over a long weekend."""


class AwsAuditFeedArgs(TypedDict):
    """Whose log it is."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    log_group: pulumi.Input[str]
    """Log group of its control plane."""

    region: str
    """The cluster's region."""


def reading_policy(stream: str, table: str, key: str) -> str:
    """What the collector may do, as JSON: read the stream, and keep how far it is."""
    statements = [
        {
            "Effect": "Allow",
            "Action": [
                "kinesis:DescribeStream",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            "Resource": stream,
        },
        {
            "Effect": "Allow",
            "Action": [
                "dynamodb:DeleteItem",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
            ],
            "Resource": table,
        },
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


def writing_policy(stream: str, key: str) -> str:
    """What CloudWatch Logs may do, as JSON: write into the stream."""
    statements = [
        {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": stream},
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


class AwsAuditFeed(pulumi.ComponentResource):
    """A stream of the changes to an EKS cluster's objects, encrypted, which only the collector's pod can read."""

    feed: Feed
    """For the collector."""

    def __init__(self, name: str, args: AwsAuditFeedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:AwsAuditFeed", name, {"region": args["region"]}, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.kms.Key(f"{name}-key", description="Audit records", enable_key_rotation=True, opts=child)
        stream = aws.kinesis.Stream(
            f"{name}-stream",
            stream_mode_details={"stream_mode": "ON_DEMAND"},
            retention_period=KEPT_HOURS,
            encryption_type="KMS",
            kms_key_id=key.arn,
            # A collector that still reads would otherwise keep it.
            enforce_consumer_deletion=True,
            opts=child,
        )
        table = aws.dynamodb.Table(
            f"{name}-checkpoints",
            billing_mode="PAY_PER_REQUEST",
            hash_key="StreamID",
            range_key="ShardID",
            attributes=[{"name": "StreamID", "type": "S"}, {"name": "ShardID", "type": "S"}],
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
            opts=child,
        )
        _, writes = self._role(
            f"{name}-writer",
            "logs.amazonaws.com",
            pulumi.Output.all(stream.arn, key.arn).apply(lambda known: writing_policy(*known)),
        )
        subscription = aws.cloudwatch.LogSubscriptionFilter(
            f"{name}-changes",
            log_group=args["log_group"],
            destination_arn=stream.arn,
            role_arn=writes,
            filter_pattern=PATTERN,
            distribution="ByLogStream",
            opts=child,
        )
        reader, reads = self._role(
            f"{name}-reader",
            "pods.eks.amazonaws.com",
            pulumi.Output.all(stream.arn, table.arn, key.arn).apply(lambda known: reading_policy(*known)),
        )
        bound = aws.eks.PodIdentityAssociation(
            f"{name}-reader",
            cluster_name=args["cluster_name"],
            namespace=AUDIT_NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            role_arn=reads,
            opts=child,
        )
        self.feed = Feed(
            source=kinesis_input(),
            words=KUBERNETES,
            environment={
                "AUDIT_STREAM": stream.name,
                "AUDIT_CHECKPOINTS": table.name,
                "AWS_REGION": args["region"],
            },
            identity=Identity({}, {}, reader),
            needs=[bound, subscription],
        )
        self.register_outputs({"stream": stream.name})

    def _role(
        self, name: str, service: str, policy: pulumi.Output[str]
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Name and ARN of a role of one service with one policy; the ARN is known once it has it."""
        child = pulumi.ResourceOptions(parent=self)
        role = assumed_role(name, service, child)
        rights = aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=child)
        return role.name, pulumi.Output.all(role.arn, rights.id).apply(lambda known: str(known[0]))
