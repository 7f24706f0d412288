"""The example pipeline's own tests, in the environment that Kubeflow's SDK needs for itself."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from photo_labels import rollout

from components.serving.models import inference_service
from components.serving.routes import route
from components.settings import load
from components.settings.serving import ServedModel
from components.settings.stack_file import read_stack_file, stack_path
from components.settings.supply import offering_pools
from policy.images import Demand, fault
from tests.project import ROOT

FOLDER = ROOT / "examples" / "pipelines"
NOT_INSTALLED = "Kubeflow's SDK is not installed: `make test` makes .venv-pipelines, or set PIPELINES_PYTHON"


def interpreter() -> Path | None:
    """Python with the example's requirements: of `make test`, or the one that PIPELINES_PYTHON names."""
    named = Path(os.environ.get("PIPELINES_PYTHON") or ROOT / ".venv-pipelines" / "bin" / "python")
    return named if named.is_file() else None


@pytest.mark.process
def test_the_pipeline_compiles_and_runs_and_its_steps_do_what_they_say() -> None:
    python = interpreter()
    if python is None:
        pytest.skip(NOT_INSTALLED)
    # Variables of the outer run are not the inner one's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the SDK makes of the pipeline."""
    python = interpreter()
    if python is None:
        pytest.skip(NOT_INSTALLED)
    path = tmp_path_factory.mktemp("compiled") / "photo-labels.yaml"
    subprocess.run([str(python), "-m", "photo_labels.pipeline", str(path)], cwd=FOLDER, check=True, timeout=120)
    return next(iter(yaml.safe_load_all(path.read_text(encoding="utf-8"))))


def steps(compiled: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Step -> its container."""
    executors = compiled["deploymentSpec"]["executors"]
    return {name: one["container"] for name, one in executors.items() if "container" in one}


@pytest.mark.process
def test_every_step_fits_into_the_quota_of_the_local_stacks_tenant(compiled: dict[str, Any]) -> None:
    settings = load(read_stack_file(stack_path(ROOT, "local")), source="local")
    quota = settings.tenants["vision"].quota
    for name, container in steps(compiled).items():
        asked = container["resources"]
        assert asked["cpuLimit"] <= quota.cpu, name
        assert asked["memoryLimit"] * 1e9 <= quota.memory_gib * 2**30, name
        if "accelerator" in asked:
            granted = quota.gpu_resources.get(asked["accelerator"]["resourceType"], 0)
            assert int(asked["accelerator"]["resourceCount"]) <= granted, name
            assert offering_pools(settings.cluster, asked["accelerator"]["resourceType"], 1), name


@pytest.mark.process
def test_every_image_may_run_in_the_local_stacks_tenant(compiled: dict[str, Any]) -> None:
    trust = load(read_stack_file(stack_path(ROOT, "local")), source="local").trust
    demand = Demand(tuple(trust.registries), digest=True, lock={})
    assert {fault(container["image"], demand) for container in steps(compiled).values()} == {""}


def test_a_version_is_put_into_service_as_the_platform_puts_a_canary() -> None:
    settings = load(read_stack_file(stack_path(ROOT, "local")), source="local")
    wanted = {
        "modality": "image",
        "runtime": "triton",
        "source": "s3://acme-models/labels/1",
        "gpu": {"slice": "1g.10gb"},
    }
    model = ServedModel.model_validate({**wanted, "canary": {"source": "s3://acme-models/labels/2", "percent": 10}})
    ours = inference_service("vision", "labels", model, settings.cluster, account="workloads")
    theirs = rollout.service("vision", "labels", "s3://acme-models/labels/1", "nvidia.com/mig-1g.10gb", "labels")
    predictor, platforms = theirs["spec"]["predictor"], ours["spec"]["predictor"]
    assert set(predictor) <= set(platforms)
    same = ("schedulerName", "priorityClassName", "automountServiceAccountToken", "serviceAccountName", "labels")
    assert {key: predictor[key] for key in same} == {key: platforms[key] for key in same}
    assert predictor["annotations"] == platforms["annotations"]
    for key in ("modelFormat", "runtime", "storageUri"):
        assert predictor["model"][key] == platforms["model"][key], key
    path = route("vision", "labels", model, domain="models.internal")["spec"]
    other = rollout.route("vision", "labels", "models.internal", 10)["spec"]
    assert (other["parentRefs"], other["hostnames"]) == (path["parentRefs"], path["hostnames"])
    assert other["rules"][0]["backendRefs"] == path["rules"][0]["backendRefs"]
