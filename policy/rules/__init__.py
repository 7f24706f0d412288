"""The rules, one a module, and the pack that they make."""

from pulumi_policy import Policy

from policy.recorder import recorder
from policy.rules import (
    images_pinned,
    mig_layout_change,
    no_open_broker,
    no_public_api,
    tenant_default_deny,
    tenant_gpu_quota,
    tenant_signed_images,
)

RULES: tuple[Policy, ...] = (
    tenant_gpu_quota.RULE,
    tenant_default_deny.RULE,
    images_pinned.RULE,
    tenant_signed_images.RULE,
    no_public_api.RULE,
    no_open_broker.RULE,
    mig_layout_change.RULE,
)
"""Every rule, in the order in which docs/policies.md explains them."""

POLICIES: tuple[Policy, ...] = (recorder, *RULES)
"""What the pack consists of: the rules, and what lets them see."""
