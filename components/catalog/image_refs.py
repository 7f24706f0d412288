"""Image references and the lock file that pins them.

Rules of a reference: distribution/reference (``[registry/]repository[:tag][@digest]``; without a registry it is Docker
Hub's, and a one-part repository there lies under ``library/``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

Lock = Mapping[str, str]
"""Digest (``sha256:<64 hex>``) by tagged reference (``<registry>/<repository>:<tag>``)."""

_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ImageReferenceError(ValueError):
    """Text that is no image reference."""


class LockError(ValueError):
    """A line of the lock file that cannot be read; the message names the file, the line and its form."""


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image as something will run it."""

    reference: str
    """The full reference, registry written out; the value path where `problem` says that nothing is set there."""
    pinned_by_digest: bool
    exact_tag: bool
    """Whether it has a tag that is not ``latest`` and does not end in it, as ``v1.37-latest`` does: such tags move."""
    registry: str
    """Host, with port if any; "" where `problem` is set."""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    problem: str = ""
    """Why the image is not known; "" when it is."""
    lockable: bool = True
    """False where no single digest exists (a driver built per operating system), so an exact tag is all there is."""


_MOVING = re.compile(r"(^|[-._])latest$")


def parse_reference(text: str) -> ImageRef:
    """Read a reference. Raises `ImageReferenceError` naming the text and the part that is wrong."""
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ImageReferenceError(f"image {text!r}: {digest!r} is not a digest (sha256: and 64 lower-case hex digits)")
    head, slash, tail = rest.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, path = head, tail
    else:
        registry, path = "docker.io", rest
    path, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise ImageReferenceError(f"image {text!r}: {tag!r} is not a tag")
    if not _REGISTRY.fullmatch(registry):
        raise ImageReferenceError(f"image {text!r}: {registry!r} is not a registry host")
    if not _REPOSITORY.fullmatch(path):
        raise ImageReferenceError(f"image {text!r}: {path!r} is not a repository (lower-case letters, digits, . _ - /)")
    if registry in ("docker.io", "index.docker.io"):
        registry = "docker.io"
        path = path if "/" in path else f"library/{path}"
    full = f"{registry}/{path}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return ImageRef(full, bool(digest), bool(tag) and not _MOVING.search(tag), registry, path, tag, digest)


def lies_within(name: str, roots: Iterable[str]) -> bool:
    """Whether ``<registry>/<repository>`` is one of the roots (registries, or paths in them) or lies below one."""
    return any(name == root or name.startswith(f"{root}/") for root in roots)


def load_lock(path: Path) -> Lock:
    """Read the lock file; empty when there is none. Raises `LockError` for a line that is malformed or repeated."""
    if not path.exists():
        return MappingProxyType({})
    lock: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 2 or not _DIGEST.fullmatch(fields[1]) or not _is_locked_name(fields[0]):
            form = "<registry>/<repository>:<tag> sha256:<64 hex digits>"
            raise LockError(
                f"{path}, line {number}: {line!r} is not of the form '{form}'; run `make lock` to rewrite it"
            )
        if fields[0] in lock:
            raise LockError(f"{path}, line {number}: {fields[0]} is locked twice; keep one line")
        lock[fields[0]] = fields[1]
    return MappingProxyType(lock)


def render_lock(lock: Lock) -> str:
    """The lock as its file holds it: one sorted line an image, so that a diff shows what moved."""
    return "".join(f"{name} {digest}\n" for name, digest in sorted(lock.items()))


def _is_locked_name(name: str) -> bool:
    """Whether it is written out in full: registry, repository and an exact tag, no digest."""
    try:
        ref = parse_reference(name)
    except ImageReferenceError:
        return False
    return ref.reference == name and ref.exact_tag and not ref.pinned_by_digest
