"""Settings of a tenant's ensembles: steps that one Triton server runs beside each other, and how tensors flow."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from components.settings.model import Count, Model, Name, PositiveCount
from components.settings.serving import Format, Runtime, Served, Source


class DataType(StrEnum):
    """Type of a tensor's elements, in Triton's words without TYPE_ (model_config.proto, DataType)."""

    BOOL = "bool"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FP16 = "fp16"
    FP32 = "fp32"
    FP64 = "fp64"
    BF16 = "bf16"
    STRING = "string"
    """Bytes of any length: text, or an encoded image."""


Dim = Annotated[int, Field(ge=-1, strict=True)]
"""Length of one axis; -1 where it varies from request to request."""

TensorName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:/-]{0,99}$")]
"""A tensor's name as the model has it."""

Wire = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:/-]{0,140}$")]
"""<step>.<output>, or a tensor that the caller sends."""

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
"""Name of a file in the folder that a source names."""

CodePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*\.py$")]
"""A Python file of the project, from the project's root on."""


class Tensor(Model):
    """What a step reads or writes."""

    type: DataType
    dims: Annotated[tuple[Dim, ...], Field(min_length=1)]
    """Shape without the batch axis; a step with `maxBatchSize: 0` names all axes."""


class Input(Tensor):
    """What a step reads, and from where."""

    fed_by: Wire | None = Field(default=None, alias="from")
    """<step>.<output>, or the name under which the caller sends it. Default: the caller sends it under its own name."""


class Backend(StrEnum):
    """What runs a step."""

    PYTHON = "python"
    """A Python class of yours; numpy is there, more comes in an `environment`."""

    ONNXRUNTIME = "onnxruntime"
    TENSORRT = "tensorrt"
    PYTORCH = "pytorch"
    """TorchScript."""

    REPOSITORY = "repository"
    """A model as it lies in a Triton repository, with a config.pbtxt of its own. Inputs and outputs repeat what it
    declares, so that what is wired to them can be checked."""


class Device(StrEnum):
    """Where instances of a step run."""

    GPU = "gpu"
    CPU = "cpu"


class Instances(Model):
    """How many copies of a step run at once in a server."""

    kind: Device | None = None
    """Default: python cpu; the others gpu where the ensemble has one."""

    count: PositiveCount = 1


class Batching(Model):
    """Requests of several callers joined into one batch."""

    preferred_sizes: tuple[PositiveCount, ...] = ()
    """Sizes that run at once when they are reached. Default: the largest possible."""

    max_queue_delay_microseconds: Count = 0
    """How long a request may wait for others."""


class Step(Model):
    """One model of an ensemble."""

    backend: Backend
    """What runs it."""

    source: Source | None = None
    """Folder of its version: the weights, or what a Python step needs beside its code. For `repository` the folder that
    holds config.pbtxt and the versions."""

    file: FileName | None = None
    """Name of the weights' file in `source`. Default: Triton's, model.onnx, model.plan or model.pt."""

    code: CodePath | None = None
    """Code of a Python step: a file with a class TritonPythonModel."""

    environment: FileName | None = None
    """A packed conda environment (conda-pack) in `source` in which the Python step runs. Its Python has to be of the
    server's version."""

    inputs: Annotated[dict[TensorName, Input], Field(min_length=1)]
    outputs: Annotated[dict[TensorName, Tensor], Field(min_length=1)]

    max_batch_size: Count | None = None
    """Default: the ensemble's. 0: it takes no batches; where others do, its tensors name their axis too, as -1."""

    instances: Instances = Instances()
    batching: Batching | None = None
    """None (the default): every request runs by itself."""


class Ensemble(Served):
    """Steps that run in one Triton server, without a network between them, and answer as one model."""

    max_batch_size: Count = 8
    """Largest batch of a step that does not say itself."""

    steps: Annotated[dict[Name, Step], Field(min_length=1)]
    """Steps by name; their order follows from what feeds what."""

    outputs: Annotated[dict[TensorName, Wire], Field(min_length=1)]
    """What the caller gets: name -> <step>.<output>. What the caller sends follows from the steps' inputs."""

    @property
    def runtime(self) -> Runtime:
        """What serves it."""
        return Runtime.TRITON

    @property
    def format(self) -> Format:
        """In which form its weights are."""
        return Format.REPOSITORY

    @property
    def canary(self) -> None:
        """None: a second version is an ensemble of its own, which a graph gives a share of the requests."""
        return

    def batch_of(self, step: str) -> int:
        """Largest batch of a step; 0 where it takes none."""
        own = self.steps[step].max_batch_size
        return self.max_batch_size if own is None else own
