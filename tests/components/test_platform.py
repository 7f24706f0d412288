"""The order in which a platform is built, which on destroy is the order in which it goes."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from components.platform import Platform, changed_layouts
from components.settings import Settings
from tests.components.recorder import Graph, Registered, build
from tests.stack_files import settings

NAMESPACE = "kubernetes:core/v1:Namespace"
QUEUE = "kubernetes:scheduling.volcano.sh/v1beta1:Queue"
RELEASE = "kubernetes:helm.sh/v3:Release"
RUNTIME = "kubernetes:serving.kserve.io/v1alpha1:ClusterServingRuntime"


def local(kubeconfig: Path) -> Settings:
    cluster = {
        "provider": "existing",
        "kubeconfig": str(kubeconfig),
        "gpuPools": {"h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 2, "mig": {"1g.10gb": 4, "3g.40gb": 1}}},
    }
    tenants = {"vision": {"quota": {"slices": {"1g.10gb": 8}}}, "language": {"quota": {"slices": {"3g.40gb": 4}}}}
    return settings(cluster=cluster, tenants=tenants, serving={}, knative={})


def kubeconfig() -> str:
    """One that leads nowhere."""
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    user = {"name": "u", "user": {"token": "t"}}
    return json.dumps({"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "c"})


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    path = tmp_path_factory.mktemp("platform") / "kubeconfig"
    path.write_text(kubeconfig())
    answers = {"pulumi:pulumi:StackReference": {"outputs": {"layouts": {"h100": "7x1g.10gb"}}}}
    return build(answers, lambda: Platform("p", local(path), {}), read_outputs=("cluster_name",))


def reaches(graph: Graph, start: Registered, goal: Registered) -> bool:
    """Whether `start` is made after `goal`: it, or a component that it is part of, depends on it at any distance."""
    by_urn = {resource.urn: resource for resource in graph.resources}
    todo, seen = [start.urn], set[str]()
    while todo:
        urn = todo.pop()
        if urn == goal.urn:
            return True
        if urn not in seen and urn in by_urn:
            seen.add(urn)
            todo += [*by_urn[urn].needs, by_urn[urn].parent]
    return False


def test_every_resource_has_a_parent_and_a_name_of_its_own(graph: Graph) -> None:
    assert all(resource.parent for resource in graph.resources)
    assert [name for name, times in Counter(graph.names()).items() if times > 1] == []


def test_tenants_come_after_everything_that_bounds_them(graph: Graph) -> None:
    for tenant in ("vision", "language"):
        namespace = graph.one(NAMESPACE, f"p-tenant-{tenant}-namespace")
        for part in ("gpu", "volcano", "trust"):
            assert reaches(graph, namespace, graph.one(RELEASE, f"p-{part}-release")), part
        signatures = graph.one("kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy")
        assert reaches(graph, namespace, signatures)
        assert reaches(graph, namespace, graph.one("multimodal:index:PriorityClasses"))
        binding = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
        assert reaches(graph, namespace, graph.one(binding))


def test_kserve_outlives_whatever_tenants_made_of_its_kinds(graph: Graph) -> None:
    for tenant in ("vision", "language"):
        namespace = graph.one(NAMESPACE, f"p-tenant-{tenant}-namespace")
        for part in ("p-kserve-release", "p-kserve-kinds"):
            assert reaches(graph, namespace, graph.one(RELEASE, part)), part
        assert all(reaches(graph, namespace, runtime) for runtime in graph.all(RUNTIME))


def test_serving_meets_no_webhook_before_it_answers(graph: Graph) -> None:
    gateway = graph.one("kubernetes:gateway.networking.k8s.io/v1:Gateway")
    kserve, kinds = graph.one(RELEASE, "p-kserve-release"), graph.one(RELEASE, "p-kserve-kinds")
    order = [
        graph.one(RELEASE, "p-certificates-release"),
        graph.one("kubernetes:cert-manager.io/v1:ClusterIssuer", "p-certificates-issuer"),
        graph.one("kubernetes:cert-manager.io/v1:Certificate", "p-gateway-certificate"),
        gateway,
        kinds,
        kserve,
        graph.one(RUNTIME, "p-runtimes-triton"),
    ]
    for earlier, later in pairwise(order):
        assert reaches(graph, later, earlier), (later.name, earlier.name)
    # The controller is there for as long as there is a Gateway, to take its load balancer down.
    assert reaches(graph, gateway, graph.one(RELEASE, "p-gateway-release"))


def test_kserve_looks_for_knative_once_it_is_ready_and_nothing_of_a_tenants_outlives_it(graph: Graph) -> None:
    serving = graph.one("kubernetes:operator.knative.dev/v1beta1:KnativeServing")
    assert reaches(graph, serving, graph.one(RELEASE, "p-knative-release"))
    assert reaches(graph, graph.one(RELEASE, "p-kserve-release"), serving)
    for tenant in ("vision", "language"):
        assert reaches(graph, graph.one(NAMESPACE, f"p-tenant-{tenant}-namespace"), serving)


def test_a_namespace_comes_after_its_queue_so_that_jobs_go_before_it(graph: Graph) -> None:
    for tenant in ("vision", "language"):
        namespace = graph.one(NAMESPACE, f"p-tenant-{tenant}-namespace")
        assert reaches(graph, namespace, graph.one(QUEUE, f"p-tenant-{tenant}-queue"))


def test_a_destroy_waits_for_what_may_hold_volumes_and_hardly_for_what_is_empty(graph: Graph) -> None:
    waits = {found.inputs["metadata"]["name"]: found.delete_timeout for found in graph.all(NAMESPACE)}
    assert {waits.pop(tenant) for tenant in ("vision", "language")} == {"20m"}
    assert set(waits.values()) == {"5m"}


def test_only_what_lives_in_a_namespace_goes_with_it_and_namespaces_really_go(graph: Graph) -> None:
    namespaces = {found.urn for found in graph.all(NAMESPACE)}
    along = [found for found in graph.resources if found.deleted_with]
    assert {found.deleted_with for found in along} <= namespaces
    assert not [found for found in along if found.type in (NAMESPACE, RELEASE, QUEUE)]


def test_custom_resources_come_after_the_chart_that_brings_their_kind(graph: Graph) -> None:
    volcano = graph.one(RELEASE, "p-volcano-release")
    assert all(reaches(graph, queue, volcano) for queue in graph.all(QUEUE))


def test_every_release_is_pinned_and_rolls_back(graph: Graph) -> None:
    releases = graph.all(RELEASE)
    assert {release.inputs["chart"].rpartition("/")[2] for release in releases} == {
        *("gpu-operator", "volcano", "kyverno", "knative-operator"),
        *("cert-manager", "gateway-helm", "kserve-crd", "kserve-resources"),
    }
    for release in releases:
        assert release.inputs["version"]
        assert release.inputs["atomic"] is True
        assert release.inputs["cleanupOnFail"] is True
        assert not release.inputs.get("createNamespace")


def test_a_new_kubeconfig_does_not_replace_what_is_behind_it(graph: Graph) -> None:
    assert graph.one("pulumi:providers:kubernetes").inputs["clusterIdentifier"] == "c"


def test_only_a_tenant_that_runs_something_reaches_stores(tmp_path: Path) -> None:
    training = {
        "image": f"ghcr.io/acme/tune@sha256:{'a' * 64}",
        "command": ["torchrun", "tune.py"],
        "gpu": {"slice": "1g.10gb"},
        "cpu": 4,
        "memoryGib": 16,
    }
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig())
    base = local(path)
    tenants = {**base.model_dump(mode="json", by_alias=True)["tenants"]}
    tenants["vision"] |= {"training": {"tune": training}}
    chosen = Settings.model_validate({**base.model_dump(mode="json", by_alias=True), "tenants": tenants})
    answers = {"pulumi:pulumi:StackReference": {"outputs": {}}}
    made = build(answers, lambda: Platform("p", chosen, {}), read_outputs=("cluster_name",))
    policies = {policy.name for policy in made.all("kubernetes:networking.k8s.io/v1:NetworkPolicy")}
    assert "p-tenant-vision-workloads-to-stores" in policies
    assert "p-tenant-language-workloads-to-stores" not in policies


def test_policies_see_what_a_tenant_may_pull_from(graph: Graph) -> None:
    tenant = graph.one("multimodal:index:Tenant", "p-tenant-vision")
    assert tenant.inputs["registries"] == ["ghcr.io/acme"]
    assert tenant.inputs["tenant"] == "vision"
    assert graph.one("multimodal:index:Platform").inputs["environment"] == "dev"


def test_the_quota_of_one_tenant_names_the_slices_of_the_other(graph: Graph) -> None:
    hard = graph.one("kubernetes:core/v1:ResourceQuota", "p-tenant-vision-quota").inputs["spec"]["hard"]
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "8"
    assert hard["requests.nvidia.com/mig-3g.40gb"] == "0"


def test_pod_security_is_enforced_in_every_namespace(graph: Graph) -> None:
    levels = {
        namespace.name: namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for namespace in graph.all(NAMESPACE)
    }
    assert levels == {
        "p-gpu-namespace": "privileged",
        "p-volcano-namespace": "baseline",
        "p-trust-namespace": "restricted",
        "p-certificates-namespace": "restricted",
        "p-gateway-namespace": "restricted",
        "p-knative-namespace": "restricted",
        "p-knative-serving-namespace": "restricted",
        "p-kserve-namespace": "restricted",
        "p-tenant-vision-namespace": "restricted",
        "p-tenant-language-namespace": "restricted",
    }


def test_the_layouts_that_change_are_told_to_the_policies(graph: Graph) -> None:
    platform = graph.one("multimodal:index:Platform").inputs
    assert platform["layouts"] == {"h100": "4x1g.10gb-1x3g.40gb"}
    assert platform["previousLayouts"] == {"h100": "7x1g.10gb"}


def test_a_pool_that_is_new_or_gone_or_the_same_changes_no_layout() -> None:
    assert changed_layouts({"same": "a", "gone": "b"}, {"same": "a", "new": "c"}) == {}
