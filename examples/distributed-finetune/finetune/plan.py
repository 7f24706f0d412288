"""Which example is learnt when, and by whom. Pure: no torch.

The batch over all workers has a fixed size, and progress is counted in examples, so that a run which goes on with other
workers than it began with sees the same batches in the same order.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far the run is."""

    epoch: int = 0
    examples: int = 0
    """Examples of this epoch that are learnt."""

    def after(self, learnt: int, count: int) -> "Progress":
        """The progress after `learnt` further examples out of `count` in an epoch."""
        done = self.examples + learnt
        return Progress(self.epoch + 1, 0) if done >= count else Progress(self.epoch, done)

    def steps(self, count: int, batch: int) -> int:
        """Optimizer steps so far."""
        return self.epoch * -(-count // batch) + -(-self.examples // batch)


def epoch_order(count: int, epoch: int, seed: int) -> list[int]:
    """The examples of an epoch in the order in which they are learnt; the same on every worker."""
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311 - no secret
    return order


def next_batch(order: Sequence[int], progress: Progress, batch: int) -> list[int]:
    """The examples of the next step, over all workers."""
    return list(order[progress.examples : progress.examples + batch])


Share = list[list[tuple[int, float]]]
"""Micro-batches of (example, weight)."""


def share(batch: Sequence[int], rank: int, world: int, micro: int) -> Share:
    """What one of `world` workers learns of a batch, in micro-batches of `micro` examples.

    Every worker has as many micro-batches of the same size, since they add up gradients together; what is missing is
    filled with an example of weight 0. Weights are such that the mean of the workers' sums is the mean over the batch.
    """
    size = -(-len(batch) // world)
    size += -size % micro
    own = [(example, world / len(batch)) for example in batch[rank::world]]
    own += [(batch[0], 0.0)] * (size - len(own))
    return [own[start : start + micro] for start in range(0, size, micro)]


def learning_rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    """Rises for `warm_up` steps, then falls evenly to a tenth."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    left = max(0, steps - step) / max(1, steps - warm_up)
    return peak * (0.1 + 0.9 * left)
