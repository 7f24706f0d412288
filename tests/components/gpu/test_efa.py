"""The EFA device plugin: where it runs, and who may ask for what it offers."""

from typing import Any

from components.catalog.images import images_in
from components.catalog.machines import Cloud, machine
from components.catalog.versions import COMPONENTS
from components.cluster.pools import fast_pools
from components.gpu.efa import EfaDevicePlugin, efa_values
from components.settings.sections import Quota
from components.settings.supply import adapters
from components.tenancy.objects import queue_capability, resource_quota
from tests.components.recorder import build
from tests.stack_files import settings

VERSION = COMPONENTS["efaDevicePlugin"].default
TRAIN = {"machine": "p5.48xlarge", "maxNodes": 3, "fastNetwork": True, "zones": ["us-east-1a"]}


def test_it_runs_on_the_nodes_of_wired_pools_only() -> None:
    values = efa_values(VERSION, ["train", "near"], ["nvidia.com/gpu"], {}, {})
    assert values["supportedInstanceLabels"] == {"keys": ["multimodal.dev/gpu-pool"], "values": ["near", "train"]}
    assert values["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]


def test_a_pool_without_fast_network_is_none_of_them() -> None:
    stack = settings(**{"cluster.gpuPools.train": TRAIN})
    assert fast_pools(stack.cluster) == ["train"]


def test_its_image_is_at_an_exact_tag() -> None:
    (image,) = images_in("aws-efa-k8s-device-plugin", efa_values(VERSION, [], [], {}, {}))
    assert image.reference == "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:v0.5.20"
    assert image.exact_tag and not image.lockable


def test_values_are_merged_last() -> None:
    values = efa_values(VERSION, ["train"], [], {}, {"supportedInstanceLabels": {"keys": ["efa"]}})
    assert values["supportedInstanceLabels"] == {"keys": ["efa"], "values": ["train"]}


def test_it_lives_in_a_privileged_namespace_of_its_own() -> None:
    arguments: Any = {"version": VERSION, "pools": ["train"], "taints": [], "images_lock": {}, "values": {}}
    graph = build({}, lambda: EfaDevicePlugin("efa", arguments), read_outputs=("namespace",))
    namespace = graph.one("kubernetes:core/v1:Namespace")
    assert namespace.inputs["metadata"]["name"] == "aws-efa"
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert graph.one("kubernetes:helm.sh/v3:Release").inputs["version"] == "v0.5.30"


def test_a_stack_knows_how_many_adapters_its_pools_bring() -> None:
    assert adapters(settings(**{"cluster.gpuPools.train": TRAIN}).cluster) == {"requests.vpc.amazonaws.com/efa": 96}
    assert adapters(settings().cluster) == {}


def test_a_tenant_with_gpus_may_ask_for_adapters_and_one_without_may_not() -> None:
    offered = {"requests.vpc.amazonaws.com/efa": 96}
    for quota in (Quota(gpus=8), Quota(slices={"1g.10gb": 1})):
        assert resource_quota(quota, [], offered)["requests.vpc.amazonaws.com/efa"] == "96"
        assert queue_capability(quota, [], offered)["vpc.amazonaws.com/efa"] == "96"
    assert resource_quota(Quota(), [], offered)["requests.vpc.amazonaws.com/efa"] == "0"


def test_rdma_cards_of_gke_are_claimed_by_class_one_beside_each_gpu() -> None:
    zones = ["us-central1-a"]
    wired = {"maxNodes": 2, "fastNetwork": True, "zones": zones}
    pools = {"h200": {"machine": "a3-ultragpu-8g", **wired}, "mega": {"machine": "a3-megagpu-8g", **wired}}
    gke = {"provider": "gke", "project": "acme-multimodal", "region": "us-central1", "gpuPools": pools}
    offered = adapters(settings(cluster=gke, tenants={}).cluster)
    assert offered == {"mrdma.google.com.deviceclass.resource.k8s.io/devices": 16}
    assert resource_quota(Quota(gpus=8), [], offered)["mrdma.google.com.deviceclass.resource.k8s.io/devices"] == "16"
    assert resource_quota(Quota(), [], offered)["mrdma.google.com.deviceclass.resource.k8s.io/devices"] == "0"


def test_huge_pages_are_not_bounded_by_a_quota() -> None:
    assert not [name for name in resource_quota(Quota(gpus=8), [], {}) if "hugepages" in name]


def test_pods_can_count_on_the_huge_pages_that_a_machine_of_its_size_has() -> None:
    def pages(name: str) -> int:
        return machine(Cloud.AWS, name).efa_huge_pages_mib

    assert (pages("p5.48xlarge"), pages("p5.4xlarge"), pages("g6.8xlarge"), pages("g6.xlarge")) == (5120, 1760, 3520, 0)
