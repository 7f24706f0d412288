"""Settings of Kubeflow Pipelines: what all tenants share, and an instance of a tenant's own."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from components.settings.model import Model, PositiveCount
from components.settings.network import Cidr
from components.settings.workloads import Priority

_DNS_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"


class Pipelines(Model):
    """Kubeflow Pipelines. The section being there installs Argo Workflows, which runs the pipelines of all tenants."""

    retention_days: Annotated[int, Field(ge=1, le=1785, strict=True)] | None = 90
    """Artifacts of runs go so many days after they were written. null: they stay. What a cached step made is gone then
    too, and a later step that reads it fails: keep artifacts longer than you rely on the cache."""

    api_server: tuple[Cidr, ...] = ()
    """Where pods reach the Kubernetes API, through the tenants' closed networks: steps report there. Empty: the
    cluster's own network or control plane range, and the private ranges on an existing cluster."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the argo-workflows chart."""


class ManagedDatabase(Model):
    """A MySQL 8 of yours instead of one in the tenant's namespace. It has the databases `mlpipeline` and `metadb`, and
    a user with all rights on them whose password is checked by `mysql_native_password`, as ML Metadata needs it."""

    host: Annotated[str, StringConstraints(pattern=_DNS_NAME, max_length=253)]
    """Its name or address."""

    port: Annotated[int, Field(ge=1, le=65535, strict=True)] = 3306

    cidr: Cidr
    """Network in which it answers: the tenant's network lets its pipelines out there."""

    secret: Annotated[str, StringConstraints(pattern=_DNS_NAME, max_length=253)]
    """Secret in the tenant's namespace with the keys `username` and `password`; somebody else puts it there."""


class TenantPipelines(Model):
    """Kubeflow Pipelines in the tenant's own namespace, which runs what it runs within the tenant's quota and queue."""

    priority: Priority = Priority.BATCH
    """Of all steps."""

    database: ManagedDatabase | None = None
    """None: a MySQL in the namespace, with a password that nobody knows."""

    database_gib: PositiveCount = 20
    """Volume of the MySQL in the namespace; not with `database`."""

    store_gib: PositiveCount = 100
    """Volume of the object store in the namespace, on clusters without one that Kubeflow Pipelines can use: existing
    ones, and Azure. On AWS and Google Cloud artifacts lie in the platform's bucket and this is refused."""
