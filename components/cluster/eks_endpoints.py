"""Ways to AWS services that stay inside the network, and a log of the connections in it."""

import json

import pulumi
import pulumi_aws as aws

from components.cluster.eks_network import EksNetwork
from components.cluster.eks_roles import assumed_role

_INTERFACES = ("ecr.api", "ecr.dkr", "sts", "ec2", "logs", "eks", "eks-auth", "autoscaling")
"""Services that a private EKS cluster calls: images, credentials, the network and disk drivers, logs, and what the
cluster autoscaler asks. Pod Identity is eks-auth (EKS user guide, private clusters)."""

FLOW_LOG_DAYS = 90
"""How long connections are kept on record."""


def s3_gateway(name: str, region: str, network: EksNetwork, parent: pulumi.Resource) -> None:
    """Image layers and weights reach a network of our own by this instead of through NAT. It costs nothing."""
    gateway = aws.ec2.VpcEndpoint(
        f"{name}-endpoint-s3",
        vpc_id=network.vpc_id,
        service_name=f"com.amazonaws.{region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=network.route_table_ids,
        tags={"Name": f"{name}-s3"},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    network.ready.append(gateway)


def private_endpoints(name: str, region: str, cidr: str, network: EksNetwork, parent: pulumi.Resource) -> None:
    """Interfaces of AWS services in a network of our own, billed by the hour and zone.

    They become part of `network.ready`: nodes go before them. None in China, where their names differ from service to
    service.
    """
    if region.startswith("cn-"):
        return
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        description="AWS services, from inside the network only",
        vpc_id=network.vpc_id,
        tags={"Name": f"{name}-endpoints"},
        opts=child,
    )
    admits = aws.vpc.SecurityGroupIngressRule(
        f"{name}-endpoints-in",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4=cidr,
        opts=child,
    )
    network.ready.append(admits)
    network.ready.extend(
        aws.ec2.VpcEndpoint(
            f"{name}-endpoint-{service.replace('.', '-')}",
            vpc_id=network.vpc_id,
            service_name=f"com.amazonaws.{region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(network.private.values()),
            security_group_ids=[group.id],
            tags={"Name": f"{name}-{service}"},
            opts=child,
        )
        for service in _INTERFACES
    )


def flow_logs(
    name: str, physical: str, network: EksNetwork, key_arn: pulumi.Input[str], parent: pulumi.Resource
) -> None:
    """A record of every connection in the VPC, accepted or rejected, in CloudWatch Logs under the key given."""
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.cloudwatch.LogGroup(
        f"{name}-flows",
        name=f"/aws/vpc/{physical}/flow-logs",
        kms_key_id=key_arn,
        retention_in_days=FLOW_LOG_DAYS,
        opts=child,
    )
    role = assumed_role(f"{name}-flows", "vpc-flow-logs.amazonaws.com", child)
    may_write = aws.iam.RolePolicy(f"{name}-flows", role=role.name, policy=group.arn.apply(flow_log_policy), opts=child)
    aws.ec2.FlowLog(
        f"{name}-flows",
        vpc_id=network.vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={"Name": name},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[may_write]),
    )


def flow_log_policy(group_arn: str) -> str:
    """What VPC flow logs need to write to one log group (VPC user guide, IAM role for publishing flow logs)."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": [group_arn, f"{group_arn}:*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
