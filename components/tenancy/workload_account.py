"""The service account of a tenant's workloads: what it may read and write, and that it needs no key for it."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import STORES_LABEL, tenant_labels
from components.settings.sections import SHARED_FOLDER
from components.storage.outputs import Access, Folder, Storage, Store

ACCOUNT = "workloads"
"""Name of the service account in every tenant's namespace."""


def tenant_folders(tenant: str) -> dict[Folder, Access]:
    """What a tenant's workloads may do where: read the tenant's models and those that all tenants share, and keep
    artifacts of their own. Nothing of another tenant's."""
    return {
        Folder(Store.MODELS, tenant): Access.READ,
        Folder(Store.MODELS, SHARED_FOLDER): Access.READ,
        Folder(Store.ARTIFACTS, tenant): Access.WRITE,
    }


class WorkloadAccountArgs(TypedDict):
    """Whose account it is."""

    tenant: str
    """The tenant, whose namespace has the same name."""


class WorkloadAccount(pulumi.ComponentResource):
    """A service account with a cloud identity."""

    pod_labels: dict[str, str]
    """Labels by which the cloud and the tenant's network know the pods of this account."""

    def __init__(
        self,
        name: str,
        args: WorkloadAccountArgs,
        storage: Storage,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("multimodal:index:WorkloadAccount", name, dict(args), opts)
        tenant = args["tenant"]
        identity = storage.allow(
            f"{name}-identity",
            {"namespace": tenant, "service_account": ACCOUNT, "folders": tenant_folders(tenant)},
        )
        self.pod_labels = {**identity.pod_labels, STORES_LABEL: "true"}
        kubernetes.core.v1.ServiceAccount(
            f"{name}-account",
            metadata={
                "name": ACCOUNT,
                "namespace": tenant,
                "labels": tenant_labels(tenant),
                "annotations": identity.annotations,
            },
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"account": ACCOUNT})
