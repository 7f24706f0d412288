"""The picture of a stack."""

import shutil
from pathlib import Path

import pytest

from rehearsal import diagram
from tests.project import ROOT
from tests.stack_files import settings


def test_pools_tenants_and_what_may_run_where_are_drawn() -> None:
    picture = diagram.mermaid("demo", settings())
    assert picture.startswith("flowchart LR\n")
    assert 'pool_h100["h100<br/>p5.48xlarge, 0 to 2 nodes<br/>8 × H100-80 each: 4 × 1g.10gb + 1 × 3g.40gb"]' in picture
    assert 'pool_l4["l4<br/>g6.12xlarge, 0 to 3 nodes<br/>4 × L4 each: whole"]' in picture
    assert "tenant_vision -->|up to 8 × 1g.10gb| pool_h100" in picture
    assert "tenant_vision -->|up to 4 GPUs| pool_l4" in picture


def test_every_subgraph_is_closed() -> None:
    lines = diagram.mermaid("demo", settings()).splitlines()
    assert (
        sum(line.strip().startswith("subgraph") for line in lines) == sum(line.strip() == "end" for line in lines) == 3
    )


def test_the_picture_in_the_readme_is_that_of_the_local_stack() -> None:
    from rehearsal.stacks import read

    assert diagram.mermaid("local", read(ROOT, "local").settings) in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("installed", [True, False])
def test_an_svg_is_drawn_only_where_graphviz_is(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "demo.svg"
    if installed:
        # Stands in for Graphviz: takes the source on standard input and the target as its last argument.
        program = tmp_path / "dot"
        program.write_text('#!/bin/sh\ncat > "$3"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    else:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    assert diagram.svg("demo", settings(), target) is installed
    assert target.exists() is installed
    if installed:
        assert target.read_text() == diagram.dot("demo", settings())
