"""What a caller may send."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

LARGEST = 10 * 2**20
"""Bytes of an image at most."""

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
"""How JPEG, PNG and WebP files begin."""


class Refused(Exception):  # noqa: N818 - an answer to the caller, not a fault of the program
    """A request that cannot be served, and the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to speak about."""

    image: bytes
    captioner: str


def order(method: str, query: Mapping[str, str], body: bytes, captioners: Collection[str], default: str) -> Order:
    """Reads a request. Raises `Refused` with what is allowed."""
    if method != "POST":
        raise Refused(405, f"{method} is not allowed; POST an image")
    captioner = query.get("captioner", default)
    if captioner not in captioners:
        raise Refused(400, f"captioner {captioner!r} is not known; choose from {', '.join(sorted(captioners))}")
    if not body:
        raise Refused(400, "the body is empty; send an image in it")
    if len(body) > LARGEST:
        raise Refused(413, f"the image has {len(body)} bytes; {LARGEST} are allowed")
    if not body.startswith(_SIGNATURES):
        raise Refused(415, "the body is no JPEG, PNG or WebP image")
    return Order(body, captioner)
