"""Time-slicing as the simulated GPU Operator does it, from the values that the platform's component makes."""

from typing import Any

import pytest
import yaml

from components.gpu.layouts import node_labels
from components.gpu.sharing import plugin_values
from rehearsal.controllers.base import ConfigurationError
from rehearsal.controllers.gpu_operator import advertise, changes, read
from rehearsal.fleet import NodePool, node


def l4_node(labels: dict[str, str], accelerator: str = "L4") -> dict[str, Any]:
    pool = NodePool(name="n", machine="m", vcpu=48, memory_gib=192, accelerator=accelerator, gpus=4, labels=labels)
    return node(pool, 0)


def release(**config: Any) -> dict[str, Any]:
    return {"devicePlugin": {**plugin_values([4, 8]), **config}}


def own(text: Any, **more: Any) -> dict[str, Any]:
    """A release with one configuration called `a`."""
    return {"devicePlugin": {"config": {"create": True, "name": "c", "data": {"a": text}, **more}}}


LABELS = node_labels("l4", {}, mig_capable=False, time_slicing=4)


def test_a_pool_with_time_slicing_offers_turns_and_no_whole_gpus() -> None:
    patch = advertise(l4_node(LABELS), read(release()))
    assert patch.resources == {"nvidia.com/gpu.shared": 16}
    assert patch.labels["nvidia.com/gpu.replicas"] == "4"
    assert patch.labels["nvidia.com/gpu.sharing-strategy"] == "time-slicing"
    assert patch.labels["nvidia.com/gpu.product"] == "NVIDIA-L4"


@pytest.mark.parametrize("accelerator", ["L4", "H100-80"])
def test_other_pools_of_the_cluster_keep_their_gpus_whole(accelerator: str) -> None:
    patch = advertise(l4_node(node_labels("other", {}, mig_capable=False), accelerator), read(release()))
    assert patch.resources == {"nvidia.com/gpu": 4}
    assert "nvidia.com/gpu.replicas" not in patch.labels


def test_turns_without_a_name_of_their_own_look_like_gpus_and_the_product_says_so() -> None:
    text = yaml.safe_dump(
        {"version": "v1", "sharing": {"timeSlicing": {"resources": [{"name": "nvidia.com/gpu", "replicas": 2}]}}}
    )
    patch = advertise(l4_node({}), read(own(text, default="a")))
    assert patch.resources == {"nvidia.com/gpu": 8}
    assert patch.labels["nvidia.com/gpu.product"] == "NVIDIA-L4-SHARED"


def test_a_configuration_that_nobody_defined_leaves_the_node_without_gpus() -> None:
    patch = advertise(l4_node({"nvidia.com/device-plugin.config": "typo"}), read(release()))
    assert patch.resources == {}
    assert patch.problem == (
        "nvidia.com/device-plugin.config=typo: no configuration of that name in the operator's: "
        "time-slicing-4, time-slicing-8, whole-gpus"
    )


def test_slices_are_not_shared() -> None:
    layouts = {
        "version": "v1",
        "mig-configs": {"x": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 7}}]},
    }
    values = {
        **release(),
        "mig": {"strategy": "mixed"},
        "migManager": {"config": {"data": {"config.yaml": yaml.safe_dump(layouts)}}},
    }
    labels = {**LABELS, "nvidia.com/mig.config": "x"}
    assert advertise(l4_node(labels, "H100-80"), read(values)).resources == {"nvidia.com/mig-1g.10gb": 28}


def test_a_pool_that_is_no_longer_shared_gets_its_gpus_and_labels_back() -> None:
    found = l4_node(LABELS)
    labels, status = changes(found, advertise(found, read(release())))
    found["metadata"]["labels"] |= labels["metadata"]["labels"]
    for part in ("capacity", "allocatable"):
        found["status"][part] |= status["status"][part]
    del found["metadata"]["labels"]["nvidia.com/device-plugin.config"]
    labels, status = changes(found, advertise(found, read(release())))
    assert status["status"]["capacity"] == {"nvidia.com/gpu": "4", "nvidia.com/gpu.shared": None}
    assert labels["metadata"]["labels"] == {"nvidia.com/gpu.replicas": None, "nvidia.com/gpu.sharing-strategy": None}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (own("version: v1", name=""), "devicePlugin.config.name must name the ConfigMap"),
        (own("version: v1", data={}), "devicePlugin.config.data must hold a configuration by name"),
        (own("version: v1", default="b"), "devicePlugin.config.default is 'b', must be one of a"),
        (own("a: [b"), "is not YAML"),
        (own("version: v2"), "must be a mapping with 'version: v1'"),
        (
            own("{version: v1, sharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 0}]}}}"),
            "replicas is 0, must be a whole number from 1",
        ),
    ],
)
def test_values_that_the_device_plugin_would_refuse_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(wrong)
