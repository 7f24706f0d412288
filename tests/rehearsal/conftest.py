"""One real control plane for all tests that need one, started when the first of them asks for it."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from components.gpu.layouts import layout_name, mig_parted_config
from components.scheduling.volcano import scheduler_config
from rehearsal import control_plane as plane
from rehearsal import controllers, fleet, session, supervisor, toolchain
from rehearsal.fleet import NodePool
from rehearsal.kube import Kube
from rehearsal.releases import Release
from tests.project import ROOT
from tests.rehearsal.cluster import Namespace, apply_crds, install, make_namespace, uninstall, volcano_crds
from tests.rehearsal.gpu_nodes import LAYOUT, Pools, grow

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


@pytest.fixture(scope="module")
def gpu_operator(api: Kube) -> Iterator[None]:
    """The GPU Operator, whose part on simulated nodes is to offer their GPUs and slices."""
    config = yaml.safe_dump(mig_parted_config({"sliced": LAYOUT}))
    values = {"mig": {"strategy": "mixed"}, "migManager": {"config": {"data": {"config.yaml": config}}}}
    release = Release("gpu-operator", "default", "gpu-operator", "v26.7.0", values)
    assert install(api, release).controllers == "ready"
    yield
    uninstall(api, release)


@pytest.fixture
def pools(api: Kube, gpu_operator: None, unique: Callable[[str], str]) -> Iterator[Pools]:
    """Makes pools of H100 nodes, ready to be scheduled onto, and removes them after the test."""
    made: list[NodePool] = []

    def make(count: int = 1, gpus: int = 8, layout: dict[str, int] | None = None) -> NodePool:
        pool = NodePool(
            name=unique("h100"),
            machine="p5.48xlarge",
            vcpu=192,
            memory_gib=2048,
            accelerator="H100-80",
            gpus=gpus,
            labels={"nvidia.com/mig.config": layout_name(layout or {})},
            taints=(("nvidia.com/gpu", "present", "NoSchedule"),),
        )
        made.append(pool)
        grow(api, pool, count)
        return pool

    yield make
    for pool in made:
        fleet.remove_pool(api, pool.name)


@pytest.fixture(scope="module")
def volcano(api: Kube, request: pytest.FixtureRequest) -> Iterator[None]:
    """The real Volcano with the configuration that the platform gives it; the parameter is `growing`."""
    apply_crds(api, volcano_crds())
    resources = ["nvidia.com/gpu", *(f"nvidia.com/mig-{profile}" for profile in LAYOUT)]
    config = yaml.safe_dump(scheduler_config(resources, growing=request.param))
    # Shorter cycles than in production only make the tests shorter.
    values = {"custom": {"scheduler_config_override": config, "scheduler_schedule_period": "300ms"}}
    release = Release("volcano", "default", "volcano", "1.15.0", values)
    assert install(api, release).controllers == "ready"
    yield
    uninstall(api, release)
