"""What a tenant's workloads take of its quota together."""

from typing import Any

import pytest

from components.settings.problems import SettingsError
from tests.rehearsal.bad_ray import RAY_IMAGE
from tests.rehearsal.bad_serving import LLM
from tests.rehearsal.bad_sets import multiplex
from tests.stack_files import settings

TWO_SLICES: dict[str, Any] = {
    "image": RAY_IMAGE,
    "groups": {"small": {"gpu": {"slice": "1g.10gb"}, "min": 2, "max": 2, "cpu": 1, "memoryGib": 4}},
}
EMBED: dict[str, Any] = {
    "modality": "text",
    "runtime": "huggingface",
    "source": "s3://acme-models/embed",
    "gpu": {"slice": "1g.10gb"},
    "replicas": {"min": 2},
}


def stack(slices: int, **quota: Any) -> dict[str, Any]:
    """A tenant with two slices in a model, two in a Ray cluster and two in a set."""
    sections = multiplex(
        {"replicas": {"min": 2}},
        quota={"slices": {"1g.10gb": slices}, "cpu": 256, "memoryGib": 2048, **quota},
        models={"embed": EMBED},
        ray={"clusters": {"lab": TWO_SLICES}},
    )
    return {**sections, "serving": {}}


def refusals(changes: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    return [str(problem) for problem in caught.value.problems]


def test_models_sets_and_ray_together_may_fill_the_quota() -> None:
    assert "vision" in settings(**stack(6)).tenants


def test_models_sets_and_ray_are_summed_where_each_alone_would_fit() -> None:
    assert refusals(stack(5)) == [
        'multimodal:tenants.vision.quota.slices."1g.10gb" = 5: modelSets.many (2), models.embed (2), ray.clusters.lab'
        " (2) always hold 6 slices 1g.10gb; raise it, or give them fewer or smaller replicas and workers"
    ]


def test_of_many_workloads_the_largest_are_named() -> None:
    many = {f"m{number}": {**EMBED, "replicas": {"min": 1 + number % 2}} for number in range(6)}
    sections = {**stack(8), "tenants.vision.models": many, "tenants.vision.modelSets": {}}
    (told,) = refusals(sections)
    assert "m1 (2), models.m3 (2), models.m5 (2), ray.clusters.lab (2), 3 more always hold 11 slices" in told


def test_what_is_too_large_by_itself_is_told_once() -> None:
    large = {**LLM, "gpu": {"slice": "1g.10gb"}, "replicas": {"min": 9}}
    (told,) = refusals({**stack(6), "tenants.vision.models": {"chat": large}})
    assert told.startswith("multimodal:tenants.vision.models.chat.replicas = 9: needs 9 slices 1g.10gb at its largest")


def test_jobs_are_not_summed_since_they_wait_for_room() -> None:
    job = {**TWO_SLICES, "entrypoint": "python a.py"}
    assert settings(**{**stack(6), "tenants.vision.ray": {"clusters": {"lab": TWO_SLICES}, "jobs": {"a": job}}})
