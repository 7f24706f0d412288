"""Destroys of whole cloud stacks: in order, with what users left in the cluster, and interrupted on the way."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rehearsal import destroy_order, stacks, supervisor, toolchain
from rehearsal.engine import Engine
from rehearsal.inventory import inventory
from rehearsal.kube import Kube, KubeError
from rehearsal.outcome import Moment, Result, Step
from tests.project import ROOT
from tests.rehearsal.cloud_objects import CloudControllers, balancer, volume

DRIVERS = {"aws-dev": "ebs.csi.aws.com", "gcp-dev": "pd.csi.storage.gke.io", "azure-dev": "disk.csi.azure.com"}
"""Stack -> the CSI driver of its storage class."""
TENANT = "vision"
"""A tenant of every stack above."""
ADDON = "kyverno"
"""An addon's namespace, where no quota forbids load balancers."""

SECTIONS = ("serving", "ray", "autoscaling", "pipelines", "events", "knative")
WORKLOADS = ("models", "ray", "training", "pipelines", "events", "flows")
"""Addons and what tenants run on them, which have rehearsals of their own: here every checkpoint would be longer."""

Start = Callable[[str], Engine]


@pytest.fixture
def control_plane(tools: dict[str, Path], tmp_path: Path) -> Iterator[supervisor.Supervisor]:
    """A control plane of each test's own: what others leave on a shared one comes and goes while these count."""
    folder = tmp_path / "control-plane"
    folder.mkdir()
    yield supervisor.start(folder, tools)
    supervisor.stop(folder)


@pytest.fixture
def api(control_plane: supervisor.Supervisor) -> Kube:
    return Kube.from_kubeconfig(control_plane.kubeconfig, timeout=60)


@pytest.fixture
def start(control_plane: supervisor.Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Brings a stack up on the control plane."""
    # Whole CRDs of every chart take half a minute to come and go, and nothing here depends on them.
    (tmp_path / "upstream").mkdir()
    started: list[Engine] = []

    def begin(stack: str) -> Engine:
        environment = {
            "REHEARSAL_KUBECONFIG": str(control_plane.kubeconfig),
            "REHEARSAL_UPSTREAM": str(tmp_path / "upstream"),
            # As a deployment has it, so that what was interrupted is found in the state.
            "PULUMI_SKIP_CHECKPOINTS": "false",
        }
        program = toolchain.ensure(("pulumi",), print)["pulumi"]
        config = dict(stacks.read(ROOT, stack).config)
        for key in SECTIONS:
            config.pop(f"multimodal:{key}", None)
        config["multimodal:tenants"] = {
            name: {
                key: value
                for key, value in tenant.items()
                if key not in ("models", "ray", "training", "pipelines", "events", "flows")
            }
            for name, tenant in config["multimodal:tenants"].items()
        }
        engine = Engine(tmp_path, stack, config, pulumi=program, env=environment)
        started.append(engine)
        assert engine.up().errors == []
        return engine

    yield begin
    for engine in started:
        if engine.resources():
            engine.destroy()


def leave_things_behind(api: Kube, stack: str) -> None:
    """A tenant's volume and somebody's load balancer, which Pulumi knows nothing of."""
    volume(api, TENANT, DRIVERS[stack])
    balancer(api, ADDON)


@pytest.mark.engine
@pytest.mark.control_plane
@pytest.mark.parametrize("stack", ["gcp-dev", "azure-dev"])
def test_what_users_left_in_the_cluster_goes_before_nodes_and_nodes_before_the_network(
    stack: str, start: Start, api: Kube
) -> None:
    before = inventory(api)
    engine = start(stack)
    with pytest.raises(KubeError, match="exceeded quota"):
        balancer(api, TENANT)
    leave_things_behind(api, stack)
    with CloudControllers(api) as cloud:
        gone = engine.destroy()
    assert gone.errors == []
    assert sorted(cloud.removed) == ["load balancer", "volume"]
    assert destroy_order.violations(gone.moments) == []
    assert engine.resources() == []
    assert inventory(api) == before


class Interruption:
    """Interrupts the engine once so many resources have gone."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.sent = False

    def __call__(self, step: Step, done: bool) -> None:
        if step.operation != "delete" or not done or self.sent:
            return
        self.left -= 1
        if self.left <= 0:
            engine = next(child for child in psutil.Process().children() if child.name() == "pulumi")
            engine.send_signal(signal.SIGINT)
            self.sent = True


@pytest.mark.engine
@pytest.mark.control_plane
def test_a_destroy_that_is_interrupted_again_and_again_finishes_in_order(start: Start, api: Kube) -> None:
    before = inventory(api)
    engine = start("aws-dev")
    leave_things_behind(api, "aws-dev")
    moments: list[Moment] = []
    with CloudControllers(api):
        # Among the tenants' objects, at the namespaces, among node groups, and in the network.
        for after in (5, 15, 20, 25):
            there = len(engine.resources())
            interruption = Interruption(after)
            cut: Result = engine.destroy(interruption)
            assert interruption.sent
            assert cut.failed
            assert 0 < len(engine.resources()) < there
            moments += cut.moments
        last = engine.destroy()
    assert last.errors == []
    assert destroy_order.violations([*moments, *last.moments]) == []
    assert engine.resources() == []
    assert inventory(api) == before


@pytest.mark.engine
def test_a_stack_that_never_came_to_anything_has_nothing_to_destroy(tmp_path: Path) -> None:
    program = toolchain.ensure(("pulumi",), print)["pulumi"]
    engine = Engine(tmp_path, "local", stacks.read(ROOT, "local").config, pulumi=program, env={})
    assert not engine.destroy().failed
