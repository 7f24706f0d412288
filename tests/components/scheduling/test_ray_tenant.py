"""What a tenant's Ray is made of, as the engine sees it."""

from typing import Any

import pytest

from components.scheduling.ray.tenant import TenantRay
from components.settings.ray import RayWorkloads
from tests.components.recorder import Graph, build
from tests.stack_files import settings

GROUPS = {"halves": {"gpu": {"slice": "3g.40gb"}, "min": 1, "max": 2}}
RAY: dict[str, Any] = {
    "clusters": {"lab": {"groups": GROUPS}},
    "jobs": {"sweep": {"groups": GROUPS, "entrypoint": "python sweep.py"}},
    "services": {
        "captions": {"groups": GROUPS, "applications": {"app": {"importPath": "captions.app:build"}}},
        "speech": {
            "groups": GROUPS,
            "applications": {"app": {"importPath": "speech.app:build"}},
            "upgrade": "new-cluster",
        },
    },
}


def made(ray: dict[str, Any]) -> Graph:
    chosen = RayWorkloads.model_validate(ray).model_dump(mode="json", by_alias=True, exclude_unset=True)

    def component() -> TenantRay:
        return TenantRay(
            "t",
            {
                "tenant": "vision",
                "settings": chosen,
                "api_server": [],
                "account": "workloads",
                "pod_labels": {"azure.workload.identity/use": "true"},
                "images_lock": {},
                "mirror": None,
            },
            settings().cluster,
        )

    return build({}, component, read_outputs=())


@pytest.fixture(scope="module")
def graph() -> Graph:
    return made(RAY)


def test_each_workload_is_a_component_with_one_custom_resource(graph: Graph) -> None:
    for kind, name in (("Cluster", "lab"), ("Job", "sweep"), ("Service", "captions"), ("Service", "speech")):
        component = graph.one(f"multimodal:index:Ray{kind}", f"t-{name}")
        resource = graph.one(f"kubernetes:ray.io/v1:Ray{kind}", f"t-{name}-{kind.lower()}")
        assert resource.parent == component.urn
        assert resource.inputs["metadata"]["name"] == name
        assert resource.inputs["metadata"]["namespace"] == "vision"


def test_a_job_and_a_service_make_room_before_they_come_back(graph: Graph) -> None:
    assert graph.one("kubernetes:ray.io/v1:RayJob").delete_first
    assert graph.one("kubernetes:ray.io/v1:RayService", "t-captions-service").delete_first
    assert not graph.one("kubernetes:ray.io/v1:RayService", "t-speech-service").delete_first
    assert not graph.one("kubernetes:ray.io/v1:RayCluster").delete_first


def test_what_ray_wrote_into_a_cluster_does_not_stop_an_update(graph: Graph) -> None:
    annotations = graph.one("kubernetes:ray.io/v1:RayCluster").inputs["metadata"]["annotations"]
    assert annotations == {"pulumi.com/patchForce": "true"}


def test_a_tenant_that_makes_its_own_ray_has_the_network_for_it() -> None:
    alone = made({})
    names = {policy.name for policy in alone.all("kubernetes:networking.k8s.io/v1:NetworkPolicy")}
    assert names == {"t-operator", "t-api"}
    assert alone.all("kubernetes:ray.io/v1:RayCluster") == []


def test_workers_alone_are_known_as_pods_of_the_account(graph: Graph) -> None:
    spec = graph.one("kubernetes:ray.io/v1:RayCluster").inputs["spec"]
    label = "azure.workload.identity/use"
    assert all(group["template"]["metadata"]["labels"][label] == "true" for group in spec["workerGroupSpecs"])
    assert label not in spec["headGroupSpec"]["template"]["metadata"]["labels"]
