"""GPUs by resource claims: the driver, what it excludes, and how tenants stay bounded."""

from typing import Any

import pytest

from components.catalog.device_classes import CLASSES
from components.catalog.images import images_in
from components.cluster.autoscaling import accelerator_label, node_template_tags
from components.cluster.pools import gpu_pool_args
from components.gpu.dra import DraDriver, dra_values
from components.gpu.drivers import driver_plan
from components.gpu.operator import operator_values
from components.scheduling.volcano import scheduler_config
from components.settings.sections import Allocation, DriverOwner, Quota
from components.tenancy.objects import developer_rules, queue_capability, queue_share, resource_quota
from tests.components.recorder import build
from tests.stack_files import settings

DRA = {
    "gpu": {"allocation": "dra"},
    "cluster.gpuPools": {"l4": {"machine": "g6.12xlarge", "minNodes": 1, "maxNodes": 3}},
    "tenants": {"vision": {"quota": {"gpus": 4}}},
}
VALUES = dra_values("0.4.1", "/", ["nvidia.com/gpu"], {}, {})


def test_the_device_plugin_is_off_where_pods_claim_gpus() -> None:
    for allocation, on in ((Allocation.DEVICE_PLUGIN, True), (Allocation.DRA, False)):
        plan = driver_plan("eks", DriverOwner.IMAGE, allocation)
        assert operator_values("v26.7.0", plan, {}, [], {}, {})["devicePlugin"]["enabled"] is on


@pytest.mark.parametrize(
    ("provider", "owner", "root"),
    [
        ("eks", DriverOwner.IMAGE, "/"),
        ("gke", DriverOwner.CLOUD, "/home/kubernetes/bin/nvidia"),
        ("aks", DriverOwner.OPERATOR, "/run/nvidia/driver"),
        ("aks", DriverOwner.CLOUD, "/"),
        ("existing", DriverOwner.IMAGE, "/"),
        ("existing", DriverOwner.OPERATOR, "/run/nvidia/driver"),
    ],
)
def test_the_driver_is_looked_for_where_its_owner_puts_it(provider: str, owner: DriverOwner, root: str) -> None:
    assert driver_plan(provider, owner, Allocation.DRA).driver_root == root


def test_gkes_autoscaler_is_told_that_gpus_are_claimed() -> None:
    label = "cloud.google.com/gke-nvidia-gpu-dra-driver"
    assert driver_plan("gke", DriverOwner.CLOUD, Allocation.DRA).node_labels[label] == "true"
    assert label not in driver_plan("gke", DriverOwner.CLOUD).node_labels
    assert label not in driver_plan("aks", DriverOwner.CLOUD, Allocation.DRA).node_labels


def test_the_chart_is_told_that_nothing_else_offers_the_gpus() -> None:
    assert VALUES["gpuResourcesEnabledOverride"] is True
    assert VALUES["resources"] == {"gpus": {"enabled": True}, "computeDomains": {"enabled": False}}
    assert VALUES["kubeletPlugin"]["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]


def test_its_image_is_pinned() -> None:
    (image,) = images_in("dra-driver-nvidia-gpu", VALUES)
    assert image.reference == "registry.k8s.io/dra-driver-nvidia/dra-driver-nvidia-gpu:v0.4.1"
    assert image.exact_tag and not image.problem


@pytest.mark.parametrize(("provider", "owner"), [("eks", DriverOwner.IMAGE), ("gke", DriverOwner.CLOUD)])
def test_gke_lets_its_critical_pods_into_a_namespace_with_a_quota_for_them(provider: str, owner: DriverOwner) -> None:
    plan = driver_plan(provider, owner, Allocation.DRA)
    arguments: Any = {"version": "0.4.1", "driver_root": "/", "taints": [], "images_lock": {}, "values": {}}
    graph = build({}, lambda: DraDriver("dra", arguments, plan), read_outputs=("namespace",))
    assert len(graph.all("kubernetes:core/v1:ResourceQuota")) == (provider == "gke")
    release = graph.one("kubernetes:helm.sh/v3:Release")
    assert release.inputs["chart"] == "oci://registry.k8s.io/dra-driver-nvidia/charts/dra-driver-nvidia-gpu"


def test_claims_are_bounded_by_class_and_every_class_of_the_driver_is_named() -> None:
    hard = resource_quota(Quota(gpus=4), ["nvidia.com/gpu"], {}, Allocation.DRA)
    assert {name: number for name, number in hard.items() if "deviceclass" in name} == {
        "gpu.nvidia.com.deviceclass.resource.k8s.io/devices": "4",
        "mig.nvidia.com.deviceclass.resource.k8s.io/devices": "0",
        "vfio.gpu.nvidia.com.deviceclass.resource.k8s.io/devices": "0",
    }


def test_a_pod_that_counts_gpus_is_refused_where_no_node_has_such_a_resource() -> None:
    assert resource_quota(Quota(gpus=4), ["nvidia.com/gpu"], {}, Allocation.DRA)["requests.nvidia.com/gpu"] == "0"


def test_the_queue_is_capped_and_shared_in_the_same_classes() -> None:
    cap = queue_capability(Quota(gpus=4), ["nvidia.com/gpu"], {}, Allocation.DRA)
    assert [cap[f"deviceclass/{name}"] for name in CLASSES] == ["4", "0", "0"]
    assert queue_share({"nvidia.com/gpu": "3"}, Allocation.DRA) == {"deviceclass/gpu.nvidia.com": "3"}
    assert queue_share({"nvidia.com/gpu": "3"}, Allocation.DEVICE_PLUGIN) == {"nvidia.com/gpu": "3"}


def test_developers_make_claims() -> None:
    (rule,) = [rule for rule in developer_rules() if rule["apiGroups"] == ["resource.k8s.io"]]
    assert rule["resources"] == ["resourceclaims", "resourceclaimtemplates"]
    assert "create" in rule["verbs"]


def test_volcano_places_and_counts_claims_only_where_there_are_any() -> None:
    def arguments(*, claims: bool) -> dict[str, Any]:
        tiers = scheduler_config([], scale_from_zero=False, claims=claims)["tiers"]
        return {plugin["name"]: plugin.get("arguments") for tier in tiers for plugin in tier["plugins"]}

    assert arguments(claims=True)["predicates"] == {"predicate.DynamicResourceAllocationEnable": True}
    assert arguments(claims=True)["capacity"] == {"capacity.DynamicResourceAllocationEnable": True}
    assert arguments(claims=False)["predicates"] is arguments(claims=False)["capacity"] is None


def test_the_autoscaler_is_promised_no_gpus_as_a_resource_and_waits_for_none() -> None:
    plan = driver_plan("eks", DriverOwner.IMAGE, Allocation.DRA)
    pool = gpu_pool_args(settings(**DRA).cluster, plan)["l4"]  # type: ignore[arg-type]
    assert pool["resources"] == {}
    assert accelerator_label(pool) == {}
    assert node_template_tags(pool)["k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu"] == "0"
