"""What a multiplexed set adds to a Ray service."""

import ast
import json
from typing import Any

import pytest

from components.labels import STORES_LABEL
from components.scheduling.ray.nodes import cluster_spec
from components.serving.multiplexing import CODE, WEIGHTS, code, files, mounted
from components.serving.sets import make_sets
from components.settings.set_workloads import with_sets
from tests.components.recorder import Graph, build
from tests.rehearsal.bad_sets import adapters, multiplex, without
from tests.stack_files import settings


def made(**changes: Any) -> Any:
    stack = settings(**multiplex({"modelGib": 2.5, **changes}))
    whole = with_sets(stack.cluster, stack.tenants["vision"]).ray
    assert whole is not None
    service = whole.services["many"]
    nodes = cluster_spec(service, cluster=stack.cluster, tenant="vision", priority=service.priority, lock={})
    return mounted(nodes, "many", 2.5, {"azure.workload.identity/use": "true"})


def graph(sections: dict[str, Any]) -> Graph:
    stack = settings(**sections)

    def component() -> Any:
        import pulumi

        class Parent(pulumi.ComponentResource):
            def __init__(self) -> None:
                super().__init__("test:index:Parent", "p")
                make_sets("t", "vision", stack, None, None, {}, pulumi.ResourceOptions(parent=self))
                self.register_outputs({})

        return Parent()

    return build({}, component, read_outputs=())


def test_the_application_is_where_every_pod_looks_for_code() -> None:
    spec = made()
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        container = pod["containers"][0]
        assert {"name": "PYTHONPATH", "value": CODE} in container["env"]
        assert {"name": "application", "mountPath": CODE, "readOnly": True} in container["volumeMounts"]
        assert {"name": "application", "configMap": {"name": "many-models"}} in pod["volumes"]


def test_only_workers_reach_stores_and_their_disk_is_bounded() -> None:
    spec = made()
    head, worker = spec["headGroupSpec"]["template"], spec["workerGroupSpecs"][0]["template"]
    assert STORES_LABEL not in head["metadata"]["labels"]
    assert worker["metadata"]["labels"][STORES_LABEL] == "true"
    assert worker["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert {"name": "weights", "emptyDir": {"sizeLimit": "10Gi"}} in worker["spec"]["volumes"]
    assert {"name": "weights", "mountPath": WEIGHTS} in worker["spec"]["containers"][0]["volumeMounts"]


def test_another_application_needs_other_pods_but_another_list_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from components.serving import multiplexing

    more = {name: f"s3://acme-models/{name}" for name in ("ant", "bee", "cat", "dog", "eel", "fox", "gnu")}
    assert made(models=more) == made()
    before = made()
    monkeypatch.setattr(multiplexing, "code", lambda: {"multimodal_models.py": "other"})
    assert made() != before


def test_the_files_name_every_model_and_bring_all_that_the_application_imports() -> None:
    written = files({"bee": "s3://acme-models/bee", "ant": "store://ant"})
    assert json.loads(written["models.json"]) == {"ant": "store://ant", "bee": "s3://acme-models/bee"}
    imported = {
        node.module
        for text in code().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("multimodal_")
    }
    assert {f"{module}.py" for module in imported} <= set(written)


def test_a_set_is_one_component_with_its_files_before_its_service() -> None:
    found = graph(multiplex())
    component = found.one("multimodal:index:Multiplexed", "t-set-many")
    config = found.one("kubernetes:core/v1:ConfigMap", "t-set-many-files")
    service = found.one("multimodal:index:RayService", "t-set-many-ray")
    assert component.inputs["density"] == "4 of 6 models at once on 1 slice 1g.10gb, 1 times"
    assert (config.parent, service.parent) == (component.urn, component.urn)
    assert config.inputs["metadata"]["namespace"] == "vision"
    resource = found.one("kubernetes:ray.io/v1:RayService", "t-set-many-ray-service")
    assert resource.inputs["metadata"]["labels"]["volcano.sh/queue-name"] == "vision"


def test_a_set_of_adapters_makes_nothing_of_ray() -> None:
    assert [one for one in graph(adapters()).resources if "Ray" in one.type or "ConfigMap" in one.type] == []


def test_a_set_is_reached_through_the_gateway_at_what_its_application_serves() -> None:
    found = graph(multiplex())
    made = found.one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "t-set-many-route").inputs["spec"]
    assert made["hostnames"] == ["many-vision.models.internal"]
    assert made["parentRefs"] == [{"namespace": "envoy-gateway-system", "name": "models"}]
    (rule,) = made["rules"]
    # Ray Serve lists its routes under /-/, which is nobody's business.
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/models"}}]
    assert rule["backendRefs"] == [{"name": "many-serve-svc", "port": 8000}]


def test_the_gateway_reaches_ray_serve_and_no_other_port_of_the_sets_pods() -> None:
    found = graph(multiplex())
    policy = found.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "t-set-many-from-gateway").inputs
    assert policy["metadata"]["namespace"] == "vision"
    (rule,) = policy["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8000}]
    chosen = policy["spec"]["podSelector"]["matchLabels"]
    spec = made()
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert chosen.items() <= group["template"]["metadata"]["labels"].items()


def test_without_a_gateway_a_set_answers_within_its_namespace_alone() -> None:
    found = graph(without("serving", multiplex()))
    types = {one.type.rpartition(":")[2] for one in found.resources}
    assert not types & {"HTTPRoute", "NetworkPolicy"}
