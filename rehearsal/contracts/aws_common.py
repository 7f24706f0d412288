"""What the AWS tables share: how a binding names its operation, and the properties that are Pulumi's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from rehearsal.contracts.aws_rules import tags
from rehearsal.contracts.binding import Binding, reasons
from rehearsal.contracts.botocore_model import operation

TAGS = reasons("a map in Pulumi; the API has a list of keys and values, which the tag rule stands for", "tags")
"""Tags of the services whose API takes a list."""
_REGION = reasons("chooses the endpoint", "region")
_TITLES = {
    "ec2": "EC2",
    "efs": "EFS",
    "eks": "EKS",
    "iam": "IAM",
    "kafka": "MSK",
    "kms": "KMS",
    "logs": "CloudWatch Logs",
    "s3": "S3",
}


def local(*names: str) -> dict[str, str]:
    """Properties that steer Pulumi's provider and never reach the API."""
    return reasons("steers the provider, not the API", *names)


def bind(service: str, name: str, /, **details: Any) -> Binding:
    """A binding of a service's operation, with what every AWS resource has."""
    given: Mapping[str, str] = details.pop("local", {})
    extra = details.pop("rules", ())
    return Binding(
        api=f"the {_TITLES.get(service, service)} API ({name})",
        by=f"botocore {service}.{name}",
        shape=details.pop("shape", None) or partial(operation, service, name),
        local={**_REGION, **given},
        rules=(*extra, tags),
        **details,
    )


def ec2(name: str, /, **details: Any) -> Binding:
    """A binding of an EC2 operation, which takes its tags as specifications."""
    details["local"] = {**TAGS, **details.get("local", {})}
    return bind("ec2", name, **details)
