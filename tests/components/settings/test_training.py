"""Where a training job's workers run."""

from typing import Any

from components.settings.training import Training, room, training_pools, wired_devices
from tests.stack_files import settings

POOLS: dict[str, Any] = {
    "l4": {"machine": "g6.12xlarge", "maxNodes": 2},
    "l4-spot": {"machine": "g6.12xlarge", "maxNodes": 4, "capacity": "spot"},
    "fast": {"machine": "p5.48xlarge", "maxNodes": 2, "fastNetwork": True, "zones": ["us-east-1a"]},
}
CLUSTER = settings(**{"cluster.gpuPools": POOLS, "tenants": {}}).cluster


def training(**changes: Any) -> Training:
    image = "ghcr.io/acme/train@sha256:" + "a" * 64
    return Training.model_validate({"image": image, "gpu": {"count": 4}, "memoryGib": 100, **changes})


def test_workers_run_in_the_pool_with_the_smallest_gpus_that_holds_them_all() -> None:
    assert training_pools(CLUSTER, training(workers=2)) == ("l4",)
    assert training_pools(CLUSTER, training(workers=3)) == ("l4-spot",)


def test_workers_run_in_every_pool_that_is_named() -> None:
    gpu = {"count": 4, "pools": ["l4-spot", "l4"]}
    assert training_pools(CLUSTER, training(workers=6, gpu=gpu)) == ("l4", "l4-spot")


def test_the_fast_network_chooses_its_pool_and_brings_its_adapters() -> None:
    chosen = training(workers=4, fastNetwork=True)
    assert training_pools(CLUSTER, chosen) == ("fast",)
    assert wired_devices(CLUSTER, chosen) == {"vpc.amazonaws.com/efa": "16", "hugepages-2Mi": "2560Mi"}
    assert wired_devices(CLUSTER, training()) == {}


def test_a_node_holds_what_its_gpus_processors_and_memory_allow() -> None:
    assert room(CLUSTER, "l4", training(gpu={"count": 1}, memoryGib=32)) == 2 * 4
    assert room(CLUSTER, "l4", training(gpu={"count": 1}, memoryGib=32, cpu=20)) == 2 * 2
    assert room(CLUSTER, "l4", training(gpu={"count": 1}, memoryGib=160)) == 2 * 1
