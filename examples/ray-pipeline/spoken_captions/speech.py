"""From a caption to a WAV file."""

import io
import re
import sys
import wave
from array import array

from spoken_captions.models import Sound

_LOUDEST = 2**15 - 1


def sentence(caption: str) -> str:
    """A caption as a voice should read it: one capitalised sentence, without the captioner's stock phrases.

    Raises `ValueError` when nothing is left to say.
    """
    # BLIP was trained on captions in which "arafed" stands for nothing.
    words = re.sub(
        r"\b(araf\w*|a (picture|photo|photograph|image) of)(\s+|$)", "", caption.strip(), flags=re.IGNORECASE
    )
    text = " ".join(words.split()).rstrip(" .!?,;")
    if not text:
        raise ValueError(f"the caption {caption!r} has no words to speak")
    return f"{text[0].upper()}{text[1:]}."


def wav(sound: Sound) -> bytes:
    """A WAV file of 16 bits a sample. Samples beyond full scale are clipped.

    Raises `ValueError` for sound without samples or with a rate that is not positive.
    """
    if not sound.samples or sound.rate <= 0:
        raise ValueError(f"no sound: {len(sound.samples)} samples at {sound.rate} a second")
    scaled = array("h", (round(max(-1.0, min(1.0, sample)) * _LOUDEST) for sample in sound.samples))
    if sys.byteorder == "big":
        scaled.byteswap()  # WAV is little-endian
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sound.rate)
        out.writeframes(scaled.tobytes())
    return file.getvalue()
