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


class Folder(NamedTuple):
    """A part of a store to which access is given: everything below `<name>/` in a bucket, a container on Azure."""

    store: Store
    name: str
    """A tenant's name, or `settings.sections.SHARED_FOLDER`."""


class Access(StrEnum):
    """What a service account may do in a folder."""

    READ = "read"
    """Read and list."""

    WRITE = "write"
    """Also create, replace and delete objects."""


class StoreAccess(TypedDict):
    """One sentence: this service account may read that folder and write to this one.

    All of an account's rights in one place, because it has one identity: EKS binds a service account to one role, and
    Azure's annotation names one client.
    """

    namespace: str
    service_account: str
    folders: dict[Folder, Access]
    """What it may do in which folder; all others are closed to it, and their objects' names hidden."""


class Identity(NamedTuple):
    """What a ServiceAccount and its pods carry so that the cloud knows them. No key is part of it."""

    annotations: dict[str, pulumi.Input[str]]
    """Of the ServiceAccount."""

    pod_labels: dict[str, str]
    """Of the pods."""

    role: pulumi.Output[str] | None = None
    """Name of the role that AWS gives them, since an account has one only: whatever else its pods may do there, is
    added to it."""


class Volume(NamedTuple):
    """A volume that many nodes mount at once, as its CSI driver knows it."""

    driver: str
    handle: pulumi.Output[str]
    attributes: dict[str, pulumi.Input[str]]
    size_gib: int
    """What a claim on it may ask for. EFS does not hold anybody to it."""

    takes_fs_group: bool
    """Belongs to root at first, and then to the fsGroup of the pods that mount it. Else everybody may write to it who
    can mount it."""

    mount_options: list[str]


class Storage(Protocol):
    """The common outputs. Code above takes this and never asks which cloud it is on."""

    def uri(self, folder: Folder) -> pulumi.Output[str]:
        """Where a folder is, in the form that KServe and training code read, without a slash at the end:
        s3://bucket/folder, gs://bucket/folder or https://account.blob.core.windows.net/store-folder.
        """
        ...

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Lets a service account into folders, by workload identity. Once for each account."""
        ...

    def datasets(self, tenant: str) -> Volume | None:
        """Makes the tenant's own shared volume, which no other tenant can read; None where the stack has none. Once for
        each tenant."""
        ...
