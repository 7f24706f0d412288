"""Patience with a webhook that is about to come up.

A webhook's certificate authority is put into its registration by cert-manager, some moments after the pods behind it
are ready; until then the API server refuses what the webhook would have to see (KServe issues 4182 and 5037).
"""

import asyncio

import pulumi

PATIENCE = 12
"""How often a refused object is tried again."""

PAUSE_SECONDS = 5.0
"""How long to wait between two tries."""


def webhook_absent(error: str) -> bool:
    """Whether the API server could not reach a webhook, or not trust it yet; it did not refuse the object itself."""
    return "failed calling webhook" in error or "failed to call webhook" in error


async def try_again(args: pulumi.ErrorHookArgs) -> bool:
    """Whether the engine tries again, after a pause: for a minute, and only while the webhook is absent."""
    if len(args.errors) > PATIENCE or not args.errors or not webhook_absent(args.errors[0]):
        return False
    await asyncio.sleep(PAUSE_SECONDS)
    return True


def patient(name: str) -> pulumi.ResourceHookBinding:
    """Hooks for objects that a webhook sees. `name` is unique in the stack."""
    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(name, try_again)])
