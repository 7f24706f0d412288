"""Volcano's configuration."""

from typing import Any

import yaml

from components.catalog.images import images_in
from components.scheduling.volcano import VolcanoArgs, scheduler_config, volcano_values


def args(**changes: Any) -> VolcanoArgs:
    base: dict[str, Any] = {
        "version": "1.15.0",
        "replicas": 2,
        "gpu_resources": ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb"],
        "scale_from_zero": False,
        "images_lock": {},
        "values": {},
    }
    return {**base, **changes}  # type: ignore[return-value]


def plugins(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {plugin["name"]: plugin for tier in config["tiers"] for plugin in tier["plugins"]}


def test_jobs_are_enqueued_where_all_nodes_stand_ready() -> None:
    assert scheduler_config([], scale_from_zero=False)["actions"] == "enqueue, allocate, backfill"


def test_nothing_holds_pods_back_from_the_autoscaler_where_pools_scale_from_zero() -> None:
    config = scheduler_config([], scale_from_zero=True)
    assert "enqueue" not in config["actions"]
    assert "overcommit" not in plugins(config)


def test_gpus_and_slices_are_packed() -> None:
    binpack = plugins(scheduler_config(args()["gpu_resources"], scale_from_zero=False))["binpack"]["arguments"]
    assert binpack["binpack.resources"] == "nvidia.com/gpu, nvidia.com/mig-1g.10gb"
    assert binpack["binpack.resources.nvidia.com/mig-1g.10gb"] > binpack["binpack.cpu"]


def test_several_replicas_elect_a_leader_and_one_does_not() -> None:
    assert volcano_values(args(replicas=2))["custom"]["leader_elect_enable"] is True
    assert volcano_values(args(replicas=1))["custom"]["leader_elect_enable"] is False


def test_the_chart_carries_the_scheduler_file_as_text() -> None:
    text = volcano_values(args())["custom"]["scheduler_config_override"]
    assert yaml.safe_load(text) == scheduler_config(args()["gpu_resources"], scale_from_zero=False)


def test_every_image_of_the_chart_is_pinned() -> None:
    found = images_in("volcano", volcano_values(args()))
    assert found
    assert [image for image in found if image.problem or not image.exact_tag] == []


def test_values_of_the_stack_file_are_merged_last() -> None:
    custom = volcano_values(args(values={"custom": {"scheduler_replicas": 5}}))["custom"]
    assert (custom["scheduler_replicas"], custom["controller_replicas"]) == (5, 2)
