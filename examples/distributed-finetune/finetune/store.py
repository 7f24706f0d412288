"""Checkpoints in the artifact store: written whole or not at all, the newest whole one read back.

A worker may be stopped at any time, so a checkpoint counts only once its last file, `complete`, is there.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from finetune.plan import Progress

COMPLETE = "complete"
_NAME = re.compile(r"checkpoints/(\d{8})/(.+)$")


class Files(Protocol):
    """Files below one folder, by their path in it."""

    def names(self, below: str) -> list[str]: ...
    def read(self, name: str) -> bytes: ...
    def write(self, name: str, data: bytes) -> None: ...
    def remove(self, names: Iterable[str]) -> None: ...


def located(uri: str) -> tuple[str, str, dict[str, Any]]:
    """Protocol, path and options by which fsspec opens a folder of S3, Google Cloud Storage, Azure Blob Storage or the
    local disk. Each takes the pod's own identity."""
    scheme, _, rest = uri.partition("://")
    if scheme in ("s3", "gs"):
        return scheme, rest.rstrip("/"), {}
    if scheme == "https" and (blob := re.fullmatch(r"([a-z0-9]+)\.blob\.core\.windows\.net/(.+?)/?", rest)):
        return "abfs", blob[2], {"account_name": blob[1], "anon": False}
    if scheme == "file":
        return "file", rest.rstrip("/"), {}
    raise ValueError(f"{uri!r} is none of s3://, gs://, https://<account>.blob.core.windows.net/ and file://")


class Remote:
    """Files in a store that fsspec knows."""

    def __init__(self, uri: str) -> None:
        import fsspec

        protocol, self._root, options = located(uri)
        self._files = fsspec.filesystem(protocol, **options)

    def names(self, below: str) -> list[str]:
        self._files.invalidate_cache()
        root = self._files._strip_protocol(self._root).rstrip("/") + "/"
        try:
            found = self._files.find(f"{self._root}/{below}")
        except FileNotFoundError:
            return []
        return [name.removeprefix(root) for name in found]

    def read(self, name: str) -> bytes:
        return self._files.cat_file(f"{self._root}/{name}")

    def write(self, name: str, data: bytes) -> None:
        path = f"{self._root}/{name}"
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(path, data)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._files.rm_file(f"{self._root}/{name}")


def whole(names: Iterable[str]) -> list[int]:
    """Steps of which the checkpoint is complete, the newest last."""
    found = [match for name in names if (match := _NAME.fullmatch(name))]
    return sorted(int(match[1]) for match in found if match[2] == COMPLETE)


def outdated(names: Iterable[str], keep: int) -> list[str]:
    """Files of all checkpoints but the newest `keep` whole ones, and of those that were begun before the newest one
    and never finished. The marks go first, so that none counts as whole while it goes."""
    names = list(names)
    kept = whole(names)[-keep:]
    if not kept:
        return []
    gone = [
        (match[2] != COMPLETE, name)
        for name in names
        if (match := _NAME.fullmatch(name)) and int(match[1]) not in kept and int(match[1]) < kept[-1]
    ]
    return [name for _, name in sorted(gone)]


def save(files: Files, step: int, progress: Progress, parts: Mapping[str, bytes], *, keep: int = 2) -> None:
    """Writes a checkpoint, then removes old ones. One of the same step is replaced."""
    folder = f"checkpoints/{step:08d}"
    for name, data in parts.items():
        files.write(f"{folder}/{name}", data)
    files.write(f"{folder}/{COMPLETE}", json.dumps(asdict(progress)).encode())
    files.remove(outdated(files.names("checkpoints"), keep))


def newest(files: Files) -> tuple[int, Progress] | None:
    """Step and progress of the newest whole checkpoint; None where there is none."""
    steps = whole(files.names("checkpoints"))
    if not steps:
        return None
    return steps[-1], Progress(**json.loads(files.read(f"checkpoints/{steps[-1]:08d}/{COMPLETE}")))


def part(files: Files, step: int, name: str) -> bytes:
    """One part of a whole checkpoint."""
    return files.read(f"checkpoints/{step:08d}/{name}")
