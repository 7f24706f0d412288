from datetime import date

import pytest

from components.catalog.charts import CHARTS
from components.catalog.machines import Cloud
from components.catalog.versions import (
    CLOUD_KUBERNETES,
    COMPONENTS,
    KUBERNETES_DEFAULT,
    KUBERNETES_SUPPORTED,
    out_of_standard_support,
    problems,
    standard_support_end,
)


@pytest.mark.parametrize("kubernetes", KUBERNETES_SUPPORTED)
def test_the_defaults_go_together_on_every_supported_kubernetes(kubernetes: str) -> None:
    assert problems(kubernetes, {}) == []


def test_the_default_kubernetes_is_a_supported_one() -> None:
    assert KUBERNETES_DEFAULT in KUBERNETES_SUPPORTED


@pytest.mark.parametrize("key", COMPONENTS)
def test_a_components_default_is_allowed(key: str) -> None:
    assert COMPONENTS[key].default in COMPONENTS[key].allowed
    assert COMPONENTS[key].source


def test_the_conservative_gpu_operator_is_allowed() -> None:
    assert problems("1.34", {"gpuOperator": "v26.3.3"}) == []


@pytest.mark.parametrize("kubernetes", ["1.32", "1.36", "1.34.2", "", "latest"])
def test_a_kubernetes_outside_the_range_is_refused(kubernetes: str) -> None:
    assert problems(kubernetes, {}) == [
        ("kubernetes", "not supported; use one of 1.33, 1.34, 1.35 (a minor version, no patch)")
    ]


def test_every_problem_is_reported_at_once() -> None:
    found = problems("1.20", {"volcano": "9.9"})
    assert [key for key, _ in found] == ["kubernetes", "volcano"]
    assert found[1] == ("volcano", "not in the matrix for Volcano; use one of 1.15.0")


def test_a_component_that_does_not_work_with_the_kubernetes_says_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from components.catalog import versions

    old = replace(COMPONENTS["volcano"], kubernetes=("1.9", "1.33"))
    monkeypatch.setattr(versions, "COMPONENTS", {"volcano": old})
    assert problems("1.33", {}) == []
    ((key, message),) = problems("1.34", {})
    assert key == "volcano"
    assert message.startswith("Volcano works with Kubernetes 1.9 to 1.33, not 1.34 (")


@pytest.mark.parametrize("cloud", Cloud)
def test_the_default_kubernetes_outlives_the_others_on_every_cloud(cloud: Cloud) -> None:
    assert standard_support_end(cloud, KUBERNETES_DEFAULT) == max(
        standard_support_end(cloud, minor) for minor in KUBERNETES_SUPPORTED
    )


@pytest.mark.parametrize("cloud", Cloud)
def test_every_supported_kubernetes_has_an_end_of_support_on_every_cloud(cloud: Cloud) -> None:
    ends = [standard_support_end(cloud, minor) for minor in KUBERNETES_SUPPORTED]
    assert set(CLOUD_KUBERNETES[cloud]) == set(KUBERNETES_SUPPORTED)
    assert ends == sorted(ends)


def test_the_last_day_of_support_still_counts() -> None:
    assert not out_of_standard_support(Cloud.AWS, "1.34", date(2026, 12, 2))
    assert out_of_standard_support(Cloud.AWS, "1.34", date(2026, 12, 3))
    assert out_of_standard_support(Cloud.GCP, "1.34", date(2026, 11, 24))


def test_support_of_an_unknown_version_is_not_guessed() -> None:
    with pytest.raises(ValueError, match=r"Kubernetes '1.20' on gcp; known: 1.33, 1.34, 1.35"):
        out_of_standard_support(Cloud.GCP, "1.20", date(2026, 1, 1))


@pytest.mark.parametrize("key", CHARTS)
def test_a_chart_takes_its_version_from_a_component(key: str) -> None:
    assert CHARTS[key].version_from in COMPONENTS
    assert CHARTS[key].repo.startswith("oci://" if CHARTS[key].oci else "https://")


@pytest.mark.parametrize("kubernetes", ["1.33", "1.34"])
def test_an_optional_component_asks_for_its_kubernetes_only_where_it_is_chosen(kubernetes: str) -> None:
    assert problems(kubernetes, {}) == []
    ((key, message),) = problems(kubernetes, {}, ["draDriver"])
    assert key == "draDriver"
    assert message.startswith(f"NVIDIA DRA driver works with Kubernetes 1.35 to 1.36, not {kubernetes} (")
    assert problems("1.35", {}, ["draDriver"]) == []


def test_the_version_of_an_optional_component_is_known_even_where_it_is_not_chosen() -> None:
    assert [key for key, _ in problems("1.35", {"draDriver": "25.8.1"})] == ["draDriver"]
