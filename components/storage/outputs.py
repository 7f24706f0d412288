"""What every cloud's storage component gives, and how a workload asks for access to it."""

from enum import StrEnum
from typing import NamedTuple, Protocol, TypedDict

import pulumi


class Store(StrEnum):
    """The two object stores of a platform."""

    MODELS = "models"
    """Weights and tokenizers that models are served from."""

    ARTIFACTS = "artifacts"
    """What pipelines and training jobs write: datasets, checkpoints, metrics."""


class Access(StrEnum):
    """What a service account may do in a store."""

    READ = "read"
    """Read and list."""

    WRITE = "write"
    """Also create, replace and delete objects."""


class StoreAccess(TypedDict):
    """One sentence: this service account may read that store and write to this one.

    All of an account's rights in one place, because it has one identity: EKS binds a service account to one role, and
    Azure's annotation names one client.
    """

    namespace: str
    service_account: str
    stores: dict[Store, Access]
    """What it may do in which store; stores that are not named are closed to it."""


class Identity(NamedTuple):
    """What a ServiceAccount and its pods carry so that the cloud knows them. No key is part of it."""

    annotations: dict[str, pulumi.Input[str]]
    """Of the ServiceAccount."""

    pod_labels: dict[str, str]
    """Of the pods."""


class Storage(Protocol):
    """The common outputs. Code above takes this and never asks which cloud it is on."""

    uris: dict[Store, pulumi.Output[str]]
    """Where each store is, in the form that KServe and training code read: s3://, gs:// or https:// (Azure Blob)."""

    shared_class: pulumi.Output[str] | None
    """Handle for volumes on the shared file system; None where the stack has none."""

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Lets a service account into stores, by workload identity. Once for each account."""
        ...
