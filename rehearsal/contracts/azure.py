"""Azure: what each resource is checked against, by Pulumi type token."""

from __future__ import annotations

from rehearsal.contracts.azure_aks import AKS
from rehearsal.contracts.azure_event_hubs import EVENT_HUBS
from rehearsal.contracts.azure_platform import PLATFORM
from rehearsal.contracts.azure_storage import STORAGE
from rehearsal.contracts.binding import Binding

BINDINGS: dict[str, Binding] = {**PLATFORM, **STORAGE, **EVENT_HUBS, **AKS}
"""Every Azure resource type that a rehearsal checks."""
