"""Where a checkout keeps what its rehearsals leave: everything under `.rehearsal/`, which git ignores."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The project."""

WORK = ROOT / ".rehearsal"
"""State of this checkout: control plane, kubeconfig, engine state, logs, reports."""
