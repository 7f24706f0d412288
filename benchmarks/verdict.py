"""What the figures have to be. Pure."""

from typing import NamedTuple

from benchmarks.measure import Figures


class Target(NamedTuple):
    """A bound, and what was measured."""

    name: str
    measured: float
    most: float

    @property
    def met(self) -> bool:
        """Whether the measured value is within the bound."""
        return self.measured <= self.most


def targets(
    none: Figures, few_models: Figures, many_models: Figures, flat: Figures, *, few: int, many: int
) -> list[Target]:
    """The targets of a stack of `many` models.

    Growth is of what the models add to a stack without any, so that a large fixed part cannot hide it; by processor
    time, which other programs on the machine disturb least.
    """
    return [
        Target(
            f"growth from {few} to {many:,} models, processor time",
            (many_models.cpu - none.cpu) / (few_models.cpu - none.cpu),
            1.1 * many / few,
        ),
        Target("program time per model, ms", 1000 * (many_models.program - none.program) / many, 10),
        Target("memory, GiB", many_models.mib / 1024, 1.5),
        Target("processor time, times a flat program's", many_models.cpu / flat.cpu, 1.15),
        Target("time, times a flat program's", many_models.wall / flat.wall, 1.15),
    ]
