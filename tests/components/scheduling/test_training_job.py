"""A training job as Volcano gets it."""

from typing import Any

import pytest

from components.scheduling.placement import Placement
from components.scheduling.training_job import TrainingJob, TrainingJobArgs, training_job_spec
from components.settings.training import Training
from policy.rules.images_pinned import RULE
from tests.components.recorder import build
from tests.policy.conftest import World, run

IMAGE = "ghcr.io/acme/train@sha256:" + "a" * 64
PLACED: Placement = {"gpus": {"nvidia.com/gpu": "8"}, "tolerations": [], "affinity": {"nodeAffinity": {}}}


def training(**changes: Any) -> Training:
    return Training.model_validate({"image": IMAGE, "workers": 4, "gpu": {"count": 8}, **changes})


def spec(chosen: Training | None = None, **more: Any) -> dict[str, Any]:
    return training_job_spec("research", "pretrain", chosen or training(), PLACED, **more)


def pod(job: dict[str, Any]) -> dict[str, Any]:
    return job["tasks"][0]["template"]["spec"]


def environment(job: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in pod(job)["containers"][0]["env"]}


def test_all_workers_start_together_in_the_tenants_queue() -> None:
    job = spec()
    assert (job["queue"], job["minAvailable"], job["tasks"][0]["minAvailable"]) == ("research", 4, 4)
    assert (job["priorityClassName"], pod(job)["priorityClassName"]) == ("batch", "batch")


def test_a_rigid_job_restarts_whole_when_a_worker_fails_or_goes() -> None:
    assert spec()["policies"] == [
        {"event": "PodFailed", "action": "RestartJob"},
        {"event": "PodEvicted", "action": "RestartJob"},
    ]


def test_an_elastic_job_goes_on_down_to_its_least_workers() -> None:
    job = spec(training(minWorkers=2))
    assert (job["minAvailable"], job["minSuccess"], job["tasks"][0]["minAvailable"]) == (2, 2, 2)
    assert job["policies"][1] == {"event": "Unknown", "action": "RestartJob"}
    assert environment(job)["PET_NNODES"] == "2:4"


def test_torchrun_finds_its_rendezvous_without_arguments() -> None:
    found = environment(spec())
    assert found["PET_RDZV_ENDPOINT"] == "pretrain-worker-0.pretrain:29500"
    assert (found["PET_NNODES"], found["PET_NPROC_PER_NODE"], found["PET_RDZV_BACKEND"]) == ("4", "8", "c10d")


def test_a_worker_on_a_slice_runs_one_process() -> None:
    assert environment(spec(training(gpu={"slice": "1g.10gb"})))["PET_NPROC_PER_NODE"] == "1"


@pytest.mark.parametrize(("retries", "most"), [(0, 1), (10, 11)])
def test_a_job_restarts_as_often_as_it_may(retries: int, most: int) -> None:
    # volcano, controllers/job/state/restarting.go: it fails once retryCount >= maxRetry.
    assert spec(training(retries=retries))["maxRetry"] == most


def test_half_of_the_memory_can_be_shared() -> None:
    assert pod(spec(training(memoryGib=64)))["volumes"] == [
        {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "32768Mi"}}
    ]


def test_a_worker_gets_its_adapters_and_their_huge_pages() -> None:
    made = pod(spec(devices={"vpc.amazonaws.com/efa": "32", "hugepages-2Mi": "5120Mi"}))
    resources = made["containers"][0]["resources"]
    assert resources["limits"]["vpc.amazonaws.com/efa"] == "32"
    assert resources["requests"]["hugepages-2Mi"] == resources["limits"]["hugepages-2Mi"] == "5120Mi"
    assert "hugepages-2Mi" not in pod(spec())["containers"][0]["resources"]["limits"]


def test_checkpoints_go_where_the_workers_account_may_write() -> None:
    job = spec(account="workloads", checkpoints="s3://artifacts/research/pretrain")
    assert environment(job)["CHECKPOINT_URI"] == "s3://artifacts/research/pretrain"
    assert pod(job)["serviceAccountName"] == "workloads"
    assert "CHECKPOINT_URI" not in environment(spec())


def test_a_change_stops_the_job_before_it_starts_anew() -> None:
    args: TrainingJobArgs = {
        "tenant": "research",
        "job": "pretrain",
        "settings": training().model_dump(mode="json", by_alias=True),
        "placement": PLACED,
        "devices": {},
        "account": None,
        "pod_labels": {},
    }
    graph = build({}, lambda: TrainingJob("t", args), read_outputs=())
    job = graph.one("kubernetes:batch.volcano.sh/v1alpha1:Job")
    assert job.delete_first
    assert job.inputs["metadata"]["name"] == "pretrain"


def test_policies_see_the_images_of_a_jobs_workers() -> None:
    world = World()
    stack = [
        *world.tenant("research"),
        world.object("batch.volcano.sh/v1alpha1:Job", "pretrain", spec(), namespace="research"),
    ]
    assert run(RULE, stack) == []
    moved = spec(training(image="docker.io/acme/train@sha256:" + "a" * 64))
    stack[-1] = world.object("batch.volcano.sh/v1alpha1:Job", "pretrain", moved, namespace="research")
    assert ["is not from an allowed registry" in message for message in run(RULE, stack)] == [True]
