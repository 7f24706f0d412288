"""What the real KServe and the real API server make of ensembles, transformers and graphs, in a namespace as tenants
have."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.scheduling.priorities import VALUES
from components.serving.graphs import graph_spec, router_deployment, router_service
from components.serving.models import inference_service
from components.serving.triton.repository import config_map, repository
from components.settings import Settings
from components.settings.ensembles import Ensemble
from components.settings.serving import ServedModel
from components.settings.workloads import Priority
from rehearsal import controllers, fleet, toolchain, upstream_crds
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube, object_path
from rehearsal.releases import Release
from tests.rehearsal.bad_ensembles import PHOTOS, changed, graphs
from tests.rehearsal.bad_serving import TRANSFORMER
from tests.rehearsal.cluster import Namespace, apply_crds, eventually, install, priority_classes, uninstall
from tests.stack_files import settings

pytestmark = pytest.mark.control_plane

CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SERVING = {
    "kserve": {
        "controller": {"deploymentMode": "Standard", "gateway": {"disableIngressCreation": True}},
        "storage": {"containerSecurityContext": CONFINED},
    }
}
RELEASES = (
    Release("volcano", "default", "volcano", "1.15.0"),
    Release("kserve-crd", "default", "kserve-crd", "v0.18.1"),
    Release("kserve", "default", "kserve-resources", "v0.18.1", SERVING),
)


@pytest.fixture(scope="module", autouse=True)
def platform(api: Kube) -> Iterator[None]:
    """Volcano and KServe, and a node for what they make."""
    toolchain.ensure(controllers.tools(["serving"]), print)
    for release in RELEASES:
        if definitions := upstream_crds.crds(release.chart):
            apply_crds(api, definitions.documents)
        eventually(lambda one=release: install(api, one).controllers, f"release {release.chart}", seconds=120)
    fleet.ensure_pool(api, NodePool(name="serving", machine="m7i.4xlarge", vcpu=16, memory_gib=64), 1)
    with priority_classes(api):
        yield
    fleet.remove_pool(api, "serving")
    for release in reversed(RELEASES):
        uninstall(api, release)


@pytest.fixture
def tenant(api: Kube, namespace: Namespace) -> Namespace:
    """A namespace under Pod Security restricted, with its queue, the classes of its workloads and a Triton runtime."""
    name = namespace.name
    levels = {"pod-security.kubernetes.io/enforce": "restricted"}
    put(api, "v1", "Namespace", {"metadata": {"name": name, "labels": levels}})
    put(api, "scheduling.volcano.sh/v1beta1", "Queue", {"metadata": {"name": name}, "spec": {"weight": 1}})
    server = {
        "name": "kserve-container",
        "image": "registry.invalid/triton:1",
        "args": ["--model-repository=/mnt/models"],
        "securityContext": CONFINED,
    }
    runtime = {
        "supportedModelFormats": [{"name": "repository", "autoSelect": False}],
        "protocolVersions": ["v2"],
        "containers": [server],
    }
    where = {"name": "multimodal-triton", "namespace": name}
    put(api, "serving.kserve.io/v1alpha1", "ServingRuntime", {"metadata": where, "spec": runtime})
    return namespace


def put(api: Kube, version: str, kind: str, made: JsonObject) -> JsonObject:
    """Apply an object."""
    body = {"apiVersion": version, "kind": kind, **made}
    return api.apply(object_path(body), body, "tests")


def served(api: Kube, tenant: Namespace, ensemble: Ensemble) -> JsonObject:
    """The pod that serves an ensemble."""
    files = repository("photos", ensemble, {"decode": "class TritonPythonModel: ..."})
    cluster = settings().cluster
    put(api, "v1", "ConfigMap", config_map(tenant.name, {}, "photos", files))
    service = inference_service(tenant.name, "photos", ensemble, cluster, files=files)
    put(api, "serving.kserve.io/v1beta1", "InferenceService", service)
    path = f"/apis/serving.kserve.io/v1beta1/namespaces/{tenant.name}/inferenceservices/photos"
    eventually(lambda: is_ready(api, path), "the ensemble to be ready", seconds=90)
    (pod,) = [pod for pod in tenant.pods() if pod["metadata"]["labels"].get("component") == "predictor"]
    return pod


def test_a_transformer_shares_the_pod_and_is_what_the_service_leads_to(api: Kube, tenant: Namespace) -> None:
    model = ServedModel.model_validate(
        {
            "modality": "text",
            "runtime": "triton",
            "source": "s3://acme-models/words",
            "transformer": TRANSFORMER,
        }
    )
    service = inference_service(tenant.name, "words", model, settings().cluster)
    put(api, "serving.kserve.io/v1beta1", "InferenceService", service)
    path = f"/apis/serving.kserve.io/v1beta1/namespaces/{tenant.name}/inferenceservices/words"
    eventually(lambda: is_ready(api, path), "the model to be ready", seconds=90)
    (pod,) = [pod for pod in tenant.pods() if pod["metadata"]["labels"].get("component") == "predictor"]
    containers = {one["name"]: one for one in pod["spec"]["containers"]}
    assert set(containers) == {"kserve-container", "transformer-container"}
    assert "/mnt/models" in {mount["mountPath"] for mount in containers["transformer-container"]["volumeMounts"]}
    led = api.get(f"/api/v1/namespaces/{tenant.name}/services/words-predictor")
    assert led is not None
    assert [(port["port"], port["targetPort"]) for port in led["spec"]["ports"]] == [(80, 8081)]


def is_ready(api: Kube, path: str) -> bool:
    conditions = ((api.get(path) or {}).get("status") or {}).get("conditions", [])
    return any(one["type"] in ("Ready", "Available") and one["status"] == "True" for one in conditions)


def server(pod: JsonObject) -> JsonObject:
    (found,) = [one for one in pod["spec"]["containers"] if one["name"] == "kserve-container"]
    return found


def mounts(container: JsonObject) -> dict[str, JsonObject]:
    return {mount["mountPath"]: mount for mount in container["volumeMounts"]}


def test_an_ensembles_files_are_laid_beside_the_weights_that_kserve_fetches(api: Kube, tenant: Namespace) -> None:
    more: dict[str, Any] = {"gpu": None, "steps/decode/source": "s3://acme-models/decode/1"}
    pod = served(api, tenant, Ensemble.model_validate(changed(PHOTOS, more)))
    (fetcher,) = pod["spec"]["initContainers"]
    assert fetcher["args"] == [
        *("s3://acme-models/classify/1", "/mnt/models/classify/1"),
        *("s3://acme-models/decode/1", "/mnt/models/decode/1"),
    ]
    laid = mounts(server(pod))
    # Inside what is fetched, so that has to be writable when the container is made.
    assert laid["/mnt/models"].get("readOnly", False) is False
    assert laid["/mnt/models/classify/config.pbtxt"]["subPath"] == "classify.config.pbtxt"
    assert laid["/mnt/models/decode/1/model.py"]["readOnly"] is True
    assert server(pod)["args"] == ["--model-repository=/mnt/models"]


def test_one_fetched_step_is_all_that_kserve_mounts(api: Kube, tenant: Namespace) -> None:
    pod = served(api, tenant, Ensemble.model_validate(changed(PHOTOS, {"gpu": None})))
    laid = mounts(server(pod))
    assert "/mnt/models" not in laid
    assert "/mnt/models/classify/1" in laid
    assert "/mnt/models/classify/config.pbtxt" in laid


def test_an_ensemble_of_code_alone_needs_no_fetcher(api: Kube, tenant: Namespace) -> None:
    only = {"modality": "text", "steps": {"decode": PHOTOS["steps"]["decode"]}, "outputs": {"p": "decode.pixels"}}
    pod = served(api, tenant, Ensemble.model_validate(only))
    assert "initContainers" not in pod["spec"]


@pytest.fixture(scope="module")
def stack() -> Settings:
    return settings(**graphs())


def test_a_graphs_routers_run_in_a_tenants_namespace(api: Kube, tenant: Namespace, stack: Settings) -> None:
    chosen = stack.tenants["vision"]
    made = router_deployment(
        tenant.name, "answer", chosen.graphs["answer"], dict(chosen.models), image="registry.invalid/router:1"
    )
    put(api, "apps/v1", "Deployment", made)
    put(api, "v1", "Service", router_service(tenant.name, "answer"))
    path = f"/apis/apps/v1/namespaces/{tenant.name}/deployments/answer"
    eventually(lambda: is_ready(api, path), "routers to be ready", seconds=60)
    eventually(lambda: len(addresses(api, tenant)) == 2, "the service to lead to both routers")
    assert {pod["spec"]["priority"] for pod in tenant.pods()} == {VALUES[Priority.INTERACTIVE]}


def addresses(api: Kube, tenant: Namespace) -> list[JsonObject]:
    slices = api.items(f"/apis/discovery.k8s.io/v1/namespaces/{tenant.name}/endpointslices")
    return [one for found in slices for one in found.get("endpoints") or ()]


def test_kserves_own_routers_are_refused_there(api: Kube, tenant: Namespace, stack: Settings) -> None:
    # Why graphs are Deployments of the platform's: once this fails, they need not be any longer.
    chosen = stack.tenants["vision"]
    spec = graph_spec(tenant.name, chosen.graphs["answer"], dict(chosen.models))
    for step in spec["nodes"]["answer"]["steps"]:
        step["weight"] = 50
    made = {
        "metadata": {
            "name": "answer",
            "namespace": tenant.name,
            "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
        },
        "spec": spec,
    }
    put(api, "serving.kserve.io/v1alpha1", "InferenceGraph", made)
    said = eventually(lambda: refusals(api, tenant), "the refusal of the router's pod", seconds=60)
    assert "seccompProfile" in said


def refusals(api: Kube, tenant: Namespace) -> str:
    sets = api.items(f"/apis/apps/v1/namespaces/{tenant.name}/replicasets")
    return " ".join(
        one["message"]
        for found in sets
        for one in found["status"].get("conditions", ())
        if one["type"] == "ReplicaFailure"
    )
