"""Node groups of an EKS cluster: private, IMDSv2 only, encrypted disks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from components.cluster.autoscaling import accelerator_label, node_template_tags, taint_effect
from components.cluster.naming import digest
from components.cluster.pools import GpuPoolArgs, NodeTaint, SystemPoolArgs

SYSTEM_AMI = "AL2023_x86_64_STANDARD"
"""AMI type of the system pool (EKS API, AMITypes)."""

_SYSTEM_DISK_GIB = 100
_ROOT_DEVICE = "/dev/xvda"
"""Root device of the EKS Amazon Linux 2023 images. With a launch template, `diskSize` is refused."""


class NodeGroupContext(NamedTuple):
    """What all node groups of a cluster share."""

    cluster_name: pulumi.Output[str]
    node_role_arn: pulumi.Output[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    parent: pulumi.Resource
    needs: Sequence[pulumi.Resource]
    """What must be there before a node can join, and outlive the last one."""


def system_node_group(name: str, pool: SystemPoolArgs, context: NodeGroupContext) -> aws.eks.NodeGroup:
    """The pool for the platform's own controllers."""
    # No fixed name: when it has to be replaced, the new pool is there before the old one goes.
    return _node_group(
        name,
        context,
        machine=pool["machine"],
        ami_type=SYSTEM_AMI,
        sizes=(pool["min_nodes"], pool["max_nodes"]),
        disk_gib=_SYSTEM_DISK_GIB,
    )


def gpu_node_group(name: str, pool_name: str, pool: GpuPoolArgs, context: NodeGroupContext) -> aws.eks.NodeGroup:
    """A GPU pool, tagged so that the cluster autoscaler can start it from zero."""
    group = _node_group(
        name,
        context,
        machine=pool["machine"],
        ami_type=pool["driver"],
        sizes=(pool["min_nodes"], pool["max_nodes"]),
        disk_gib=pool["disk_gib"],
        group_name=pool_name,
        spot=pool["spot"],
        labels={**pool["labels"], **accelerator_label(pool)},
        taints=pool["taints"],
    )
    # EKS does not pass a node group's tags on to its Auto Scaling group, which is where the autoscaler looks.
    scaling_group = group.resources.apply(_scaling_group)
    for key, value in node_template_tags(pool).items():
        aws.autoscaling.Tag(
            f"{name}-{digest(key)}",
            autoscaling_group_name=scaling_group,
            tag={"key": key, "value": value, "propagate_at_launch": False},
            opts=pulumi.ResourceOptions(parent=context.parent),
        )
    return group


def _scaling_group(resources: Sequence[Any]) -> str:
    return str(resources[0].autoscaling_groups[0].name)


def _node_group(
    name: str,
    context: NodeGroupContext,
    *,
    machine: str,
    ami_type: str,
    sizes: tuple[int, int],
    disk_gib: int,
    group_name: str | None = None,
    spot: bool = False,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[NodeTaint] = (),
) -> aws.eks.NodeGroup:
    smallest, largest = sizes
    template = aws.ec2.LaunchTemplate(
        name,
        update_default_version=True,
        block_device_mappings=[
            {
                "device_name": _ROOT_DEVICE,
                "ebs": {
                    "delete_on_termination": "true",
                    "encrypted": "true",
                    "volume_size": disk_gib,
                    "volume_type": "gp3",
                },
            }
        ],
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # One hop ends at the node, so that a pod cannot borrow the node's role.
            "http_put_response_hop_limit": 1,
        },
        tag_specifications=[{"resource_type": kind, "tags": {"Name": name}} for kind in ("instance", "volume")],
        opts=pulumi.ResourceOptions(parent=context.parent),
    )
    return aws.eks.NodeGroup(
        name,
        cluster_name=context.cluster_name,
        node_group_name=group_name,
        node_role_arn=context.node_role_arn,
        subnet_ids=context.subnet_ids,
        ami_type=ami_type,
        capacity_type="SPOT" if spot else "ON_DEMAND",
        instance_types=[machine],
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config={"min_size": smallest, "max_size": largest, "desired_size": smallest},
        labels=labels,
        taints=[{"key": t["key"], "value": t["value"], "effect": taint_effect(t["effect"])} for t in taints] or None,
        update_config={"max_unavailable": 1},
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            depends_on=context.needs,
            # The autoscaler owns the size between the two bounds.
            ignore_changes=["scalingConfig.desiredSize"],
            # A second pool of the same machines may never get capacity: the old one goes first.
            delete_before_replace=True if group_name else None,
        ),
    )
