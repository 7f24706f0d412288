"""Settings of a tenant's flows: models that answer events one after the other, without anybody waiting for them."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from components.settings.model import Model, Name, PositiveCount

Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,19}$")]
"""Name of a CloudEvents attribute: lower case letters and digits (CloudEvents 1.0, naming conventions)."""

AttributeValue = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""What an attribute has to be, exactly."""

Mapping = Annotated[str, StringConstraints(min_length=1)]
"""A mapping in Bloblang, Bento's language; docs/flows.md says what it is given and what it has to make."""


def _one(value: object) -> object:
    if isinstance(value, list | tuple):
        raise ValueError(
            "a step follows one step: to join answers, something would have to keep the early ones until the last is"
            " there; let one model after the other add to the answer, or join results where they are read"
        )
    return value


class Step(Model):
    """One model of a flow."""

    model: Name
    """A model, ensemble or graph of the tenant. A graph has no protocol of its own: give `request` and `response`."""

    after: Annotated[Name | None, BeforeValidator(_one)] = None
    """Step whose answer it reads. Default: it reads the event. Several steps may follow one; each gets the answer."""

    timeout_seconds: Annotated[int, Field(ge=1, le=7200)] | None = None
    """How long one call may take. Default by what the model reads and writes: 60 s for text and pictures, 300 s for
    vLLM and for sound, 900 s for video that is read, 1800 s for video that is written."""

    retries: Annotated[int, Field(ge=0, le=20)] = 4
    """Calls after the first one that failed: 5xx, a time out, a connection that broke. The pause doubles from 1 s to
    60 s at most, give or take half of it. A model that cannot be reached at all, or says 429 or 503, is asleep,
    starting or full: that is waited for, as long as the stack's outage is, and counts as no call."""

    concurrency: PositiveCount | None = None
    """Calls at once from each router, of which prod has two. 1: events of one key are worked on in order. Default: as
    many as the model's replicas at their most take, 16 each for vLLM, 8 for Triton, 4 for Hugging Face."""

    path: Annotated[str, StringConstraints(pattern=r"^/\S*$")] | None = None
    """Path of the model's API. Default: that of its runtime, see docs/flows.md."""

    request: Mapping | None = None
    """Makes the body of the call. `this` is the event. Default: by runtime and modality."""

    response: Mapping | None = None
    """Reads the model's answer, which is `content()`, into `root.data` or `root.data_base64` and
    `root.datacontenttype`. Default: by runtime and what the model writes."""


class Flow(Model):
    """Steps that an event goes through. Each waits in a topic of its own, whose backlog wakes and scales its model."""

    steps: Annotated[dict[Name, Step], Field(min_length=1)]
    """Steps by name."""

    when: dict[Attribute, AttributeValue] = Field(default_factory=dict)
    """Further attributes that an event must have, such as {model: fast} or {priority: batch}. By default `type` is
    multimodal.request and `modality` what the first steps read; naming them here replaces that."""

    per_second: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Events per second on average over the busiest `outageHours`. Default: the tenant's `events.perSecond`."""

    kib: Annotated[float, Field(gt=0, le=10_240)] | None = None
    """Size of an event, and of an answer between steps, on average. Data within an event count with their base64 form,
    a third more. Default: the tenant's `events.kib`."""
