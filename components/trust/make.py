"""cert-manager, where anything of the stack needs certificates."""

from collections.abc import Mapping

import pulumi

from components.helm import merge
from components.settings import Settings
from components.settings.model import Environment
from components.trust.cert_manager import CertManager


def make_certificates(
    name: str, settings: Settings, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> CertManager | None:
    """cert-manager with the platform's authority; None in a stack that neither serves models nor runs a Kafka of
    its own."""
    kafka = settings.events if settings.events is not None and settings.events.own else None
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
