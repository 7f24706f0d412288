"""What Azure Storage checks and its models do not say.

Sources: Azure Storage documentation, "Storage account overview", "Prevent Shared Key authorization", "Soft delete for
blobs" and "NFS file shares in Azure Files".
"""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import known

_PREMIUM = ("FileStorage", "BlockBlobStorage")


def account(inputs: Inputs) -> Iterator[Violation]:
    """Premium kinds have premium machines below them, and only they; rules that nothing can reach are a mistake."""
    kind, sku = known(inputs, "kind"), known(inputs, "sku.name")
    if isinstance(sku, str) and isinstance(kind, str):
        premium = sku.startswith("Premium")
        if kind in _PREMIUM and not premium:
            yield Violation(("sku", "name"), f"must be a Premium one for kind {kind}", sku)
    if known(inputs, "publicNetworkAccess") == "Disabled" and known(inputs, "networkRuleSet.defaultAction") == "Allow":
        where = ("networkRuleSet", "defaultAction")
        yield Violation(where, "lets everybody in where publicNetworkAccess is Disabled: make it Deny", "Allow")


def blob_service(inputs: Inputs) -> Iterator[Violation]:
    """Deleted blobs are kept for 1-365 days; a point to restore to needs versions and a change feed."""
    for prop in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        days, enabled = known(inputs, f"{prop}.days"), known(inputs, f"{prop}.enabled")
        if enabled is True and days is None and prop in inputs:
            yield Violation((prop, "days"), "missing when enabled is true", verdict="needs it")
    if known(inputs, "restorePolicy.enabled") is True and known(inputs, "isVersioningEnabled") is not True:
        yield Violation(("restorePolicy", "enabled"), "needs isVersioningEnabled true", True)


def share(inputs: Inputs) -> Iterator[Violation]:
    """Squashing is NFS; a share has 1 GiB to 256 TiB."""
    squash = known(inputs, "rootSquash")
    if squash is not None and known(inputs, "enabledProtocols") != "NFS":
        yield Violation(("rootSquash",), "needs enabledProtocols NFS", squash)
    size = known(inputs, "shareQuota")
    if isinstance(size, int) and not 1 <= size <= 262144:
        yield Violation(("shareQuota",), "must be from 1 to 262144 GiB", size)
