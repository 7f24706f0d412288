"""A cluster's names of what runs on this machine, in the form of /etc/hosts.

Programs that are built to look host names up in the file `hosts` of their working folder (`rehearsal/tooltable.py`)
reach them under the names and ports that a stack gives them; all other names are looked up as always.
"""

from collections.abc import Mapping
from pathlib import Path

NAME = "hosts"
"""The file's name, which is built into those programs."""


def write(path: Path, names: Mapping[str, str]) -> None:
    """Write the file anew, by one rename, unless it says so already.

    Args:
        path: The file.
        names: Host name -> address.
    """
    text = "".join(f"{address} {name}\n" for name, address in {"localhost": "127.0.0.1", **names}.items())
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)
