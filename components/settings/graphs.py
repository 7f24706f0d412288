"""Settings of a tenant's inference graphs: how a request goes from model to model."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from components.settings.model import Model, Name, PositiveCount
from components.settings.workloads import Priority


class NodeKind(StrEnum):
    """What a node does with its steps."""

    SEQUENCE = "sequence"
    """One after the other; each reads the answer of the one before. The last answer is the node's."""

    SWITCH = "switch"
    """The first step whose condition holds."""

    SPLIT = "split"
    """One step by chance, by weight."""

    PARALLEL = "parallel"
    """All at once; the answer is an object of the steps' answers by name."""


class Reads(StrEnum):
    """What a step of a sequence is given."""

    REQUEST = "request"
    """What the node was given."""

    RESPONSE = "response"
    """What the step before answered."""


class GraphStep(Model):
    """One way that a request takes."""

    to: Name
    """A model or ensemble of the tenant, or a node of this graph."""

    when: Annotated[str, StringConstraints(min_length=1)] | None = None
    """A GJSON path that the JSON body has to contain. For a switch: this step is taken. For a sequence: of the answer
    before, else the sequence ends there. Example: instances.#(modality=="image")."""

    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Share of the requests; for a split."""

    reads: Reads | None = None
    """For a sequence. Default: the first step the request, the others the response."""

    path: Annotated[str, StringConstraints(pattern=r"^/\S+$")] | None = None
    """Path of the model's API that is called. Default by runtime: triton /v2/models/<name>/infer, vllm
    /v1/chat/completions, huggingface /v1/models/<name>:predict."""


class GraphNode(Model):
    """One decision."""

    kind: NodeKind
    steps: Annotated[tuple[GraphStep, ...], Field(min_length=1)]


class Graph(Model):
    """Models called one after the other, by condition, by share or at once, behind one address."""

    nodes: Annotated[dict[Name, GraphNode], Field(min_length=1)]
    """Nodes by name. Requests start at `root`."""

    replicas: PositiveCount = 2
    """Routers."""

    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 300
    """How long a request may take, all its steps together."""

    priority: Priority = Priority.INTERACTIVE
