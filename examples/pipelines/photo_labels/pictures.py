"""Pictures with labels: reading them, refusing bad ones, and keeping some back for the judgement."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

Array = numpy.ndarray[Any, Any]

LEAST = 20
"""Pictures of each label, below which a share kept back says nothing."""


@dataclass(frozen=True)
class Pictures:
    """Pictures as rows of brightness from -1 to 1, and their labels as numbers from 0."""

    pixels: Array
    labels: Array

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(self.labels.max()) + 1

    def save(self, path: str | Path) -> None:
        """Writes an .npz file under exactly this name."""
        with Path(path).open("wb") as file:
            numpy.savez(file, pixels=self.pixels.astype(numpy.float32), labels=self.labels.astype(numpy.int64))

    @staticmethod
    def load(path: str | Path) -> "Pictures":
        """Reads what `save` wrote."""
        with numpy.load(path, allow_pickle=False) as stored:
            return Pictures(stored["pixels"], stored["labels"])


def ingest(path: str | Path) -> Pictures:
    """Reads raw pictures: an .npz with `pixels`, bytes of shape (pictures, height, width), and `labels`, whole numbers.

    The same picture twice counts once: else one copy could be learnt and the other judged.

    Raises:
        ValueError: for data that cannot be learnt from, saying what is wrong.
    """
    with numpy.load(path, allow_pickle=False) as raw:
        missing = {"pixels", "labels"} - set(raw.files)
        if missing:
            raise ValueError(f"{path} has no {', '.join(sorted(missing))}; it has {', '.join(raw.files) or 'nothing'}")
        pixels, labels = raw["pixels"], raw["labels"]
    if pixels.dtype != numpy.uint8 or pixels.ndim != 3:
        raise ValueError(f"pixels are {pixels.dtype} of shape {pixels.shape}; bytes of shape (n, height, width) wanted")
    if labels.shape != (len(pixels),) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels are {labels.dtype} of shape {labels.shape}; {len(pixels)} whole numbers wanted")
    flat = pixels.reshape(len(pixels), -1)
    seen: dict[bytes, int] = {}
    for index, row in enumerate(flat):
        first = seen.setdefault(row.tobytes(), index)
        if labels[first] != labels[index]:
            raise ValueError(f"pictures {first} and {index} are the same and have different labels")
    kept = sorted(seen.values())
    counted = numpy.bincount(labels[kept])
    if len(counted) < 2 or counted.min() < LEAST:
        raise ValueError(f"each of at least two labels needs {LEAST} different pictures; there are {counted.tolist()}")
    return Pictures(flat[kept].astype(numpy.float32) / 127.5 - 1, labels[kept].astype(numpy.int64))


def split(pictures: Pictures, held_back: float) -> tuple[Pictures, Pictures]:
    """(to learn from, to be judged by). A picture's own content decides, so that later versions of the data never move
    one from one part to the other.

    Raises:
        ValueError: when a label is missing in one of the parts.
    """
    shares = numpy.array(
        [int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:4], "big") / 2**32 for row in pictures.pixels]
    )
    back = shares < held_back
    parts = (
        Pictures(pictures.pixels[~back], pictures.labels[~back]),
        Pictures(pictures.pixels[back], pictures.labels[back]),
    )
    for part in parts:
        if len(numpy.unique(part.labels)) < pictures.classes:
            raise ValueError(f"a share of {held_back} kept back leaves a label without pictures; take more pictures")
    return parts
