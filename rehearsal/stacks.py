"""Stack files, read and checked before anything else happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import Settings, load
from components.settings.stack_file import FOLDER, read_stack_file, stack_path


@dataclass(frozen=True)
class StackFile:
    """A stack file, read and validated."""

    stack: str
    config: Mapping[str, Any]
    settings: Settings


def read(root: Path, stack: str) -> StackFile:
    """Reads and checks a stack file. Raises `StackFileError` or `SettingsError`."""
    config = read_stack_file(stack_path(root, stack))
    return StackFile(stack, config, load(config, source=f"{FOLDER}/Pulumi.{stack}.yaml"))
