"""What a cloud's audit log gives to the collector of the audit stream."""

from dataclasses import dataclass, field

import pulumi

from components.manifest import Spec
from components.storage.outputs import Identity

SERVICE_ACCOUNT = "collector"
"""Service account of the collector, which each cloud's feed lets read."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Where entries come from, one for each change, and in whose words."""

    source: Spec
    """Input of Bento's."""
    words: str
    """Mapping from an entry to a record."""
    environment: dict[str, pulumi.Input[str]]
    """What the input takes from its environment."""
    identity: Identity = field(default_factory=lambda: Identity({}, {}))
    """What the collector's pods have of the cloud."""
    needs: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """What must be there before somebody reads."""
    caches: list[Spec] = field(default_factory=list[Spec])
    """Caches that the input keeps things in."""
    ports: tuple[int, ...] = ()
    """Where the input reads, beside HTTPS."""
