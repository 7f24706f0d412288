"""The examples: each may be merged into any stack, and their code does what it says."""

import base64
import importlib.util
import io
import re
import wave
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from components.settings import Settings, load
from components.settings.stack_file import read_stack_file, stack_path
from tests.project import ROOT

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/stack.yaml"))
TRAINED = ("distributed-finetune",)
"""Examples that train and serve nothing."""
SERVED = sorted({*EXAMPLES} - {*TRAINED})
SMALLEST_SLICE = {"local": "1g.10gb", "aws-dev": "1g.5gb", "gcp-dev": "1g.5gb", "azure-dev": "1g.10gb"}
"""Stack -> its smallest slice, by which the README says to replace the example's."""

STORE = {"local": "s3://acme-models/"}
"""Stack -> what stands in place of store://, where there is none."""


def merged(example: str, stack: str) -> Settings:
    """The stack's settings with the example in them."""
    text = (ROOT / "examples" / example / "stack.yaml").read_text(encoding="utf-8")
    text = text.replace("1g.10gb", SMALLEST_SLICE[stack]).replace("store://", STORE.get(stack, "store://"))
    snippet: dict[str, Any] = yaml.safe_load(text)
    config = read_stack_file(stack_path(ROOT, stack))
    tenants = config.pop("multimodal:tenants") | snippet.pop("multimodal:tenants")
    if stack in STORE:
        for tenant in tenants.values():
            for job in tenant.get("training", {}).values():
                # As the README says of a cluster without a store of the platform.
                job.pop("checkpoints", None)
    # What a stack says of serving already stays.
    return load({**snippet, **config, "multimodal:tenants": tenants}, source=f"{example} in {stack}")


@pytest.mark.parametrize("stack", SMALLEST_SLICE)
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_may_be_merged_into_any_stack(example: str, stack: str) -> None:
    settings = merged(example, stack)
    (tenant,) = [tenant for name, tenant in settings.tenants.items() if name.startswith("example-")]
    assert tenant.served or tenant.training


@pytest.mark.parametrize("example", SERVED)
def test_an_examples_readme_asks_under_the_address_that_the_model_gets(example: str) -> None:
    settings = merged(example, "local")
    readme = (ROOT / "examples" / example / "README.md").read_text(encoding="utf-8")
    (name,) = [name for name in settings.tenants if name.startswith("example-")]
    addresses = [f"https://{key}-{name}.models.internal/" for _, key in settings.tenants[name].served]
    assert any(address in readme for address in addresses)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_readme_pins_is_what_the_stack_file_pins(example: str) -> None:
    folder = ROOT / "examples" / example
    commits = set(re.findall(r"[0-9a-f]{40}", (folder / "stack.yaml").read_text(encoding="utf-8")))
    readme = set(re.findall(r"[0-9a-f]{40}", (folder / "README.md").read_text(encoding="utf-8")))
    assert not commits or not readme or readme == commits


class RefusedError(Exception):
    """What a step answers instead of tensors."""


def step(path: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A step's module, with a stand-in for what only Triton has."""
    stand_in = SimpleNamespace(
        get_input_tensor_by_name=lambda request, name: SimpleNamespace(as_numpy=lambda: request[name]),
        Tensor=lambda name, value: (name, value),
        InferenceResponse=lambda tensors=(), error=None: error or dict(tensors),
        TritonError=RefusedError,
    )
    monkeypatch.setitem(__import__("sys").modules, "triton_python_backend_utils", stand_in)
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "examples" / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_last_step_names_the_five_most_likely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "labels.txt").write_text("\n".join(f"label {n}" for n in range(1000)), encoding="utf-8")
    model = step("triton-image-ensemble/name.py", monkeypatch).TritonPythonModel()
    model.initialize({"model_repository": str(tmp_path), "model_version": "1"})
    scores = np.zeros((2, 1000), np.float32)
    scores[0, 7], scores[1, 3] = 20, 30
    (answer,) = model.execute([{"scores": scores}])
    assert answer["labels"].shape == answer["shares"].shape == (2, 5)
    assert list(answer["labels"][:, 0]) == ["label 7", "label 3"]
    assert answer["shares"][0, 0] == pytest.approx(1, abs=1e-3)
    assert answer["shares"].dtype == np.float32


def recording(rate: int, channels: int, seconds: float, width: int = 2) -> bytes:
    """A WAV recording of a 440 Hz tone, as base64 text."""
    times = np.arange(round(rate * seconds)) / rate
    tone = (np.sin(2 * np.pi * 440 * times) * 16384).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes() if width == 2 else b"\0" * len(tone))
    return base64.b64encode(buffer.getvalue())


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_a_recording_of_any_rate_is_heard_at_whispers(
    rate: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = step("whisper-speech/samples.py", monkeypatch).TritonPythonModel()
    (answer,) = model.execute([{"audio": np.array([recording(rate, channels, 0.5)], dtype=object)}])
    heard = answer["samples"]
    assert heard.dtype == np.float32
    assert len(heard) == 8_000
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 220
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (recording(16_000, 1, 0.1, width=1), "8 bits a sample; send 16"),
        (base64.b64encode(b"RIFF"), "not a WAV recording"),
        (b"@@@", "not a WAV recording"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_reason(sent: bytes, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = step("whisper-speech/samples.py", monkeypatch).TritonPythonModel()
    (answer,) = model.execute([{"audio": np.array([sent], dtype=object)}])
    assert isinstance(answer, RefusedError)
    assert told in str(answer)
