"""Node pools of a GKE cluster: private, shielded, under a service account of their own."""

import math
import re
from typing import NamedTuple

import pulumi
import pulumi_gcp as gcp

from components.catalog.machines import Cloud, machine
from components.cluster.autoscaling import taint_effect
from components.cluster.pools import GpuPoolArgs, SystemPoolArgs

_IMAGE = "COS_CONTAINERD"
_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
"""Rights come from the service account's roles, not from scopes (GKE documentation, access scopes)."""

_SYSTEM_DISK_GIB = 100
_HYPERDISK_ONLY = re.compile(r"^(a3-ultragpu|a4x?|g4|[cn]4[ad]?)-")


class NodePoolContext(NamedTuple):
    """What all node pools of a cluster share."""

    cluster_name: pulumi.Output[str]
    project: str
    region: str
    service_account: pulumi.Output[str]
    labels: dict[str, str]
    """Labels of the cloud's own resources, for billing."""
    parent: pulumi.Resource
    needs: list[pulumi.Resource]
    """What must be there before a node can join, and outlive the last one."""


def boot_disk_type(machine_type: str) -> str:
    """The boot disk of `machine_type`: newer families take Hyperdisk only (Compute Engine, machine families)."""
    return "hyperdisk-balanced" if _HYPERDISK_ONLY.match(machine_type) else "pd-balanced"


def gke_accelerator(machine_type: str) -> str:
    """GKE's name of the GPU in `machine_type`. Raises `UnknownMachine` or, without a GPU, `ValueError`."""
    found = machine(Cloud.GCP, machine_type).gke_accelerator
    if found is None:
        raise ValueError(f"{machine_type} has no GPU; a GPU pool needs a machine type that has, such as g2-standard-8")
    return found


def first_size(smallest: int, zones: int) -> int:
    """Nodes per zone that a pool begins with: rounded up, so that its smallest size is there at once."""
    return math.ceil(smallest / max(1, zones))


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
            "machine_type": pool["machine"],
            "image_type": _IMAGE,
            "disk_size_gb": _SYSTEM_DISK_GIB,
            "disk_type": boot_disk_type(pool["machine"]),
            "service_account": context.service_account,
            "oauth_scopes": _SCOPES,
            "workload_metadata_config": {"mode": "GKE_METADATA"},
            "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            "metadata": {"disable-legacy-endpoints": "true"},
            "resource_labels": context.labels,
        },
        opts=pulumi.ResourceOptions(
            parent=context.parent, depends_on=context.needs, ignore_changes=["initialNodeCount"]
        ),
    )


def gpu_node_pool(name: str, pool_name: str, pool: GpuPoolArgs, context: NodePoolContext) -> gcp.container.NodePool:
    """A GPU pool in the zones that have its machines. Its bounds count over all of them together."""
    zones = sorted(pool["zones"])
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
        management={"auto_repair": True, "auto_upgrade": True},
        # A surge needs spare GPUs, which nobody has: nodes go one by one.
        upgrade_settings={"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1},
        node_config={
            "machine_type": pool["machine"],
            "image_type": _IMAGE,
            "disk_size_gb": pool["disk_gib"],
            "disk_type": boot_disk_type(pool["machine"]),
            "spot": pool["spot"],
            "guest_accelerators": [
                {
                    "type": gke_accelerator(pool["machine"]),
                    "count": pool["gpus"],
                    "gpu_driver_installation_config": {"gpu_driver_version": pool["driver"]},
                }
            ],
            "gvnic": {"enabled": True},
            "labels": pool["labels"],
            "taints": [
                {"key": t["key"], "value": t["value"], "effect": taint_effect(t["effect"])} for t in pool["taints"]
            ],
            "service_account": context.service_account,
            "oauth_scopes": _SCOPES,
            "workload_metadata_config": {"mode": "GKE_METADATA"},
            # No secure boot: a kernel module that Google did not sign would not load.
            "shielded_instance_config": {"enable_secure_boot": False, "enable_integrity_monitoring": True},
            "metadata": {"disable-legacy-endpoints": "true"},
            "resource_labels": context.labels,
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
