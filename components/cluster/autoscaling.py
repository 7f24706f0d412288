"""What a pool of no nodes tells the cluster autoscaler about the node that it would get."""

import re

from components.cluster.pools import GpuPoolArgs
from components.gpu.layouts import ALL_DISABLED, MIG_CONFIG_LABEL

_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""Prefix of the tags on an Auto Scaling group (kubernetes/autoscaler, cloudprovider/aws/README.md)."""

_WHOLE = "nvidia.com/gpu"


def slices_per_gpu(layout: str) -> dict[str, int]:
    """The extended resources that one GPU has under a named MIG layout; empty for whole GPUs.

    `4x1g.10gb-1x3g.40gb` gives `{"nvidia.com/mig-1g.10gb": 4, "nvidia.com/mig-3g.40gb": 1}`. The layout's name is
    read, and not the layout, because it is what the node carries and what the GPU Operator obeys.
    """
    if layout in ("", ALL_DISABLED):
        return {}
    slices: dict[str, int] = {}
    for part in re.split(r"-(?=\d+x)", layout):
        count, _, profile = part.partition("x")
        slices[f"nvidia.com/mig-{profile}"] = int(count)
    return slices


def node_resources(pool: GpuPoolArgs) -> dict[str, int]:
    """GPU resources of a node of `pool`, once the GPU Operator has set it up."""
    slices = slices_per_gpu(pool["labels"].get(MIG_CONFIG_LABEL, ""))
    if not slices:
        return {_WHOLE: pool["gpus"]}
    # The autoscaler knows the machine's GPUs by itself and would count them on top of the slices.
    return {_WHOLE: 0, **{name: count * pool["gpus"] for name, count in slices.items()}}


def accelerator_label(pool: GpuPoolArgs) -> dict[str, str]:
    """The label by which the autoscaler on AWS knows that a new node's GPUs are still to come, and waits for them.

    Empty for MIG pools: the autoscaler would wait for whole GPUs there, for ever (kubernetes/autoscaler,
    processors/customresources and cloudprovider/aws `GPULabel`).
    """
    whole = node_resources(pool)[_WHOLE] > 0
    return {"k8s.amazonaws.com/accelerator": f"nvidia-{pool['accelerator'].lower()}"} if whole else {}


def node_template_tags(pool: GpuPoolArgs) -> dict[str, str]:
    """Tags for the Auto Scaling group of `pool`: labels, taints and GPU resources of a node that does not exist yet."""
    labels = {**pool["labels"], **accelerator_label(pool)}
    return {
        **{f"{_TEMPLATE}/label/{key}": value for key, value in labels.items()},
        **{f"{_TEMPLATE}/taint/{taint['key']}": f"{taint['value']}:{taint['effect']}" for taint in pool["taints"]},
        **{f"{_TEMPLATE}/resources/{name}": str(count) for name, count in node_resources(pool).items()},
    }


_API_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}


def taint_effect(effect: str) -> str:
    """A Kubernetes taint effect as the EKS and GKE APIs spell it (EKS TaintEffect, GKE NodeTaint.effect)."""
    return _API_EFFECTS[effect]
