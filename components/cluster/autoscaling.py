"""What a pool of no nodes tells the cluster autoscaler about the node that it would get."""

from components.cluster.pools import GpuPoolArgs

_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""Prefix of the tags on an Auto Scaling group (kubernetes/autoscaler, cloudprovider/aws/README.md)."""

_WHOLE = "nvidia.com/gpu"


def accelerator_label(pool: GpuPoolArgs) -> dict[str, str]:
    """The label by which the autoscaler on AWS knows that a new node's GPUs are still to come, and waits for them.

    Empty for MIG pools: the autoscaler would wait for whole GPUs there, for ever (kubernetes/autoscaler,
    processors/customresources and cloudprovider/aws `GPULabel`).
    """
    whole = _WHOLE in pool["resources"]
    return {"k8s.amazonaws.com/accelerator": f"nvidia-{pool['accelerator'].lower()}"} if whole else {}


def node_template_tags(pool: GpuPoolArgs) -> dict[str, str]:
    """Tags for the Auto Scaling group of `pool`: labels, taints and GPU resources of a node that does not exist yet."""
    labels = {**pool["labels"], **accelerator_label(pool)}
    # The autoscaler knows the machine's GPUs by itself and would count them on top of the slices.
    resources = {_WHOLE: 0, **pool["resources"]}
    return {
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
