"""Warnings about what is allowed."""

from datetime import date

from components.settings.advice import advice
from tests.stack_files import settings

OLD = {"versions": {"kubernetes": "1.33"}}


def test_a_version_past_its_support_is_warned_about() -> None:
    (warning,) = advice(settings(**OLD), date(2026, 11, 24))
    assert warning.startswith("multimodal:versions.kubernetes = '1.33': standard support on eks ended on 2026-07-29;")


def test_a_version_in_support_is_not() -> None:
    assert list(advice(settings(**OLD), date(2026, 7, 1))) == []


def test_an_existing_cluster_has_the_version_that_it_has() -> None:
    existing = settings(
        **OLD,
        cluster={"provider": "existing", "gpuPools": {"h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 1}}},
        tenants={},
    )
    assert list(advice(existing, date(2030, 1, 1))) == []
