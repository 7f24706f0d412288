"""Stacks that are measured."""

import pytest

from benchmarks.stackfile import config
from components.settings import load


@pytest.mark.parametrize("models", [0, 7, 100, 1000])
def test_a_stack_of_any_number_of_models_is_valid(models: int) -> None:
    settings = load(config(models), source="benchmark")
    assert sum(len(tenant.models) for tenant in settings.tenants.values()) == models
    assert len(settings.tenants) == 50


def test_tenants_are_the_same_whatever_they_run() -> None:
    def bounds(models: int) -> dict[str, object]:
        settings = load(config(models), source="benchmark")
        return {name: tenant.model_copy(update={"models": {}}) for name, tenant in settings.tenants.items()}

    assert bounds(0) == bounds(1000)


def test_models_are_spread_evenly_and_mixed_within_a_tenant() -> None:
    tenants = load(config(1000), source="benchmark").tenants.values()
    assert {len(tenant.models) for tenant in tenants} == {20}
    for tenant in tenants:
        models = tenant.models.values()
        assert {model.runtime.value for model in models} == {"vllm", "triton", "huggingface"}
        assert any(model.canary for model in models)
        assert any(model.gpu is None for model in models)
        assert any(model.gpu and model.gpu.slice for model in models)
        assert any((model.replicas.max or 0) > model.replicas.min for model in models)
