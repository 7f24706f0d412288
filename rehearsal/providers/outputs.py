"""What a cloud would answer: plausible, deterministic outputs, made of nothing but the resource's URN and inputs.

The same stack gives the same ids in every run, so a second `up` sees no changes, and nothing here is a secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.providers.plugin_values import UNKNOWN, Props, is_map

CREATED = "2026-01-01T00:00:00Z"
"""When everything in a rehearsal was created: a fixed moment, so that outputs never change."""


@dataclass(frozen=True)
class Facts:
    """A resource and where its provider puts it."""

    urn: str
    inputs: Props
    region: str = ""
    """AWS region, Google region or Azure location of the provider."""
    owner: str = ""
    """AWS account, Google project or Azure subscription."""

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    def hex(self, length: int, salt: str = "") -> str:
        """Lower-case hexadecimal that stays the same for this resource; another `salt` gives another one."""
        return digest(f"{self.urn}#{salt}", length)

    def number(self, digits: int, salt: str = "") -> str:
        """A decimal number of exactly so many digits, the first not 0."""
        low = 10 ** (digits - 1)
        return str(low + int(self.hex(24, salt), 16) % (9 * low))

    def guid(self, salt: str = "") -> str:
        """A GUID."""
        return str(uuid.UUID(self.hex(32, salt)))

    def address(self, salt: str = "") -> str:
        """A public IPv4 address of the range for documentation (RFC 5737), which reaches nothing."""
        return f"203.0.113.{1 + int(self.hex(8, salt), 16) % 254}"

    def get(self, key: str, default: Any = "") -> Any:
        """An input as text can take it: what is not known yet, or absent, is the default."""
        value = self.inputs.get(key)
        return default if value is None or value is UNKNOWN else value


Rule = Callable[[Facts], tuple[str, Props]]
"""The id and the computed outputs of a resource type."""


def digest(text: str, length: int) -> str:
    """So many hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def merged(inputs: Mapping[str, Any], computed: Mapping[str, Any], *, preview: bool) -> Props:
    """Inputs with computed outputs beside them; nested maps are merged.

    What the inputs say wins, except where it is a map. In a preview the computed part is not known yet.
    """
    result: Props = dict(inputs)
    for key, value in computed.items():
        given = result.get(key)
        if is_map(value) and (given is None or is_map(given)):
            result[key] = merged(given or {}, value, preview=preview)
        elif given is None:
            result[key] = UNKNOWN if preview else value
    return result


def certificate(salt: str) -> str:
    """A certificate authority in base64: the shape of PEM, and no certificate."""
    body = base64.b64encode(f"no certificate: this cluster is rehearsed ({digest(salt, 16)})".encode()).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return base64.b64encode(pem.encode()).decode()


def kubeconfig(name: str, server: str, salt: str) -> str:
    """A kubeconfig in base64 as a cloud returns it: well-formed, with a user that can do nothing."""
    document: Props = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": certificate(salt)}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return base64.b64encode(json.dumps(document, sort_keys=True).encode()).decode()
