"""Last step: scores become names, the five most likely first."""

from pathlib import Path

import numpy as np
import triton_python_backend_utils as triton

TOP = 5


def best(scores):
    """Positions of the highest scores of each row, and their shares (softmax)."""
    order = np.argsort(-scores, axis=1)[:, :TOP]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return order, np.take_along_axis(shares, order, axis=1)


class TritonPythonModel:
    """What Triton runs."""

    def initialize(self, args):
        """Reads the names, one a line, which lie beside this file."""
        folder = Path(args["model_repository"]) / args["model_version"]
        self.labels = np.array((folder / "labels.txt").read_text(encoding="utf-8").splitlines(), dtype=object)

    def execute(self, requests):
        """One response for each request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        order, shares = best(triton.get_input_tensor_by_name(request, "scores").as_numpy())
        return triton.InferenceResponse(
            [triton.Tensor("labels", self.labels[order]), triton.Tensor("shares", shares.astype(np.float32))]
        )
