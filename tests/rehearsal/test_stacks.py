"""Whole stacks on the real engine: previews of every cloud, and the life of the local one on the embedded cluster."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings.stack_file import stacks
from rehearsal import session, supervisor
from rehearsal.__main__ import main
from rehearsal.kube import Kube
from tests.project import ROOT

CLOUDS = [stack for stack in stacks(ROOT) if stack != "local"]


def change(project: Path, stack: str, section: str, changes: dict[str, Any]) -> None:
    """Merges `changes` into one section of a stack file."""
    path = project / "stacks" / f"Pulumi.{stack}.yaml"
    document = yaml.safe_load(path.read_text())
    document["config"].setdefault(f"multimodal:{section}", {}).update(changes)
    path.write_text(yaml.safe_dump(document))


@pytest.mark.engine
@pytest.mark.parametrize("stack", CLOUDS)
def test_a_cloud_stack_previews_without_credentials(
    stack: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["preview", "--stack", stack], root=project)
    output = capsys.readouterr().out
    assert status == 0, output
    for rule in ("tenant-gpu-quota", "tenant-default-deny", "images-pinned", "tenant-signed-images", "no-public-api"):
        assert f"{rule} " in output
    assert "violation" not in output
    covered = re.search(r"(\d+) of (\d+) cloud resources \(\d+ %\) were checked by the cloud's own model", output)
    assert covered is not None
    checked, total = map(int, covered.groups())
    assert total > 20
    assert checked >= 0.95 * total, output


@pytest.mark.engine
def test_a_chart_value_that_does_not_exist_is_refused_in_preview(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if session.upstream_folder() is None:
        pytest.skip("chart values are not checked here: there is no folder with upstream values")
    change(project, "aws-dev", "gpu", {"values": {"devicePlugin": {"enbled": True}}})
    assert main(["preview", "--stack", "aws-dev"], root=project) == 1
    output = capsys.readouterr().out
    assert "devicePlugin.enbled" in output
    assert "devicePlugin.enabled" in output
    assert "Traceback" not in output


@pytest.mark.engine
def test_an_image_that_is_not_pinned_is_refused_by_policy_in_preview(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, "aws-dev", "scheduling", {"values": {"basic": {"scheduler_image_tag_version": "latest"}}})
    assert main(["preview", "--stack", "aws-dev"], root=project) == 1
    output = " ".join(capsys.readouterr().out.split())
    assert "images-pinned 1 violation" in output
    assert "vc-scheduler:latest" in output


@pytest.mark.engine
def test_what_only_the_clouds_own_api_model_knows_is_refused_in_preview(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Kubernetes allows a label without a value; EKS wants at least one character.
    pool = {"machine": "g6.2xlarge", "maxNodes": 4, "labels": {"team.example/idle": ""}}
    change(project, "aws-dev", "cluster", {"gpuPools": {"l4": pool}})
    change(project, "aws-dev", "tenants", {"language": {"quota": {"gpus": 1}}})
    assert main(["preview", "--stack", "aws-dev"], root=project) == 1
    output = capsys.readouterr().out
    assert "aws:eks/nodeGroup:NodeGroup" in output
    assert "CreateNodegroup" in output
    assert "Traceback" not in output


@pytest.mark.engine
@pytest.mark.control_plane
def test_the_local_stack_comes_up_stays_the_same_and_leaves_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up"], root=project) == 0
    first = capsys.readouterr().out
    assert "32 × mig-1g.10gb" in " ".join(first.split())
    assert "Pending" not in first

    api = Kube.from_kubeconfig(project / ".rehearsal" / "kubeconfig")
    quota = api.get("/api/v1/namespaces/vision/resourcequotas/quota")
    assert quota is not None
    assert quota["status"]["hard"]["requests.nvidia.com/gpu"] == "6"

    assert main(["up"], root=project) == 0
    assert "up local: done; no changes" in capsys.readouterr().out

    # 1g.10gb stays as it is, so that no quota stands in the way of the new layout.
    pools = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())["config"]["multimodal:cluster"][
        "gpuPools"
    ]
    pools["h100-slices"]["mig"] = {"3g.40gb": 1, "2g.20gb": 1, "1g.10gb": 2}
    change(project, "local", "cluster", {"gpuPools": pools})
    assert main(["preview"], root=project) == 1
    assert "mig-layout-change 1 violation" in " ".join(capsys.readouterr().out.split())
    change(project, "local", "gpu", {"allowLayoutChange": ["h100-slices"]})
    assert main(["preview"], root=project) == 0
    assert "mig-layout-change ok" in " ".join(capsys.readouterr().out.split())

    assert main(["up", "--stack", "aws-dev"], root=project) == 1
    assert "carries stack local" in capsys.readouterr().err

    assert main(["destroy"], root=project) == 0
    order = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("  delete ")]
    assert order.index("local-tenant-vision-namespace") < order.index("local-tenant-vision-queue")
    assert order.index("local-tenant-vision-queue") < order.index("local-volcano-release")
    assert order.index("local-trust-signed-images") < order.index("local-trust-release")
    assert order.index("local-volcano-release") < order.index("local-volcano-namespace")
    assert supervisor.running(project / ".rehearsal") is None
    assert not (project / ".rehearsal" / "kubeconfig").exists()
