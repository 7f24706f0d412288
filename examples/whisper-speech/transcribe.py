"""Second step: Whisper writes down what it hears."""

from pathlib import Path

import numpy as np
import triton_python_backend_utils as triton

RATE = 16_000


class TritonPythonModel:
    """What Triton runs."""

    def initialize(self, args):
        """Loads the weights, which lie beside this file, onto the GPU of this instance."""
        import torch
        from transformers import pipeline

        weights = Path(args["model_repository"]) / args["model_version"] / "weights"
        self.whisper = pipeline(
            "automatic-speech-recognition",
            model=str(weights),
            device=int(args["model_instance_device_id"]),
            torch_dtype=torch.float16,
            # Longer recordings are heard in overlapping parts.
            chunk_length_s=30,
        )

    def execute(self, requests):
        """One response for each request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        heard = triton.get_input_tensor_by_name(request, "samples").as_numpy()
        text = self.whisper({"raw": heard, "sampling_rate": RATE})["text"].strip()
        return triton.InferenceResponse([triton.Tensor("text", np.array([text.encode()], dtype=object))])
