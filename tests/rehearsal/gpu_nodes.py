"""What tests about GPU work share: pools of simulated GPU nodes."""

from collections.abc import Callable

from rehearsal import fleet
from rehearsal.fleet import NodePool
from rehearsal.kube import Kube
from tests.rehearsal.cluster import eventually

LAYOUT = {"1g.10gb": 4, "3g.40gb": 1}
"""A MIG layout that the GPU Operator of the tests knows."""

Pools = Callable[..., NodePool]
"""Makes a pool: number of nodes, GPUs of one, layout."""


def grow(api: Kube, pool: NodePool, count: int) -> None:
    fleet.ensure_pool(api, pool, count)
    eventually(
        lambda: all(
            any(name.startswith("nvidia.com/") for name in node["status"]["allocatable"])
            and any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", []))
            for node in fleet.nodes(api, pool.name)
        ),
        f"GPUs on the nodes of {pool.name}",
    )
