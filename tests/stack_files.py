"""A small, valid stack for tests to break in one place."""

import copy
from typing import Any

from components.settings import Settings, parse

_VALID: dict[str, Any] = {
    "environment": "dev",
    "cluster": {
        "provider": "eks",
        "region": "us-east-1",
        "zones": ["us-east-1a", "us-east-1b"],
        "admins": ["arn:aws:iam::123456789012:role/platform"],
        "gpuPools": {
            "h100": {"machine": "p5.48xlarge", "maxNodes": 2, "mig": {"1g.10gb": 4, "3g.40gb": 1}},
            "l4": {"machine": "g6.12xlarge", "maxNodes": 3},
        },
    },
    "trust": {
        "registries": ["ghcr.io/acme"],
        "mirror": "ghcr.io/acme/mirror",
        "attestors": {"release": {"keyless": {"issuer": "https://issuer.example", "subject": "release@acme.example"}}},
    },
    "tenants": {"vision": {"quota": {"gpus": 4, "slices": {"1g.10gb": 8}}}},
}


def sections(**changes: Any) -> dict[str, Any]:
    """The valid stack's sections, with values set at dotted paths: `sections(**{"cluster.region": "eu-west-1"})`.

    A value of `REMOVE` takes the key away.
    """
    changed = copy.deepcopy(_VALID)
    for path, value in changes.items():
        *parents, last = path.split("/") if "/" in path else path.split(".")
        node = changed
        for part in parents:
            node = node.setdefault(part, {})
        if value is REMOVE:
            del node[last]
        else:
            node[last] = value
    return changed


REMOVE = object()
"""Takes a key away."""


def settings(**changes: Any) -> Settings:
    """The valid stack's settings, changed."""
    return parse(sections(**changes))
