"""What the stack trusts: signatures of images, and certificates where anything needs them."""

from collections.abc import Mapping

import pulumi

from components.helm import merge
from components.settings import Settings
from components.settings.model import Environment
from components.trust.cert_manager import CertManager
from components.trust.kyverno import Kyverno


def make_signatures(
    name: str, settings: Settings, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> Kyverno:
    """Kyverno with the rule of signed images; tenants depend on it."""
    trust = settings.trust
    return Kyverno(
        f"{name}-trust",
        {
            "version": settings.versions.kyverno,
            "replicas": 3 if settings.environment is Environment.PROD else 1,
            "enforcement": trust.enforcement.value,
            "attestors": {
                key: attestor.model_dump(mode="json", by_alias=True, exclude_none=True)
                for key, attestor in trust.attestors.items()
            },
            "images_lock": dict(lock),
            "values": trust.values,
        },
        on_cluster,
    )


def make_certificates(
    name: str, settings: Settings, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> CertManager | None:
    """cert-manager with the platform's authority; None in a stack that neither serves models nor has a Kafka
    whose clients show certificates."""
    kafka = settings.events if settings.events is not None and settings.events.certified else None
    asking = [section for section in (settings.serving, kafka) if section is not None]
    if not asking:
        return None
    return CertManager(
        f"{name}-certificates",
        {
            "version": settings.versions.cert_manager,
            "replicas": 2 if settings.environment is Environment.PROD else 1,
            "images_lock": dict(lock),
            "values": merge(*(section.cert_manager_values for section in asking)),
        },
        on_cluster,
    )
