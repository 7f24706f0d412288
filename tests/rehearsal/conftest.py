"""One real control plane for all tests that need one, started when the first of them asks for it."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal import control_plane as plane
from rehearsal import controllers, session, supervisor, toolchain
from rehearsal.kube import Kube
from tests.project import ROOT
from tests.rehearsal.cluster import Namespace, make_namespace

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Programs of the control plane and of the controllers that every stack has, from the user's cache."""
    return toolchain.ensure((*plane.TOOLS, *controllers.tools([])), print)


@pytest.fixture(scope="session")
def control_plane(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[supervisor.Supervisor]:
    """A running control plane; `kubeconfig` is how to reach it."""
    folder = tmp_path_factory.mktemp("control-plane")
    yield supervisor.start(folder, tools)
    supervisor.stop(folder)


@pytest.fixture(scope="session")
def api(control_plane: supervisor.Supervisor) -> Kube:
    """A client of the shared control plane."""
    # Large CRDs on a machine that may be compiling beside it: more patience than one request needs.
    return Kube.from_kubeconfig(control_plane.kubeconfig, timeout=60)


@pytest.fixture
def namespace(api: Kube) -> Iterator[Namespace]:
    """A fresh namespace, gone with all that is in it after the test."""
    made = make_namespace(api, f"test-{next(_NUMBERS)}")
    yield made
    made.remove()


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Names for cluster-wide objects, no two alike."""
    return lambda stem: f"{stem}-{next(_NUMBERS)}"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder with the project's stack files, whose rehearsals are ended after the test."""
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    yield tmp_path
    for folder in (tmp_path / ".rehearsal").glob("*"):
        if folder.is_dir():
            session.stop(folder)
    session.stop(tmp_path / ".rehearsal")
