"""Volcano's configuration."""

from typing import Any

import pytest
import yaml

from components.catalog.images import images_in
from components.scheduling.volcano import VolcanoArgs, scheduler_config, volcano_values


def args(**changes: Any) -> VolcanoArgs:
    base: dict[str, Any] = {
        "version": "1.15.0",
        "replicas": 2,
        "gpu_resources": ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb"],
        "growing": False,
        "images_lock": {},
        "values": {},
    }
    return {**base, **changes}  # type: ignore[return-value]


def plugins(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {plugin["name"]: plugin for tier in config["tiers"] for plugin in tier["plugins"]}


def test_a_job_waits_without_pods_for_room_in_its_queue_where_no_nodes_can_be_added() -> None:
    assert scheduler_config([], growing=False)["actions"] == "enqueue, allocate, backfill, reclaim, preempt"


def test_nothing_holds_pods_back_from_the_autoscaler_where_pools_grow() -> None:
    assert scheduler_config([], growing=True)["actions"] == "allocate, backfill, reclaim, preempt"


@pytest.mark.parametrize("growing", [False, True])
def test_a_full_cluster_keeps_no_job_from_taking_back_its_share(growing: bool) -> None:
    assert "overcommit" not in plugins(scheduler_config([], growing=growing))


def test_the_tier_that_names_victims_asks_for_deserved_shares() -> None:
    tiers = [{plugin["name"] for plugin in tier["plugins"]} for tier in scheduler_config([], growing=True)["tiers"]]
    assert {"conformance", "capacity"} <= tiers[0]


def test_gpus_and_slices_are_packed() -> None:
    binpack = plugins(scheduler_config(args()["gpu_resources"], growing=False))["binpack"]["arguments"]
    assert binpack["binpack.resources"] == "nvidia.com/gpu, nvidia.com/mig-1g.10gb"
    assert binpack["binpack.resources.nvidia.com/mig-1g.10gb"] > binpack["binpack.cpu"]


def test_several_replicas_elect_a_leader_and_one_does_not() -> None:
    assert volcano_values(args(replicas=2))["custom"]["leader_elect_enable"] is True
    assert volcano_values(args(replicas=1))["custom"]["leader_elect_enable"] is False


def test_the_chart_carries_the_scheduler_file_as_text() -> None:
    text = volcano_values(args())["custom"]["scheduler_config_override"]
    assert yaml.safe_load(text) == scheduler_config(args()["gpu_resources"], growing=False)


def test_every_image_of_the_chart_is_pinned() -> None:
    found = images_in("volcano", volcano_values(args()))
    assert found
    assert [image for image in found if image.problem or not image.exact_tag] == []


def test_values_of_the_stack_file_are_merged_last() -> None:
    custom = volcano_values(args(values={"custom": {"scheduler_replicas": 5}}))["custom"]
    assert (custom["scheduler_replicas"], custom["controller_replicas"]) == (5, 2)
