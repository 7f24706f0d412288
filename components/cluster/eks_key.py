"""The key under which an EKS cluster encrypts what it keeps: Kubernetes secrets, logs, disks of nodes and volumes."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.cluster.eks_roles import aws_partition

_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]


def cluster_key(name: str, physical: str, region: str, parent: pulumi.Resource) -> aws.kms.Key:
    """A key that rotates every year, of which old versions go on to decrypt. It is gone 30 days after a destroy."""
    child = pulumi.ResourceOptions(parent=parent)
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=parent)).account_id
    key = aws.kms.Key(
        f"{name}-key",
        description=f"Secrets, logs and disks of {physical}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=account.apply(lambda number: key_policy(physical, region, number)),
        opts=child,
    )
    aws.kms.Alias(f"{name}-key", name=f"alias/eks/{physical}", target_key_id=key.key_id, opts=child)
    return key


def key_policy(physical: str, region: str, account: str) -> str:
    """Who may use the key, as JSON.

    - The account, so that IAM policies count, as with a key that has no policy of its own.
    - CloudWatch Logs, for the log groups of this cluster (CloudWatch Logs user guide, "Encrypt log data").
    - Whoever in the account may use EBS, through EC2 only. So AWS words it for its own key aws/ebs. Naming the role of
      Auto Scaling instead would fail in an account that has never scaled anything, where there is no such role.
    """
    partition = aws_partition(region)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:"
    groups = [f"{logs}/aws/eks/{physical}/*", f"{logs}/aws/vpc/{physical}/*"]
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.{suffix}"},
            "Action": [*_USE, "kms:Describe*"],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        },
        {
            "Sid": "Disks",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [*_USE, "kms:CreateGrant", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"ec2.{region}.{suffix}"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
