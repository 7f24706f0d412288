"""What the Google tables share."""

from __future__ import annotations

from functools import partial
from typing import Any

from rehearsal.contracts.binding import Binding, reasons
from rehearsal.contracts.discovery_model import schema
from rehearsal.contracts.gcp_rules import iam_member
from rehearsal.contracts.rules import matches

_TITLES = {
    "artifactregistry": "Artifact Registry",
    "cloudkms": "Cloud KMS",
    "cloudresourcemanager": "Resource Manager",
    "compute": "Compute Engine",
    "container": "GKE",
    "file": "Filestore",
    "iam": "IAM",
    "logging": "Cloud Logging",
    "managedkafka": "Managed Kafka",
    "privateca": "Certificate Authority Service",
    "pubsub": "Pub/Sub",
    "serviceusage": "Service Usage",
    "storage": "Cloud Storage",
}

COMPUTE_NAME = matches("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "1-63 lowercase letters, digits and hyphens")
"""Resource names of Compute Engine (RFC 1035 labels)."""


def local(*names: str) -> dict[str, str]:
    """Properties that steer Pulumi's provider and never reach the API."""
    return reasons("steers the provider, not the API", *names)


def bind(api: str, version: str, schema_name: str, method: str, /, **details: Any) -> Binding:
    """A binding of a schema that a method takes as its body, with what every Google resource has."""
    given: dict[str, str] = details.pop("local", {})
    own = {**local("deletionPolicy"), **reasons("in the path of the request", "project"), **given}
    return Binding(
        api=f"the {_TITLES[api]} API ({method})",
        by=f"discovery {api}.{version} {schema_name}",
        shape=partial(schema, api, version, schema_name),
        local=own,
        **details,
    )


def iam(api: str, version: str, method: str, /, *, single: bool = True, **details: Any) -> Binding:
    """One member, or a list of them, in a role of some resource's policy."""
    return bind(
        api,
        version,
        "Binding",
        method,
        fields={"member": "members"} if single else {},
        required=frozenset({"role", "member" if single else "members"}),
        rules=(iam_member,),
        **details,
    )


def path(*names: str) -> dict[str, str]:
    """Properties that are part of the request's path."""
    return reasons("in the path of the request", *names)
