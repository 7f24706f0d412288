"""What the real KubeRay, KServe and KEDA make of their objects, on simulated GPU nodes."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml

from components.gpu.layouts import layout_name, mig_parted_config
from components.labels import QUEUE_ANNOTATION
from rehearsal import controllers, fleet, toolchain, upstream_crds, workloads
from rehearsal.controllers.base import value
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube, KubeError, object_path
from rehearsal.releases import Release
from tests.rehearsal.cluster import SCHEDULING, Namespace, apply_crds, eventually, install, pool_selector, uninstall

pytestmark = pytest.mark.control_plane

SLICE = "nvidia.com/mig-1g.10gb"
LAYOUT = {"1g.10gb": 7}
GATEWAY = "models"
SERVING = {
    "deploymentMode": "Standard",
    "gateway": {
        "domain": "models.test",
        "ingressGateway": {"enableGatewayApi": True, "kserveGateway": f"default/{GATEWAY}"},
    },
}
RELEASES = (
    Release("gateway", "default", "gateway-helm", "v1.8.3"),
    Release("volcano", "default", "volcano", "1.15.0"),
    Release("kuberay", "default", "kuberay-operator", "1.6.2", {"batchScheduler": {"name": "volcano"}}),
    Release("keda", "default", "keda", "2.20.2"),
    Release("kserve-crd", "default", "kserve-crd", "v0.18.1"),
    Release("kserve", "default", "kserve-resources", "v0.18.1", {"kserve": {"controller": SERVING}}),
)
"""In an order in which they can be installed: KServe looks for the others' kinds when it starts."""


@pytest.fixture(scope="module", autouse=True)
def platform(api: Kube) -> Iterator[None]:
    """Every chart's CRDs and controllers, and the Gateway of models."""
    toolchain.ensure(controllers.tools(["ray", "serving", "autoscaling"]), print)
    layouts = yaml.safe_dump(mig_parted_config({"sliced": LAYOUT}))
    gpus = {"mig": {"strategy": "mixed"}, "migManager": {"config": {"data": {"config.yaml": layouts}}}}
    installed = (Release("gpus", "default", "gpu-operator", "v26.7.0", gpus), *RELEASES)
    for release in installed:
        definitions = upstream_crds.crds(release.chart)
        if release.chart != "gpu-operator" and definitions:
            apply_crds(api, definitions.documents)
            eventually(lambda found=definitions: _established(api, found), f"CRDs of {release.chart}", seconds=90)
        answer = install(api, release).controllers
        assert answer == "ready", f"{release.chart}: {answer}"
    gateway = {"gatewayClassName": "envoy", "listeners": [_listener()]}
    put(api, "gateway.networking.k8s.io/v1", "GatewayClass", "envoy", None, controllerName=_CONTROLLER)
    put(api, "gateway.networking.k8s.io/v1", "Gateway", GATEWAY, "default", **gateway)
    yield
    for release in reversed(installed):
        uninstall(api, release)
    api.delete(f"/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/{GATEWAY}")
    api.delete("/apis/gateway.networking.k8s.io/v1/gatewayclasses/envoy")


_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"


def _listener() -> JsonObject:
    return {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}


def _established(api: Kube, definitions: upstream_crds.Definitions) -> bool:
    base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    said = [
        value(api.get(f"{base}/{one['metadata']['name']}") or {}, "status.conditions", [])
        for one in definitions.documents
    ]
    return all(
        any(one["type"] == "Established" and one["status"] == "True" for one in conditions) for conditions in said
    )


@pytest.fixture
def pool(api: Kube, unique: Callable[[str], str]) -> Iterator[Callable[..., NodePool]]:
    """Makes one GPU node and removes it after the test."""
    made: list[NodePool] = []

    def make(gpus: int = 1, layout: dict[str, int] | None = None) -> NodePool:
        one = NodePool(
            name=unique("gpu"),
            machine="p5.4xlarge",
            vcpu=32,
            memory_gib=256,
            accelerator="H100-80",
            gpus=gpus,
            labels={"nvidia.com/mig.config": layout_name(layout or {})},
        )
        made.append(one)
        fleet.ensure_pool(api, one, 1)
        eventually(
            lambda: all(
                any(name.startswith("nvidia.com/") for name in node["status"]["allocatable"])
                for node in fleet.nodes(api, one.name)
            ),
            f"GPUs on {one.name}",
        )
        return one

    yield make
    for one in made:
        fleet.remove_pool(api, one.name)


def put(
    api: Kube,
    version: str,
    kind: str,
    name: str,
    namespace: str | None,
    labels: dict[str, str] | None = None,
    **spec: Any,
) -> JsonObject:
    """Apply a custom resource."""
    metadata: JsonObject = {"name": name, "labels": labels or {}}
    if namespace:
        metadata["namespace"] = namespace
    body = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
    return api.apply(object_path(body), body, "tests")


def runtime(api: Kube, namespace: Namespace) -> None:
    container = {
        "name": "kserve-container",
        "image": "registry.invalid/triton:1",
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    }
    spec = {
        "supportedModelFormats": [{"name": "onnx", "version": "1", "autoSelect": True}],
        "protocolVersions": ["v2"],
        "containers": [container],
    }
    put(api, "serving.kserve.io/v1alpha1", "ServingRuntime", "triton", namespace.name, **spec)


def model(resource: str, pool: NodePool | None = None, **more: Any) -> JsonObject:
    """A predictor with one GPU or slice."""
    env = more.pop("env", "1")
    return {
        "minReplicas": 1,
        "maxReplicas": 1,
        **({"nodeSelector": pool_selector(pool.name)} if pool else {}),
        "model": {
            "modelFormat": {"name": "onnx"},
            # Without it KServe takes the model for one that speaks v1, and passes over the runtime.
            "protocolVersion": "v2",
            "storageUri": "s3://models/one",
            "env": [{"name": "GENERATION", "value": env}],
            "resources": {"limits": {resource: "1", "cpu": "1", "memory": "1Gi"}},
        },
        **more,
    }


def serve(api: Kube, namespace: Namespace, predictor: JsonObject, name: str = "resnet") -> JsonObject:
    return put(api, "serving.kserve.io/v1beta1", "InferenceService", name, namespace.name, predictor=predictor)


def test_a_models_pods_wait_in_the_queue_of_its_tenant(
    api: Kube, namespace: Namespace, pool: Callable[..., NodePool], unique: Callable[[str], str]
) -> None:
    one, queue = pool(), unique("tenant")
    put(api, "scheduling.volcano.sh/v1beta1", "Queue", queue, None, weight=1)
    runtime(api, namespace)
    queued = {"schedulerName": "volcano", "annotations": {QUEUE_ANNOTATION: queue}}
    serve(api, namespace, model("nvidia.com/gpu", one, **queued))
    assert ready(api, namespace, "resnet").nodes == (f"{one.name}-0",)
    (gang,) = api.items(f"{SCHEDULING}/namespaces/{namespace.name}/podgroups")
    assert gang["spec"]["queue"] == queue


def workload(api: Kube, namespace: Namespace, name: str) -> workloads.Workload:
    return next(one for one in workloads.workloads(api) if (one.tenant, one.name) == (namespace.name, name))


def ready(api: Kube, namespace: Namespace, name: str) -> workloads.Workload:
    eventually(lambda: workload(api, namespace, name).ready, f"{name} to be ready", seconds=60)
    return workload(api, namespace, name)


def pods(namespace: Namespace) -> list[JsonObject]:
    return [pod for pod in namespace.pods() if not pod["metadata"].get("deletionTimestamp")]


def test_a_ray_cluster_with_two_slices_is_ready_in_its_tenants_queue(
    api: Kube, namespace: Namespace, pool: Callable[..., NodePool], unique: Callable[[str], str]
) -> None:
    sliced, queue = pool(layout=LAYOUT), unique("tenant")
    put(api, "scheduling.volcano.sh/v1beta1", "Queue", queue, None, weight=1)
    head, worker = ray_pod("ray-head"), ray_pod("ray-worker", SLICE)
    group = {"groupName": "slices", "replicas": 2, "minReplicas": 2, "maxReplicas": 2, "rayStartParams": {}}
    put(
        api,
        "ray.io/v1",
        "RayCluster",
        "pipeline",
        namespace.name,
        {"volcano.sh/queue-name": queue},
        rayVersion="2.52.0",
        headGroupSpec={"rayStartParams": {}, "template": head},
        workerGroupSpecs=[{**group, "template": worker}],
    )
    found = ready(api, namespace, "pipeline")
    assert (found.running, found.gpus) == (3, (("mig-1g.10gb", 2),))
    assert f"{sliced.name}-0" in found.nodes
    gang = api.get(f"{SCHEDULING}/namespaces/{namespace.name}/podgroups/ray-pipeline-pg")
    assert gang is not None
    assert (gang["spec"]["queue"], gang["spec"]["minMember"]) == (queue, 3)
    assert {pod["spec"]["schedulerName"] for pod in pods(namespace)} == {"volcano"}
    api.delete(f"/apis/ray.io/v1/namespaces/{namespace.name}/rayclusters/pipeline")


def ray_pod(name: str, gpu: str = "") -> JsonObject:
    limits = {"cpu": "1", "memory": "1Gi", **({gpu: "1"} if gpu else {})}
    return {
        "spec": {"containers": [{"name": name, "image": "registry.invalid/ray:1", "resources": {"limits": limits}}]}
    }


def test_a_model_on_one_gpu_is_ready_behind_the_gateway_with_its_weights_fetched_first(
    api: Kube, namespace: Namespace, pool: Callable[..., NodePool]
) -> None:
    one = pool()
    runtime(api, namespace)
    serve(api, namespace, model("nvidia.com/gpu", one))
    found = ready(api, namespace, "resnet")
    assert (found.gpus, found.nodes) == ((("gpu", 1),), (f"{one.name}-0",))
    (pod,) = pods(namespace)
    assert [init["image"] for init in pod["spec"]["initContainers"]] == ["kserve/storage-initializer:v0.18.1"]
    route = api.get(f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace.name}/httproutes/resnet")
    assert route is not None
    assert route["spec"]["hostnames"][0] == f"resnet-{namespace.name}.models.test"
    assert route["status"]["parents"][0]["controllerName"] == _CONTROLLER


def test_a_model_on_a_slice_lands_only_on_slices(
    api: Kube, namespace: Namespace, pool: Callable[..., NodePool]
) -> None:
    pool(gpus=2)
    sliced = pool(layout=LAYOUT)
    runtime(api, namespace)
    serve(api, namespace, model(SLICE))
    assert ready(api, namespace, "resnet").nodes == (f"{sliced.name}-0",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minReplicas": 3}, "'MinReplicas' cannot be greater than MaxReplicas"),
        ({"minReplicas": -1}, "'MinReplicas' cannot be less than 0"),
        ({"model": None}, "exactly one of"),
    ],
)
def test_a_wrong_model_is_refused_in_kserves_own_words(
    api: Kube, namespace: Namespace, change: JsonObject, message: str
) -> None:
    predictor = {key: part for key, part in {**model("nvidia.com/gpu"), **change}.items() if part is not None}
    with pytest.raises(KubeError, match="kserve-webhook-server") as refused:
        serve(api, namespace, predictor)
    assert message in str(refused.value).lower() or message in str(refused.value)


def test_a_model_without_a_runtime_says_so(api: Kube, namespace: Namespace) -> None:
    serve(api, namespace, model("nvidia.com/gpu"))
    eventually(lambda: "No runtime found" in workload(api, namespace, "resnet").why, "the reason of an unready model")
    assert not workload(api, namespace, "resnet").ready


def test_a_rollout_without_surge_needs_no_second_gpu_and_the_default_does(
    api: Kube, namespace: Namespace, pool: Callable[..., NodePool]
) -> None:
    one = pool()
    runtime(api, namespace)
    steady = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    serve(api, namespace, model("nvidia.com/gpu", one, deploymentStrategy=steady))
    ready(api, namespace, "resnet")

    serve(api, namespace, model("nvidia.com/gpu", one, deploymentStrategy=steady, env="2"))
    eventually(lambda: _generations(namespace) == {"2": "Running"}, "the rollout to end on the one GPU")

    serve(api, namespace, model("nvidia.com/gpu", one, env="3"))
    eventually(lambda: _generations(namespace).get("3") == "Pending", "a second pod beside the first")
    eventually(lambda: "Insufficient nvidia.com/gpu" in str(namespace.pods()), "the reason of its waiting")
    assert _generations(namespace) == {"2": "Running", "3": "Pending"}


def _generations(namespace: Namespace) -> dict[str, str]:
    """GENERATION of each pod -> its phase."""
    return {
        next(one["value"] for one in pod["spec"]["containers"][0]["env"] if one["name"] == "GENERATION"): pod["status"][
            "phase"
        ]
        for pod in pods(namespace)
    }


class Prometheus:
    """Answers every query with one number."""

    def __init__(self) -> None:
        self.value = 0.0
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                result = [{"metric": {}, "value": [0, str(source.value)]}]
                body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    made = Prometheus()
    yield made
    made.server.shutdown()


def test_keda_scales_from_zero_by_a_metric_and_back(api: Kube, namespace: Namespace, prometheus: Prometheus) -> None:
    fleet.ensure_pool(api, NodePool(name="scaled", machine="m7i.large", vcpu=8, memory_gib=32), 1)
    template = {
        "metadata": {"labels": {"app": "worker"}},
        "spec": {"containers": [{"name": "main", "image": "registry.invalid/main:1"}]},
    }
    deployments = f"/apis/apps/v1/namespaces/{namespace.name}/deployments"
    selector = {"matchLabels": {"app": "worker"}}
    put(api, "apps/v1", "Deployment", "worker", namespace.name, replicas=0, selector=selector, template=template)
    trigger = {
        "type": "prometheus",
        "metadata": {"serverAddress": prometheus.address, "query": "waiting", "threshold": "5"},
    }
    put(
        api,
        "keda.sh/v1alpha1",
        "ScaledObject",
        "worker",
        namespace.name,
        scaleTargetRef={"name": "worker"},
        minReplicaCount=0,
        maxReplicaCount=4,
        pollingInterval=1,
        cooldownPeriod=1,
        triggers=[trigger],
    )

    def replicas() -> int:
        return int((api.get(f"{deployments}/worker") or {})["spec"]["replicas"])

    prometheus.value = 3
    eventually(lambda: replicas() == 1, "one replica for a little work", seconds=60)
    prometheus.value = 20
    eventually(lambda: replicas() == 4, "four replicas for much work", seconds=90)
    prometheus.value = 0
    scaled = f"/apis/keda.sh/v1alpha1/namespaces/{namespace.name}/scaledobjects/worker"
    eventually(lambda: replicas() == 0, "none when there is no work", seconds=60)
    api.delete(scaled)
    eventually(lambda: api.get(scaled) is None, "the scaled object to go")
    fleet.remove_pool(api, "scaled")
