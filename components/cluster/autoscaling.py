"""What a pool of no nodes tells the cluster autoscaler about the node that it would get."""

from components.catalog.machines import Cloud, machine
from components.cluster.pools import GpuPoolArgs
from components.settings.supply import EFA, WHOLE

_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""Prefix of the tags on an Auto Scaling group (kubernetes/autoscaler, cloudprovider/aws/README.md)."""

_LONG_TO_BOOT = "20m"
"""How long a node whose GPUs are cut stays without work. It may reboot and is cut before it is of use, so one that goes
too soon costs more than it saves; whole GPUs keep the autoscaler's own 10 minutes."""

_USABLE_DISK = 0.85
"""Share of a disk that pods get: the kubelet evicts below 10 % free, and the file system takes its part."""


def accelerator_label(pool: GpuPoolArgs) -> dict[str, str]:
    """The label by which the autoscaler on AWS knows that a new node's GPUs are still to come, and waits for them.

    Empty where a node never offers whole GPUs as a resource (MIG slices, turns, claims): the autoscaler would wait for
    them for ever (kubernetes/autoscaler, processors/customresources and cloudprovider/aws `GPULabel`).
    """
    whole = WHOLE in pool["resources"]
    return {"k8s.amazonaws.com/accelerator": f"nvidia-{pool['accelerator'].lower()}"} if whole else {}


def node_template_tags(pool: GpuPoolArgs) -> dict[str, str]:
    """Tags for the Auto Scaling group of `pool`: labels, taints and resources of a node that does not exist yet.

    The autoscaler knows processors and memory by itself; of disks and network adapters it learns here only. Raises
    `UnknownMachine` for a machine that EC2 does not have.
    """
    found = machine(Cloud.AWS, pool["machine"])
    labels = {**pool["labels"], **accelerator_label(pool)}
    disk = round((found.local_nvme_gib or pool["disk_gib"]) * _USABLE_DISK)
    resources: dict[str, int | str] = {
        # The autoscaler knows the machine's GPUs by itself and would count them on top of the slices.
        WHOLE: 0,
        **pool["resources"],
        "ephemeral-storage": f"{disk}Gi",
    }
    if pool["fast_network"]:
        resources |= {EFA: found.efa_interfaces, "hugepages-2Mi": f"{found.efa_huge_pages_mib}Mi"}
    slow = any(name.startswith("nvidia.com/mig-") for name in pool["resources"])
    return {
        **({f"{_TEMPLATE}/autoscaling-options/scaledownunneededtime": _LONG_TO_BOOT} if slow else {}),
        **{f"{_TEMPLATE}/label/{key}": value for key, value in labels.items()},
        **{f"{_TEMPLATE}/taint/{taint['key']}": f"{taint['value']}:{taint['effect']}" for taint in pool["taints"]},
        **{f"{_TEMPLATE}/resources/{name}": str(count) for name, count in resources.items()},
    }


_API_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}


def taint_effect(effect: str) -> str:
    """A Kubernetes taint effect as the EKS and GKE APIs spell it (EKS TaintEffect, GKE NodeTaint.effect)."""
    return _API_EFFECTS[effect]
