"""How Argo's controller is started for a release, and what the real one makes of a tenant's run."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.pipelines.engine import PipelineEngineArgs, argo_values
from components.pipelines.run import run_patch
from components.pipelines.servers import STEP_USER
from components.scheduling.queues import queue_spec
from components.settings.workloads import Priority
from rehearsal import toolchain, upstream_crds
from rehearsal.controllers import argo, tools
from rehearsal.controllers.base import ConfigurationError, Context
from rehearsal.kube import JsonObject, Kube
from rehearsal.releases import Release
from rehearsal.stages import RUNTIME_ANNOTATION
from tests.rehearsal.cluster import (
    SCHEDULING,
    Namespace,
    apply_crds,
    eventually,
    install,
    pool_selector,
    priority_classes,
    uninstall,
)
from tests.rehearsal.gpu_nodes import Pools

CONTEXT = Context(
    kubeconfig=Path("/r/kubeconfig"),
    folder=Path("/r/run/argo"),
    tools={"argo": Path("/tools")},
    namespace="argo",
    port=lambda: 4711,
)
ARGS: PipelineEngineArgs = {
    "version": "0.45.27",
    "replicas": 1,
    "step_env": {"AWS_REGION": "us-east-1"},
    "mirror": None,
    "images_lock": {},
    "values": {},
}
SLICE = "nvidia.com/mig-1g.10gb"
WORKFLOWS = "/apis/argoproj.io/v1alpha1"


def test_the_controller_gets_what_the_release_says_and_listens_on_loopback_only() -> None:
    made = argo.plan(argo_values(ARGS), CONTEXT)
    (process,) = made.processes
    assert process.ready_url == "http://127.0.0.1:4711/healthz"
    assert process.env["HEALTH_PORT"] == "4711"
    assert "--executor-image=quay.io/argoproj/argoexec:v3.7.3" in process.argv
    (config_map,) = made.objects
    config = yaml.safe_load(config_map["data"]["config"])
    assert config["metricsConfig"] == config["telemetryConfig"] == {"enabled": False}
    assert config["executor"]["securityContext"]["runAsNonRoot"] is True
    assert config["mainContainer"]["env"] == [{"name": "AWS_REGION", "value": "us-east-1"}]
    assert config["nodeEvents"] == {"enabled": False}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"singleNamespace": True},
            "singleNamespace is True, must be false: one controller runs all tenants' workflows",
        ),
        (
            {"controller": {"persistence": {"archive": True}}},
            "controller.persistence is set, must be left out here: a rehearsal runs no database for Argo",
        ),
        ({"controller": {"replicas": 0}}, "controller.replicas is 0, must be a whole number of at least 1"),
        ({"executor": {"image": {"tag": ""}}}, "executor.image has no repository or no tag; set both"),
    ],
)
def test_values_that_a_rehearsal_cannot_follow_are_refused(values: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        argo.plan(values, CONTEXT)
    assert str(refused.value) == message


def test_only_a_stack_with_pipelines_builds_argo() -> None:
    assert "argo" not in tools([])
    assert "argo" in tools(["pipelines"])


@pytest.fixture(scope="module")
def priorities(api: Kube) -> Iterator[None]:
    with priority_classes(api):
        yield


@pytest.fixture(scope="module")
def controller(api: Kube) -> Iterator[None]:
    """The real controller with the platform's values."""
    toolchain.ensure(tools(["pipelines"]), print)
    found = upstream_crds.crds("argo-workflows")
    assert found is not None
    apply_crds(api, found.documents)
    release = Release("argo-workflows", "default", "argo-workflows", "0.45.27", argo_values(ARGS))
    assert install(api, release).controllers == "ready"
    yield
    uninstall(api, release)


@pytest.fixture
def tenant(api: Kube, namespace: Namespace) -> Iterator[Namespace]:
    """A namespace as a tenant has it: Pod Security restricted, a quota of two slices, a queue and the runner."""
    name = namespace.name
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    api.apply(f"/api/v1/namespaces/{name}", body, "tests")
    two = {SLICE: "2"}
    spec = queue_spec(reclaimable=True, capability={**two, "cpu": "64", "memory": "256Gi"}, deserved=two, guarantee={})
    queue = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": name}, "spec": spec}
    api.create(f"{SCHEDULING}/queues", queue)
    hard = {f"requests.{SLICE}": "2", "requests.nvidia.com/gpu": "0", "pods": "20"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": {"hard": hard}}
    api.create(f"/api/v1/namespaces/{name}/resourcequotas", quota)
    runner = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "pipeline-runner"}}
    api.create(f"/api/v1/namespaces/{name}/serviceaccounts", runner)
    yield namespace
    for workflow in workflows(namespace):
        api.delete(f"{WORKFLOWS}/namespaces/{name}/workflows/{workflow['metadata']['name']}")
    api.delete(f"{SCHEDULING}/queues/{name}")


def workflows(namespace: Namespace) -> list[JsonObject]:
    return namespace.api.items(f"{WORKFLOWS}/namespaces/{namespace.name}/workflows")


def step(name: str, resources: Mapping[str, str], **spec: Any) -> dict[str, Any]:
    """A step as Kubeflow Pipelines' API server compiles it, run for a second by simulated pods."""
    container = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "name": name,
        "metadata": {"annotations": {RUNTIME_ANNOTATION: "1"}},
        "securityContext": profile,
        "initContainers": [
            {
                "name": "kfp-launcher",
                "image": "registry.invalid/launcher:1",
                "command": ["launcher-v2", "--copy", "/kfp-launcher/launch"],
                "securityContext": {**container, **profile, "runAsNonRoot": True},
            }
        ],
        "container": {
            "image": "registry.invalid/step:1",
            "command": ["python"],
            "resources": {"limits": dict(resources), "requests": dict(resources)},
            # What the API server adds by DEFAULT_SECURITY_CONTEXT_*: the image's user may be root.
            "securityContext": {**container, **profile, "runAsUser": int(STEP_USER), "runAsNonRoot": True},
        },
        **spec,
    }


def submit(namespace: Namespace, *steps: dict[str, Any]) -> None:
    """One run: the steps one after the other, with what every run of the tenant gets merged in."""
    names = [one["name"] for one in steps]
    tasks = [
        {"name": name, "template": name, **({"dependencies": [names[index - 1]]} if index else {})}
        for index, name in enumerate(names)
    ]
    spec: dict[str, Any] = {
        "entrypoint": "entrypoint",
        "serviceAccountName": "pipeline-runner",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "templates": [{"name": "entrypoint", "dag": {"tasks": tasks}}, *steps],
        **json.loads(run_patch(namespace.name, Priority.BATCH, {})),
    }
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "run"}, "spec": spec}
    namespace.api.create(f"{WORKFLOWS}/namespaces/{namespace.name}/workflows", body)


def on(pool: str) -> dict[str, Any]:
    """Where a step runs: the tests' control plane has no other nodes."""
    return {
        "nodeSelector": pool_selector(pool),
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    }


def phase(namespace: Namespace) -> str:
    (run,) = workflows(namespace)
    return run.get("status", {}).get("phase", "")


REAL = [
    pytest.mark.control_plane,
    pytest.mark.usefixtures("volcano", "controller", "priorities"),
    pytest.mark.parametrize("volcano", [True], indirect=True, ids=["pools grow"]),
]


def real(test: Callable[..., None]) -> Callable[..., None]:
    """Needs the control plane, with Volcano and Argo."""
    for mark in REAL:
        test = mark(test)
    return test


@real
def test_a_run_goes_through_the_tenants_queue_onto_the_slice_that_a_step_asks_for(
    api: Kube, tenant: Namespace, pools: Pools
) -> None:
    pool = pools(layout={"1g.10gb": 4, "3g.40gb": 1}).name
    cheap = step("ingest", {"cpu": "1", "memory": "1Gi"}, **on(pool))
    submit(tenant, cheap, step("train", {SLICE: "1"}, **on(pool)))
    eventually(lambda: phase(tenant) == "Succeeded", "end of the run", seconds=90)
    pods = {pod["metadata"]["name"]: pod for pod in tenant.pods()}
    assert len(pods) == 2
    for pod in pods.values():
        assert pod["spec"]["schedulerName"] == "volcano"
        assert pod["spec"]["priorityClassName"] == "batch"
        assert pod["metadata"]["annotations"]["scheduling.volcano.sh/queue-name"] == tenant.name
        assert pod["metadata"]["labels"]["multimodal.dev/pipelines"] == "step"
        assert {one["name"] for one in pod["spec"]["containers"]} == {"main", "wait"}
    (trained,) = [pod for name, pod in pods.items() if "train" in name]
    node = api.get(f"/api/v1/nodes/{trained['spec']['nodeName']}")
    assert node is not None and node["metadata"]["labels"]["rehearsal.multimodal.dev/pool"] == pool
    groups = api.items(f"{SCHEDULING}/namespaces/{tenant.name}/podgroups")
    assert groups and {group["spec"]["queue"] for group in groups} == {tenant.name}


@real
def test_a_run_beyond_the_tenants_quota_waits_for_it(tenant: Namespace, pools: Pools) -> None:
    pool = pools(layout={"1g.10gb": 4, "3g.40gb": 1}).name
    submit(tenant, step("train", {SLICE: "3"}, **on(pool)))

    def refused() -> bool:
        (run,) = workflows(tenant)
        told = [node.get("message", "") for node in run.get("status", {}).get("nodes", {}).values()]
        return any("exceeded quota" in message for message in told)

    eventually(refused, "word of the quota", seconds=60)
    assert tenant.pods() == []
    assert phase(tenant) == "Running"


@real
def test_with_its_run_the_pods_of_a_run_go(tenant: Namespace, pools: Pools) -> None:
    submit(tenant, step("ingest", {"cpu": "1", "memory": "1Gi"}, **on(pools().name)))
    eventually(lambda: phase(tenant) == "Succeeded", "end of the run", seconds=90)
    assert tenant.pods()
    tenant.api.delete(f"{WORKFLOWS}/namespaces/{tenant.name}/workflows/run")
    eventually(lambda: not tenant.pods() and not workflows(tenant), "end of the run's pods", seconds=60)
