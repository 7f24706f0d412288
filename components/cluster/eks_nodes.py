"""Node groups of an EKS cluster: private, IMDSv2 only, encrypted disks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from components.catalog.machines import Cloud, machine
from components.cluster.autoscaling import accelerator_label, node_template_tags, taint_effect
from components.cluster.eks_capacity import bought
from components.cluster.eks_node_config import node_user_data
from components.cluster.eks_wiring import Fabric, fabric, network_interfaces
from components.cluster.naming import digest
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs
from components.labels import LOCAL_MODELS

SYSTEM_AMI = "AL2023_x86_64_STANDARD"
"""AMI type of the system pool (EKS API, AMITypes)."""

_SYSTEM_DISK_GIB = 100
_ROOT_DEVICE = "/dev/xvda"
"""Root device of the EKS Amazon Linux 2023 images. With a launch template, `diskSize` is refused."""


class NodeGroupContext(NamedTuple):
    """What all node groups of a cluster share."""

    cluster_name: pulumi.Output[str]
    cluster_group_id: pulumi.Output[str]
    """Security group that EKS puts on nodes, where no launch template names others."""
    node_role_arn: pulumi.Output[str]
    vpc_id: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    """Zone -> private subnet."""
    disk_key: pulumi.Input[str]
    """ARN of the key for disks."""
    tags: Mapping[str, str]
    """Tags for billing."""
    parent: pulumi.Resource
    needs: Sequence[pulumi.Resource]
    """What must be there before a node can join, and outlive the last one."""


def system_node_group(name: str, pool: SystemPoolArgs, context: NodeGroupContext) -> aws.eks.NodeGroup:
    """The pool for the platform's own controllers."""
    template = _launch_template(name, _SYSTEM_DISK_GIB, context)
    return aws.eks.NodeGroup(
        # No fixed name: when it has to be replaced, the new pool is there before the old one goes.
        name,
        cluster_name=context.cluster_name,
        node_role_arn=context.node_role_arn,
        subnet_ids=list(context.subnets.values()),
        ami_type=SYSTEM_AMI,
        capacity_type="ON_DEMAND",
        instance_types=[pool["machine"]],
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config=_sizes(pool["min_nodes"], pool["max_nodes"]),
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        opts=_options(context, context.needs),
    )


def gpu_node_group(name: str, pool_name: str, pool: GpuPoolArgs, context: NodeGroupContext) -> aws.eks.NodeGroup:
    """A GPU pool, tagged so that the cluster autoscaler can start it from zero."""
    found = machine(Cloud.AWS, pool["machine"])
    purchase = bought(pool)
    zones = pool["zones"] or list(context.subnets)
    wiring: dict[str, Any] = {}
    needs = list(context.needs)
    if pool["fast_network"]:
        shared: Fabric = fabric(name, context.vpc_id, pool["capacity"], context.parent)
        wiring["network_interfaces"] = network_interfaces(found, [context.cluster_group_id, shared.group_id])
        if shared.placement_group is not None:
            wiring["placement"] = {"group_name": shared.placement_group}
        needs += shared.ready
    template = _launch_template(
        name,
        pool["disk_gib"],
        context,
        user_data=node_user_data(found.local_nvme_gib, keeps_models=LOCAL_MODELS.items() <= pool["labels"].items()),
        **wiring,
        **purchase.template,
    )
    group = aws.eks.NodeGroup(
        name,
        cluster_name=context.cluster_name,
        node_group_name=pool_name,
        node_role_arn=context.node_role_arn,
        subnet_ids=[context.subnets[zone] for zone in zones],
        ami_type=pool["driver"],
        capacity_type=purchase.capacity_type,
        instance_types=purchase.instance_types,
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config=_sizes(pool["min_nodes"], pool["max_nodes"]),
        labels={**pool["labels"], **accelerator_label(pool)},
        taints=[{"key": t["key"], "value": t["value"], "effect": taint_effect(t["effect"])} for t in pool["taints"]],
        # An upgrade takes a node away before it asks for the next: there may be no spare machine to be had.
        update_config={"max_unavailable": 1, "update_strategy": "MINIMAL"},
        node_repair_config={"enabled": True},
        # A second pool of the same machines may never get capacity: the old one goes first.
        opts=_options(context, needs, delete_before_replace=True),
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


def _sizes(smallest: int, largest: int) -> aws.eks.NodeGroupScalingConfigArgsDict:
    return {"min_size": smallest, "max_size": largest, "desired_size": smallest}


def _options(
    context: NodeGroupContext, needs: Sequence[pulumi.Resource], *, delete_before_replace: bool | None = None
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=context.parent,
        depends_on=needs,
        # The autoscaler owns the size between the two bounds.
        ignore_changes=["scalingConfig.desiredSize"],
        delete_before_replace=delete_before_replace,
    )


def _launch_template(name: str, disk_gib: int, context: NodeGroupContext, **more: Any) -> aws.ec2.LaunchTemplate:
    return aws.ec2.LaunchTemplate(
        name,
        update_default_version=True,
        block_device_mappings=[
            {
                "device_name": _ROOT_DEVICE,
                "ebs": {
                    "delete_on_termination": "true",
                    "encrypted": "true",
                    "kms_key_id": context.disk_key,
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
        # The provider's own tags end at the template; what is started from it has these.
        tag_specifications=[
            {"resource_type": kind, "tags": {**context.tags, "Name": name}}
            for kind in ("instance", "volume", "network-interface")
        ],
        opts=pulumi.ResourceOptions(parent=context.parent),
        **more,
    )
