"""Simulated nodes: what a cloud's node pool would bring into the cluster, as kwok nodes.

A node appears as its cloud would give it, before any operator has touched it: CPU, memory, labels and taints, and *no*
`nvidia.com/*` resources. What is soldered in is only noted in annotations, for the simulated GPU Operator to find.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from rehearsal.kube import JsonObject, Kube, KubeError

ACCELERATOR_ANNOTATION = "rehearsal.multimodal.dev/accelerator"
"""Catalog key of the GPUs in the machine."""
GPUS_ANNOTATION = "rehearsal.multimodal.dev/gpus"
"""How many GPUs the machine has."""
PRODUCT_ANNOTATION = "rehearsal.multimodal.dev/gpu-product"
"""The board's name, where the machine carries another than the GPU model usually has."""
EFA_ANNOTATION = "rehearsal.multimodal.dev/efa-adapters"
"""How many Elastic Fabric Adapters the machine is wired with."""
INFINIBAND_ANNOTATION = "rehearsal.multimodal.dev/infiniband-cards"
"""How many InfiniBand cards the machine has."""
POOL_LABEL = "rehearsal.multimodal.dev/pool"
"""Which simulated node pool a node belongs to."""
KWOK_ANNOTATION = "kwok.x-k8s.io/node"
"""Nodes with the value `fake` are kept alive by kwok."""

_EVICTION_MIB = 100
_PODS = 110
_DISK_GIB = 200
_ALREADY_EXISTS = 409


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """Machines of one kind."""

    name: str
    """Unique in the cluster; node names start with it."""
    machine: str
    """The cloud's own name of the machine type."""
    vcpu: float
    memory_gib: float
    accelerator: str | None = None
    """Catalog key of the GPU, None for machines without."""
    gpus: int = 0
    """GPUs in one machine."""
    gpu_product: str = ""
    """`Machine.gpu_product` of the catalog, where the machine carries another board than the model's usual one."""
    efa_adapters: int = 0
    """Elastic Fabric Adapters that its pool wires."""
    infiniband_cards: int = 0
    """InfiniBand cards in the machine."""
    huge_pages_mib: int = 0
    """Memory that its image sets aside at boot as huge pages of 2 MiB."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    taints: tuple[tuple[str, str, str], ...] = ()
    """(key, value, effect) as Kubernetes knows them: NoSchedule, PreferNoSchedule or NoExecute."""
    zones: tuple[str, ...] = ()
    """Zones over which the nodes are spread in turn; none leaves the zone label out."""
    region: str = ""
    count: int = 1
    """Nodes that exist from the beginning."""


def reserved(vcpu: float, memory_gib: float) -> tuple[int, int]:
    """What a kubelet keeps back from pods: (millicores, MiB).

    GKE's published formula (cloud.google.com/kubernetes-engine, "Plan GKE Standard node sizes"), used for every cloud
    because the others' differ little on machines of this size: CPU 6 % of the first core, 1 % of the second, 0.5 % of
    the next two, 0.25 % of the rest; memory 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the
    next 112, 2 % of the rest, and 100 MiB below which pods are evicted.
    """
    cores = _graded(vcpu, ((1, 0.06), (1, 0.01), (2, 0.005), (math.inf, 0.0025)))
    memory = _graded(memory_gib, ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (math.inf, 0.02)))
    return math.ceil(cores * 1000), math.ceil(memory * 1024) + _EVICTION_MIB


def _graded(amount: float, bands: tuple[tuple[float, float], ...]) -> float:
    total = 0.0
    for width, share in bands:
        part = min(amount, width)
        total += part * share
        amount -= part
    return total


def node(pool: NodePool, index: int) -> JsonObject:
    """The manifest of one node of a pool, status included. Pure: equal arguments give equal manifests."""
    name = f"{pool.name}-{index}"
    cpu_reserved, memory_reserved = reserved(pool.vcpu, pool.memory_gib)
    millicores, mebibytes = round(pool.vcpu * 1000), round(pool.memory_gib * 1024)
    other = {"pods": str(_PODS), "ephemeral-storage": f"{_DISK_GIB}Gi"}
    if pool.huge_pages_mib:
        # A kubelet counts them apart from the memory that pods may use.
        memory_reserved += pool.huge_pages_mib
        other["hugepages-2Mi"] = f"{pool.huge_pages_mib}Mi"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": pool.machine,
        POOL_LABEL: pool.name,
    }
    if pool.region:
        labels["topology.kubernetes.io/region"] = pool.region
    if pool.zones:
        labels["topology.kubernetes.io/zone"] = pool.zones[index % len(pool.zones)]
    annotations = {KWOK_ANNOTATION: "fake"}
    if pool.accelerator is not None and pool.gpus:
        annotations |= {ACCELERATOR_ANNOTATION: pool.accelerator, GPUS_ANNOTATION: str(pool.gpus)}
        if pool.gpu_product:
            annotations[PRODUCT_ANNOTATION] = pool.gpu_product
    if pool.efa_adapters:
        annotations[EFA_ANNOTATION] = str(pool.efa_adapters)
    if pool.infiniband_cards:
        annotations[INFINIBAND_ANNOTATION] = str(pool.infiniband_cards)
    spec: dict[str, Any] = {"providerID": f"rehearsal://{name}"}
    if pool.taints:
        spec["taints"] = [_taint(key, value, effect) for key, value, effect in pool.taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels | dict(pool.labels), "annotations": annotations},
        "spec": spec,
        "status": {
            "capacity": {"cpu": f"{millicores}m", "memory": f"{mebibytes}Mi", **other},
            "allocatable": {
                "cpu": f"{millicores - cpu_reserved}m",
                "memory": f"{mebibytes - memory_reserved}Mi",
                **other,
            },
        },
    }


def _taint(key: str, value: str, effect: str) -> JsonObject:
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


def ensure_pool(api: Kube, pool: NodePool, count: int | None = None) -> list[str]:
    """Make a pool have exactly `count` nodes (default: the pool's own count); returns their names.

    Nodes beyond the count are removed, highest number first, as a pool that shrinks would.

    Raises:
        KubeError: when the API server refuses a node, for example for a bad label.
    """
    wanted = [node(pool, index) for index in range(pool.count if count is None else count)]
    names = [str(manifest["metadata"]["name"]) for manifest in wanted]
    present = {found["metadata"]["name"] for found in nodes(api, pool.name)}
    for name in sorted(present - set(names), key=_number, reverse=True):
        _remove(api, name)
    for manifest in wanted:
        path = f"/api/v1/nodes/{quote(manifest['metadata']['name'])}"
        if manifest["metadata"]["name"] not in present:
            try:
                api.create("/api/v1/nodes", manifest)
                continue
            except KubeError as error:
                if error.status != _ALREADY_EXISTS:
                    raise
        # The pool's labels, taints and size may have changed; what operators added stays.
        spec = {"taints": manifest["spec"].get("taints", [])}
        api.merge(path, {"metadata": manifest["metadata"], "spec": spec})
        api.merge(f"{path}/status", {"status": manifest["status"]})
    return names


def remove_pool(api: Kube, name: str) -> int:
    """Remove every node of a pool and the pods on them; returns how many nodes there were."""
    found = nodes(api, name)
    for one in found:
        _remove(api, str(one["metadata"]["name"]))
    return len(found)


def _remove(api: Kube, name: str) -> None:
    """Take a machine away, its pods with it: without a node nobody confirms for most of a minute that they ended."""
    api.delete(f"/api/v1/nodes/{quote(name)}")
    for pod in api.items("/api/v1/pods", field_selector=f"spec.nodeName={name}"):
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{quote(meta['namespace'])}/pods/{quote(meta['name'])}"
        api.delete(path, grace_seconds=0)


def nodes(api: Kube, pool: str | None = None) -> list[JsonObject]:
    """The simulated nodes of one pool, or all of them."""
    return api.items("/api/v1/nodes", label_selector=POOL_LABEL if pool is None else f"{POOL_LABEL}={pool}")


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])
