"""A small neural network: one hidden layer, learnt by gradient descent, from labels or from a larger network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from photo_labels.arrays import array_module, on_host
from photo_labels.pictures import Array, Pictures


@dataclass(frozen=True)
class Network:
    """Weights of two layers."""

    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array

    @property
    def size(self) -> int:
        """How many weights it has."""
        return sum(int(part.size) for part in (self.hidden, self.hidden_bias, self.output, self.output_bias))

    def logits(self, pixels: Any) -> Any:
        """Scores of each label before they become shares."""
        xp = array_module()
        return xp.maximum(xp.asarray(pixels) @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias

    def predict(self, pixels: Array) -> Array:
        """The likeliest label of each picture."""
        return on_host(self.logits(pixels)).argmax(axis=1)

    def save(self, path: str | Path) -> None:
        """Writes an .npz file under exactly this name."""
        with Path(path).open("wb") as file:
            numpy.savez(
                file,
                hidden=on_host(self.hidden),
                hidden_bias=on_host(self.hidden_bias),
                output=on_host(self.output),
                output_bias=on_host(self.output_bias),
            )

    @staticmethod
    def load(path: str | Path) -> "Network":
        """Reads what `save` wrote."""
        xp = array_module()
        with numpy.load(path, allow_pickle=False) as stored:
            return Network(*(xp.asarray(stored[part]) for part in ("hidden", "hidden_bias", "output", "output_bias")))


def shares(logits: Any, temperature: float = 1.0) -> Any:
    """Softmax: scores as shares of 1. A higher temperature evens them out, so that the runners-up can be seen."""
    xp = array_module()
    scaled = logits / temperature
    grown = xp.exp(scaled - scaled.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def train(pictures: Pictures, *, units: int, epochs: int, rate: float, seed: int) -> Network:
    """Learns labels from pictures.

    Args:
        pictures: To learn from.
        units: Size of the hidden layer.
        epochs: How often it sees all pictures.
        rate: How far it moves each time.
        seed: Of the first, random weights: the same seed and pictures make the same network.
    """
    xp = array_module()
    wanted = xp.asarray(numpy.eye(pictures.classes, dtype=numpy.float32)[pictures.labels])
    return _descend(pictures, [(wanted, 1.0, 1.0)], units=units, epochs=epochs, rate=rate, seed=seed)


def distil(
    teacher: Network,
    pictures: Pictures,
    *,
    units: int,
    epochs: int,
    rate: float,
    seed: int,
    temperature: float = 3.0,
    trust: float = 0.7,
) -> Network:
    """A smaller network that learns what the teacher thinks of each picture, and the true labels beside it (Hinton and
    others, "Distilling the Knowledge in a Neural Network", 2015).

    Args:
        teacher: The larger network.
        pictures: To learn from.
        units: Size of the student's hidden layer.
        epochs: As in `train`.
        rate: As in `train`.
        seed: As in `train`.
        temperature: How far the teacher's shares are evened out.
        trust: Weight of the teacher's word against that of the labels, 0 to 1.
    """
    xp = array_module()
    labels = xp.asarray(numpy.eye(pictures.classes, dtype=numpy.float32)[pictures.labels])
    thoughts = shares(teacher.logits(pictures.pixels), temperature)
    # Gradients of softened shares shrink with the temperature's square.
    wanted = [(thoughts, temperature, trust * temperature**2), (labels, 1.0, 1.0 - trust)]
    return _descend(pictures, wanted, units=units, epochs=epochs, rate=rate, seed=seed)


def _descend(
    pictures: Pictures,
    wanted: list[tuple[Any, float, float]],
    *,
    units: int,
    epochs: int,
    rate: float,
    seed: int,
) -> Network:
    """Gradient descent on the cross-entropy to each of (shares wanted, their temperature, their weight)."""
    xp = array_module()
    pixels = xp.asarray(pictures.pixels)
    count, inputs = pixels.shape
    random = numpy.random.default_rng(seed)
    classes = pictures.classes
    hidden = xp.asarray(random.normal(0, (2 / inputs) ** 0.5, (inputs, units)).astype(numpy.float32))
    output = xp.asarray(random.normal(0, (2 / units) ** 0.5, (units, classes)).astype(numpy.float32))
    hidden_bias, output_bias = xp.zeros(units, dtype=xp.float32), xp.zeros(classes, dtype=xp.float32)
    for _ in range(epochs):
        before = pixels @ hidden + hidden_bias
        active = xp.maximum(before, 0)
        logits = active @ output + output_bias
        error = sum(
            weight / temperature * (shares(logits, temperature) - target) for target, temperature, weight in wanted
        )
        error = error / count
        back = (error @ output.T) * (before > 0)
        output, output_bias = output - rate * (active.T @ error), output_bias - rate * error.sum(axis=0)
        hidden, hidden_bias = hidden - rate * (pixels.T @ back), hidden_bias - rate * back.sum(axis=0)
    return Network(hidden, hidden_bias, output, output_bias)
