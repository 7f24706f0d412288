"""Agent pools of an AKS cluster: private, in the cluster's subnet."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import compute, containerservice

from components.catalog.azure_limits import os_disk
from components.cluster.aks_roles import CONTRIBUTOR, grant
from components.cluster.naming import digest
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs

DRAIN_MINUTES = 60
"""How long an upgrade waits for the pods of a GPU node, so that a training job reaches its next checkpoint. AKS' own
default is 30."""


class AgentPoolContext(NamedTuple):
    """What all GPU pools of a cluster share."""

    cluster_name: pulumi.Output[str]
    group: pulumi.Output[str]
    location: str
    subnet_id: pulumi.Input[str]
    kubernetes_version: str
    moved: list[str]
    """Properties that AKS changes by itself."""

    tags: dict[str, str]
    parent: pulumi.Resource


def system_pool_profile(
    pool: SystemPoolArgs, *, zones: list[str], subnet_id: pulumi.Input[str], kubernetes_version: str
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


def may_use_reservations(
    name: str,
    pools: dict[str, GpuPoolArgs],
    *,
    principal: pulumi.Output[str],
    subscription: str,
    parent: pulumi.Resource,
) -> dict[str, pulumi.Resource]:
    """Let the control plane's identity place machines into the pools' capacity reservation groups.

    Gives the grant by reservation; several pools may share one. Azure may take up to an hour until a grant counts, and
    a pool that is made meanwhile fails: run `up` again.
    """
    groups = sorted({pool["reservation"] for pool in pools.values() if pool["reservation"]})
    return {
        reservation: grant(
            f"{name}-capacity-{digest(reservation)}",
            role=CONTRIBUTOR,
            scope=reservation,
            principal=principal,
            subscription=subscription,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for reservation in groups
    }


def gpu_agent_pool(
    name: str,
    pool_name: str,
    pool: GpuPoolArgs,
    context: AgentPoolContext,
    granted: dict[str, pulumi.Resource],
) -> containerservice.AgentPool:
    """A GPU pool. On spot, AKS itself adds the taint and the label `kubernetes.azure.com/scalesetpriority`.

    With a fast network the nodes stand in one data center, side by side. InfiniBand itself needs two more things: the
    subscription's feature Microsoft.ContainerService/AKSInfinibandSupport, which puts the nodes on one fabric and is
    made by nobody here, and what `components.gpu.network_operator` installs (Azure/aks-rdma-infiniband).
    """
    spot, reservation = pool["capacity"] == "spot", pool["reservation"]
    # A surge needs spare GPUs, which nobody has. Spot pools take no upgrade settings of this kind.
    upgrades = (
        None
        if spot
        else containerservice.AgentPoolUpgradeSettingsArgs(
            max_surge="0", max_unavailable="1", drain_timeout_in_minutes=DRAIN_MINUTES
        )
    )
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
        os_disk_type=os_disk(pool["machine"], pool["disk_gib"]),
        # Images and emptyDir volumes, on the OS disk whose size the stack file gives.
        kubelet_disk_type=containerservice.KubeletDiskType.OS,
        gpu_profile={"driver": pool["driver"]},
        enable_auto_scaling=True,
        count=pool["min_nodes"],
        min_count=pool["min_nodes"],
        max_count=pool["max_nodes"],
        availability_zones=pool["zones"] or None,
        proximity_placement_group_id=_close_together(name, pool, context) if pool["fast_network"] else None,
        capacity_reservation_group_id=reservation,
        scale_set_priority="Spot" if spot else "Regular",
        scale_set_eviction_policy="Delete" if spot else None,
        # -1: up to the price on demand, so that price alone evicts nobody.
        spot_max_price=-1 if spot else None,
        # A node that leaves takes its disk along; a deallocated one would go on costing for it.
        scale_down_mode=containerservice.ScaleDownMode.DELETE,
        node_labels=pool["labels"],
        node_taints=[f"{taint['key']}={taint['value']}:{taint['effect']}" for taint in pool["taints"]],
        vnet_subnet_id=context.subnet_id,
        enable_node_public_ip=False,
        orchestrator_version=context.kubernetes_version,
        upgrade_settings=upgrades,
        tags=context.tags,
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            depends_on=[granted[reservation]] if reservation else None,
            # The autoscaler owns the size between the two bounds.
            ignore_changes=["count", *context.moved],
            # A second pool of the same machines may never get capacity: the old one goes first.
            delete_before_replace=True,
        ),
    )


def _close_together(name: str, pool: GpuPoolArgs, context: AgentPoolContext) -> pulumi.Output[str]:
    """A placement group of the pool's own. It holds on to a data center only while a node of it runs."""
    placement = compute.ProximityPlacementGroup(
        name,
        resource_group_name=context.group,
        location=context.location,
        proximity_placement_group_type=compute.ProximityPlacementGroupType.STANDARD,
        # Azure then chooses a data center that has the machines.
        intent={"vm_sizes": [pool["machine"]]},
        zones=pool["zones"] or None,
        tags=context.tags,
        # Its data center and zone are fixed, and so is the pool's place in it.
        opts=pulumi.ResourceOptions(parent=context.parent, delete_before_replace=True),
    )
    return placement.id
