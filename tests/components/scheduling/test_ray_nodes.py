"""What a Ray cluster is made of."""

from typing import Any

import pytest

from components.scheduling.ray.nodes import cluster_spec, fingerprint, metadata, without_bounds
from components.settings.ray import RayCluster
from components.settings.workloads import Priority
from tests.stack_files import settings

SLICES = {"gpu": {"slice": "3g.40gb"}, "cpu": 8, "memoryGib": 64, "min": 2, "max": 4}
IMAGE = "ghcr.io/acme/app@sha256:" + "a" * 64


def spec(groups: dict[str, Any] | None = None, *, account: str | None = None, **cluster: Any) -> Any:
    chosen = RayCluster.model_validate({"groups": groups or {"halves": SLICES}, **cluster})
    return cluster_spec(
        chosen,
        cluster=settings().cluster,
        tenant="vision",
        priority=Priority.BATCH,
        lock={},
        account=account,
        fault_tolerance=chosen.fault_tolerance,
    )


def head(made: Any) -> Any:
    return made["headGroupSpec"]["template"]["spec"]


def worker(made: Any, index: int = 0) -> Any:
    return made["workerGroupSpecs"][index]["template"]["spec"]


def test_queue_and_priority_reach_the_gang_by_labels() -> None:
    labels = metadata("vision", "sweep", Priority.INTERACTIVE)["labels"]
    assert labels["volcano.sh/queue-name"] == "vision"
    assert labels["ray.io/priority-class-name"] == "interactive"


def test_the_head_runs_no_work() -> None:
    assert spec()["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0", "num-gpus": "0"}


@pytest.mark.parametrize(
    ("gpu", "resource", "number", "seen"),
    [
        ({"slice": "3g.40gb"}, "nvidia.com/mig-3g.40gb", "1", "1"),
        ({"count": 4}, "nvidia.com/gpu", "4", "4"),
        (None, None, None, "0"),
    ],
)
def test_ray_counts_the_gpus_of_a_worker_as_cuda_will_see_them(
    gpu: Any, resource: str | None, number: str | None, seen: str
) -> None:
    made = spec({"workers": {"gpu": gpu}})
    limits = worker(made)["containers"][0]["resources"]["limits"]
    assert made["workerGroupSpecs"][0]["rayStartParams"]["num-gpus"] == seen
    assert {key: value for key, value in limits.items() if key.startswith("nvidia")} == (
        {resource: number} if resource else {}
    )


def test_turns_on_a_shared_gpu_are_one_gpu_to_ray() -> None:
    chosen = RayCluster.model_validate({"groups": {"g": {"gpu": {"shared": 2}}}})
    assert chosen.groups["g"].ray_gpus == 1


def test_workers_on_slices_are_placed_on_the_pool_that_has_them() -> None:
    pod = worker(spec())
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"][0]["matchExpressions"][0]["values"] == ["h100"]
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]


def test_workers_without_gpus_stay_off_gpu_nodes() -> None:
    pod = worker(spec({"cpu": {}}))
    assert "tolerations" not in pod
    assert "affinity" not in pod


def test_groups_that_may_grow_bring_rays_autoscaler_with_them() -> None:
    made = spec()
    (group,) = made["workerGroupSpecs"]
    assert made["enableInTreeAutoscaling"] is True
    assert made["autoscalerOptions"]["version"] == "v2"
    assert (group["minReplicas"], group["maxReplicas"], group["idleTimeoutSeconds"]) == (2, 4, 300)
    assert "replicas" not in group, "the number is Ray's"


def test_fixed_groups_run_no_autoscaler() -> None:
    made = spec({"fixed": {**SLICES, "max": 2}})
    assert made["enableInTreeAutoscaling"] is False
    assert "autoscalerOptions" not in made
    assert made["workerGroupSpecs"][0]["replicas"] == 2
    assert "idleTimeoutSeconds" not in made["workerGroupSpecs"][0], "KubeRay takes it with the autoscaler only"


def test_only_the_head_of_a_cluster_that_scales_has_a_token_for_the_kubernetes_api() -> None:
    assert "automountServiceAccountToken" not in head(spec())
    assert head(spec({"fixed": {}}))["automountServiceAccountToken"] is False
    assert worker(spec())["automountServiceAccountToken"] is False


def test_only_workers_have_the_account_that_reads_models() -> None:
    made = spec(account="workloads")
    assert worker(made)["serviceAccountName"] == "workloads"
    assert "serviceAccountName" not in head(made)


def test_whoever_talks_to_the_cluster_shows_a_token() -> None:
    assert spec()["authOptions"] == {"mode": "token"}


def test_the_clients_port_through_which_anyone_could_run_code_is_not_served() -> None:
    ports = {port["containerPort"] for port in head(spec())["containers"][0]["ports"]}
    assert ports == {6379, 8265, 8080, 8000}


def test_every_pod_is_fit_for_restricted_namespaces() -> None:
    made = spec()
    for pod in (head(made), worker(made)):
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    contexts = [
        head(made)["containers"][0]["securityContext"],
        worker(made)["containers"][0]["securityContext"],
        made["autoscalerOptions"]["securityContext"],
    ]
    assert contexts == [{"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}] * 3


def test_every_container_has_limits_so_that_the_quota_takes_it() -> None:
    made = spec()
    found = [head(made)["containers"][0], worker(made)["containers"][0], made["autoscalerOptions"]]
    for container in found:
        assert container["resources"]["limits"] == container["resources"]["requests"]
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])


def test_prometheus_finds_the_metrics_of_every_node() -> None:
    made = spec()
    for template in (made["headGroupSpec"]["template"], made["workerGroupSpecs"][0]["template"]):
        assert template["metadata"]["annotations"]["prometheus.io/port"] == "8080"


def test_gpu_workers_run_the_image_with_cuda_and_others_the_small_one() -> None:
    made = spec({"cpu": {}, "halves": SLICES})
    images = [pod["containers"][0]["image"] for pod in (head(made), worker(made, 0), worker(made, 1))]
    cpu, cuda = "docker.io/rayproject/ray:2.53.0-py311-cpu", "docker.io/rayproject/ray:2.53.0-py311-cu128"
    assert images == [cpu, cpu, cuda]


def test_an_image_of_the_tenants_own_runs_everywhere() -> None:
    made = spec(image=IMAGE, rayVersion="2.55.1")
    assert {head(made)["containers"][0]["image"], worker(made)["containers"][0]["image"]} == {IMAGE}
    assert made["rayVersion"] == "2.55.1"


def test_the_heads_state_is_kept_in_redis_with_its_password_from_a_secret() -> None:
    made = spec(faultTolerance={"redis": "valkey:6379", "passwordSecret": {"name": "valkey", "key": "password"}})
    assert made["gcsFaultToleranceOptions"] == {
        "redisAddress": "valkey:6379",
        "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "valkey", "key": "password"}}},
    }
    assert "gcsFaultToleranceOptions" not in spec()


def test_other_bounds_need_no_other_pods_and_another_image_does() -> None:
    before = fingerprint(without_bounds(spec()))
    assert fingerprint(without_bounds(spec({"halves": {**SLICES, "min": 1, "max": 3}}))) == before
    assert fingerprint(without_bounds(spec(image=IMAGE))) != before
