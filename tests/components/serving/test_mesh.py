"""Model sets on ModelMesh."""

import json
from datetime import date
from typing import Any

import pytest

from components.serving import mesh_models, mesh_objects
from components.serving.mesh import TenantMesh
from components.settings import Settings
from components.settings.advice import advice
from components.settings.density import density, mesh_memory, sentence
from components.settings.model_sets import ModelSet
from tests.components.recorder import Graph, build
from tests.rehearsal.bad_mesh import MESH, mesh
from tests.stack_files import settings

GIB = 2**30


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**mesh())


@pytest.fixture(scope="module")
def graph(stack: Settings) -> Graph:
    args: Any = {
        "tenant": "vision",
        "sets": {"many": MESH},
        "density": {},
        "etcd_gib": 2,
        "api_server": [],
        "images_lock": {},
        "mirror": "ghcr.io/acme/mirror",
    }
    return build({}, lambda: TenantMesh("mesh", args, stack.cluster), read_outputs=())


def runtime(stack: Settings, **changes: Any) -> dict[str, Any]:
    chosen = ModelSet.model_validate({**MESH, **changes})
    return mesh_models.runtime_spec(stack.cluster, chosen, "nvcr.io/nvidia/tritonserver:26.07-py3", {})


def test_modelmesh_fills_what_the_gpu_has_room_for(stack: Settings) -> None:
    chosen = stack.tenants["vision"].model_sets["many"]
    found, memory = density(stack.cluster, chosen), mesh_memory(stack.cluster, chosen)
    assert found is not None and memory is not None
    # Of 10 GiB, 90 % less 1 GiB for CUDA; Triton's own 2 GiB come on top.
    assert memory.request_gib * GIB - memory.buffer_bytes == 8 * GIB
    assert memory.request_gib == 10
    assert sentence(chosen, found) == "4 of 6 models at once on 1 slice 1g.10gb, 1 times"


def test_less_memory_than_the_gpu_has_holds_fewer_models(stack: Settings) -> None:
    chosen = ModelSet.model_validate({**MESH, "memoryGib": 6})
    found = density(stack.cluster, chosen)
    assert found is not None
    assert (found.room_gib, found.resident) == (4, 2)
    made = runtime(stack, memoryGib=6)
    assert made["containers"][0]["resources"]["requests"]["memory"] == "6Gi"
    assert made["builtInAdapter"]["memBufferBytes"] == 2 * GIB


def test_nobody_outside_the_pod_can_load_or_unload_a_model(stack: Settings) -> None:
    (_, _, start) = runtime(stack)["containers"][0]["command"]
    assert "--model-control-mode=explicit" in start
    assert "--http-address=127.0.0.1" in start and "--grpc-address=127.0.0.1" in start


def test_a_set_lands_where_its_slice_is(stack: Settings) -> None:
    made = runtime(stack)
    assert made["containers"][0]["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    terms = made["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == ["h100"]


def test_each_model_is_left_to_modelmesh_and_named_after_its_set(graph: Graph) -> None:
    services = [one for one in graph.resources if one.type.endswith("InferenceService")]
    assert {one.inputs["metadata"]["name"] for one in services} == {
        f"many-{name}" for name in ("ant", "bee", "cat", "dog", "eel", "fox")
    }
    for one in services:
        assert one.inputs["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "ModelMesh"}
        assert one.inputs["spec"]["predictor"]["model"]["runtime"] == "mesh-many"


def test_everything_comes_from_the_mirror(graph: Graph) -> None:
    config = next(one for one in graph.resources if one.type.endswith(":ConfigMap")).inputs["data"]
    made = json.loads(config["config-defaults.yaml"])
    for image in (made["modelMeshImage"], made["storageHelperImage"], made["restProxy"]["image"]):
        assert image["name"].startswith("ghcr.io/acme/mirror/kserve/")


def test_an_image_by_digest_is_written_as_modelmesh_reads_it() -> None:
    digest = "sha256:" + "a" * 64
    made = json.loads(
        mesh_objects.configuration(dict.fromkeys(("mesh", "rest-proxy", "adapter"), f"r.example:5000/x:v1@{digest}"))
    )
    assert made["modelMeshImage"] == {"name": "r.example:5000/x", "digest": digest}


def test_the_controller_sees_its_own_namespace_only(graph: Graph) -> None:
    types = {one.type.rpartition(":")[2] for one in graph.resources}
    assert "Role" in types and not types & {"ClusterRole", "ClusterRoleBinding"}
    (deployment,) = [one for one in graph.resources if one.type.endswith(":Deployment")]
    (container,) = deployment.inputs["spec"]["template"]["spec"]["containers"]
    assert {"name": "NAMESPACE_SCOPE", "value": "true"} in container["env"]


def test_what_a_tenant_does_not_need_to_hide_is_all_that_the_registrys_secret_says() -> None:
    assert json.loads(mesh_objects.registry_connection()) == {
        "endpoints": "http://modelmesh-etcd:2379",
        "root_prefix": "modelmesh",
    }


def test_a_stack_with_modelmesh_is_told_that_it_is_archived(stack: Settings) -> None:
    assert any("ModelMesh is archived" in said for said in advice(stack, date(2026, 1, 1)))
    assert not any("ModelMesh" in said for said in advice(settings(serving={}), date(2026, 1, 1)))
