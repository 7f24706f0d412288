"""Where a workload's pods may run: GPUs, tolerations and nodes, worked out from what the stack file asks for."""

from typing import Any, TypedDict

from components.cluster.pools import pool_taints
from components.labels import GPU_POOL
from components.settings.cluster import Cluster
from components.settings.supply import offering_pools
from components.settings.workloads import GpuRequest

_HEAVIEST = 100
"""Largest weight of a node preference (Kubernetes API, PreferredSchedulingTerm)."""


class Placement(TypedDict):
    """Parts of a pod's spec. All plain, so that policies and previews show them."""

    gpus: dict[str, str]
    """Extended resource -> number, for requests and limits alike."""

    tolerations: list[dict[str, str]]
    """One for each taint of the pools."""

    affinity: dict[str, Any]
    """Nodes of those pools, the smallest GPUs preferred."""


def placement(cluster: Cluster, gpu: GpuRequest) -> Placement:
    """Places pods that ask for `gpu`: only on pools that offer it, and there on the smallest GPU that is free.

    A large GPU is then not taken by what a small one can hold. Settings have refused requests that no pool offers.
    """
    pools = gpu.pools or offering_pools(cluster, gpu.resource, gpu.number)
    taints = {
        (taint["key"], taint["effect"]) for pool in pools for taint in pool_taints(cluster, cluster.gpu_pools[pool])
    }
    required = {"matchExpressions": [{"key": GPU_POOL, "operator": "In", "values": list(pools)}]}
    node: dict[str, Any] = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [required]},
    }
    if len(pools) > 1:
        node["preferredDuringSchedulingIgnoredDuringExecution"] = [
            {
                "weight": _HEAVIEST - _HEAVIEST * index // len(pools),
                "preference": {"matchExpressions": [{"key": GPU_POOL, "operator": "In", "values": [pool]}]},
            }
            for index, pool in enumerate(pools)
        ]
    return {
        "gpus": gpu.amounts,
        "tolerations": [{"key": key, "operator": "Exists", "effect": effect} for key, effect in sorted(taints)],
        "affinity": {"nodeAffinity": node},
    }
