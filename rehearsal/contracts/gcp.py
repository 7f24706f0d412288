"""Google Cloud: what each resource is checked against, by Pulumi type token."""

from __future__ import annotations

from rehearsal.contracts.binding import Binding
from rehearsal.contracts.gcp_container import CONTAINER
from rehearsal.contracts.gcp_kafka import KAFKA
from rehearsal.contracts.gcp_platform import ACCOUNT, NETWORK
from rehearsal.contracts.gcp_storage import STORAGE

BINDINGS: dict[str, Binding] = {**NETWORK, **CONTAINER, **ACCOUNT, **STORAGE, **KAFKA}
"""Every Google Cloud resource type that a rehearsal checks."""
