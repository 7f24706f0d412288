"""What an ensemble becomes for Triton, read with Triton's own definition of a model's configuration."""

from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as some
from tritonclient.grpc.model_config_pb2 import ModelConfig

from components.serving.models import inference_service
from components.serving.triton.repository import config_map, digest, fetched, repository
from components.settings import SettingsError, parse
from components.settings.ensembles import Ensemble
from tests.rehearsal.bad_ensembles import CODE, PHOTOS, changed, ensembles
from tests.stack_files import sections


def photos(**changes: Any) -> Ensemble:
    return Ensemble.model_validate(changed(PHOTOS, {key.replace("__", "/"): value for key, value in changes.items()}))


def files(ensemble: Ensemble) -> dict[str, str]:
    return repository("photos", ensemble, {key: f"# {key}" for key in ensemble.steps})


def config(ensemble: Ensemble, model: str) -> ModelConfig:
    return text_format.Parse(files(ensemble)[f"{model}/config.pbtxt"], ModelConfig())


def test_a_repository_has_a_folder_with_a_version_for_each_model() -> None:
    assert sorted(files(photos())) == [
        "classify/config.pbtxt",
        "decode/1/model.py",
        "decode/config.pbtxt",
        "photos/1/ensemble",
        "photos/config.pbtxt",
    ]


def test_a_step_says_what_it_reads_and_writes() -> None:
    assert files(photos())["classify/config.pbtxt"] == (
        'name: "classify"\n'
        'backend: "onnxruntime"\n'
        "max_batch_size: 8\n"
        'input {\n  name: "pixels"\n  data_type: TYPE_FP32\n  dims: 3\n  dims: 224\n  dims: 224\n}\n'
        'output {\n  name: "scores"\n  data_type: TYPE_FP32\n  dims: 1000\n}\n'
        "instance_group {\n  kind: KIND_GPU\n  count: 1\n}\n"
    )


def test_the_ensemble_takes_what_no_step_gives_and_returns_what_its_outputs_name() -> None:
    made = config(photos(), "photos")
    assert made.platform == "ensemble"
    assert [(one.name, list(one.dims)) for one in made.input] == [("image", [1])]
    assert [(one.name, list(one.dims)) for one in made.output] == [("scores", [1000])]
    steps = [(one.model_name, dict(one.input_map), dict(one.output_map)) for one in made.ensemble_scheduling.step]
    assert steps == [
        ("decode", {"image": "image"}, {"pixels": "decode>pixels"}),
        ("classify", {"pixels": "decode>pixels"}, {"scores": "scores"}),
    ]


def test_a_tensor_may_be_sent_and_returned_under_another_name() -> None:
    renamed = photos(steps__decode__inputs__image={"type": "string", "dims": [1], "from": "photo"})
    renamed = renamed.model_copy(update={"outputs": {"classes": "classify.scores"}})
    made = config(renamed, "photos")
    assert (made.input[0].name, made.output[0].name) == ("photo", "classes")
    assert dict(made.ensemble_scheduling.step[0].input_map) == {"image": "photo"}


def test_python_steps_run_on_processors_and_models_on_the_gpu_unless_told() -> None:
    kinds = ModelConfig.DESCRIPTOR.fields_by_name["instance_group"].message_type.enum_types_by_name["Kind"]

    def kind(ensemble: Ensemble, step: str) -> str:
        return kinds.values_by_number[config(ensemble, step).instance_group[0].kind].name

    assert (kind(photos(), "decode"), kind(photos(), "classify")) == ("KIND_CPU", "KIND_GPU")
    assert kind(photos(gpu=None), "classify") == "KIND_CPU"
    assert kind(photos(steps__decode__instances={"kind": "gpu"}), "decode") == "KIND_GPU"


def test_requests_are_joined_as_the_step_says() -> None:
    batching = {"preferredSizes": [8, 4], "maxQueueDelayMicroseconds": 500}
    made = config(photos(steps__classify__batching=batching), "classify").dynamic_batching
    assert list(made.preferred_batch_size) == [4, 8]
    assert made.max_queue_delay_microseconds == 500
    assert config(photos(steps__classify__batching={}), "classify").HasField("dynamic_batching")
    assert not config(photos(), "classify").HasField("dynamic_batching")


def test_an_ensemble_takes_batches_as_large_as_its_smallest_step() -> None:
    assert config(photos(steps__classify__maxBatchSize=4), "photos").max_batch_size == 4


def test_without_batches_shapes_stand_as_they_are() -> None:
    made = config(photos(maxBatchSize=0), "photos")
    assert (made.max_batch_size, list(made.output[0].dims)) == (0, [1000])


def test_a_step_without_batches_sees_the_batch_as_an_axis() -> None:
    mixed = photos(
        steps__decode__maxBatchSize=0,
        steps__decode__inputs__image={"type": "string", "dims": [-1, 1]},
        steps__decode__outputs__pixels={"type": "fp32", "dims": [-1, 3, 224, 224]},
    )
    made = config(mixed, "photos")
    assert (made.max_batch_size, list(made.input[0].dims)) == (8, [1])


def test_of_a_tensor_that_two_steps_read_the_exact_shape_counts() -> None:
    both = photos(steps__classify__inputs__image={"type": "string", "dims": [-1]})
    assert list(config(both, "photos").input[0].dims) == [1]


def test_a_packed_environment_lies_in_the_steps_version() -> None:
    packed = photos(steps__decode__source="s3://acme-models/decode/1", steps__decode__environment="environment.tar.gz")
    path = config(packed, "decode").parameters["EXECUTION_ENV_PATH"].string_value
    assert path == "$$TRITON_MODEL_DIRECTORY/1/environment.tar.gz"


def test_a_file_of_another_name_is_named() -> None:
    assert config(photos(steps__classify__file="resnet.onnx"), "classify").default_model_filename == "resnet.onnx"


def test_a_model_with_a_configuration_of_its_own_keeps_it() -> None:
    own = photos(steps__classify__backend="repository")
    assert "classify/config.pbtxt" not in files(own)
    assert fetched(own) == {"/mnt/models/classify": "s3://acme-models/classify/1"}


def test_weights_are_fetched_into_the_folder_of_their_version() -> None:
    assert fetched(photos()) == {"/mnt/models/classify/1": "s3://acme-models/classify/1"}


def service(ensemble: Ensemble) -> dict[str, Any]:
    stack = parse(sections(**ensembles()))
    return inference_service("vision", "photos", ensemble, stack.cluster, account="workloads", files=files(ensemble))


def test_every_file_of_the_repository_is_laid_into_the_pod_out_of_the_config_map() -> None:
    carried = config_map("vision", {}, "photos", files(photos()))
    predictor = service(photos())["spec"]["predictor"]
    assert predictor["volumes"] == [{"name": "repository", "configMap": {"name": carried["metadata"]["name"]}}]
    laid = {mount["mountPath"]: carried["data"][mount["subPath"]] for mount in predictor["model"]["volumeMounts"]}
    assert laid == {f"/mnt/models/{path}": text for path, text in files(photos()).items()}


def test_an_ensemble_is_served_as_a_model_is() -> None:
    made = service(photos())
    predictor = made["spec"]["predictor"]
    assert predictor["model"]["runtime"] == "multimodal-triton"
    assert predictor["model"]["modelFormat"] == {"name": "repository"}
    assert predictor["model"]["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    assert predictor["schedulerName"] == "volcano"
    assert predictor["storageUris"] == [{"uri": "s3://acme-models/classify/1", "mountPath": "/mnt/models/classify/1"}]
    assert made["metadata"]["annotations"]["storage.kserve.io/readonly"] == "false"


def test_an_ensemble_of_code_alone_fetches_nothing() -> None:
    only = Ensemble.model_validate(
        {
            "modality": "text",
            "steps": {"decode": PHOTOS["steps"]["decode"]},
            "outputs": {"pixels": "decode.pixels"},
        }
    )
    made = service(only)
    assert "storageUris" not in made["spec"]["predictor"]
    assert "storage.kserve.io/readonly" not in made["metadata"]["annotations"]


def test_changed_code_rolls_out() -> None:
    before, after = (repository("photos", photos(), {"decode": code}) for code in ("a = 1", "a = 2"))
    assert digest(before) != digest(after)
    annotations = service(photos())["spec"]["predictor"]["annotations"]
    assert annotations["multimodal.dev/repository"] == digest(files(photos()))
    # Beside what says whose queue the pods wait in.
    assert annotations["scheduling.volcano.sh/queue-name"] == "vision"


def test_more_code_than_travels_with_an_ensemble_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "class TritonPythonModel: ...\n" + "#" * 900_000
    monkeypatch.setattr("components.settings.checks_ensembles.read_code", lambda path: text)
    with pytest.raises(SettingsError) as refused:
        parse(sections(**ensembles()))
    assert 'steps = ["decode"]: their code together is 900,029 bytes, and 900,000 is the most' in str(refused.value)


NAMES = ("a", "b", "c", "d")
TYPES = some.sampled_from(["fp32", "fp32", "fp32", "int64"])
DIMS = some.lists(some.sampled_from([3, 1, -1]), min_size=1, max_size=2)


@some.composite
def wirings(draw: some.DrawFn) -> dict[str, Any]:
    """An ensemble whose inputs mostly repeat what feeds them, with a mistake here and there."""
    keys = draw(some.permutations(NAMES))[: draw(some.integers(1, len(NAMES)))]
    outputs = {
        key: {f"o{index}": {"type": draw(TYPES), "dims": draw(DIMS)} for index in range(draw(some.integers(1, 2)))}
        for key in keys
    }
    batches = {key: draw(some.sampled_from([None, None, None, 4, 0])) for key in keys}
    steps: dict[str, Any] = {}
    for position, key in enumerate(keys):
        inputs: dict[str, Any] = {}
        for index in range(draw(some.integers(1, 2))):
            # Seldom from a step that comes later, or itself: that may be a cycle.
            earlier = keys if draw(some.sampled_from([False] * 9 + [True])) else keys[:position]
            if earlier and draw(some.sampled_from([True, True, True, False])):
                source = draw(some.sampled_from(earlier))
                name = draw(some.sampled_from(sorted(outputs[source])))
                tensor: dict[str, Any] = {**outputs[source][name], "from": f"{source}.{name}"}
            else:
                sent = draw(some.sampled_from(["x", "y"]))
                tensor = {"type": "fp32", "dims": draw(DIMS), "from": sent}
            if draw(some.sampled_from([False, False, False, True])):
                tensor["dims"] = draw(DIMS)
            inputs[f"i{index}"] = tensor
        steps[key] = {"backend": "python", "code": CODE, "inputs": inputs, "outputs": outputs[key]}
        if batches[key] is not None:
            steps[key]["maxBatchSize"] = batches[key]
    read = {tensor["from"] for step in steps.values() for tensor in step["inputs"].values()}
    wires = [f"{key}.{name}" for key in keys for name in outputs[key]]
    unread = [wire for wire in wires if wire not in read] or wires[:1]
    return {
        "modality": "text",
        "maxBatchSize": draw(some.sampled_from([8, 0])),
        "steps": steps,
        "outputs": {f"r{index}": wire for index, wire in enumerate(unread)},
    }


def fits(one: tuple[int, list[int]], other: tuple[int, list[int]]) -> bool:
    """Triton's own rule for the full shapes of one tensor: as long, and -1 with anything."""
    return (
        one[0] == other[0]
        and len(one[1]) == len(other[1])
        and all(a == b or -1 in (a, b) for a, b in zip(one[1], other[1], strict=True))
    )


def assert_triton_accepts(made: ModelConfig, steps: dict[str, ModelConfig]) -> None:
    """What Triton's ensemble scheduler checks of a configuration when it loads it."""

    def full(tensor: Any, model: ModelConfig) -> tuple[int, list[int]]:
        return tensor.data_type, [*([-1] if model.max_batch_size else []), *tensor.dims]

    known = {one.name: full(one, made) for one in made.input}
    writers = dict.fromkeys(known, "the caller")
    readers: set[str] = set()
    assert known
    for step in made.ensemble_scheduling.step:
        model = steps[step.model_name]
        assert not 0 < model.max_batch_size < made.max_batch_size
        assert set(step.input_map) == {one.name for one in model.input}
        for one in model.input:
            tensor = step.input_map[one.name]
            # Steps stand in the order in which they can run.
            assert tensor in writers
            assert fits(known[tensor], full(one, model))
            readers.add(tensor)
        assert step.output_map
        for one in model.output:
            tensor = step.output_map[one.name]
            assert tensor not in writers
            writers[tensor] = step.model_name
            known[tensor] = full(one, model)
    assert len(made.ensemble_scheduling.step) == len(steps)
    for one in made.output:
        assert fits(known[one.name], full(one, made))
        readers.add(one.name)
    assert readers == set(writers)


def test_whatever_settings_accept_triton_accepts() -> None:
    sizes: list[int] = []

    @settings(max_examples=150, deadline=None)
    @given(wirings())
    def judge(wiring: dict[str, Any]) -> None:
        stack = ensembles()
        stack["tenants"]["vision"]["ensembles"] = {"photos": wiring}
        try:
            ensemble = parse(sections(**stack)).tenants["vision"].ensembles["photos"]
        except SettingsError:
            return
        sizes.append(len(ensemble.steps))
        steps = {key: config(ensemble, key) for key in ensemble.steps}
        assert_triton_accepts(config(ensemble, "photos"), steps)

    judge()
    # Enough of them were accepted to say something.
    assert len(sizes) >= 20
    assert max(sizes) >= 3
