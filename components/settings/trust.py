"""Settings of trust: which images tenants may run, and who signs them."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from components.settings.model import Model


class Enforcement(StrEnum):
    """What happens to an image that nobody signed."""

    AUDIT = "audit"
    """It runs, and a policy report says so."""

    ENFORCE = "enforce"
    """It is refused."""


class Keyless(Model):
    """A signature made with a short-lived certificate (Sigstore)."""

    issuer: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]
    """OIDC issuer, such as https://token.actions.githubusercontent.com."""

    subject: Annotated[str, StringConstraints(min_length=1)]
    """Exact identity in the certificate, such as the URL of the release workflow."""


class Attestor(Model):
    """One party whose signature counts. Name either `keyless` or `key`."""

    keyless: Keyless | None = None
    key: (
        Annotated[str, StringConstraints(pattern=r"^-----BEGIN PUBLIC KEY-----\n[\s\S]+-----END PUBLIC KEY-----\n?$")]
        | None
    ) = None
    """A cosign public key in PEM form."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Attestor":
        if (self.keyless is None) == (self.key is None):
            raise ValueError("give exactly one of keyless and key")
        return self


CamelName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,39}$")]
"""A name that is also an identifier in a CEL expression."""


RegistryPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._/-]+)?$")]
"""A registry, or a path in one."""


class Trust(Model):
    """Which images tenants may run."""

    registries: Annotated[
        tuple[RegistryPath, ...],
        Field(min_length=1),
    ]
    """Registries, or paths in them, from which tenants' images come, such as ghcr.io/acme."""

    mirror: RegistryPath | None = None
    """Where your copies of the platform's own images lie that run in tenants' namespaces (model servers, Ray), under
    the same repository and tag, such as ghcr.io/acme/mirror. Within `registries`. None: from their makers, whose images
    carry none of your signatures; so a stack that enforces needs a mirror as soon as it serves models or runs Ray."""

    enforcement: Enforcement = Enforcement.ENFORCE
    """What happens to an unsigned image. A production stack must enforce."""

    attestors: Annotated[dict[CamelName, Attestor], Field(min_length=1)]
    """Who signs; a signature of any one of them is enough."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the kyverno chart."""
