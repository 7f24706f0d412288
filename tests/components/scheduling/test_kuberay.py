"""KubeRay's configuration."""

from typing import Any

from components.catalog.images import images_in
from components.scheduling.kuberay import KubeRayArgs, kuberay_values


def args(**changes: Any) -> KubeRayArgs:
    base: dict[str, Any] = {"version": "1.6.2", "replicas": 2, "images_lock": {}, "values": {}}
    return {**base, **changes}  # type: ignore[return-value]


def test_volcano_schedules_ray_clusters_by_its_name_alone() -> None:
    assert kuberay_values(args())["batchScheduler"] == {"name": "volcano"}


def test_replicas_elect_a_leader() -> None:
    values = kuberay_values(args(replicas=2))
    assert (values["replicas"], values["leaderElectionEnabled"]) == (2, True)


def test_the_operator_has_more_than_the_charts_small_limits() -> None:
    assert kuberay_values(args())["resources"]["limits"] == {"cpu": "2", "memory": "2Gi"}


def test_the_image_is_pinned_by_exact_tag_and_by_the_locks_digest() -> None:
    digest = "sha256:" + "ab" * 32
    (image,) = images_in("kuberay-operator", kuberay_values(args()))
    assert image.reference == "quay.io/kuberay/operator:v1.6.2"
    locked = kuberay_values(args(images_lock={"quay.io/kuberay/operator:v1.6.2": digest}))
    assert locked["image"]["tag"] == f"v1.6.2@{digest}"


def test_sidecars_that_values_put_into_every_ray_pod_are_not_the_catalogs() -> None:
    values = kuberay_values(args(values={"configuration": {"headSidecarContainers": [{"image": "evil"}]}}))
    problems = [image.problem for image in images_in("kuberay-operator", values) if image.problem]
    assert problems == [
        "configuration.headSidecarContainers runs sidecars in every Ray head: not pinned by the catalog"
    ]


def test_values_of_the_stack_file_are_merged_last() -> None:
    values = kuberay_values(args(values={"resources": {"limits": {"memory": "4Gi"}}}))
    assert values["resources"]["limits"] == {"cpu": "2", "memory": "4Gi"}
