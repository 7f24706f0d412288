"""Adapters and claimable GPUs as the simulated plugins offer them, from the values that the components make."""

from typing import Any

import pytest

from components.catalog.device_classes import CLASSES
from components.catalog.machines import Cloud, machine
from components.gpu.dra import dra_values
from components.gpu.efa import efa_values
from components.gpu.infiniband import nic_cluster_policy
from rehearsal.controllers import network_operator
from rehearsal.controllers.base import ConfigurationError
from rehearsal.controllers.dra_driver import device_class, resource_slice
from rehearsal.controllers.efa_device_plugin import offered
from rehearsal.controllers.offering import change
from rehearsal.fleet import NodePool, node
from rehearsal.providers.node_pools import AKS, EKS, node_pools

TAINT = ("nvidia.com/gpu", "present", "NoSchedule")
EFA = efa_values("v0.5.30", ["train"], ["nvidia.com/gpu"], {}, {})
DRA = dra_values("0.4.1", "/", ["nvidia.com/gpu"], {}, {})


def made(pool: str = "train", **more: Any) -> dict[str, Any]:
    labels = {"multimodal.dev/gpu-pool": pool, "nvidia.com/gpu.present": "true"}
    base: dict[str, Any] = {"name": "n", "machine": "m", "vcpu": 192, "memory_gib": 2048, "accelerator": "H100-80"}
    base |= {"gpus": 8, "labels": labels, "taints": (TAINT,), **more}
    return node(NodePool(**base), 0)


def eks_group(*kinds: str) -> NodePool:
    interfaces = [{"networkCardIndex": index, "interfaceType": kind} for index, kind in enumerate(kinds)]
    inputs = {"nodeGroupName": "train", "instanceTypes": ["p5.48xlarge"], "networkInterfaces": interfaces}
    return node_pools(EKS, inputs, "us-east-1", ["us-east-1a"])[0]


def test_the_adapters_of_a_launch_template_come_with_its_machines() -> None:
    assert eks_group("interface", "efa-only", "efa").efa_adapters == 2
    assert (eks_group().efa_adapters, eks_group().huge_pages_mib) == (0, 0)


def test_a_wired_machine_sets_huge_pages_aside_from_its_memory() -> None:
    plain, wired = made()["status"]["allocatable"], made(huge_pages_mib=5120)["status"]["allocatable"]
    assert wired["hugepages-2Mi"] == "5120Mi"
    assert int(plain["memory"][:-2]) - int(wired["memory"][:-2]) == 5120
    assert eks_group("efa-only").huge_pages_mib == machine(Cloud.AWS, "p5.48xlarge").efa_huge_pages_mib


def test_the_plugin_offers_adapters_where_its_pods_land() -> None:
    assert offered(made(efa_adapters=32), EFA) == 32


@pytest.mark.parametrize(
    ("pool", "values"),
    [
        ("other", EFA),
        ("train", {**EFA, "tolerations": []}),
        ("train", {**EFA, "tolerations": [{"key": "nvidia.com/gpu", "value": "absent"}]}),
        ("train", {**EFA, "nodeSelector": {"efa": "present"}}),
    ],
    ids=["another pool", "no toleration", "a toleration of another value", "a selector"],
)
def test_it_offers_nothing_where_they_do_not(pool: str, values: dict[str, Any]) -> None:
    assert offered(made(pool, efa_adapters=32), values) == 0


def test_a_node_is_written_only_where_it_differs() -> None:
    one = made(efa_adapters=32)
    efa = "vpc.amazonaws.com/efa"
    assert change(one, efa, 0) == {}
    patch = change(one, efa, 32)["status"]
    assert patch == {part: {"vpc.amazonaws.com/efa": "32"} for part in ("capacity", "allocatable")}
    for part, found in patch.items():
        one["status"][part] |= found
    assert change(one, efa, 32) == {}
    assert change(one, efa, 0)["status"]["capacity"] == {"vpc.amazonaws.com/efa": None}


def aks_pool(machine_type: str) -> NodePool:
    return node_pools(AKS, {"agentPoolName": "train", "vmSize": machine_type, "count": 1}, "eastus2")[0]


def test_an_nd_machine_with_rdma_has_a_card_beside_each_gpu() -> None:
    assert aks_pool("Standard_ND96isr_H100_v5").infiniband_cards == 8
    assert aks_pool("Standard_ND96is_H100_v5").infiniband_cards == 0


def test_cards_are_offered_where_driver_and_plugin_of_the_policy_land() -> None:
    policy = nic_cluster_policy(["train"], ["nvidia.com/gpu"], {})
    assert network_operator.resource(policy) == "rdma/ib"
    assert network_operator.offered(made(infiniband_cards=8), policy) == 8
    assert network_operator.offered(made("other", infiniband_cards=8), policy) == 0
    assert network_operator.offered(made(), policy) == 0
    no_driver = {key: part for key, part in policy.items() if key != "ofedDriver"}
    assert network_operator.offered(made(infiniband_cards=8), no_driver) == 0
    spot = made(infiniband_cards=8, taints=(TAINT, ("spot", "", "NoSchedule")))
    assert network_operator.offered(spot, policy) == 0


@pytest.mark.parametrize("config", ["{", "{}", '{"resourceList": [{}]}'])
def test_a_configuration_that_the_plugin_could_not_read_is_refused(config: str) -> None:
    with pytest.raises(ConfigurationError, match="config cannot be read"):
        network_operator.resource({"sriovDevicePlugin": {"config": config}})


def test_every_gpu_of_a_node_can_be_claimed() -> None:
    found = resource_slice(made(), DRA)
    assert found is not None
    assert [device["name"] for device in found["spec"]["devices"]] == [f"gpu-{index}" for index in range(8)]
    device = found["spec"]["devices"][0]
    assert device["attributes"]["productName"] == {"string": "NVIDIA-H100-80GB-HBM3"}
    assert device["capacity"] == {"memory": {"value": "80Gi"}}
    assert (found["spec"]["nodeName"], found["spec"]["pool"]["name"]) == ("n-0", "n-0")


def test_a_node_whose_gpus_the_operator_has_not_found_has_none_to_claim() -> None:
    assert resource_slice(made(labels={}), DRA) is None
    assert resource_slice(made(), {**DRA, "kubeletPlugin": {"tolerations": []}}) is None
    assert resource_slice(made(gpus=0), DRA) is None


def test_the_driver_fails_as_its_chart_does_unless_the_device_plugin_is_said_to_be_off() -> None:
    with pytest.raises(ConfigurationError, match="gpuResourcesEnabledOverride is not true"):
        resource_slice(made(), {**DRA, "gpuResourcesEnabledOverride": False})


def test_each_class_selects_devices_of_its_own_kind() -> None:
    expressions = [device_class(name)["spec"]["selectors"][0]["cel"]["expression"] for name in CLASSES]
    assert [text.rpartition(" == ")[2] for text in expressions] == ["'gpu'", "'mig'", "'vfio'"]
