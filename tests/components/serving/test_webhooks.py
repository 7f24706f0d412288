"""Patience with webhooks that are about to come up, and none with anything else."""

import asyncio

import pulumi
import pytest

from components.serving import webhooks

UNTRUSTED = (
    'Internal error occurred: failed calling webhook "clusterservingruntime.kserve-webhook-server.validator": failed to'
    " call webhook: Post: tls: failed to verify certificate: x509: certificate signed by unknown authority"
)
REFUSED = 'admission webhook "clusterservingruntime.kserve-webhook-server.validator" denied the request: priority'


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "PAUSE_SECONDS", 0.0)


def tried_again(*errors: str) -> bool:
    args = pulumi.ErrorHookArgs("urn", "id", "name", "type", failed_operation="create", errors=list(errors))
    return asyncio.run(webhooks.try_again(args))


def test_an_object_is_tried_again_while_its_webhook_cannot_be_called() -> None:
    assert tried_again(UNTRUSTED)
    assert tried_again(*[UNTRUSTED] * webhooks.PATIENCE)


def test_patience_ends() -> None:
    assert not tried_again(*[UNTRUSTED] * (webhooks.PATIENCE + 1))


def test_what_the_webhook_refuses_is_not_tried_again() -> None:
    assert not tried_again(REFUSED)
    assert not tried_again(REFUSED, UNTRUSTED)
    assert not tried_again()
