"""Weights on the local disks of GPU nodes."""

import base64
from typing import Any

import pytest

from components.cluster.eks_node_config import node_user_data
from components.cluster.pools import gpu_pool_args
from components.gpu.drivers import driver_plan
from components.serving.kserve import KServe
from components.serving.local_cache import cache_name, cache_spec, local_model_values, node_group_spec
from components.serving.model import Model
from components.settings import Settings
from components.settings.cache import Cached, cache_room, cached_models
from components.settings.cluster import EksCluster
from components.settings.drivers import driver_owner
from components.settings.platform_serving import ModelCache
from tests.components.recorder import Graph, build
from tests.components.serving.test_kserve import args
from tests.rehearsal.bad_cache import cached
from tests.stack_files import settings


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**cached())


@pytest.fixture(scope="module")
def model(stack: Settings) -> Graph:
    chosen = stack.tenants["vision"].models["chat"]
    made: Any = {
        "tenant": "vision",
        "model": "chat",
        "settings": chosen.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "domain": "models.internal",
        "prometheus": None,
        "account": None,
        "pod_labels": {},
    }
    return build({}, lambda: Model("chat", made, stack.cluster), read_outputs=())


def test_weights_stay_on_the_pool_on_which_the_model_runs(stack: Settings) -> None:
    assert cached_models(stack.cluster, stack.tenants) == [Cached("vision", "chat", "h100", 40)]


def test_half_of_the_local_disks_is_for_weights_unless_the_stack_file_says(stack: Settings) -> None:
    assert isinstance(stack.cluster, EksCluster)
    # p5.48xlarge: eight disks of 3.84 TB.
    assert cache_room(stack.cluster, "h100", ModelCache()) == pytest.approx(14_000, abs=500)
    assert cache_room(stack.cluster, "h100", ModelCache.model_validate({"sizeGib": 100})) == 100


def test_only_nodes_that_keep_weights_are_labelled_and_mount_their_disks(stack: Settings) -> None:
    assert isinstance(stack.cluster, EksCluster)
    plan = driver_plan("eks", driver_owner("eks", None), stack.gpu.allocation)
    pools = gpu_pool_args(stack.cluster, plan, {"h100"})
    assert pools["h100"]["labels"]["kserve/localmodel"] == "worker"
    assert "kserve/localmodel" not in pools["l4"]["labels"]
    told = [base64.b64decode(node_user_data(100, keeps_models=keeps) or "").decode() for keeps in (False, True)]
    assert "/models" not in told[0]
    assert "mount --bind /mnt/k8s-disks/0/models /models" in told[1]
    assert told[1].rstrip().endswith("--//--")


def test_a_group_is_the_nodes_of_its_pool_and_their_disks() -> None:
    spec = node_group_spec("h100", 500)
    (term,) = spec["persistentVolumeSpec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "multimodal.dev/gpu-pool", "operator": "In", "values": ["h100"]}]
    assert spec["persistentVolumeSpec"]["local"] == {"path": "/models"}
    assert spec["storageLimit"] == "500Gi"


def test_other_weights_are_another_cache() -> None:
    assert cache_name("chat", "store://chat/3") != cache_name("chat", "store://chat/4")
    assert cache_spec("s3://models/vision/chat/3", "h100", 40) == {
        "sourceModelUri": "s3://models/vision/chat/3",
        "modelSize": "40Gi",
        "nodeGroups": ["h100"],
    }


def test_a_models_cache_is_there_before_the_model(model: Graph) -> None:
    cache = model.one("kubernetes:serving.kserve.io/v1alpha1:LocalModelNamespaceCache")
    service = model.one("kubernetes:serving.kserve.io/v1beta1:InferenceService")
    assert cache.inputs["metadata"]["namespace"] == "vision"
    assert cache.urn in service.needs


def test_kserve_looks_for_caches_once_their_kinds_are_there() -> None:
    graph = build({}, lambda: KServe("k", args(keeps_models=True)), read_outputs=())
    release = "kubernetes:helm.sh/v3:Release"
    controller = graph.one(release, "k-release")
    assert controller.inputs["values"]["kserve"]["localmodel"]["enabled"] is True
    assert graph.one(release, "k-local-kinds").urn in controller.needs
    (namespace,) = graph.all("kubernetes:core/v1:Namespace")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_a_stack_without_a_cache_keeps_kserve_under_pod_security_restricted() -> None:
    graph = build({}, lambda: KServe("k", args()), read_outputs=())
    (namespace,) = graph.all("kubernetes:core/v1:Namespace")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_agents_run_on_gpu_nodes_whatever_their_taints() -> None:
    agent = local_model_values("v0.18.1", ["nvidia.com/gpu"], {})["kserve"]["localmodelnode"]["controller"]
    assert agent["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert agent["image"] == "docker.io/kserve/kserve-localmodelnode-agent"
