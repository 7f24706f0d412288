"""Node pools of a GKE cluster: private, shielded, under a service account of their own."""

from typing import NamedTuple

import pulumi
import pulumi_gcp as gcp

from components.cluster.autoscaling import taint_effect
from components.cluster.gke_rules import (
    LONGEST_FLEX_START,
    boot_disk_type,
    compact,
    first_size,
    gke_accelerator,
    gpudirect,
    local_ssds,
    network_labels,
)
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs
from components.settings.pools import Capacity

_IMAGE = "COS_CONTAINERD"
_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
"""Rights come from the service account's roles, not from scopes (GKE documentation, access scopes)."""

_SYSTEM_DISK_GIB = 100
_RESERVATION_KEY = "compute.googleapis.com/reservation-name"
"""Label key that names a reservation (container API, ReservationAffinity.key)."""


class NodePoolContext(NamedTuple):
    """What all node pools of a cluster share."""

    cluster_name: pulumi.Output[str]
    project: str
    region: str
    service_account: pulumi.Output[str]
    disk_key: pulumi.Input[str]
    """Path of the key for disks."""
    labels: dict[str, str]
    """Labels of the cloud's own resources, for billing."""
    parent: pulumi.Resource
    needs: list[pulumi.Resource]
    """What must be there before a node can join, and outlive the last one."""


def system_node_pool(name: str, pool: SystemPoolArgs, context: NodePoolContext) -> gcp.container.NodePool:
    """The pool for the platform's own controllers, over all zones of the region."""
    return gcp.container.NodePool(
        name,
        name="system",
        cluster=context.cluster_name,
        project=context.project,
        location=context.region,
        # Per zone, where the bounds below count over all zones.
        initial_node_count=1,
        autoscaling={
            "total_min_node_count": pool["min_nodes"],
            "total_max_node_count": pool["max_nodes"],
            "location_policy": "BALANCED",
        },
        management={"auto_repair": True, "auto_upgrade": True},
        upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
        node_config={
            **_node_basics(pool["machine"], _SYSTEM_DISK_GIB, context),
            "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        },
        opts=pulumi.ResourceOptions(
            parent=context.parent, depends_on=context.needs, ignore_changes=["initialNodeCount"]
        ),
    )


def gpu_node_pool(name: str, pool_name: str, pool: GpuPoolArgs, context: NodePoolContext) -> gcp.container.NodePool:
    """A GPU pool in the zones that have its machines. Its bounds count over all of them together.

    Time-slicing and MIG are the GPU Operator's, so GKE's own sharing settings stay unset.
    """
    zones = sorted(pool["zones"])
    flex_start = pool["capacity"] == Capacity.FLEX_START
    disks = local_ssds(pool["machine"])
    return gcp.container.NodePool(
        name,
        name=pool_name,
        cluster=context.cluster_name,
        project=context.project,
        location=context.region,
        node_locations=zones or None,
        initial_node_count=first_size(pool["min_nodes"], len(zones)),
        autoscaling={
            "total_min_node_count": pool["min_nodes"],
            "total_max_node_count": pool["max_nodes"],
            # Scarce machines are taken wherever there are some.
            "location_policy": "ANY",
        },
        # GKE refuses repair for flex-start: a machine that is repaired is gone, and the next one has to queue.
        management={"auto_repair": not flex_start, "auto_upgrade": True},
        # A surge needs spare GPUs, which nobody has: nodes go one by one. Flex-start pools have a strategy of their
        # own, which GKE sets (SHORT_LIVED): no node is upgraded, the next one comes new.
        upgrade_settings=None if flex_start else {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1},
        placement_policy={"type": "COMPACT"} if compact(pool) else None,
        # GKE then makes the networks of the GPUs' cards.
        network_config={"accelerator_network_profile": "auto"} if pool["fast_network"] else None,
        node_config={
            **_node_basics(pool["machine"], pool["disk_gib"], context),
            "spot": pool["capacity"] == Capacity.SPOT,
            # No queued provisioning: its nodes come for ProvisioningRequest objects only, and Volcano makes none.
            "flex_start": True if flex_start else None,
            "max_run_duration": LONGEST_FLEX_START if flex_start else None,
            "reservation_affinity": _reservation_affinity(pool["reservation"]),
            "guest_accelerators": [
                {
                    "type": gke_accelerator(pool["machine"]),
                    "count": pool["gpus"],
                    "gpu_driver_installation_config": {"gpu_driver_version": pool["driver"]},
                }
            ],
            "gpudirect_strategy": gpudirect(pool),
            "gvnic": {"enabled": True},
            # Containers start while their image is still on its way; images in Artifact Registry only.
            "gcfs_config": {"enabled": True},
            # Image layers, emptyDir volumes and caches of weights then lie on local NVMe.
            "ephemeral_storage_local_ssd_config": {"local_ssd_count": disks} if disks else None,
            "labels": {**pool["labels"], **network_labels(pool)},
            "taints": [
                {"key": t["key"], "value": t["value"], "effect": taint_effect(t["effect"])} for t in pool["taints"]
            ],
            # No secure boot: a kernel module that Google did not sign would not load.
            "shielded_instance_config": {"enable_secure_boot": False, "enable_integrity_monitoring": True},
        },
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            depends_on=context.needs,
            # The autoscaler owns the size, and a change of this one would replace the pool.
            ignore_changes=["initialNodeCount"],
            # A second pool of the same machines may never get capacity: the old one goes first.
            delete_before_replace=True,
        ),
    )


def _reservation_affinity(name: str | None) -> gcp.container.NodePoolNodeConfigReservationAffinityArgsDict:
    if name is None:
        # GKE's default takes from any open reservation, which would then be missing where it was meant to be.
        return {"consume_reservation_type": "NO_RESERVATION"}
    return {"consume_reservation_type": "SPECIFIC_RESERVATION", "key": _RESERVATION_KEY, "values": [name]}


def _node_basics(
    machine_type: str, disk_gib: int, context: NodePoolContext
) -> gcp.container.NodePoolNodeConfigArgsDict:
    """What system and GPU nodes have in common."""
    return {
        "machine_type": machine_type,
        "image_type": _IMAGE,
        "disk_size_gb": disk_gib,
        "disk_type": boot_disk_type(machine_type),
        "boot_disk_kms_key": context.disk_key,
        "service_account": context.service_account,
        "oauth_scopes": _SCOPES,
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "resource_labels": context.labels,
    }
