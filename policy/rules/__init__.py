"""The rules, one a module, and the pack that they make."""

from pulumi_policy import Policy

from policy.recorder import recorder
from policy.rules.images_pinned import images_pinned
from policy.rules.no_public_api import no_public_api
from policy.rules.tenant_default_deny import tenant_default_deny
from policy.rules.tenant_gpu_quota import tenant_gpu_quota
from policy.rules.tenant_signed_images import tenant_signed_images

RULES: tuple[Policy, ...] = (
    tenant_gpu_quota,
    tenant_default_deny,
    images_pinned,
    tenant_signed_images,
    no_public_api,
)
"""Every rule, in the order in which docs/policies.md explains them."""

POLICIES: tuple[Policy, ...] = (recorder, *RULES)
"""What the pack consists of: the rules, and what lets them see."""
