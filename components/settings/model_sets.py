"""Settings of model sets: many models that share GPUs, each loaded when it is asked for."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from components.settings.model import Model, Name, PositiveCount
from components.settings.serving import Format, Source
from components.settings.workloads import GpuRequest, Priority


class Backend(StrEnum):
    """What loads the models of a set, and makes room for them. docs/many-models.md compares them."""

    MULTIPLEX = "multiplex"
    """Ray Serve: whole models, each fetched when it is asked for; the least recently used one makes room."""

    ADAPTERS = "adapters"
    """vLLM: LoRA adapters of one base model, which stays."""

    MODELMESH = "modelmesh"
    """ModelMesh and Triton: whole models from a volume. Archived by its makers; for those who have it."""


class Task(StrEnum):
    """What the models of a multiplexed set do, as Hugging Face's pipelines call it."""

    TEXT_CLASSIFICATION = "text-classification"
    TOKEN_CLASSIFICATION = "token-classification"  # noqa: S105 - no password
    FILL_MASK = "fill-mask"
    FEATURE_EXTRACTION = "feature-extraction"
    TEXT_GENERATION = "text-generation"
    IMAGE_CLASSIFICATION = "image-classification"
    OBJECT_DETECTION = "object-detection"
    SPEECH_RECOGNITION = "automatic-speech-recognition"
    AUDIO_CLASSIFICATION = "audio-classification"


class SetReplicas(Model):
    """Bounds of a set's replicas. Each has the set's GPUs, and any of its models."""

    min: PositiveCount = 1
    max: PositiveCount | None = None
    """Default: `min`, so that the set does not scale by itself."""

    @property
    def most(self) -> int:
        """Replicas at most; `min` where the stack file says nothing."""
        return self.min if self.max is None else self.max


Gib = Annotated[float, Field(gt=0, le=1024)]
"""GiB of GPU memory."""


class ModelSet(Model):
    """Models that are alike and share replicas. How many are in GPU memory at once follows from `model_gib`."""

    backend: Backend = Backend.MULTIPLEX

    models: Annotated[dict[Name, Source], Field(min_length=1, max_length=2000)]
    """Where each model's weights are, by the name under which requests ask for it; of adapters, the adapter's."""

    model_gib: Gib
    """GPU memory that the largest model takes, with what it computes on; of adapters, the adapter. Models are counted
    and not weighed, so the largest one decides."""

    gpu: GpuRequest
    """GPUs of one replica."""

    cpu: PositiveCount | None = None
    """Processors of one replica. Default: the fair part of a node."""

    memory_gib: PositiveCount | None = None
    """Memory of one replica in GiB. Default: the fair part of a node."""

    replicas: SetReplicas = SetReplicas()
    priority: Priority = Priority.INTERACTIVE

    task: Task | None = None
    """Multiplex: what its models do."""

    image: str | None = None
    """Multiplex: image of the tenant's own, by digest, with Ray, transformers, torch and kserve-storage; see
    examples/many-models."""

    base: Source | None = None
    """Adapters: where the base model's weights are."""

    base_gib: Gib | None = None
    """Adapters: GPU memory that the base model's weights take."""

    format: Format = Format.ONNX
    """ModelMesh: in which form its models are: onnx, tensorrt or pytorch."""

    rank: Literal[8, 16, 32, 64, 128, 256, 320, 512] = 16
    """Adapters: the largest rank among them (the ranks that vLLM has kernels for)."""
