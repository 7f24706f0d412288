"""Simulated nodes, and what the simulated GPU Operator makes of them."""

import copy
from typing import Any

import pytest
import yaml

from rehearsal.controllers.base import ConfigurationError
from rehearsal.controllers.gpu_operator import Settings, advertise, changes, read
from rehearsal.fleet import NodePool, node, reserved

H100 = NodePool(
    name="train",
    machine="p5.48xlarge",
    vcpu=192,
    memory_gib=2048,
    accelerator="H100-80",
    gpus=8,
    labels={"multimodal.dev/gpu-pool": "train"},
    taints=(("nvidia.com/gpu", "present", "NoSchedule"), ("spot", "", "NoSchedule")),
    zones=("a", "b"),
    region="r",
)


def test_a_node_is_as_its_cloud_would_give_it_and_has_no_gpus_yet() -> None:
    made = node(H100, 3)
    labels = made["metadata"]["labels"]
    assert made["metadata"]["name"] == "train-3"
    assert labels["node.kubernetes.io/instance-type"] == "p5.48xlarge"
    assert labels["multimodal.dev/gpu-pool"] == "train"
    assert (labels["topology.kubernetes.io/region"], labels["topology.kubernetes.io/zone"]) == ("r", "b")
    assert not any(name.startswith("nvidia.com/") for name in (*labels, *made["status"]["capacity"]))
    assert made["metadata"]["annotations"] == {
        "kwok.x-k8s.io/node": "fake",
        "rehearsal.multimodal.dev/accelerator": "H100-80",
        "rehearsal.multimodal.dev/gpus": "8",
    }
    assert made["spec"]["taints"] == [
        {"key": "nvidia.com/gpu", "effect": "NoSchedule", "value": "present"},
        {"key": "spot", "effect": "NoSchedule"},
    ]


def test_pods_get_less_than_the_machine_has() -> None:
    status = node(H100, 0)["status"]
    assert status["capacity"]["cpu"] == "192000m"
    assert status["allocatable"]["cpu"] == f"{192_000 - 550}m"
    assert status["allocatable"]["memory"] == f"{(2048 * 1024) - reserved(192, 2048)[1]}Mi"


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "millicores", "mebibytes"),
    [(1, 4, 60, 1024 + 100), (2, 8, 70, 1844 + 100), (4, 16, 80, 2663 + 100), (96, 128, 310, 9544 + 100)],
)
def test_the_kubelets_share_grows_more_slowly_than_the_machine(
    vcpu: float, memory_gib: float, millicores: int, mebibytes: int
) -> None:
    assert reserved(vcpu, memory_gib) == (millicores, mebibytes)


def test_a_machine_without_gpus_carries_no_gpu_annotations() -> None:
    plain = node(NodePool(name="system", machine="m5.large", vcpu=2, memory_gib=8), 0)
    assert plain["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert "taints" not in plain["spec"]


CONFIG: dict[str, Any] = {
    "version": "v1",
    "mig-configs": {
        "all-disabled": [{"devices": "all", "mig-enabled": False}],
        "sevenths": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 7}}],
        "mixed": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 4, "3g.40gb": 1}}],
        "media": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb+me": 1}}],
        "half": [
            {"devices": [0, 1, 2, 3], "mig-enabled": False},
            {"devices": [4, 5, 6, 7], "mig-enabled": True, "mig-devices": {"1g.10gb": 7}},
        ],
        "impossible": [{"devices": "all", "mig-enabled": True, "mig-devices": {"3g.40gb": 3}}],
        "ninth": [{"devices": [8], "mig-enabled": True, "mig-devices": {"1g.10gb": 7}}],
    },
}


def values(strategy: str = "mixed", config: Any = CONFIG) -> dict[str, Any]:
    return {"mig": {"strategy": strategy}, "migManager": {"config": {"data": {"config.yaml": yaml.safe_dump(config)}}}}


def gpu_node(layout: str | None, accelerator: str = "H100-80", gpus: int = 8) -> dict[str, Any]:
    labels = {} if layout is None else {"nvidia.com/mig.config": layout}
    pool = NodePool(name="n", machine="m", vcpu=8, memory_gib=64, accelerator=accelerator, gpus=gpus, labels=labels)
    return node(pool, 0)


@pytest.mark.parametrize(
    ("strategy", "layout", "resources"),
    [
        ("mixed", None, {"nvidia.com/gpu": 8}),
        ("mixed", "all-disabled", {"nvidia.com/gpu": 8}),
        ("mixed", "sevenths", {"nvidia.com/mig-1g.10gb": 56}),
        ("mixed", "mixed", {"nvidia.com/mig-1g.10gb": 32, "nvidia.com/mig-3g.40gb": 8}),
        ("mixed", "media", {"nvidia.com/mig-1g.10gb.me": 8}),
        ("mixed", "half", {"nvidia.com/gpu": 4, "nvidia.com/mig-1g.10gb": 28}),
        ("single", "sevenths", {"nvidia.com/gpu": 56}),
        ("single", "all-disabled", {"nvidia.com/gpu": 8}),
        ("none", "sevenths", {"nvidia.com/gpu": 8}),
    ],
)
def test_a_layout_becomes_the_resources_that_the_strategy_names(
    strategy: str, layout: str | None, resources: dict[str, int]
) -> None:
    patch = advertise(gpu_node(layout), read(values(strategy)))
    assert patch.resources == resources
    assert patch.problem == ""
    assert patch.labels.get("nvidia.com/mig.config.state") == (None if layout is None else "success")


@pytest.mark.parametrize(
    ("strategy", "layout", "reason"),
    [
        ("mixed", "typo", "no layout of that name in the operator's configuration, which has: all-disabled, half"),
        ("mixed", "impossible", "3x3g.40gb does not fit one H100-80"),
        ("mixed", "ninth", "device 8 does not exist; the node has 8 GPUs"),
        ("single", "mixed", "'single' needs equal slices"),
        ("single", "half", "'single' needs equal slices"),
    ],
)
def test_a_layout_that_cannot_be_applied_ends_as_failed_without_slices(strategy: str, layout: str, reason: str) -> None:
    patch = advertise(gpu_node(layout), read(values(strategy)))
    assert patch.resources == {}
    assert patch.labels["nvidia.com/mig.config.state"] == "failed"
    assert reason in patch.problem


def test_labels_say_what_gpu_it_is() -> None:
    patch = advertise(gpu_node("sevenths"), read(values("single")))
    assert patch.labels == {
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.count": "8",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb",
        "nvidia.com/gpu.memory": "81920",
        "nvidia.com/gpu.family": "hopper",
        "nvidia.com/mig.capable": "true",
        "nvidia.com/mig.strategy": "single",
        "nvidia.com/mig.config.state": "success",
    }


def test_a_gpu_without_mig_is_whole_and_refuses_a_layout() -> None:
    settings = read(values())
    assert advertise(gpu_node(None, "L4", 4), settings).resources == {"nvidia.com/gpu": 4}
    refused = advertise(gpu_node("sevenths", "L4", 4), settings)
    assert refused.resources == {}
    assert "L4 has no MIG" in refused.problem


def test_without_a_file_the_layouts_that_mig_manager_makes_itself_are_known() -> None:
    assert advertise(gpu_node("all-1g.10gb"), Settings(strategy="mixed")).resources == {"nvidia.com/mig-1g.10gb": 56}


def test_without_a_device_plugin_nothing_is_advertised() -> None:
    off = read({**values(), "devicePlugin": {"enabled": False}})
    assert advertise(gpu_node("sevenths"), off).resources == {}


def test_another_board_of_the_same_model_keeps_its_name() -> None:
    pool = NodePool(
        name="n", machine="m", vcpu=8, memory_gib=64, accelerator="H100-80", gpus=1, gpu_product="NVIDIA-H100-PCIe"
    )
    assert advertise(node(pool, 0), read(values())).labels["nvidia.com/gpu.product"] == "NVIDIA-H100-PCIe"


def test_a_node_that_is_as_it_should_be_is_not_written() -> None:
    found = gpu_node("mixed")
    settings = read(values())
    labels, status = changes(found, advertise(found, settings))
    found["metadata"]["labels"] |= labels["metadata"]["labels"]
    for part in ("capacity", "allocatable"):
        found["status"][part] |= status["status"][part]
    assert changes(found, advertise(found, settings)) == ({}, {})


def test_a_changed_layout_takes_the_old_slices_away() -> None:
    found = gpu_node("mixed")
    found["status"]["capacity"]["nvidia.com/mig-3g.40gb"] = "8"
    found["status"]["allocatable"]["nvidia.com/mig-3g.40gb"] = "8"
    relabelled = copy.deepcopy(found)
    relabelled["metadata"]["labels"]["nvidia.com/mig.config"] = "sevenths"
    _, status = changes(relabelled, advertise(relabelled, read(values())))
    assert status["status"]["capacity"] == {"nvidia.com/mig-3g.40gb": None, "nvidia.com/mig-1g.10gb": "56"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (values("sometimes"), "mig.strategy is 'sometimes', must be one of none, single, mixed"),
        (values(config={"version": "v2", "mig-configs": {}}), "must be a mapping with 'version: v1'"),
        (
            values(config={"version": "v1", "mig-configs": {"a": []}}),
            "mig-configs.a must be a list with at least one entry",
        ),
        (
            values(config={"version": "v1", "mig-configs": {"a": [{"devices": "all"}]}}),
            "needs 'devices' and 'mig-enabled'",
        ),
        (
            values(config={"version": "v1", "mig-configs": {"a": [{"devices": "all", "mig-enabled": True, "mig": 1}]}}),
            "unknown key 'mig'",
        ),
        ({"migManager": {"config": {"data": {"config.yaml": "a: [b"}}}}, "is not YAML"),
    ],
)
def test_values_that_the_operator_would_refuse_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        read(wrong)
