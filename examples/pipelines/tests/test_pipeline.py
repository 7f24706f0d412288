"""The pipeline: what the SDK compiles it into, and a run of it on this machine."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, local
from photo_labels import components, registry, signatures
from photo_labels.pipeline import KEYS, SLICE, photo_labels, release

STEPS = ("ingest", "train", "evaluate", "distil", "evaluate-2", "sign", "register")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """(pipeline, what it asks of Kubernetes)."""
    path = tmp_path_factory.mktemp("compiled") / "photo-labels.yaml"
    compiler.Compiler().compile(photo_labels, str(path))
    first, second = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    return first, second


@pytest.fixture(scope="module")
def ir(documents: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return documents[0]


def tasks(ir: dict[str, Any], component: str) -> dict[str, Any]:
    """Task -> its description, in one part of the pipeline."""
    return ir["components"][component]["dag"]["tasks"]


def released(ir: dict[str, Any]) -> dict[str, Any]:
    return tasks(ir, "comp-release")


def feeds(task: dict[str, Any]) -> set[str]:
    """The tasks whose outputs it takes, or that it waits for."""
    inputs = task.get("inputs", {})
    sources = [*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()]
    made = [source.get("taskOutputParameter") or source.get("taskOutputArtifact") for source in sources]
    return {one["producerTask"] for one in made if one} | set(task.get("dependentTasks", []))


def executors(ir: dict[str, Any]) -> dict[str, Any]:
    """Step -> its container."""
    found = ir["deploymentSpec"]["executors"]
    return {key.removeprefix("exec-"): one["container"] for key, one in found.items() if "container" in one}


def test_the_steps_follow_each_other_as_their_data_does(ir: dict[str, Any]) -> None:
    found = {name: feeds(task) for name, task in released(ir).items()}
    assert found == {
        "ingest": set(),
        "train": {"ingest"},
        "evaluate": {"train", "ingest"},
        "distil": {"train", "ingest"},
        "evaluate-2": {"distil", "ingest"},
        "sign": {"distil", "evaluate-2"},
        "register": {"sign", "evaluate-2", "ingest"},
    }
    assert feeds(tasks(ir, "comp-exit-handler-1")["deploy"]) == {"release"}


def test_every_image_is_pinned_by_digest(ir: dict[str, Any]) -> None:
    images = {container["image"] for container in executors(ir).values()}
    assert images == {components.IMAGE}
    assert "@sha256:" in components.IMAGE


def test_no_step_installs_anything_when_it_starts(ir: dict[str, Any]) -> None:
    assert not [key for key, one in executors(ir).items() if "pip install" in json.dumps(one)]


def test_training_asks_for_one_slice_and_nothing_else_asks_for_gpus(ir: dict[str, Any]) -> None:
    asked = {key: one["resources"].get("accelerator") for key, one in executors(ir).items()}
    assert {key: one for key, one in asked.items() if one} == {
        "train": {"count": "1", "type": SLICE, "resourceCount": "1", "resourceType": SLICE}
    }


def test_every_step_says_what_it_needs(ir: dict[str, Any]) -> None:
    keys = {"cpuLimit", "cpuRequest", "memoryLimit", "memoryRequest"}
    assert not {key for key, one in executors(ir).items() if not keys <= set(one["resources"])}


def test_what_computes_is_cached_and_what_publishes_is_not(ir: dict[str, Any]) -> None:
    cached = {name: task["cachingOptions"].get("enableCache", False) for name, task in released(ir).items()}
    assert {name for name, on in cached.items() if not on} == {"sign", "register"}
    assert "enableCache" not in tasks(ir, "comp-exit-handler-1")["deploy"]["cachingOptions"]


def test_what_talks_to_others_is_tried_again(ir: dict[str, Any]) -> None:
    everything = {**released(ir), **tasks(ir, "comp-exit-handler-1")}
    again = {name: task["retryPolicy"]["maxRetryCount"] for name, task in everything.items() if "retryPolicy" in task}
    assert again == {"train": 3, "register": 3, "deploy": 3}


def test_however_a_run_ends_the_report_says_so(ir: dict[str, Any]) -> None:
    done = ir["root"]["dag"]["tasks"]["report"]
    assert done["dependentTasks"] == ["exit-handler-1"]
    assert done["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"


def test_only_what_signs_and_checks_sees_the_keys(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    wanted = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    with_keys = {key for key, one in wanted.items() if "secretAsVolume" in one}
    assert with_keys == {"exec-sign", "exec-register"}
    assert wanted["exec-sign"]["secretAsVolume"][0]["secretName"] == KEYS
    assert wanted["exec-train"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs steps as processes of this machine, with the packages that it has."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    monkeypatch.chdir(tmp_path)
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "runs"))
    yield
    os.environ.pop("KFP_LOCAL", None)


def inputs(raw: Path, keys: Path, store: Path, **changes: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "store": str(store),
        "keys": str(keys),
        "model": "labels",
        "held_back": 0.25,
        "accuracy": 0.9,
        "worst_recall": 0.8,
        "epochs": 200,
        "seed": 1,
        "run": "here",
        **changes,
    }
    return {"raw": str(raw), **chosen}


def test_a_whole_run_ends_with_a_signed_version_in_the_store(here: None, raw: Path, keys: Path, tmp_path: Path) -> None:
    from local_run import released_from

    store = tmp_path / "store"
    address = released_from(**inputs(raw, keys, store))
    assert address == f"{store}/1"
    assert registry.versions(str(store)) == [1]
    card = json.loads((store / "1" / "card.json").read_text(encoding="utf-8"))
    assert (card["pictures"], card["run"], card["accuracy"] > 0.9) == (600, "here", True)
    model = tmp_path / "fetched"
    for file in (store / "1").rglob("*"):
        if file.is_file() and file.name != registry.CARD:
            target = model / file.relative_to(store / "1")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    signatures.verify(model, keys / "public.pem")


def test_a_network_below_the_bar_stops_the_run_before_anything_is_signed(
    here: None, raw: Path, keys: Path, tmp_path: Path
) -> None:
    from local_run import released_from

    with pytest.raises(RuntimeError):
        released_from(**inputs(raw, keys, tmp_path / "store", epochs=1, accuracy=0.99))
    assert not (tmp_path / "store").exists()


def test_release_is_one_pipeline_of_its_own() -> None:
    assert release.pipeline_spec.pipeline_info.name == "release"
