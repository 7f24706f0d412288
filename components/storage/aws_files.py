"""A shared file system on AWS: Amazon EFS with a door in every zone."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

_NFS = 2049
"""Port of NFS, the only one that a mount target listens on."""

_OWNER = 1000
"""User and group that own every file. Which number is all the same, as EFS uses it for whoever comes that way."""


def shared_files(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    cidr: str,
    subnet_ids: Mapping[str, pulumi.Input[str]],
    key_arn: pulumi.Input[str],
    kept: pulumi.ResourceOptions,
    parent: pulumi.Resource,
) -> aws.efs.FileSystem:
    """A file system that grows by itself, encrypted under `key_arn` and reached from `cidr` only.

    The data may outlive the stack, by `kept`; the mount targets never do, as their subnets could not go before them.
    """
    child = pulumi.ResourceOptions(parent=parent)
    files = aws.efs.FileSystem(
        name, encrypted=True, kms_key_id=key_arn, throughput_mode="elastic", tags={"Name": name}, opts=kept
    )
    group = aws.ec2.SecurityGroup(
        name,
        description="Shared files, from inside the network only",
        vpc_id=vpc_id,
        tags={"Name": name},
        opts=child,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=_NFS,
        to_port=_NFS,
        cidr_ipv4=cidr,
        opts=child,
    )
    for zone, subnet_id in subnet_ids.items():
        aws.efs.MountTarget(
            f"{name}-{zone}",
            file_system_id=files.id,
            subnet_id=subnet_id,
            security_groups=[group.id],
            opts=child,
        )
    return files


def access_point(name: str, tenant: str, files: aws.efs.FileSystem, parent: pulumi.Resource) -> aws.efs.AccessPoint:
    """A door to the directory of one tenant, which is made with the first mount and cannot be left upwards.

    A destroy takes the door only; the directory stays with the file system.
    """
    return aws.efs.AccessPoint(
        name,
        file_system_id=files.id,
        posix_user={"uid": _OWNER, "gid": _OWNER},
        root_directory={
            "path": f"/{tenant}",
            "creation_info": {"owner_uid": _OWNER, "owner_gid": _OWNER, "permissions": "0700"},
        },
        tags={"Name": name},
        opts=pulumi.ResourceOptions(parent=parent),
    )
