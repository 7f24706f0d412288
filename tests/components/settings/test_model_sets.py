"""How full GPUs get, and what sets of models become."""

from typing import Any

import pytest

from components.settings import Settings
from components.settings.density import density, sentence
from components.settings.set_workloads import densities, with_sets
from tests.rehearsal.bad_sets import IMAGE, adapters, multiplex
from tests.stack_files import settings


def stack(sections: dict[str, Any]) -> Settings:
    return settings(**sections)


def many(made: Settings) -> Any:
    return made.tenants["vision"].model_sets["many"]


@pytest.mark.parametrize(
    ("gpu", "model_gib", "resident"),
    [
        ({"slice": "1g.10gb"}, 2, 4),  # (10 x 0.9 - 1) / 2
        ({"slice": "1g.10gb"}, 8, 1),
        ({"slice": "3g.40gb"}, 2, 6),  # 17 would fit; the set has 6
        ({"count": 1}, 4, 5),  # an L4: (24 x 0.9 - 1) / 4
    ],
)
def test_as_many_models_are_resident_as_fit_the_gpu(gpu: dict[str, Any], model_gib: float, resident: int) -> None:
    made = stack(multiplex({"gpu": gpu, "modelGib": model_gib}))
    found = density(made.cluster, many(made))
    assert found is not None
    assert found.resident == resident


def test_a_turn_on_a_shared_gpu_counts_for_its_part_of_the_memory() -> None:
    pools = {"l4": {"machine": "g6.12xlarge", "maxNodes": 3, "timeSlicing": 4}}
    sections = multiplex({"gpu": {"shared": 2}}, quota={"sharedGpus": 4, "cpu": 256, "memoryGib": 2048})
    made = stack({**sections, "cluster.gpuPools": pools})
    found = density(made.cluster, many(made))
    assert found is not None
    assert (found.gpu_gib, found.fitting) == (12, 4)


def test_adapters_get_a_quarter_of_what_the_base_leaves() -> None:
    made = stack(adapters({"modelGib": 2}))
    found = density(made.cluster, many(made))
    assert found is not None
    assert (found.room_gib, found.resident) == (4.75, 2)  # (40 x 0.9 - 1 - 16) / 4


def test_small_adapters_do_not_take_more_slots_than_kernels_stand() -> None:
    made = stack(adapters({"modelGib": 0.01}))
    found = density(made.cluster, many(made))
    assert found is not None
    assert (found.fitting, found.resident) == (64, 3)


def test_density_is_said_in_a_sentence() -> None:
    made = stack(multiplex({"replicas": {"min": 2, "max": 6}}))
    said = {key: sentence(*found) for key, found in densities(made.cluster, made.tenants).items()}
    assert said == {("vision", "many"): "4 of 6 models at once on 1 slice 1g.10gb, 2 to 6 times"}


def test_a_multiplexed_set_is_a_ray_service_that_holds_what_fits() -> None:
    made = stack(multiplex({"replicas": {"min": 2, "max": 6}}))
    whole = with_sets(made.cluster, made.tenants["vision"]).ray
    assert whole is not None
    service = whole.services["many"]
    group = service.groups["models"]
    assert (group.min, group.max, group.ray_gpus) == (2, 6, 1)
    application = service.applications["models"]
    assert application.import_path == "multimodal_models:build"
    assert application.args == {"task": "text-classification", "resident": 4}
    assert application.deployments["Models"]["autoscaling_config"]["max_replicas"] == 6


def test_a_set_that_does_not_scale_has_a_fixed_number_of_replicas() -> None:
    made = stack(multiplex({"replicas": {"min": 3}}))
    whole = with_sets(made.cluster, made.tenants["vision"]).ray
    assert whole is not None
    assert whole.services["many"].applications["models"].deployments["Models"] == {"num_replicas": 3}


def test_a_set_of_adapters_is_a_model_on_vllm_with_counted_slots() -> None:
    made = stack(adapters({"modelGib": 2, "rank": 32}))
    model = with_sets(made.cluster, made.tenants["vision"]).models["many"]
    assert model.source == "s3://acme-models/chat/3"
    assert sorted(model.adapters) == ["formal", "kind", "short"]
    assert model.args == ("--max-loras=2", "--max-cpu-loras=3", "--max-lora-rank=32")


def test_vllm_is_told_its_slots_once() -> None:
    from components.serving.models import inference_service

    made = stack(adapters({"modelGib": 2}))
    model = with_sets(made.cluster, made.tenants["vision"]).models["many"]
    spec = inference_service("vision", "many", model, made.cluster)["spec"]
    args = spec["predictor"]["model"]["args"]
    assert [arg for arg in args if arg.startswith("--max-loras")] == ["--max-loras=2"]


def test_a_tenant_keeps_its_own_workloads_beside_its_sets() -> None:
    own = {"clusters": {"lab": {"image": IMAGE, "groups": {"g": {"cpu": 2}}}}}
    made = stack(multiplex(ray=own))
    whole = with_sets(made.cluster, made.tenants["vision"]).ray
    assert whole is not None
    assert (sorted(whole.clusters), sorted(whole.services)) == (["lab"], ["many"])
    assert made.tenants["vision"].ray is not None
    assert made.tenants["vision"].ray.services == {}
