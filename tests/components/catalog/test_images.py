import copy

import pytest

from components.catalog.charts import CHARTS
from components.catalog.image_table import TAGS
from components.catalog.images import (
    PAUSE,
    PLATFORM_IMAGES,
    image_values,
    images,
    images_in,
    lockable,
    value_paths,
)
from components.catalog.versions import COMPONENTS
from components.catalog.workload_images import KSERVE_VERSION

VERSIONS = [(key, v) for key, chart in CHARTS.items() for v in COMPONENTS[chart.version_from].allowed]
DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(("chart", "version"), VERSIONS)
def test_every_allowed_version_has_images_with_exact_tags(chart: str, version: str) -> None:
    for image in images(chart, version):
        assert image.tag and image.tag != "latest"
        assert image.reference().startswith(f"{image.registry}/")


@pytest.mark.parametrize("chart", CHARTS)
def test_the_listed_images_are_those_of_the_default_version(chart: str) -> None:
    assert PLATFORM_IMAGES[chart] == images(chart)
    assert set(value_paths(chart)) == {i.key for i in images(chart)}


@pytest.mark.parametrize(("chart", "version"), VERSIONS)
def test_what_the_values_set_is_what_is_read_back(chart: str, version: str) -> None:
    found = images_in(chart, image_values(chart, version=version))
    assert [ref.reference for ref in found] == [i.reference() for i in images(chart, version)]
    assert all(ref.exact_tag and not ref.problem and not ref.pinned_by_digest for ref in found)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_full_lock_pins_every_image_that_can_be_pinned(chart: str) -> None:
    lock = dict.fromkeys(lockable(), DIGEST)
    found = images_in(chart, image_values(chart, lock))
    assert [ref.reference for ref in found] == [i.reference(lock) for i in images(chart)]
    assert all(ref.pinned_by_digest == ref.lockable for ref in found)
    assert [ref.repository for ref in found if not ref.lockable] in (
        [],
        ["nvidia/driver"],
        ["eks/aws-efa-k8s-device-plugin"],
    )


def test_a_lock_that_knows_one_image_leaves_the_others_at_their_tag() -> None:
    lock = {"docker.io/volcanosh/vc-scheduler:v1.15.0": DIGEST}
    values = image_values("volcano", lock)["basic"]
    assert values["scheduler_image_tag_version"] == f"v1.15.0@{DIGEST}"
    assert values["controller_image_tag_version"] == "v1.15.0"


def test_the_driver_is_never_pinned_by_digest_because_it_differs_by_operating_system() -> None:
    lock = {"nvcr.io/nvidia/driver:595.91.07": DIGEST}
    assert image_values("gpu-operator", lock)["driver"]["version"] == "595.91.07"
    assert "nvcr.io/nvidia/driver:595.91.07" not in lockable()


def test_the_pause_image_is_pinned_like_the_charts_images() -> None:
    assert PAUSE.reference() == "registry.k8s.io/pause:3.10.1"
    assert PAUSE.reference() in lockable()
    assert PAUSE.reference({PAUSE.reference(): DIGEST}) == f"registry.k8s.io/pause:3.10.1@{DIGEST}"


def test_values_are_split_as_each_chart_wants_them() -> None:
    gpu = image_values("gpu-operator")
    assert gpu["toolkit"] == {"repository": "nvcr.io/nvidia/k8s", "image": "container-toolkit", "version": "v1.20.0"}
    assert gpu["driver"]["manager"]["image"] == "k8s-driver-manager"
    nfd = {"repository": "registry.k8s.io/nfd/node-feature-discovery", "tag": "v0.19.0"}
    assert gpu["node-feature-discovery"]["image"] == nfd
    volcano = image_values("volcano")["basic"]
    assert (volcano["image_registry"], volcano["scheduler_image_name"]) == ("docker.io", "volcanosh/vc-scheduler")
    cleanup = {"registry": "ghcr.io", "repository": "kyverno/readiness-checker", "tag": "v1.19.0"}
    assert image_values("kyverno")["webhooksCleanup"]["image"] == cleanup


@pytest.mark.parametrize("chart", [chart for chart in CHARTS if images(chart)])
def test_a_release_that_sets_nothing_leaves_every_image_to_the_chart(chart: str) -> None:
    found = images_in(chart, {})
    assert len(found) == len(images(chart))
    assert {ref.problem for ref in found} == {"chart default: not set"}
    assert not any(ref.exact_tag or ref.pinned_by_digest for ref in found)


@pytest.mark.parametrize(
    ("chart", "path"),
    [(c, p) for c in CHARTS for w in value_paths(c).values() for p in (w.registry, w.repository, w.name, w.tag) if p],
)
def test_each_value_that_is_missing_or_empty_is_noticed_by_its_path(chart: str, path: str) -> None:
    for hole in (None, "", ...):
        values = copy.deepcopy(image_values(chart))
        *parents, last = path.split(".")
        here = values
        for step in parents:
            here = here[step]
        if hole is ...:
            del here[last]
        else:
            here[last] = hole
        holes = [ref for ref in images_in(chart, values) if ref.problem]
        assert holes and all((ref.reference, ref.problem) == (path, "chart default: not set") for ref in holes)


def test_a_value_that_is_no_text_is_a_problem() -> None:
    values = image_values("gpu-operator")
    values["dcgm"]["version"] = 4.6
    assert "4.6 is not text" in [ref.problem for ref in images_in("gpu-operator", values)]
    assert images_in("gpu-operator", {"operator": "none"})[0].problem == "chart default: not set"


def test_a_moving_tag_is_seen_as_not_exact() -> None:
    values = image_values("kyverno")
    values["reportsController"]["image"]["tag"] = "latest"
    loose = [ref for ref in images_in("kyverno", values) if not ref.exact_tag]
    assert [ref.reference for ref in loose] == ["reg.kyverno.io/kyverno/reports-controller:latest"]


def test_a_digest_that_stands_alone_is_refused_with_the_right_form() -> None:
    values = image_values("gpu-operator")
    values["operator"]["version"] = DIGEST
    problem = images_in("gpu-operator", values)[0].problem
    assert problem == f"{DIGEST} stands alone; put it behind the tag: <tag>@{DIGEST}"


def test_another_registry_is_read_back_as_it_is_set() -> None:
    values = image_values("volcano")
    values["basic"]["image_registry"] = "mirror.example.com:5000"
    assert {ref.registry for ref in images_in("volcano", values)} == {"mirror.example.com:5000"}


@pytest.mark.parametrize(
    ("chart", "extra", "what"),
    [
        ("volcano", {"custom": {"metrics_enable": True}}, "custom.metrics_enable runs grafana/grafana:latest"),
        ("gpu-operator", {"gpuCluster": {"deployCR": True}}, "gpuCluster.deployCR runs the DRA driver"),
        ("kyverno", {"reportsServer": {"enabled": True}}, "reportsServer.enabled runs the reports server"),
        ("cert-manager", {"extraContainers": [{"name": "x"}]}, "extraContainers runs containers of your own"),
    ],
)
def test_a_switch_that_brings_images_nobody_pinned_is_a_problem(chart: str, extra: dict, what: str) -> None:
    (ref,) = [ref for ref in images_in(chart, {**image_values(chart), **extra}) if ref.problem]
    assert ref.problem.startswith(what) and ref.problem.endswith("not pinned by the catalog")


def test_an_unknown_chart_or_version_is_refused() -> None:
    known = ", ".join(TAGS)
    with pytest.raises(ValueError, match=f"no chart 'argo' in the catalog; known: {known}"):
        image_values("argo")
    with pytest.raises(ValueError, match=r"images of volcano 1.2.3 are not known; known versions: 1.15.0"):
        images("volcano", "1.2.3")


def test_a_chart_value_may_hold_a_whole_reference() -> None:
    values = image_values("kserve-resources", {"quay.io/brancz/kube-rbac-proxy:v0.18.0": DIGEST})["kserve"]
    assert values["controller"]["rbacProxyImage"] == f"quay.io/brancz/kube-rbac-proxy:v0.18.0@{DIGEST}"


def test_a_whole_reference_that_is_none_is_a_problem_at_its_path() -> None:
    values = image_values("kserve-resources")
    values["kserve"]["controller"]["rbacProxyImage"] = "Not An Image"
    (ref,) = [ref for ref in images_in("kserve-resources", values) if ref.problem]
    assert ref.reference == "kserve.controller.rbacProxyImage"


def test_only_what_runs_in_tenants_namespaces_comes_from_the_mirror() -> None:
    lock = {"docker.io/kserve/agent:v0.18.1": DIGEST}
    values = image_values("kserve-resources", lock, mirror="ghcr.io/acme/mirror")["kserve"]
    assert values["agent"] == {"image": "ghcr.io/acme/mirror/kserve/agent", "tag": f"v0.18.1@{DIGEST}"}
    assert values["storage"]["image"] == "ghcr.io/acme/mirror/kserve/storage-initializer"
    assert values["controller"]["image"] == "docker.io/kserve/kserve-controller"


def test_kserves_workload_images_are_of_its_controllers_version() -> None:
    assert COMPONENTS["kserve"].allowed == (KSERVE_VERSION,)
