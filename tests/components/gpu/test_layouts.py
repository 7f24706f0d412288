"""MIG layouts as mig-manager reads them."""

import pytest
import yaml

from components.catalog.images import images_in
from components.gpu.drivers import driver_plan
from components.gpu.layouts import MIG_CONFIG_LABEL, layout_name, layout_names, mig_parted_config, node_labels
from components.gpu.operator import operator_values
from components.settings.sections import DriverOwner

LAYOUTS = {"small": {"1g.10gb": 4, "3g.40gb": 1}, "whole": {}, "same-as-small": {"3g.40gb": 1, "1g.10gb": 4}}


def test_the_name_of_a_layout_does_not_depend_on_the_order_in_which_it_was_written() -> None:
    assert layout_name(LAYOUTS["small"]) == layout_name(LAYOUTS["same-as-small"]) == "4x1g.10gb-1x3g.40gb"


def test_every_pool_has_a_named_layout_to_compare_with_the_next_update() -> None:
    assert layout_names(LAYOUTS) == {
        "small": "4x1g.10gb-1x3g.40gb",
        "whole": "all-disabled",
        "same-as-small": "4x1g.10gb-1x3g.40gb",
    }


def test_a_profile_with_a_plus_becomes_a_valid_label_value() -> None:
    assert layout_name({"1g.10gb+me": 1}) == "1x1g.10gb.me"


def test_every_label_that_a_pool_carries_names_an_entry_of_the_file() -> None:
    entries = mig_parted_config(LAYOUTS)["mig-configs"]
    for pool, layout in LAYOUTS.items():
        assert node_labels(pool, layout, mig_capable=True)[MIG_CONFIG_LABEL] in entries


def test_the_file_always_has_the_entry_for_whole_gpus() -> None:
    assert mig_parted_config({})["mig-configs"] == {"all-disabled": [{"devices": "all", "mig-enabled": False}]}


def test_gpus_without_mig_carry_no_layout_label() -> None:
    assert node_labels("l4", {}, mig_capable=False) == {"multimodal.dev/gpu-pool": "l4"}


def test_the_operator_carries_the_layouts_and_tolerates_every_gpu_node() -> None:
    plan = driver_plan("eks", DriverOwner.IMAGE)
    values = operator_values("v26.7.0", plan, LAYOUTS, ["nvidia.com/gpu", "team.example/reserved"], {}, {})
    assert yaml.safe_load(values["migManager"]["config"]["data"]["config.yaml"]) == mig_parted_config(LAYOUTS)
    assert values["migManager"]["config"]["create"] is True
    keys = {toleration["key"] for toleration in values["daemonsets"]["tolerations"]}
    assert keys == {"nvidia.com/gpu", "team.example/reserved"}


def test_values_of_the_stack_file_are_merged_last() -> None:
    plan = driver_plan("aks", DriverOwner.OPERATOR)
    values = operator_values("v26.7.0", plan, {}, [], {}, {"driver": {"version": "580.1"}, "cdi": {"enabled": False}})
    assert values["driver"]["version"] == "580.1"
    assert values["driver"]["enabled"] is True
    assert values["cdi"]["enabled"] is False


@pytest.mark.parametrize("version", ["v26.7.0", "v26.3.3"])
def test_every_image_of_the_chart_is_pinned(version: str) -> None:
    plan = driver_plan("aks", DriverOwner.OPERATOR)
    found = images_in("gpu-operator", operator_values(version, plan, {}, [], {}, {}))
    assert found
    assert [image for image in found if image.problem or not image.exact_tag] == []


def test_a_shared_pool_carries_the_name_of_a_device_plugin_configuration() -> None:
    plan = driver_plan("eks", DriverOwner.IMAGE)
    values = operator_values("v26.7.0", plan, {}, [], {}, {}, {"l4": 4, "t4": 4, "a10g": 8})
    config = values["devicePlugin"]["config"]
    labels = node_labels("l4", {}, mig_capable=False, time_slicing=4)
    assert yaml.safe_load(config["data"][labels["nvidia.com/device-plugin.config"]]) == {
        "version": "v1",
        "sharing": {
            "timeSlicing": {
                "renameByDefault": True,
                "failRequestsGreaterThanOne": True,
                "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
            }
        },
    }
    assert sorted(config["data"]) == ["time-slicing-4", "time-slicing-8", "whole-gpus"]
    assert (config["create"], config["name"]) == (True, "device-plugin-configs")


def test_pools_that_nobody_shares_get_the_default_configuration() -> None:
    plan = driver_plan("eks", DriverOwner.IMAGE)
    config = operator_values("v26.7.0", plan, {}, [], {}, {}, {"l4": 4})["devicePlugin"]["config"]
    assert yaml.safe_load(config["data"][config["default"]]) == {"version": "v1"}
    assert "nvidia.com/device-plugin.config" not in node_labels("h100", {}, mig_capable=True)


def test_without_shared_pools_the_device_plugin_has_no_configuration() -> None:
    plan = driver_plan("eks", DriverOwner.IMAGE)
    assert operator_values("v26.7.0", plan, {}, [], {}, {})["devicePlugin"].keys() == {
        "enabled",
        "image",
        "repository",
        "version",
    }
