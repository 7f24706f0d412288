"""Agent pools of an AKS cluster: private, in the cluster's subnet."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import containerservice

from components.cluster.pools import GpuPoolArgs, SystemPoolArgs


class AgentPoolContext(NamedTuple):
    """What all GPU pools of a cluster share."""

    cluster_name: pulumi.Output[str]
    group: pulumi.Output[str]
    subnet_id: pulumi.Output[str]
    kubernetes_version: str
    tags: dict[str, str]
    parent: pulumi.Resource


def system_pool_profile(
    pool: SystemPoolArgs, *, zones: list[str], subnet_id: pulumi.Output[str], kubernetes_version: str
) -> containerservice.ManagedClusterAgentPoolProfileArgs:
    """The pool for the platform's own controllers; AKS makes it together with the control plane."""
    return containerservice.ManagedClusterAgentPoolProfileArgs(
        name="system",
        mode=containerservice.AgentPoolMode.SYSTEM,
        type=containerservice.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        os_type=containerservice.OSType.LINUX,
        os_sku=containerservice.OSSKU.UBUNTU,
        vm_size=pool["machine"],
        enable_auto_scaling=True,
        count=pool["min_nodes"],
        min_count=pool["min_nodes"],
        max_count=pool["max_nodes"],
        availability_zones=zones or None,
        vnet_subnet_id=subnet_id,
        enable_node_public_ip=False,
        orchestrator_version=kubernetes_version,
        upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    )


def gpu_agent_pool(
    name: str, pool_name: str, pool: GpuPoolArgs, context: AgentPoolContext
) -> containerservice.AgentPool:
    """A GPU pool. On spot, AKS itself adds the taint and the label `kubernetes.azure.com/scalesetpriority`."""
    spot = pool["spot"]
    # A surge needs spare GPUs, which nobody has. Spot pools take no upgrade settings of this kind.
    upgrades = None if spot else containerservice.AgentPoolUpgradeSettingsArgs(max_surge="0", max_unavailable="1")
    return containerservice.AgentPool(
        name,
        agent_pool_name=pool_name,
        resource_group_name=context.group,
        resource_name_=context.cluster_name,
        mode=containerservice.AgentPoolMode.USER,
        type=containerservice.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        os_type=containerservice.OSType.LINUX,
        os_sku=containerservice.OSSKU.UBUNTU,
        vm_size=pool["machine"],
        os_disk_size_gb=pool["disk_gib"],
        gpu_profile={"driver": pool["driver"]},
        enable_auto_scaling=True,
        count=pool["min_nodes"],
        min_count=pool["min_nodes"],
        max_count=pool["max_nodes"],
        availability_zones=pool["zones"] or None,
        scale_set_priority="Spot" if spot else "Regular",
        scale_set_eviction_policy="Delete" if spot else None,
        # -1: up to the price on demand, so that price alone evicts nobody.
        spot_max_price=-1 if spot else None,
        node_labels=pool["labels"],
        node_taints=[f"{taint['key']}={taint['value']}:{taint['effect']}" for taint in pool["taints"]],
        vnet_subnet_id=context.subnet_id,
        enable_node_public_ip=False,
        orchestrator_version=context.kubernetes_version,
        upgrade_settings=upgrades,
        tags=context.tags,
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            # The autoscaler owns the size between the two bounds.
            ignore_changes=["count"],
            # A second pool of the same machines may never get capacity: the old one goes first.
            delete_before_replace=True,
        ),
    )
