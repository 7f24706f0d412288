"""InfiniBand on AKS: where its parts run, what they offer, and who may ask for it."""

import json
from typing import Any

from components.catalog.images import BUSYBOX, NIC_DRIVER, NIC_PLUGIN, images_in, lockable
from components.catalog.versions import COMPONENTS
from components.gpu.drivers import driver_plan
from components.gpu.infiniband import locked_memory, network_operator_values, nic_cluster_policy
from components.gpu.network_operator import NetworkOperator
from components.gpu.operator import operator_values
from components.settings.sections import DriverOwner, Quota
from components.settings.supply import adapters
from components.settings.training import Training, wired_devices
from components.tenancy.objects import queue_capability, resource_quota
from tests.components.recorder import build
from tests.stack_files import settings

VERSION = COMPONENTS["networkOperator"].default
POLICY = nic_cluster_policy(["near", "train"], ["nvidia.com/gpu"], {})
AKS = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    "gpuPools": {
        "train": {"machine": "Standard_ND96isr_H100_v5", "minNodes": 1, "maxNodes": 3, "fastNetwork": True},
        "plain": {"machine": "Standard_ND96isr_H200_v5", "maxNodes": 2},
    },
}
CLUSTER = settings(cluster=AKS, tenants={}).cluster


def test_driver_and_plugin_run_on_the_nodes_of_fast_pools_only() -> None:
    required = POLICY["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    named = {"key": "multimodal.dev/gpu-pool", "operator": "In", "values": ["near", "train"]}
    assert required == [{"matchExpressions": [named]}]
    assert POLICY["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    spec = locked_memory(["train", "near"], ["nvidia.com/gpu"], {})["template"]["spec"]
    assert spec["affinity"]["nodeAffinity"] == POLICY["nodeAffinity"]
    assert spec["tolerations"] == POLICY["tolerations"]


def test_the_plugin_offers_each_infiniband_card_under_the_name_that_jobs_ask_for() -> None:
    (cards,) = json.loads(POLICY["sriovDevicePlugin"]["config"])["resourceList"]
    assert f"requests.{cards['resourcePrefix']}/{cards['resourceName']}" in adapters(CLUSTER)
    assert cards["selectors"] == {"vendors": ["15b3"], "linkTypes": ["infiniband"], "isRdma": True}


def test_a_newer_driver_waits_for_gangs_and_takes_one_node_at_a_time() -> None:
    upgrade = POLICY["ofedDriver"]["upgradePolicy"]
    assert upgrade["waitForCompletion"] == {"podSelector": "volcano.sh/job-name", "timeoutSeconds": 0}
    assert upgrade["maxParallelUpgrades"] == 1


def test_images_are_spelled_as_the_operator_joins_them_and_pinned_by_the_lock() -> None:
    assert POLICY["ofedDriver"]["repository"] == "nvcr.io/nvidia/mellanox"
    assert POLICY["ofedDriver"]["image"] == "doca-driver"
    assert POLICY["ofedDriver"]["version"] == NIC_DRIVER.tag
    digest = "sha256:" + "ab" * 32
    lock = {image.reference(): digest for image in (NIC_DRIVER, NIC_PLUGIN, BUSYBOX)}
    locked = nic_cluster_policy([], [], lock)
    assert locked["sriovDevicePlugin"]["version"] == f"{NIC_PLUGIN.tag}@{digest}"
    assert locked["ofedDriver"]["version"] == NIC_DRIVER.tag
    assert NIC_DRIVER.reference() not in lockable()
    assert {NIC_PLUGIN.reference(), BUSYBOX.reference()} <= set(lockable())
    (lift,) = locked_memory([], [], lock)["template"]["spec"]["initContainers"]
    assert lift["image"] == f"{BUSYBOX.reference()}@{digest}"


def test_the_limit_of_locked_memory_goes_for_pods_to_come_and_for_a_containerd_that_starts_again() -> None:
    (lift,) = locked_memory([], [], {})["template"]["spec"]["initContainers"]
    script = lift["command"][-1]
    assert "LimitMEMLOCK=infinity" in script and "containerd.service.d" in script
    assert "prlimit --memlock=unlimited" in script
    assert "restart" not in script


def test_the_cluster_has_one_feature_discovery_which_counts_infiniband_cards_and_no_ethernet() -> None:
    values = network_operator_values(VERSION, {}, {})
    assert values["nfd"] == {"enabled": False, "deployNodeFeatureRules": False}
    plan = driver_plan("aks", DriverOwner.OPERATOR)
    made = operator_values("v26.7.0", plan, {}, [], {}, {}, infiniband=True)
    assert made["nfd"] == {"enabled": True}
    pci = made["node-feature-discovery"]["worker"]["config"]["sources"]["pci"]
    assert pci == {"deviceClassWhitelist": ["0300", "0302", "0207"]}
    assert "rdma" not in made["driver"]
    assert "config" not in operator_values("v26.7.0", plan, {}, [], {}, {})["node-feature-discovery"]["worker"]


def test_the_releases_images_are_at_exact_tags_and_further_ones_are_noticed() -> None:
    found = images_in("network-operator", network_operator_values(VERSION, {}, {}))
    assert [image.reference for image in found] == [
        "nvcr.io/nvidia/cloud-native/network-operator:v26.4.1",
        "nvcr.io/nvidia/mellanox/network-operator-init-container:network-operator-v26.4.1",
    ]
    more = images_in("network-operator", network_operator_values(VERSION, {}, {"nfd": {"enabled": True}}))
    assert "second node feature discovery" in more[-1].problem


def test_the_policy_comes_after_the_operator_in_a_privileged_namespace_and_goes_before_it() -> None:
    arguments: Any = {"version": VERSION, "pools": ["train"], "taints": [], "images_lock": {}, "values": {}}
    graph = build({}, lambda: NetworkOperator("ib", arguments), read_outputs=("namespace",))
    namespace = graph.one("kubernetes:core/v1:Namespace")
    assert namespace.inputs["metadata"]["name"] == "nvidia-network-operator"
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    policy = graph.one("kubernetes:mellanox.com/v1alpha1:NicClusterPolicy")
    assert policy.inputs["metadata"]["name"] == "nic-cluster-policy"
    assert graph.one("kubernetes:helm.sh/v3:Release").urn in policy.needs
    assert graph.one("kubernetes:apps/v1:DaemonSet").deleted_with == namespace.urn


def test_a_tenant_with_gpus_may_ask_for_the_cards_of_fast_pools_and_one_without_may_not() -> None:
    assert adapters(CLUSTER) == {"requests.rdma/ib": 24}
    assert resource_quota(Quota(gpus=8), [], adapters(CLUSTER))["requests.rdma/ib"] == "24"
    assert queue_capability(Quota(gpus=8), [], adapters(CLUSTER))["rdma/ib"] == "24"
    assert resource_quota(Quota(), [], adapters(CLUSTER))["requests.rdma/ib"] == "0"


def test_a_worker_asks_for_a_card_beside_each_gpu() -> None:
    image = "ghcr.io/acme/train@sha256:" + "a" * 64
    job = {"image": image, "memoryGib": 100, "gpu": {"count": 4, "pools": ["train"]}}
    assert wired_devices(CLUSTER, Training.model_validate({**job, "fastNetwork": True})) == {"rdma/ib": "4"}
    assert wired_devices(CLUSTER, Training.model_validate(job)) == {}
