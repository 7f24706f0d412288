"""Reads a stack file as the engine would, with its mistakes named by line."""

from pathlib import Path
from typing import Any, cast

import yaml

FOLDER = Path("stacks")
"""Where stack files live, from the project's root."""


class StackFileError(Exception):
    """A stack file that is not there or cannot be read."""


_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where it was compiled in."""


class _StrictLoader(_SafeLoader):
    """YAML's safe loader that refuses a key given twice: two pools of one name would silently become one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            key = cast("str", self.construct_object(key_node, deep=True))  # pyright: ignore[reportUnknownMemberType]
            line = key_node.start_mark.line + 1
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'"{key}" stands here and in line {seen[key]}; names must differ', key_node.start_mark
                )
            seen[key] = line
        return super().construct_mapping(node, deep)


def stack_path(root: Path, stack: str) -> Path:
    """The file of `stack`. Raises `StackFileError` naming the stacks that there are."""
    path = root / FOLDER / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        there = ", ".join(stacks(root)) or "none"
        raise StackFileError(f"{FOLDER}/Pulumi.{stack}.yaml: no such stack file; stacks with one: {there}")
    return path


def stacks(root: Path) -> list[str]:
    """Names of the stacks that have a file."""
    return sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in (root / FOLDER).glob("Pulumi.*.yaml")
    )


def read_stack_file(path: Path) -> dict[str, Any]:
    """The `config` map of a stack file. Raises `StackFileError` with the line of what is wrong."""
    name = f"{path.parent.name}/{path.name}"
    try:
        document: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise StackFileError(f"{name}{where}: not valid YAML: {error.problem or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StackFileError(f"{name}: not valid YAML: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("config"), dict):  # type: ignore[union-attr]
        raise StackFileError(f"{name}: a stack file has a `config:` map; see stacks/Pulumi.local.yaml for an example")
    return document["config"]  # type: ignore[return-value]
