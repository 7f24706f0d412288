"""Which models there are, and what the steps ask of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Source:
    """A model on Hugging Face, pinned: a branch can move, a commit cannot."""

    repository: str
    revision: str
    """Commit, 40 hex digits."""


CAPTIONERS: Mapping[str, Source] = MappingProxyType(
    {
        "base": Source("Salesforce/blip-image-captioning-base", "82a37760796d32b1411fe092ab5d4e227313294b"),
        "large": Source("Salesforce/blip-image-captioning-large", "2227ac38c9f16105cb0412e7cab4759978a8fd90"),
    }
)
"""Captioners by name: the larger one sees more and takes three times as long."""

VOICE = Source("kakao-enterprise/vits-ljs", "3bcb8321394f671bd948ebf0d086d694dda95464")
"""An English voice."""

SOURCES: tuple[Source, ...] = (*CAPTIONERS.values(), VOICE)
"""Every model, for the image that carries them."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono sound."""

    samples: Sequence[float]
    """Between -1 and 1."""

    rate: int
    """Samples a second."""


class Captioner(Protocol):
    """Says what is in a picture."""

    def __call__(self, image: bytes) -> str:
        """The caption of an encoded image. Raises `ValueError` for bytes that are none."""
        ...


class Voice(Protocol):
    """Speaks."""

    def __call__(self, text: str) -> Sound:
        """The text as sound."""
        ...
