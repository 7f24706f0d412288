"""IAM roles as AWS services and pods assume them."""

import json
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.cluster.naming import physical_name
from components.order import after

ROLE_PREFIX = 38
"""Longest prefix of a role's name (IAM API: names have 64 characters, of which the provider adds 26)."""

_TAGS_SESSIONS = ("eks.amazonaws.com", "pods.eks.amazonaws.com")
"""Services that also tag the sessions that they open (EKS user guide, cluster IAM role and Pod Identity)."""


def aws_partition(region: str) -> str:
    """The partition of `region`, which every ARN begins with (AWS General Reference)."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def managed_policy(region: str, path: str) -> str:
    """ARN of a policy that AWS maintains, such as `AmazonEKSClusterPolicy`."""
    return f"arn:{aws_partition(region)}:iam::aws:policy/{path}"


def trust_policy(service: str) -> str:
    """Who may assume a role, as JSON."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if service in _TAGS_SESSIONS else [])]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)


def assumed_role(name: str, service: str, opts: pulumi.ResourceOptions) -> aws.iam.Role:
    """A role that `service` assumes. AWS ends its name by itself, since a role's name takes 64 characters at most, and
    Pulumi refuses the longer ones that it would make of long stack and tenant names.
    """
    prefix = physical_name(name, limit=ROLE_PREFIX - 1)
    return aws.iam.Role(name, name_prefix=f"{prefix}-", assume_role_policy=trust_policy(service), opts=opts)


def service_role(
    name: str, service: str, policies: list[str], parent: pulumi.Resource
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """A role that `service` assumes, and the attachments without which it can do nothing."""
    child = pulumi.ResourceOptions(parent=parent)
    role = assumed_role(name, service, child)
    attached: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rsplit('/', 1)[-1]}", role=role.name, policy_arn=policy, opts=child
        )
        for policy in policies
    ]
    return role, attached


class PodIdentity(NamedTuple):
    """What a service account is in AWS."""

    role: aws.iam.Role
    bound: aws.eks.PodIdentityAssociation
    """Pods that start before get no identity."""


def pod_identity(
    name: str,
    *,
    cluster_name: pulumi.Input[str],
    namespace: str,
    service_account: str,
    policy: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> PodIdentity:
    """A role of its own for the pods of a service account, by Pod Identity: no annotation and no key.

    Args:
        name: Of the resources.
        cluster_name: Name of the EKS cluster, whose nodes run the Pod Identity agent.
        namespace: Of the service account.
        service_account: Its name. It has one role at most.
        policy: What the role may do, as JSON, in force before any pod gets it. None: nothing, until somebody adds.
        opts: Parent and provider.
    """
    role = assumed_role(name, "pods.eks.amazonaws.com", opts)
    rights = [] if policy is None else [aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=opts)]
    bound = aws.eks.PodIdentityAssociation(
        name,
        cluster_name=cluster_name,
        namespace=namespace,
        service_account=service_account,
        role_arn=role.arn,
        opts=after(opts, *rights),
    )
    return PodIdentity(role, bound)
