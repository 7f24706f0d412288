"""Keeps versions of a model in a store: numbered folders that nobody changes, each with a card that tells its story."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec

CARD = "card.json"
"""Written last: a folder without one is an upload that was not finished, and no version."""


def versions(address: str) -> list[int]:
    """Numbers of the finished versions below the address, such as s3://models/vision/labels, in order."""
    files, root = fsspec.url_to_fs(address)
    files.invalidate_cache()
    if not files.exists(root):
        return []
    names = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in files.ls(root, detail=False)]
    return sorted(int(name) for name in names if name.isdigit() and files.exists(f"{root}/{name}/{CARD}"))


def register(model: str | Path, address: str, card: Mapping[str, Any]) -> str:
    """Puts the model's folder under the next number and says where it is. The number of an upload that broke off is not
    taken again: somebody may have begun to read it.

    Two runs at once could take the same number; the pipeline's schedule lets one run at a time.
    """
    files, root = fsspec.url_to_fs(address)
    files.invalidate_cache()
    begun = (
        [str(path).rstrip("/").rsplit("/", 1)[-1] for path in files.ls(root, detail=False)]
        if files.exists(root)
        else []
    )
    number = 1 + max((int(name) for name in begun if name.isdigit()), default=0)
    folder = f"{root}/{number}"
    files.makedirs(folder, exist_ok=False)
    for path in sorted(Path(model).rglob("*")):
        if path.is_file():
            target = f"{folder}/{path.relative_to(model).as_posix()}"
            files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            files.put_file(str(path), target)
    with files.open(f"{folder}/{CARD}", "w") as file:
        file.write(json.dumps({"version": number, **card}, indent=2, sort_keys=True) + "\n")
    return f"{address.rstrip('/')}/{number}"
