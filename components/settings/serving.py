"""Settings of served models: what reads, serves, scales and runs them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from components.settings.model import Count, Model, Name, PositiveCount
from components.settings.workloads import GpuRequest, Priority


class Modality(StrEnum):
    """What a model reads or writes."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    EMBEDDING = "embedding"
    """Vectors; written by embedding models."""


class Runtime(StrEnum):
    """What serves a model."""

    TRITON = "triton"
    """NVIDIA Triton: ONNX, TensorRT, TorchScript, Python, and ensembles of them; Open Inference Protocol."""

    VLLM = "vllm"
    """vLLM: language and vision-language models; OpenAI API; LoRA adapters."""

    HUGGINGFACE = "huggingface"
    """KServe's Hugging Face server: encoders, classifiers, embeddings, speech."""


class Format(StrEnum):
    """In which form weights are stored."""

    REPOSITORY = "repository"
    """A whole Triton model repository, with its config.pbtxt."""

    ONNX = "onnx"
    TENSORRT = "tensorrt"
    PYTORCH = "pytorch"
    """TorchScript."""

    SAFETENSORS = "safetensors"
    """A folder as Hugging Face stores it."""


class Signal(StrEnum):
    """By what a model scales."""

    WAITING_REQUESTS = "waiting-requests"
    """Requests that wait in vLLM, per replica."""

    QUEUE_TIME = "queue-time"
    """Milliseconds that a request waits in Triton before it runs, on average."""

    CPU = "cpu"
    """Percent of the processors that a replica requests. Refused for models on GPUs, whose processors say nothing."""

    CONCURRENCY = "concurrency"
    """Requests that a replica answers at once. In knative mode only, where it is what models scale by."""


class Mode(StrEnum):
    """What runs a model."""

    STANDARD = "standard"
    """A Deployment: replaced replica by replica, scaled by what its server measures, never below one."""

    KNATIVE = "knative"
    """A Knative Service: versions side by side, scaled by requests at once, to none if wanted. Needs
    `multimodal:knative`."""


class Scaling(Model):
    """When a model gets another replica."""

    signal: Signal | None = None
    """Default by runtime: vllm waiting-requests, triton queue-time; huggingface on processors cpu, on GPUs none. In
    knative mode concurrency."""

    target: PositiveCount | None = None
    """Value of the signal per replica above which another one starts. Default by signal: 4 waiting requests, 50 ms,
    70 % of the processors, 10 requests at once (of which Knative lets a replica reach 70 %)."""

    cooldown_seconds: Annotated[int, Field(ge=60, le=3600)] = 600
    """How long the signal stays low before a replica goes: longer than a start with its download takes."""


class Replicas(Model):
    """Bounds of a model's replicas."""

    min: Count = 1
    """In standard mode 0 only for a model that steps of flows call, and nobody else: an event that waits wakes it,
    while a request finds nobody. At least 1 otherwise: a model without replicas gives no signal. In knative mode 0 is
    allowed: a request waits until the first replica has started."""

    max: PositiveCount | None = None
    """Default: `min`, so that the model does not scale by itself."""


_COMMIT = r"[0-9a-f]{40}"
SOURCE = (
    r"^(store://[A-Za-z0-9][A-Za-z0-9._/-]*"
    r"|s3://[a-z0-9.-]{3,63}/\S+"
    r"|gs://[a-z0-9._-]{3,63}/\S+"
    r"|https://[a-z0-9]{3,24}\.blob\.core\.windows\.net/\S+"
    rf"|hf://[\w.-]+/[\w.-]+:{_COMMIT}"
    r"|oci://\S+@sha256:[0-9a-f]{64}"
    r"|pvc://[a-z0-9][a-z0-9.-]*/\S+)$"
)
Source = Annotated[str, StringConstraints(pattern=SOURCE)]
"""Where weights are: store://<path> (the stack's own store, in the tenant's part of it), s3://, gs://, an Azure blob's
https://, hf://<organisation>/<model>:<commit>, oci://<image>@sha256:<digest> or pvc://<claim>/<path>. What others can
change is pinned: a Hugging Face model by commit, an image by digest."""


class Transformer(Model):
    """A program of the tenant's own in the model's pod, which callers reach in place of the model server: it turns what
    they send into what the model reads, asks the model on localhost:8080, and turns its answer over."""

    image: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][^\s@]*/[^\s@]+@sha256:[0-9a-f]{64}$")]
    """Image by digest, such as ghcr.io/acme/words@sha256:...; it must work for user 1000 on a read-only root."""

    args: tuple[str, ...] = ()
    """Further arguments, behind those by which KServe's own server (`kserve.ModelServer`) finds its port, its model's
    name and the model server: --http_port, --model_name and --predictor_host."""

    cpu: PositiveCount = 1
    """Processors of each of its containers, one beside each replica."""

    memory_gib: PositiveCount = 2
    """Memory of each in GiB."""


class Canary(Model):
    """A second version of a model that gets a part of its requests. In knative mode the version before it keeps the
    rest, so add it to a model that has been served already."""

    source: Source
    percent: Annotated[int, Field(ge=1, le=99)]
    """Share of requests."""

    replicas: PositiveCount = 1
    """How many replicas serve it."""


class Served(Model):
    """What everything has that answers requests with a model server of its own."""

    modality: Modality
    """What it reads."""

    produces: Modality = Modality.TEXT
    """What it writes."""

    mode: Mode = Mode.STANDARD
    """What runs it. Where a model does not say, `multimodal:serving.mode` does, see `components.settings.modes`."""

    gpu: GpuRequest | None = None
    """GPUs of one replica. None: it runs on processors."""

    cpu: PositiveCount | None = None
    """Processors of one replica. Default: the fair part of a node, see `components.settings.shapes`."""

    memory_gib: PositiveCount | None = None
    """Memory of one replica in GiB. Default: the fair part of a node."""

    replicas: Replicas = Replicas()
    scaling: Scaling = Scaling()

    surge: Count = 0
    """Replicas beyond `replicas` while a new version comes. 0 (the default): an old one goes first, so that a rollout
    needs no second GPU; the model then serves with one replica less for a while. In knative mode a new version always
    comes up beside the old one, so a model on GPUs has to allow for it: at least `replicas.min`, and 1."""

    priority: Priority = Priority.INTERACTIVE

    args: tuple[str, ...] = ()
    """Further arguments of the model server, passed last."""


class ServedModel(Served):
    """One model: where it is, what serves it, on which GPU. Everything else follows."""

    runtime: Runtime
    """What serves it."""

    source: Source
    """Where its weights are."""

    format: Format | None = None
    """In which form they are. Default by runtime: triton repository, the others safetensors."""

    canary: Canary | None = None

    adapters: dict[Name, Source] = Field(default_factory=dict)
    """LoRA adapters by the name under which requests ask for them; vLLM only."""

    cache_gib: PositiveCount | None = None
    """Size of the weights in GiB. Where it is given, the nodes of the model's GPU pool keep them on their local disks.
    Needs `multimodal:serving.cache`."""

    transformer: Transformer | None = None
    """What stands before the model server in its pod. None: nothing."""
