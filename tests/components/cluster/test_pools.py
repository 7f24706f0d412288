"""From settings to the pools of a cluster."""

from components.cluster.pools import gpu_pool_args, pool_taints, taint_keys
from components.gpu.drivers import driver_plan
from components.settings.sections import DriverOwner
from tests.stack_files import settings

AKS = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    "gpuPools": {
        "spot": {"machine": "Standard_NC16as_T4_v3", "maxNodes": 4, "capacity": "spot"},
        "steady": {"machine": "Standard_NC24ads_A100_v4", "minNodes": 1, "maxNodes": 2, "mig": {"1g.10gb": 7}},
    },
}


def test_gpu_nodes_refuse_pods_that_ask_for_no_gpu() -> None:
    cluster = settings().cluster
    for pool in cluster.gpu_pools.values():
        assert {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"} in pool_taints(cluster, pool)


def test_the_taint_that_aks_puts_on_spot_nodes_is_known() -> None:
    cluster = settings(cluster=AKS, tenants={}).cluster
    spot = {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}
    assert spot in pool_taints(cluster, cluster.gpu_pools["spot"])
    assert spot not in pool_taints(cluster, cluster.gpu_pools["steady"])
    assert taint_keys(cluster) == ["kubernetes.azure.com/scalesetpriority", "nvidia.com/gpu"]


def test_spot_nodes_of_other_clouds_carry_no_such_taint() -> None:
    assert taint_keys(settings(**{"cluster.gpuPools.l4.capacity": "spot"}).cluster) == ["nvidia.com/gpu"]


def test_a_pool_says_what_its_nodes_will_offer_and_which_layout_they_get() -> None:
    cluster = settings(cluster=AKS, tenants={}).cluster
    pools = gpu_pool_args(cluster, driver_plan("aks", DriverOwner.OPERATOR))  # type: ignore[arg-type]
    assert pools["steady"]["resources"] == {"nvidia.com/mig-1g.10gb": 7}
    assert pools["steady"]["labels"]["nvidia.com/mig.config"] == "7x1g.10gb"
    assert pools["steady"]["driver"] == "None"
    assert pools["spot"]["resources"] == {"nvidia.com/gpu": 1}
    assert "nvidia.com/mig.config" not in pools["spot"]["labels"]


def test_labels_of_the_driver_owner_reach_every_pool() -> None:
    gke = {
        "provider": "gke",
        "project": "acme-multimodal",
        "region": "us-central1",
        "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
    }
    pools = gpu_pool_args(settings(cluster=gke, tenants={}).cluster, driver_plan("gke", DriverOwner.CLOUD))  # type: ignore[arg-type]
    assert pools["l4"]["labels"]["gke-no-default-nvidia-gpu-device-plugin"] == "true"
    assert pools["l4"]["zones"] == ["us-central1-a"]
