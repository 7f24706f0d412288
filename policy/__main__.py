"""The policy pack `multimodal`. Run it with `pulumi up --policy-pack policy`; docs/policies.md lists its rules.

This is the only module that makes a `PolicyPack`: that constructor serves rules until the process is stopped.
"""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# Pulumi starts this file by its path, so Python looks for modules beside it and not in the project.
ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from policy.rules import POLICIES  # noqa: E402 (needs the path above)

if __name__ == "__main__":
    PolicyPack(name="multimodal", policies=list(POLICIES), enforcement_level=EnforcementLevel.MANDATORY)
