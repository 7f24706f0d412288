"""What holds for every kind of cluster."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from components.cluster.existing import ExistingCluster
from components.cluster.kubeconfig import exec_kubeconfig
from tests.components.recorder import OUTPUTS, Graph, build
from tests.sdk import test_aks, test_eks, test_gke

CLOUDS: dict[str, tuple[Callable[[], Graph], Callable[[], Graph]]] = {
    "EksCluster": (test_eks.default, test_eks.other),
    "GkeCluster": (test_gke.default, test_gke.other),
    "AksCluster": (test_aks.default, test_aks.other),
}
"""Two instances of each, named `c` and `d`."""

cloud = pytest.mark.parametrize("cloud", CLOUDS)


@cloud
def test_every_child_is_parented(cloud: str) -> None:
    graph = CLOUDS[cloud][0]()
    component = graph.one(f"multimodal:index:{cloud}")
    children = [resource for resource in graph.resources if resource is not component]
    assert children
    assert {child.parent for child in children} == {component.urn}


@cloud
def test_two_instances_share_no_name(cloud: str) -> None:
    one, two = (graph() for graph in CLOUDS[cloud])
    assert all(resource.name.split("-")[0] == "c" for resource in one.resources)
    for graph in (one, two):
        assert [name for name, times in Counter(graph.names()).items() if times > 1] == []
    assert not set(one.names()) & set(two.names())
    assert fixed_names(one)
    assert not fixed_names(one) & fixed_names(two)


def fixed_names(graph: Graph) -> set[tuple[str, str]]:
    """Names that are not left to Pulumi, of things that are not named within their cluster."""
    return {
        (resource.type, resource.inputs[key])
        for resource in graph.resources
        for key in ("name", "accountId", "nodeResourceGroup", "vaultName")
        if isinstance(resource.inputs.get(key), str) and "odePool" not in resource.type
    }


@cloud
def test_a_policy_sees_what_the_component_was_given(cloud: str) -> None:
    inputs = CLOUDS[cloud][0]().one(f"multimodal:index:{cloud}").inputs
    assert inputs["kubernetes_version"] == "1.34"
    assert inputs["public_cidrs"] == []
    assert "h100" in inputs["gpu_pools"]


@cloud
def test_a_pool_is_named_after_its_key(cloud: str) -> None:
    assert any(name == "c-gpu-h100" for _, name in CLOUDS[cloud][0]().names())


def test_an_existing_cluster_makes_nothing_and_keeps_its_kubeconfig_secret(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(exec_kubeconfig("mine", "https://x", "Q0E=", "aws", [], ""))
    graph = build({}, lambda: ExistingCluster("c", {"kubeconfig": str(path), "context": None}))
    assert graph.names() == [("multimodal:index:ExistingCluster", "c")]
    assert graph.secret == {"kubeconfig"}
    assert [graph.outputs[key] for key in OUTPUTS[1:]] == ["mine", "mine", ""]
    assert json.loads(graph.outputs["kubeconfig"])["current-context"] == "mine"
