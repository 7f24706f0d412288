"""What every workload in a stack file has: GPUs and a priority. Models, Ray clusters and training jobs build on it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from components.catalog.mig import slice_resource
from components.settings.model import Model, Name, PositiveCount
from components.settings.supply import SHARED, WHOLE


class Priority(StrEnum):
    """Who comes first when GPUs are short; the name of a PriorityClass."""

    INTERACTIVE = "interactive"
    """A person waits for the answer. Takes GPUs from batch and best-effort work."""

    BATCH = "batch"
    """Must finish, but may wait. Takes GPUs from best-effort work."""

    BEST_EFFORT = "best-effort"
    """Runs on what is left over."""


class GpuRequest(Model):
    """GPUs of one pod. Name exactly one of `slice`, `count` and `shared`."""

    slice: Annotated[str, Field(pattern=r"^\d+g\.\d+gb(\+me|\+gfx|\+me\.all|-me)?$")] | None = None
    """One MIG slice of this profile, such as 1g.10gb."""

    count: PositiveCount | None = None
    """Whole GPUs."""

    shared: PositiveCount | None = None
    """Turns on time-sliced GPUs."""

    pools: tuple[Name, ...] = ()
    """GPU pools on which it may run. Empty: all that offer what it asks for, those with the smallest GPUs first."""

    @model_validator(mode="after")
    def _one_kind(self) -> "GpuRequest":
        if sum(kind is not None for kind in (self.slice, self.count, self.shared)) != 1:
            raise ValueError("give exactly one of slice (a MIG profile), count (whole GPUs) and shared (turns)")
        return self

    @property
    def resource(self) -> str:
        """The extended resource that the pod asks for."""
        if self.slice is not None:
            return slice_resource(self.slice)
        return WHOLE if self.count is not None else SHARED

    @property
    def number(self) -> int:
        """How many of `resource` one pod asks for."""
        return self.count or self.shared or 1

    @property
    def amounts(self) -> dict[str, str]:
        """What one pod asks for, as Kubernetes writes resources."""
        return {self.resource: str(self.number)}
