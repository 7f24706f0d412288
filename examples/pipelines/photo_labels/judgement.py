"""How good a network is, and whether that is good enough."""

from dataclasses import dataclass

import numpy

from photo_labels.network import Network
from photo_labels.pictures import Pictures


class NotGoodEnough(Exception):  # noqa: N818 - it reads as a sentence where it is raised
    """A network below the bar; the message says by how much."""


@dataclass(frozen=True)
class Judgement:
    """What a network makes of pictures that it did not learn from."""

    accuracy: float
    """Share of pictures that it labels rightly."""

    worst_recall: float
    """The same among pictures of the label that it knows least."""

    confusion: list[list[int]]
    """Pictures by true label (row) and by what it said (column)."""


def judge(network: Network, pictures: Pictures) -> Judgement:
    """Judges by pictures that were held back."""
    confusion = numpy.zeros((pictures.classes, pictures.classes), dtype=int)
    numpy.add.at(confusion, (pictures.labels, network.predict(pictures.pixels)), 1)
    right = confusion.diagonal()
    recalls = right / confusion.sum(axis=1)
    return Judgement(float(right.sum() / confusion.sum()), float(recalls.min()), confusion.tolist())


def demand(found: Judgement, *, accuracy: float, worst_recall: float) -> None:
    """Raises `NotGoodEnough` for a network below either bar."""
    for name, value, bar in (
        ("accuracy", found.accuracy, accuracy),
        ("recall of the worst label", found.worst_recall, worst_recall),
    ):
        if value < bar:
            raise NotGoodEnough(f"{name} is {value:.3f}, below {bar:.3f}: nothing is released")
