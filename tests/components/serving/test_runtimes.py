"""What every model server has, whatever it serves."""

from typing import Any

import pytest

from components.catalog.workload_images import WORKLOAD_IMAGES, workload_image
from components.serving.names import runtime_name
from components.serving.runtime_specs import GRACE_SECONDS, LEAVE_SECONDS, RUNTIME_IMAGES, runtime_spec
from components.serving.runtimes import ServingRuntimes, ServingRuntimesArgs
from components.settings.checks_serving import FORMATS
from components.settings.serving import Mode, Runtime, ServedModel
from tests.components.recorder import Graph, build

RUNTIME = "kubernetes:serving.kserve.io/v1alpha1:ClusterServingRuntime"
DIGEST = "sha256:" + "ab" * 32


def container(key: str) -> dict[str, Any]:
    (only,) = runtime_spec(key, "image")["containers"]
    return only


def built(mirror: str | None = None, lock: dict[str, str] | None = None, *, knative: bool = False) -> Graph:
    args: ServingRuntimesArgs = {"mirror": mirror, "knative": knative, "images_lock": lock or {}}
    return build({}, lambda: ServingRuntimes("r", args), read_outputs=())


@pytest.mark.parametrize("runtime", Runtime)
def test_a_runtime_takes_the_formats_that_settings_allow(runtime: Runtime) -> None:
    spec = runtime_spec(runtime.value, "image")
    assert {form["name"] for form in spec["supportedModelFormats"]} == {form.value for form in FORMATS[runtime]}
    assert not any(form["autoSelect"] for form in spec["supportedModelFormats"])


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_a_server_is_confined_as_pod_security_restricted_asks(key: str) -> None:
    security = container(key)["securityContext"]
    assert security["runAsNonRoot"] and security["runAsUser"] > 0
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_everything_that_a_server_writes_lies_on_a_volume(key: str) -> None:
    mounts = {mount["mountPath"]: mount["name"] for mount in container(key)["volumeMounts"]}
    assert set(mounts) == {"/cache", "/tmp", "/dev/shm"}  # noqa: S108 - paths in the container
    volumes = {volume["name"]: volume["emptyDir"] for volume in runtime_spec(key, "image")["volumes"]}
    assert set(volumes) == set(mounts.values())
    assert volumes["shm"] == {"medium": "Memory"}
    paths = [item["value"] for item in container(key)["env"] if item["value"].startswith("/")]
    assert paths and all(path.startswith("/cache") for path in paths)


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_a_server_has_an_hour_to_load_and_is_ready_only_then(key: str) -> None:
    server = container(key)
    start = server["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] == 3600
    assert start["httpGet"] == server["readinessProbe"]["httpGet"]


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_a_server_that_stops_still_takes_what_the_gateway_sends_it_meanwhile(key: str) -> None:
    assert container(key)["lifecycle"] == {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}}
    assert LEAVE_SECONDS < GRACE_SECONDS


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_what_is_scraped_is_a_port_of_the_server(key: str) -> None:
    annotations = runtime_spec(key, "image")["annotations"]
    assert int(annotations["prometheus.kserve.io/port"]) in [port["containerPort"] for port in container(key)["ports"]]


def test_callers_of_triton_cannot_change_its_models() -> None:
    assert "--model-control-mode=none" in container("triton")["args"]


def test_a_model_adds_its_arguments_behind_those_of_its_runtime() -> None:
    assert container("vllm")["command"] == ["vllm", "serve"]
    assert container("vllm")["args"] == ["/mnt/models", "--served-model-name={{.Name}}", "--port=8080"]


def test_every_runtime_that_a_model_can_name_is_installed() -> None:
    source = "s3://acme-models/x"
    models = [
        ServedModel.model_validate({"modality": "text", "runtime": runtime, "source": source, "gpu": gpu, "mode": mode})
        for runtime in Runtime
        for gpu in ({"count": 1}, None)
        for mode in Mode
    ]
    for modes, knative in (({Mode.STANDARD}, False), (set(Mode), True)):
        installed = {one.inputs["metadata"]["name"] for one in built(knative=knative).all(RUNTIME)}
        assert installed == {runtime_name(model) for model in models if model.mode in modes}


@pytest.mark.parametrize("key", RUNTIME_IMAGES)
def test_a_runtime_for_knative_has_what_knative_takes_and_is_confined_as_the_other(key: str) -> None:
    (plain,) = runtime_spec(key, "image")["containers"]
    (made,) = runtime_spec(key, "image", knative=True)["containers"]
    assert made["ports"] == [{"name": "http1", "containerPort": 8080, "protocol": "TCP"}]
    assert "lifecycle" not in made
    assert {**made["securityContext"], "privileged": False} == plain["securityContext"]
    assert made["args"] == plain["args"] and made["startupProbe"] == plain["startupProbe"]


def test_runtimes_run_pinned_images_from_the_mirror() -> None:
    lock = {WORKLOAD_IMAGES["vllm"].reference(): DIGEST}
    graph = built("ghcr.io/acme/mirror", lock)
    (server,) = graph.one(RUNTIME, "r-vllm").inputs["spec"]["containers"]
    assert server["image"] == f"ghcr.io/acme/mirror/vllm/vllm-openai:v0.28.0@{DIGEST}"
    for key, image in RUNTIME_IMAGES.items():
        (server,) = graph.one(RUNTIME, f"r-{key}").inputs["spec"]["containers"]
        assert server["image"] == workload_image(image, lock=lock, mirror="ghcr.io/acme/mirror")
