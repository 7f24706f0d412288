"""The steps by themselves, on small data."""

import json
from pathlib import Path
from typing import Any

import numpy
import onnx
import onnx.reference
import pytest
from conftest import stripes
from photo_labels import onnx_file, pictures, registry, rollout, signatures
from photo_labels.judgement import Judgement, NotGoodEnough, demand, judge
from photo_labels.network import Network, distil, train


def parts(raw: Path) -> tuple[pictures.Pictures, pictures.Pictures]:
    return pictures.split(pictures.ingest(raw), 0.25)


def stored(path: Path, **arrays: Any) -> Path:
    numpy.savez(path, **arrays)
    return path


def test_a_picture_that_comes_twice_counts_once(tmp_path: Path) -> None:
    pixels, labels = stripes(120)
    twice = stored(tmp_path / "twice.npz", pixels=numpy.concatenate([pixels, pixels]), labels=numpy.tile(labels, 2))
    assert len(pictures.ingest(twice).labels) == 120


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixels": None}, "has no pixels; it has labels"),
        ({"pixels": numpy.zeros((60, 64), numpy.uint8)}, "bytes of shape (n, height, width) wanted"),
        ({"pixels": numpy.zeros((60, 8, 8))}, "pixels are float64 of shape (60, 8, 8)"),
        ({"labels": numpy.zeros(59, int)}, "60 whole numbers wanted"),
        ({"pixels": numpy.zeros((60, 8, 8), numpy.uint8)}, "pictures 0 and 1 are the same and have different labels"),
        ({"labels": numpy.zeros(60, int)}, "each of at least two labels needs 20 different pictures; there are [60]"),
    ],
)
def test_pictures_that_cannot_be_learnt_from_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    pixels, labels = stripes(60)
    arrays = {key: value for key, value in {"pixels": pixels, "labels": labels, **change}.items() if value is not None}
    with pytest.raises(ValueError) as refused:
        pictures.ingest(stored(tmp_path / "bad.npz", **arrays))
    assert message in str(refused.value)


def test_more_pictures_never_move_one_to_the_other_part() -> None:
    pixels, labels = stripes(400)
    flat = pixels.reshape(400, -1).astype(numpy.float32) / 127.5 - 1
    few, many = (pictures.split(pictures.Pictures(flat[:n], labels[:n]), 0.3)[1] for n in (300, 400))
    back = {row.tobytes() for row in many.pixels}
    assert all(row.tobytes() in back for row in few.pixels)


def test_a_network_learns_stripes_and_a_smaller_one_learns_it_from_the_large_one(raw: Path) -> None:
    learning, judging = parts(raw)
    teacher = train(learning, units=64, epochs=200, rate=0.1, seed=1)
    student = distil(teacher, learning, units=16, epochs=200, rate=0.1, seed=1)
    assert student.size < teacher.size / 3
    assert judge(teacher, judging).accuracy > 0.95
    assert judge(student, judging).accuracy > 0.9


def test_a_student_learns_from_its_teacher_what_wrong_labels_do_not_say(raw: Path) -> None:
    learning, judging = parts(raw)
    teacher = train(learning, units=64, epochs=200, rate=0.1, seed=1)
    wrong = pictures.Pictures(learning.pixels, numpy.random.default_rng(0).permutation(learning.labels))
    alone = train(wrong, units=16, epochs=200, rate=0.1, seed=1)
    taught = distil(teacher, wrong, units=16, epochs=200, rate=0.1, seed=1, trust=0.9)
    assert judge(taught, judging).accuracy > 0.9 > 0.6 > judge(alone, judging).accuracy


def test_the_same_seed_makes_the_same_network(raw: Path, tmp_path: Path) -> None:
    learning, _ = parts(raw)
    first, second = (train(learning, units=16, epochs=20, rate=0.1, seed=7) for _ in range(2))
    first.save(tmp_path / "model")
    assert numpy.array_equal(Network.load(tmp_path / "model").hidden, second.hidden)


def test_what_is_below_the_bar_is_refused_by_name() -> None:
    found = Judgement(accuracy=0.91, worst_recall=0.5, confusion=[])
    with pytest.raises(NotGoodEnough, match=r"recall of the worst label is 0\.500, below 0\.800: nothing is released"):
        demand(found, accuracy=0.9, worst_recall=0.8)
    demand(found, accuracy=0.9, worst_recall=0.5)


def test_the_onnx_file_says_what_the_network_says(raw: Path, tmp_path: Path) -> None:
    learning, judging = parts(raw)
    network = train(learning, units=16, epochs=50, rate=0.1, seed=1)
    onnx_file.export(network, tmp_path, "labels")
    model = onnx.load(tmp_path / "labels" / "1" / "model.onnx")
    (shares,) = onnx.reference.ReferenceEvaluator(model).run(None, {"pixels": judging.pixels})
    assert numpy.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert numpy.array_equal(shares.argmax(axis=1), network.predict(judging.pixels))


def test_a_changed_or_added_file_breaks_the_signature(tmp_path: Path, keys: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1 2 3", encoding="utf-8")
    signatures.sign(model, keys / "private.pem")
    signatures.verify(model, keys / "public.pem")
    (model / "weights").write_text("1 2 4", encoding="utf-8")
    with pytest.raises(ValueError, match="mismatch"):
        signatures.verify(model, keys / "public.pem")


def test_versions_are_numbered_and_never_written_over(tmp_path: Path) -> None:
    model, store = tmp_path / "model", tmp_path / "store"
    (model / "labels" / "1").mkdir(parents=True)
    (model / "labels" / "1" / "model.onnx").write_bytes(b"one")
    first = registry.register(model, str(store), {"accuracy": 0.9})
    (store / "2").mkdir()  # an upload that broke off
    second = registry.register(model, str(store), {"accuracy": 0.95})
    assert (first, second) == (f"{store}/1", f"{store}/3")
    assert registry.versions(str(store)) == [1, 3]
    assert (store / "3" / "labels" / "1" / "model.onnx").read_bytes() == b"one"
    assert json.loads((store / "3" / "card.json").read_text(encoding="utf-8")) == {"version": 3, "accuracy": 0.95}


class FakeApi:
    """The Kubernetes API, as much as a rollout needs."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def exists(self, kind: str, namespace: str, name: str) -> bool:  # noqa: ARG002
        return f"{kind}/{name}" in self.objects

    def apply(self, body: dict[str, Any]) -> None:
        self.objects[f"{body['kind']}/{body['metadata']['name']}"] = body


def test_the_first_version_serves_all_and_the_second_a_share() -> None:
    api = FakeApi()

    def out(source: str, percent: int = 10) -> list[str]:
        return rollout.roll_out(
            api,
            namespace="vision",
            model="labels",
            source=source,
            resource="nvidia.com/mig-1g.10gb",
            domain="models.internal",
            percent=percent,
        )

    def shares() -> dict[str, int]:
        (rule,) = api.objects["HTTPRoute/labels"]["spec"]["rules"]
        return {ref["name"]: ref["weight"] for ref in rule["backendRefs"]}

    assert out("s3://m/vision/labels/1") == ["InferenceService/labels", "HTTPRoute/labels"]
    assert shares() == {"labels-predictor": 100}
    assert out("s3://m/vision/labels/2") == ["InferenceService/labels-canary", "HTTPRoute/labels"]
    assert shares() == {"labels-predictor": 90, "labels-canary-predictor": 10}
    assert api.objects["InferenceService/labels"]["spec"]["predictor"]["model"]["storageUri"].endswith("/1")
    assert out("s3://m/vision/labels/2", percent=100) == ["InferenceService/labels", "HTTPRoute/labels"]
    assert shares() == {"labels-predictor": 100}
    assert api.objects["InferenceService/labels"]["spec"]["predictor"]["model"]["storageUri"].endswith("/2")


def test_a_version_runs_in_the_tenants_queue_on_the_slice_that_it_asks_for() -> None:
    predictor = rollout.service("vision", "labels", "s3://m/1", "nvidia.com/mig-1g.10gb", "labels")["spec"]["predictor"]
    assert predictor["annotations"] == {"scheduling.volcano.sh/queue-name": "vision"}
    assert predictor["model"]["resources"]["limits"] == {"memory": "2Gi", "nvidia.com/mig-1g.10gb": "1"}
    assert predictor["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
