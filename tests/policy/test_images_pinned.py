from pathlib import Path
from typing import Any

import pytest

from components.catalog.charts import CHARTS
from components.catalog.images import OWN_IMAGES, PLATFORM_IMAGES, image_values
from components.catalog.versions import COMPONENTS
from components.catalog.workload_images import WORKLOAD_IMAGES
from policy.images import registry_roots
from policy.rules import images_pinned

FIX = "cannot be known before the update; make it plain: text in the program, not an output"
PAUSE = "registry.k8s.io/pause:3.10.1"
_IMAGES = (*OWN_IMAGES, *WORKLOAD_IMAGES.values(), *(image for all_ in PLATFORM_IMAGES.values() for image in all_))
CATALOG = ", ".join(registry_roots(_IMAGES))
"""Owners of the catalog's images, as the rule lists them."""


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock file that the rule reads; there is none unless a test writes it."""
    path = tmp_path / "images.lock"
    monkeypatch.setattr(images_pinned, "LOCK_FILE", path)
    return path


def good(world: Any) -> str:
    return f"ghcr.io/acme/model:1.4@{world.digest}"


def volcano(world: Any, values: Any = None, **more: Any) -> Any:
    chart, version = CHARTS["volcano"], COMPONENTS["volcano"].default
    values = image_values("volcano") if values is None else values
    return world.release(chart.name, chart.repo, more.pop("version", version), values, **more)


def test_a_tenants_image_from_its_registry_by_digest_passes(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [*world.tenant(), world.pod(good(world), f"ghcr.io/acme@{world.digest}")]) == []


def test_a_tenants_image_by_tag_is_refused(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [*world.tenant(), world.pod("ghcr.io/acme/model:1.4")]) == [
        "Pod 'pod': spec.containers[0].image: image 'ghcr.io/acme/model:1.4' is not pinned by digest; write it as "
        "ghcr.io/acme/model:1.4@sha256:..., with the digest that your build or registry states"
    ]


@pytest.mark.parametrize("name", ["docker.io/acme/model", "ghcr.io/acmeevil/model", "ghcr.io/other/model"])
def test_a_tenants_image_from_elsewhere_is_refused(world: Any, judge: Any, name: str) -> None:
    assert judge(images_pinned.RULE, [*world.tenant(), world.pod(f"{name}@{world.digest}")]) == [
        f"Pod 'pod': spec.containers[0].image: image '{name}@{world.digest}' is not from an allowed registry "
        "(ghcr.io/acme); copy it to one of them"
    ]


def test_a_name_without_a_registry_is_docker_hubs(world: Any, judge: Any) -> None:
    found = judge(images_pinned.RULE, [*world.tenant(), world.pod(f"busybox@{world.digest}")])
    assert found == [
        f"Pod 'pod': spec.containers[0].image: image 'docker.io/library/busybox@{world.digest}' is not from an allowed "
        "registry (ghcr.io/acme); copy it to one of them"
    ]


def test_text_that_is_no_image_is_refused(world: Any, judge: Any) -> None:
    found = judge(images_pinned.RULE, [*world.tenant(), world.pod("ghcr.io/acme/model@sha256:123")])
    assert len(found) == 1
    assert "'sha256:123' is not a digest" in found[0]


def test_a_namespace_without_a_tenant_component_allows_no_registry(world: Any, judge: Any) -> None:
    found = judge(images_pinned.RULE, [world.namespace("vision", tenant="vision"), world.pod(good(world))])
    assert len(found) == 1
    assert "is not from an allowed registry (none)" in found[0]


TEMPLATE = {"containers": [{"name": "c", "image": "evil"}]}


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("core/v1:Pod", TEMPLATE, "spec.containers[0].image"),
        ("core/v1:Pod", {"initContainers": [{"image": "evil"}]}, "spec.initContainers[0].image"),
        ("core/v1:Pod", {"ephemeralContainers": [{"image": "evil"}]}, "spec.ephemeralContainers[0].image"),
        ("core/v1:Pod", {"volumes": [{"image": {"reference": "evil"}}]}, "spec.volumes[0].image.reference"),
        *(
            (kind, {"template": {"spec": TEMPLATE}}, "spec.template.spec.containers[0].image")
            for kind in (
                "apps/v1:Deployment",
                "apps/v1:StatefulSet",
                "apps/v1:DaemonSet",
                "apps/v1:ReplicaSet",
                "batch/v1:Job",
                "serving.example.com/v1:Anything",
            )
        ),
        (
            "batch/v1:CronJob",
            {"jobTemplate": {"spec": {"template": {"spec": TEMPLATE}}}},
            "spec.jobTemplate.spec.template.spec.containers[0].image",
        ),
        (
            "batch.volcano.sh/v1alpha1:Job",
            {"tasks": [{"template": {"spec": TEMPLATE}}]},
            "spec.tasks[0].template.spec.containers[0].image",
        ),
        (
            "ray.io/v1:RayCluster",
            {"workerGroupSpecs": [{"template": {"spec": TEMPLATE}}]},
            "spec.workerGroupSpecs[0].template.spec.containers[0].image",
        ),
        ("ray.io/v1:RayCluster", {"autoscalerOptions": {"image": "evil"}}, "spec.autoscalerOptions.image"),
        (
            "ray.io/v1:RayJob",
            {"submitterPodTemplate": {"spec": TEMPLATE}},
            "spec.submitterPodTemplate.spec.containers[0].image",
        ),
        (
            "ray.io/v1:RayService",
            {"rayClusterConfig": {"headGroupSpec": {"template": {"spec": TEMPLATE}}}},
            "spec.rayClusterConfig.headGroupSpec.template.spec.containers[0].image",
        ),
    ],
)
def test_images_are_found_wherever_pods_are_described(world: Any, judge: Any, kind: str, spec: Any, path: str) -> None:
    made = world.object(kind, "work", spec, namespace="vision")
    found = judge(images_pinned.RULE, [*world.tenant(), made])
    assert [message.partition(": image ")[0] for message in found] == [f"{kind.rpartition(':')[2]} 'work': {path}"]


def ray(world: Any, image: str | None) -> Any:
    template = {"spec": {"containers": [{"name": "ray-head", **({"image": image} if image else {})}]}}
    spec = {"headGroupSpec": {"template": template}}
    return world.object("ray.io/v1:RayCluster", "lab", spec, namespace="vision")


RAY = "docker.io/rayproject/ray:2.53.0-py311-cpu"


def test_a_tenant_may_run_the_catalogs_runtimes_exactly_as_they_are_pinned(world: Any, judge: Any, lock: Path) -> None:
    assert judge(images_pinned.RULE, [*world.tenant(), ray(world, RAY)]) == []
    lock.write_text(f"{RAY} {world.digest}\n", encoding="utf-8")
    assert judge(images_pinned.RULE, [*world.tenant(), ray(world, f"{RAY}@{world.digest}")]) == []
    assert len(judge(images_pinned.RULE, [*world.tenant(), ray(world, RAY)])) == 1


@pytest.mark.parametrize("image", ["docker.io/rayproject/ray:2.53.0", "docker.io/rayproject/ray:nightly"])
def test_another_tag_of_a_runtime_is_refused(world: Any, judge: Any, image: str) -> None:
    found = judge(images_pinned.RULE, [*world.tenant(), ray(world, image)])
    assert len(found) == 1
    assert "is not from an allowed registry (ghcr.io/acme)" in found[0]


def test_a_ray_container_without_an_image_is_refused(world: Any, judge: Any) -> None:
    (found,) = judge(images_pinned.RULE, [*world.tenant(), ray(world, None)])
    assert found.endswith("containers[0].image: the container names no image; give it one")


def test_a_container_without_an_image_is_refused_where_it_could_not_run(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [*world.tenant(), world.pod(None)]) == [
        "Pod 'pod': spec.containers[0].image: the container names no image; give it one"
    ]
    override = world.object("serving.kserve.io/v1beta1:InferenceService", "m", {"containers": [{}]}, namespace="vision")
    assert judge(images_pinned.RULE, [*world.tenant(), override]) == []


def test_the_platforms_image_by_exact_tag_passes(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [world.pod(PAUSE, namespace="system")]) == []


@pytest.mark.parametrize("tag", ["", ":latest", ":v1.37-latest"])
def test_the_platforms_image_without_an_exact_tag_is_refused(world: Any, judge: Any, tag: str) -> None:
    assert judge(images_pinned.RULE, [world.pod(f"registry.k8s.io/pause{tag}", namespace="system")]) == [
        f"Pod 'pod': spec.containers[0].image: image 'registry.k8s.io/pause{tag}' is not pinned; give it an exact "
        f"tag (not "
        "latest) or a digest"
    ]


def test_the_platforms_image_from_an_unknown_registry_is_refused(world: Any, judge: Any) -> None:
    stack = [world.pod("quay.io/acme/tool:1.0", namespace="system")]
    assert judge(images_pinned.RULE, stack) == [
        "Pod 'pod': spec.containers[0].image: image 'quay.io/acme/tool:1.0' is not from an allowed registry "
        f"({CATALOG}); copy it to one of them"
    ]
    assert judge(images_pinned.RULE, stack, {"platformRegistries": ["quay.io/acme"]}) == []


def test_images_that_knatives_operator_is_told_to_run_are_seen(world: Any, judge: Any) -> None:
    spec = {
        "registry": {"override": {"gateway/proxy": "docker.io/envoyproxy/envoy:v1.37.2", "x": "quay.io/acme/y:1"}},
        "config": {"deployment": {"queue-sidecar-image": "gcr.io/knative-releases/queue:latest"}},
    }
    made = world.object("operator.knative.dev/v1beta1:KnativeServing", "s", spec, namespace="system")
    found = judge(images_pinned.RULE, [made])
    assert sorted(message.split(": image")[0] for message in found) == [
        "KnativeServing 's': spec.config.deployment.queue-sidecar-image",
        "KnativeServing 's': spec.registry.override[x]",
    ]


def test_images_that_nvidias_network_operator_is_told_to_run_are_seen(world: Any, judge: Any) -> None:
    driver = {"repository": "nvcr.io/nvidia/mellanox", "image": "doca-driver", "version": "1.0-1"}
    spec = {
        "ofedDriver": driver,
        "sriovDevicePlugin": {**driver, "repository": "quay.io/acme"},
        "secondaryNetwork": {"sriovDevicePlugin": {"image": "bare"}},
    }
    made = world.object("mellanox.com/v1alpha1:NicClusterPolicy", "p", spec, namespace="system")
    found = judge(images_pinned.RULE, [made])
    assert [message.split(": image")[0] for message in found] == [
        "NicClusterPolicy 'p': spec.sriovDevicePlugin",
        "NicClusterPolicy 'p': spec.secondaryNetwork.sriovDevicePlugin",
    ]


def test_a_locked_image_must_have_the_locks_digest(world: Any, judge: Any, lock: Path) -> None:
    lock.write_text(f"{PAUSE} {world.digest}\n")
    assert judge(images_pinned.RULE, [world.pod(f"{PAUSE}@{world.digest}", namespace="system")]) == []
    other = f"{PAUSE}@sha256:{'b' * 64}"
    for image in (PAUSE, other):
        assert judge(images_pinned.RULE, [world.pod(image, namespace="system")]) == [
            f"Pod 'pod': spec.containers[0].image: image '{image}' is not the one in images.lock; use "
            f"{PAUSE}@{world.digest}"
        ]


def test_a_lock_that_cannot_be_read_is_refused(world: Any, judge: Any, lock: Path) -> None:
    lock.write_text("pause\n")
    assert judge(images_pinned.RULE, [world.pod(PAUSE, namespace="system")]) == [
        f"{lock}, line 1: 'pause' is not of the form '<registry>/<repository>:<tag> sha256:<64 hex digits>'; run "
        f"`make lock` "
        "to rewrite it"
    ]


def test_a_node_image_is_accepted_in_platform_namespaces_if_it_is_never_pulled(world: Any, judge: Any) -> None:
    def installer(policy: str, namespace: str = "system", image: str = "cos-nvidia-installer:fixed") -> Any:
        containers = [{"image": image, "imagePullPolicy": policy}]
        return world.object("core/v1:Pod", "installer", {"containers": containers}, namespace=namespace)

    assert judge(images_pinned.RULE, [installer("Never")]) == []
    assert len(judge(images_pinned.RULE, [installer("IfNotPresent")])) == 1
    assert len(judge(images_pinned.RULE, [*world.tenant(), installer("Never", "vision")])) == 1
    assert len(judge(images_pinned.RULE, [installer("Never", image="other:fixed")])) == 1
    assert judge(images_pinned.RULE, [installer("Never", image="other:fixed")], {"nodeImages": ["other:fixed"]}) == []
    assert len(judge(images_pinned.RULE, [installer("Never")], {"nodeImages": []})) == 1


def test_tenants_registries_can_be_bounded(world: Any, judge: Any) -> None:
    stack = [*world.tenant(registries=("ghcr.io/acme/vision",)), world.pod(f"ghcr.io/acme/vision/m@{world.digest}")]
    assert judge(images_pinned.RULE, stack, {"tenantRegistries": ["ghcr.io/acme"]}) == []
    assert judge(images_pinned.RULE, stack, {"tenantRegistries": ["quay.io/acme"]}) == [
        "tenant 'vision' (namespace 'vision'): registry 'ghcr.io/acme/vision' is not one that tenants may use "
        "(quay.io/acme); use one of them, or add it to tenantRegistries in the policy configuration"
    ]


@pytest.mark.parametrize("key", sorted(CHARTS))
def test_a_release_with_the_catalogs_images_passes(world: Any, judge: Any, key: str) -> None:
    chart = CHARTS[key]
    version = COMPONENTS[chart.version_from].default
    release = world.release(chart.name, chart.repo, version, image_values(key))
    if chart.oci:
        release.inputs.update(chart=f"{chart.repo}/{chart.name}", repositoryOpts=None)
    assert judge(images_pinned.RULE, [release]) == []


def test_a_release_that_leaves_an_image_to_the_chart_is_refused(world: Any, judge: Any) -> None:
    values = image_values("volcano")
    del values["basic"]["scheduler_image_tag_version"]
    assert judge(images_pinned.RULE, [volcano(world, values)]) == [
        "Release 'volcano': values.basic.scheduler_image_tag_version: chart default: not set; set it as the catalog's "
        "image_values() does"
    ]


def test_a_release_with_an_unpinned_image_is_refused(world: Any, judge: Any) -> None:
    values = image_values("volcano")
    values["basic"]["scheduler_image_tag_version"] = "latest"
    assert judge(images_pinned.RULE, [volcano(world, values)]) == [
        "Release 'volcano': values: image 'docker.io/volcanosh/vc-scheduler:latest' is not pinned; give it an exact "
        "tag "
        "(not latest) or a digest"
    ]


def test_containers_that_a_releases_values_add_are_judged_too(world: Any, judge: Any) -> None:
    values = {**image_values("volcano"), "extraContainers": [{"image": "evil:1"}]}
    found = judge(images_pinned.RULE, [volcano(world, values)])
    assert len(found) == 1
    assert found[0].startswith(
        "Release 'volcano': values.extraContainers[0].image: image 'docker.io/library/evil:1' is not"
    )


@pytest.mark.parametrize(
    ("chart", "repo", "where"),
    [
        ("redis", "https://charts.example.com", "https://charts.example.com"),
        ("volcano", "https://charts.example.com", "https://charts.example.com"),
        ("./charts/mine", "", "no repository"),
    ],
)
def test_a_chart_that_the_catalog_does_not_know_is_refused(
    world: Any, judge: Any, chart: str, repo: str, where: str
) -> None:
    known = ", ".join(f"{c.name} from {c.repo}" for c in CHARTS.values())
    assert judge(images_pinned.RULE, [world.release(chart, repo, "1.0.0", {})]) == [
        f"Release '{chart}': chart '{chart}' from {where} is not in the catalog, so its images cannot be seen; known "
        f"are "
        f"{known}; add it to components/catalog"
    ]


def test_a_chart_version_that_the_catalog_does_not_know_is_refused(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [volcano(world, version="9.9.9")]) == [
        f"Release 'volcano': the images of volcano 9.9.9 are not known; known versions: {COMPONENTS['volcano'].default}"
    ]
    found = judge(images_pinned.RULE, [volcano(world, version=None)])
    assert len(found) == 1
    assert "the images of volcano (none) are not known" in found[0]


@pytest.mark.parametrize("key", ["valueYamlFiles", "postrender"])
def test_a_release_that_changes_images_out_of_sight_is_refused(world: Any, judge: Any, key: str) -> None:
    assert judge(images_pinned.RULE, [volcano(world, **{key: ["x"]})]) == [
        f"Release 'volcano': {key} can change images where no policy sees it; put the values into `values` instead"
    ]


def test_a_chart_component_is_refused(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [world.object("helm.sh/v4:Chart", "mine", {})]) == [
        "Chart 'mine': a policy cannot see what is inside this component; use helm.sh/v3:Release"
    ]


def test_a_stack_without_kubernetes_objects_is_not_judged(world: Any, judge: Any) -> None:
    assert judge(images_pinned.RULE, [world.platform()]) == ["not applicable: the stack has no Kubernetes objects"]


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    hidden = world.unknown
    for made, what in (
        (world.pod(hidden), "Pod 'pod': spec.containers[0].image"),
        (world.pod(good(world), namespace=hidden), "Pod 'pod': metadata.namespace"),
        (world.object("core/v1:Pod", "pod", {"containers": hidden}, namespace="vision"), "Pod 'pod': spec.containers"),
        (
            world.object("core/v1:Pod", "pod", {"containers": [hidden]}, namespace="vision"),
            "Pod 'pod': spec.containers[0]",
        ),
        (volcano(world, {"basic": hidden}), "Release 'volcano': values"),
        (volcano(world, version=hidden), "Release 'volcano': version"),
    ):
        assert judge(images_pinned.RULE, [*world.tenant(), made]) == [f"{what} {FIX}"]


def test_dockers_own_library_is_not_open_because_the_catalog_has_one_image_of_it() -> None:
    roots = registry_roots(WORKLOAD_IMAGES.values())
    assert "docker.io/library/mysql" in roots
    assert "docker.io/library" not in roots
