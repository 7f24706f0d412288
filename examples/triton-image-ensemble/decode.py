"""First step: a photo as base64 text becomes the pixels that the classifier reads."""

import base64
import io

import numpy as np
import triton_python_backend_utils as triton

SIDE = 224
"""Pixels on each side of what the classifier reads."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Of the colours in ImageNet, on which torchvision's weights were trained."""


def pixels(encoded):
    """Colour planes of a photo in any format that Pillow reads: its middle, scaled. Raises OSError for other bytes."""
    from PIL import Image, ImageOps

    photo = ImageOps.exif_transpose(Image.open(io.BytesIO(base64.b64decode(encoded)))).convert("RGB")
    square = np.asarray(ImageOps.fit(photo, (SIDE, SIDE)), np.float32) / 255
    return ((square - MEAN) / DEVIATION).transpose(2, 0, 1)


class TritonPythonModel:
    """What Triton runs."""

    def execute(self, requests):
        """One response for each request; a request may hold several photos."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        photos = triton.get_input_tensor_by_name(request, "image").as_numpy().reshape(-1)
        try:
            planes = np.stack([pixels(photo) for photo in photos])
        except (OSError, ValueError) as error:
            return triton.InferenceResponse(error=triton.TritonError(f"not a photo: {error}"))
        return triton.InferenceResponse([triton.Tensor("pixels", planes)])
