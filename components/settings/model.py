"""The base of every settings model, and the small value types that several of them share."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen settings object. Keys are camelCase in the stack file; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )


class Environment(StrEnum):
    """What a stack is for. Production stacks must enforce image signatures."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


DNS_LABEL = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
"""RFC 1123 label that also starts with a letter, which GKE and AKS pool names need."""

Name = Annotated[str, StringConstraints(pattern=DNS_LABEL.pattern, max_length=40)]
"""A name that becomes part of Kubernetes object names: lower case, digits, hyphens, at most 40 characters."""

RESERVED_LABEL_DOMAINS = ("kubernetes.io", "k8s.io")
"""Kubelets may not set labels in these domains (NodeRestriction admission), so a pool with them never joins."""


def _label_key(value: str) -> str:
    prefix, slash, name = value.rpartition("/")
    if not re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", name) or (
        slash and not re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", prefix)
    ):
        raise ValueError("not a Kubernetes label key; write name or domain/name, at most 63 characters after the slash")
    if any(prefix == domain or prefix.endswith("." + domain) for domain in RESERVED_LABEL_DOMAINS):
        raise ValueError("kubelets may not set labels under kubernetes.io or k8s.io; use a domain of your own")
    return value


LabelKey = Annotated[str, AfterValidator(_label_key)]
"""A label key that a node pool may carry."""

LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")]
"""A Kubernetes label value: at most 63 characters of letters, digits, '-', '_' and '.'."""


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Model):
    """A taint on every node of a pool, beside `nvidia.com/gpu`, which every GPU pool has."""

    key: LabelKey
    value: LabelValue = ""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


Count = Annotated[int, Field(ge=0, strict=True)]
"""A whole number from 0."""

PositiveCount = Annotated[int, Field(ge=1, strict=True)]
"""A whole number from 1."""
