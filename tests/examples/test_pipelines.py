"""The example pipeline's own tests, in the environment that Kubeflow's SDK needs for itself."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.project import ROOT

FOLDER = ROOT / "examples" / "pipelines"


def interpreter() -> Path | None:
    """Python with the example's requirements: of `make test`, or the one that PIPELINES_PYTHON names."""
    named = Path(os.environ.get("PIPELINES_PYTHON") or ROOT / ".venv-pipelines" / "bin" / "python")
    return named if named.is_file() else None


@pytest.mark.process
def test_the_pipeline_compiles_and_runs_and_its_steps_do_what_they_say() -> None:
    python = interpreter()
    if python is None:
        pytest.skip("Kubeflow's SDK is not installed: `make test` makes .venv-pipelines, or set PIPELINES_PYTHON")
    # Variables of the outer run are not the inner one's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
