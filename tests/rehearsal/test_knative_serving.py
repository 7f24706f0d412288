"""What the real Knative operator and Serving make of the platform's resources, on simulated nodes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.catalog.images import KOURIER_PROXY
from components.eventing.kafka_names import BOOTSTRAP
from components.knative.kafka_access import broker_config
from components.knative.names import EVENTING_NAMESPACE, SERVING_NAMESPACE
from components.knative.specs import eventing_spec, serving_config, serving_spec
from components.serving.runtime_specs import RUNTIME_IMAGES, runtime_spec
from rehearsal import controllers, fleet, toolchain, upstream_crds
from rehearsal.controllers.base import value
from rehearsal.fleet import NodePool
from rehearsal.kube import SERVER_SIDE_APPLY, JsonObject, Kube, KubeError, object_path
from rehearsal.releases import Release
from tests.rehearsal.cluster import (
    Namespace,
    apply_crds,
    eventually,
    install,
    make_namespace,
    priority_classes,
    uninstall,
)

pytestmark = pytest.mark.control_plane

OPERATOR = Release("knative-operator", "default", "knative-operator", "v1.22.3")
API = "operator.knative.dev/v1beta1"
QUEUE_PROXY = "registry.invalid/queue-proxy:1"


def custom(version: str, kind: str, name: str, namespace: str, spec: Any) -> JsonObject:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def is_ready(api: Kube, body: JsonObject) -> bool:
    found = api.get(object_path(body)) or {}
    current = value(found, "status.observedGeneration", 0) == value(found, "metadata.generation", -1)
    said: list[JsonObject] = value(found, "status.conditions", [])
    return current and any(one["type"] == "Ready" and one["status"] == "True" for one in said)


@pytest.fixture(scope="module", autouse=True)
def serving(api: Kube) -> Iterator[JsonObject]:
    """Knative Serving as the platform asks for it, installed by the operator and taken away by it."""
    toolchain.ensure(controllers.tools(["knative"]), print)
    definitions = upstream_crds.crds("knative-operator")
    assert definitions is not None
    apply_crds(api, definitions.documents)
    system = NodePool(name="knative-system", machine="simulated", vcpu=8, memory_gib=32)
    fleet.ensure_pool(api, system, 1)
    home = make_namespace(api, SERVING_NAMESPACE)
    assert install(api, OPERATOR).controllers == "ready"
    config = serving_config(QUEUE_PROXY, ("registry.invalid",))
    body = custom(
        API,
        "KnativeServing",
        SERVING_NAMESPACE,
        SERVING_NAMESPACE,
        serving_spec("v1.22.3", 1, config, KOURIER_PROXY.reference()),
    )
    api.apply(object_path(body), body, "tests")
    eventually(lambda: is_ready(api, body), "Knative Serving", seconds=180)
    yield body
    api.delete(object_path(body))
    eventually(lambda: api.get(object_path(body)) is None, "Knative Serving to go", seconds=120)
    hooks = api.items("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations")
    left = [one["metadata"]["name"] for one in hooks if "serving.knative.dev" in one["metadata"]["name"]]
    uninstall(api, OPERATOR)
    home.remove()
    fleet.remove_pool(api, system.name)
    assert left == []


def service(namespace: Namespace, *ports: int, **pod: Any) -> JsonObject:
    container = {
        "image": "registry.invalid/model:1",
        "ports": [{"containerPort": port} for port in ports],
        "resources": {"requests": {"cpu": "1"}, "limits": {"nvidia.com/gpu": "1"}},
    }
    template = {"spec": {"containers": [container], **pod}}
    return custom("serving.knative.dev/v1", "Service", "chat", namespace.name, {"template": template})


def test_a_service_on_a_gpu_becomes_ready_with_its_queue_proxy_beside_it(
    api: Kube, namespace: Namespace, unique: Callable[[str], str], gpu_operator: None
) -> None:
    pool = NodePool(name=unique("gpu"), machine="p5.4xlarge", vcpu=32, memory_gib=256, accelerator="H100-80", gpus=1)
    fleet.ensure_pool(api, pool, 1)
    placed = {
        "nodeSelector": {fleet.POOL_LABEL: pool.name},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    }
    body = service(namespace, 8080, **placed)
    try:
        api.apply(object_path(body), body, "tests")
        eventually(lambda: is_ready(api, body), "the service", seconds=90)
        (pod,) = api.items(f"/api/v1/namespaces/{namespace.name}/pods")
        images = {one["name"]: one["image"] for one in pod["spec"]["containers"]}
        assert images["queue-proxy"] == QUEUE_PROXY
        assert pod["spec"]["nodeName"].startswith(pool.name)
        found = api.get(object_path(body)) or {}
        assert found["status"]["url"] == f"http://chat.{namespace.name}.svc.cluster.local"
    finally:
        api.delete(object_path(body))
        fleet.remove_pool(api, pool.name)


def test_a_server_with_two_ports_is_refused_in_knatives_own_words(api: Kube, namespace: Namespace) -> None:
    body = service(namespace, 8080, 9000)
    with pytest.raises(KubeError, match="more than one container port is set"):
        api.apply(object_path(body), body, "tests")


def of_runtime(namespace: Namespace, key: str, *, knative: bool) -> JsonObject:
    """A service that runs a model server as a model in knative mode does."""
    spec = runtime_spec(key, "registry.invalid/server:1", knative=knative)
    (container,) = spec["containers"]
    pod: JsonObject = {
        "containers": [{**container, "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "1Gi"}}}],
        "volumes": spec["volumes"],
        "schedulerName": "volcano",
        "priorityClassName": "interactive",
        "automountServiceAccountToken": False,
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}},
        "initContainers": [{"name": "storage-initializer", "image": "registry.invalid/fetch:1"}],
    }
    return custom("serving.knative.dev/v1", "Service", "model", namespace.name, {"template": {"spec": pod}})


def dry_run(api: Kube, body: JsonObject) -> JsonObject:
    query = {"fieldManager": "tests", "dryRun": "All", "fieldValidation": "Strict"}
    return api.request("PATCH", object_path(body), body, query=query, content_type=SERVER_SIDE_APPLY)


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_knative_takes_every_model_server_of_its_mode_and_none_of_the_others(
    api: Kube, namespace: Namespace, key: str
) -> None:
    with priority_classes(api):
        taken = dry_run(api, of_runtime(namespace, key, knative=True))
    assert taken["spec"]["template"]["spec"]["schedulerName"] == "volcano"
    with pytest.raises(KubeError, match=r"lifecycle: field not declared in schema"):
        dry_run(api, of_runtime(namespace, key, knative=False))


def test_eventing_on_kafka_is_a_resource_that_the_operator_takes(api: Kube) -> None:
    kafka = broker_config(BOOTSTRAP, partitions=6, hours=24, brokers=3)
    home = make_namespace(api, EVENTING_NAMESPACE)
    spec = eventing_spec("v1.22.3", 2, kafka, keda=True)
    body = custom(API, "KnativeEventing", EVENTING_NAMESPACE, EVENTING_NAMESPACE, spec)
    try:
        assert dry_run(api, body)["spec"]["config"]["kafka-broker-config"] == kafka
    finally:
        home.remove()
