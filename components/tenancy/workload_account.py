"""The service account of a tenant's workloads: it reads models, and needs no key for it."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.storage.outputs import Access, Storage, Store

ACCOUNT = "workloads"
"""Name of the service account in every tenant's namespace."""

STORES = {Store.MODELS: Access.READ}
"""What it may do where. Artifacts stay closed: tenants share the store, and could overwrite each other's."""


class WorkloadAccountArgs(TypedDict):
    """Whose account it is."""

    tenant: str
    """The tenant, whose namespace has the same name."""


class WorkloadAccount(pulumi.ComponentResource):
    """A service account with a cloud identity."""

    pod_labels: dict[str, str]
    """Labels by which the cloud knows the pods of this account."""

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
            {"namespace": tenant, "service_account": ACCOUNT, "stores": dict(STORES)},
        )
        self.pod_labels = identity.pod_labels
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
