"""First step: a WAV recording as base64 text becomes samples at the rate that Whisper hears."""

import base64
import io
import wave

import numpy as np
import triton_python_backend_utils as triton

RATE = 16_000
"""Samples a second that Whisper was trained on."""


def samples(encoded):
    """One channel of samples between -1 and 1. Raises ValueError or wave.Error for what is no 16-bit WAV."""
    with wave.open(io.BytesIO(base64.b64decode(encoded))) as recording:
        if recording.getsampwidth() != 2:
            raise ValueError(f"{8 * recording.getsampwidth()} bits a sample; send 16")
        frames = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        channels, rate = recording.getnchannels(), recording.getframerate()
    mono = frames.reshape(-1, channels).mean(axis=1) / 32768
    length = round(len(mono) * RATE / rate)
    return np.interp(np.arange(length) * rate / RATE, np.arange(len(mono)), mono).astype(np.float32)


class TritonPythonModel:
    """What Triton runs."""

    def execute(self, requests):
        """One response for each request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        encoded = triton.get_input_tensor_by_name(request, "audio").as_numpy().reshape(-1)[0]
        try:
            heard = samples(encoded)
        except (ValueError, EOFError, wave.Error) as error:
            return triton.InferenceResponse(error=triton.TritonError(f"not a WAV recording: {error}"))
        return triton.InferenceResponse([triton.Tensor("samples", heard)])
