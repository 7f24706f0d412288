"""What Filestore checks and its discovery document does not say.

Source: Filestore documentation, "Service tiers" (sizes and steps, where each tier lives) and "Instance.FileShareConfig"
of its reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import given, known

_REGIONAL = ("REGIONAL", "ENTERPRISE")
_STEPS = {
    "ZONAL": ((1_024, 9_984, 256), (10_240, 102_400, 2_560)),
    "REGIONAL": ((1_024, 9_984, 256), (10_240, 102_400, 2_560)),
    "ENTERPRISE": ((1_024, 10_240, 256),),
}
"""Tier -> smallest and largest size in GiB, and the step between."""
_ENCRYPTED = ("ZONAL", "REGIONAL", "ENTERPRISE", "HIGH_SCALE_SSD")


def file_server(inputs: Inputs) -> Iterator[Violation]:
    """A size that its tier is sold in, a place that fits it, a share name that NFS takes, own keys where they are."""
    tier = known(inputs, "tier")
    share = known(inputs, "fileShares.name")
    if isinstance(share, str) and not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", share):
        problem = "must be 1-63 lowercase letters, digits and underscores, and begin with a letter"
        yield Violation(("fileShares", "name"), problem, share)
    size = known(inputs, "fileShares.capacityGb")
    if isinstance(size, int | float) and tier in _STEPS:
        bands = _STEPS[str(tier)]
        if not any(low <= size <= high and size % step == 0 for low, high, step in bands):
            sizes = " or ".join(f"{low} to {high} by {step}" for low, high, step in bands)
            yield Violation(("fileShares", "capacityGb"), f"a {tier} instance has {sizes} GiB", size)
    location = known(inputs, "location")
    if isinstance(location, str) and isinstance(tier, str):
        zone = location.count("-") > 1
        if zone and tier in _REGIONAL:
            yield Violation(("location",), f"a {tier} instance lies in a region, not in a zone", location)
        if not zone and tier not in _REGIONAL:
            yield Violation(("location",), f"a {tier} instance lies in a zone, not in a region", location)
    if given(inputs, "kmsKeyName") and isinstance(tier, str) and tier not in _ENCRYPTED:
        yield Violation(("kmsKeyName",), f"the tier {tier} has no keys of one's own", known(inputs, "kmsKeyName"))
