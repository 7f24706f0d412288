"""What the documentation says is where it says so: paths and links into the project, and references within a page."""

import re
from pathlib import Path

import pytest

from tests.project import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = sorted(child.name for child in ROOT.iterdir() if child.is_dir() and not child.name.startswith((".", "_")))

_PLACEHOLDER = r"(?:<\w+>|&lt;\w+&gt;|…|\*)"
_PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FOLDERS))})/(?:[\w./-]|{_PLACEHOLDER})*")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_DEFINITION = re.compile(r"^\[([^\]]+)\]:\s*(\S+)$", re.MULTILINE)
_REFERENCE = re.compile(r"\]\[([^\]]+)\]")
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def named_paths(text: str) -> list[str]:
    """Paths that begin with a folder of the project, as patterns: a placeholder such as <stack> stands for any name."""
    return [re.sub(_PLACEHOLDER, "*", found).rstrip(".-") for found in _PATH.findall(text)]


def link_targets(text: str) -> list[str]:
    """Files that a page links to: no addresses, no places within the page itself."""
    targets = [*_LINK.findall(text), *(target for _, target in _DEFINITION.findall(text))]
    return [target.split("#")[0] for target in targets if "://" not in target and not target.startswith("#")]


def name(page: Path) -> str:
    """A page as people call it."""
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    """A page's text."""
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_of_the_project_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in named_paths(read(page)) if not any(ROOT.glob(path))] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_to_a_file_of_the_project(page: Path) -> None:
    lost = [target for target in link_targets(read(page)) if not (page.parent / target).resolve().exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_references_of_a_page_and_their_definitions_are_the_same(page: Path) -> None:
    text = _CODE.sub("", read(page))
    assert set(_REFERENCE.findall(text)) == {key for key, _ in _DEFINITION.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_row_of_a_table_has_the_columns_of_its_heading(page: Path) -> None:
    columns = 0
    uneven: list[str] = []
    for line in read(page).splitlines():
        cells = line.replace(r"\|", "").count("|") if line.startswith("|") else 0
        if cells and columns and cells != columns:
            uneven.append(line)
        columns = cells
    assert uneven == []


def test_paths_are_found_in_prose_code_and_commands_but_not_in_addresses() -> None:
    text = """See `components/gpu/drivers.py`, policy/rules/. Run `tool --file stacks/Pulumi.<stack>.yaml`.
    https://example.org/docs/page.md and other/tests/x.sh and ../policy/x are not ours."""
    assert named_paths(text) == ["components/gpu/drivers.py", "policy/rules/", "stacks/Pulumi.*.yaml"]


def test_links_are_found_inline_and_by_definition() -> None:
    text = "[a](one.md#part) [b](https://example.org/x) [c](#here) [d][ref]\n\n[ref]: ../two.py\n"
    assert link_targets(text) == ["one.md", "../two.py"]


def test_every_table_of_the_comparison_names_files_of_ours() -> None:
    """The page would otherwise claim without showing."""
    tables = [part for part in read(ROOT / "docs" / "comparison.md").split("\n## ") if "| ours |" in part]
    assert len(tables) > 1
    assert [table.splitlines()[0] for table in tables[1:] if not link_targets(table)] == []
