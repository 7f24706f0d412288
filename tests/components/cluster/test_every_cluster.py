"""What holds for every kind of cluster."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.cluster.aks import AksCluster
from components.cluster.eks import EksCluster
from components.cluster.existing import ExistingCluster
from components.cluster.gke import GkeCluster
from components.cluster.kubeconfig import exec_kubeconfig
from components.cluster.outputs import ClusterOutputs
from tests.components.cluster import test_aks, test_eks, test_gke
from tests.components.cluster.recorder import OUTPUTS, Graph, build

CLOUDS: dict[str, tuple[Callable[[str], ClusterOutputs], dict[str, Any], Callable[[], Graph]]] = {
    "EksCluster": (lambda name: EksCluster(name, test_eks.args()), test_eks.ANSWERS, test_eks.default),
    "GkeCluster": (lambda name: GkeCluster(name, test_gke.args()), test_gke.ANSWERS, test_gke.default),
    "AksCluster": (lambda name: AksCluster(name, test_aks.args()), test_aks.ANSWERS, test_aks.default),
}
cloud = pytest.mark.parametrize("cloud", CLOUDS)


@cloud
def test_every_child_is_parented(cloud: str) -> None:
    graph = CLOUDS[cloud][2]()
    component = graph.one(f"multimodal:index:{cloud}")
    children = [resource for resource in graph.resources if resource is not component]
    assert children
    assert {child.parent for child in children} == {component.urn}


@cloud
def test_names_begin_with_the_instance_so_that_two_do_not_collide(cloud: str) -> None:
    make, answers, _ = CLOUDS[cloud]
    graph = build(answers, lambda: make("one"), lambda: make("two"))
    assert [name for name, times in Counter(graph.names()).items() if times > 1] == []
    assert all(resource.name.startswith(("one", "two")) for resource in graph.resources)
    fixed = [
        (resource.type, resource.inputs[key])
        for resource in graph.resources
        for key in ("name", "accountId", "nodeResourceGroup", "vaultName")
        # Pools are named within their cluster.
        if isinstance(resource.inputs.get(key), str) and "odePool" not in resource.type
    ]
    assert fixed
    assert [name for name, times in Counter(fixed).items() if times > 1] == []


@cloud
def test_a_policy_sees_what_the_component_was_given(cloud: str) -> None:
    inputs = CLOUDS[cloud][2]().one(f"multimodal:index:{cloud}").inputs
    assert inputs["kubernetes_version"] == "1.34"
    assert inputs["public_cidrs"] == []
    assert "h100" in inputs["gpu_pools"]


@cloud
def test_pools_are_told_apart_by_name_and_not_by_order(cloud: str) -> None:
    args, component = {
        "EksCluster": (test_eks.args, EksCluster),
        "GkeCluster": (test_gke.args, GkeCluster),
        "AksCluster": (test_aks.args, AksCluster),
    }[cloud]
    pool = next(iter(args()["gpu_pools"].values()))

    def names(*pools: str) -> set[tuple[str, str]]:
        graph = build(CLOUDS[cloud][1], lambda: component("c", args(gpu_pools=dict.fromkeys(pools, pool))))
        return set(graph.names())

    assert names("a", "b") == names("b", "a")


def test_an_existing_cluster_makes_nothing_and_keeps_its_kubeconfig_secret(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(exec_kubeconfig("mine", "https://x", "Q0E=", "aws", [], ""))
    graph = build({}, lambda: ExistingCluster("c", {"kubeconfig": str(path), "context": None}))
    assert graph.names() == [("multimodal:index:ExistingCluster", "c")]
    assert graph.secret == {"kubeconfig"}
    assert [graph.outputs[key] for key in OUTPUTS[1:]] == ["mine", "mine", ""]
    assert json.loads(graph.outputs["kubeconfig"])["current-context"] == "mine"
