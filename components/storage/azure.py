"""Object stores and shared files on Azure."""

from typing import Any, TypedDict, cast

import pulumi
from pulumi_azure_native import resources, storage

from components.cluster.aks_identity import workload_identity
from components.cluster.aks_roles import BLOB_DATA_CONTRIBUTOR, BLOB_DATA_READER, grant
from components.storage.azure_accounts import AccountContext, file_account, nfs_share, object_account
from components.storage.azure_private import Neighbourhood, private_endpoint
from components.storage.outputs import Access, Folder, Identity, StoreAccess, Volume

ROLES = {Access.READ: BLOB_DATA_READER, Access.WRITE: BLOB_DATA_CONTRIBUTOR}
"""What each kind of access is called in Azure."""


class AzureStorageArgs(TypedDict):
    """What the stores need to know."""

    subscription_id: str
    location: str
    zonal: bool
    """The region has availability zones: data is in three of them."""

    keep_data: bool
    """A destroy leaves accounts, containers and their resource group in Azure, though not in the stack."""

    shared_files_gib: int | None
    """Size of each tenant's share; None: there are none. NFS asks nobody for a name, so private endpoints or an
    admitted subnet must guard them."""

    private_endpoints: bool
    """The stores are reached by private addresses only."""

    cluster_group: pulumi.Input[str]
    """Resource group for what goes with the cluster: endpoints and identities."""

    vnet_id: pulumi.Input[str]
    endpoint_subnet_id: pulumi.Input[str]
    admitted_subnet_id: pulumi.Input[str] | None
    """Subnet that gets in without private endpoints. None with an existing network, of which we do not know whether it
    has the service endpoint that this takes."""

    issuer: pulumi.Input[str]
    """URL of the cluster's OIDC issuer."""

    tags: dict[str, str]


class AzureStorage(pulumi.ComponentResource):
    """A storage account with a container for each folder of a store, and an NFS share for each tenant if asked for.

    A container, because a role on one ends where it ends; the role that writes may also delete its container, which
    brings the tenant's own data into the tenant's own hands only.

    Nobody gets in with a key, a shared signature or without a name: service accounts are let in one by one. Deleted and
    replaced objects can be had back for 30 days. The data has a resource group of its own, so that it can outlive the
    cluster's. With `keep_data` a destroy only forgets it; a later `up` makes new, empty stores beside the old ones.
    """

    def __init__(self, name: str, args: AzureStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        size = args["shared_files_gib"]
        super().__init__("multimodal:index:AzureStorage", name, cast("dict[str, Any]", dict(args)), opts)
        self._name, self._args = name, args
        self._containers: dict[Folder, storage.BlobContainer] = {}
        self._kept = kept = pulumi.ResourceOptions(parent=self, retain_on_delete=args["keep_data"])
        group = resources.ResourceGroup(f"{name}-group", location=args["location"], tags=args["tags"], opts=kept)
        self._group = group.name
        self._context = context = AccountContext(
            group.name,
            args["location"],
            args["zonal"],
            args["private_endpoints"],
            args["admitted_subnet_id"],
            args["tags"],
            kept,
        )
        where = Neighbourhood(
            args["cluster_group"],
            args["location"],
            args["vnet_id"],
            args["endpoint_subnet_id"],
            args["tags"],
            self,
        )
        self._account = account = object_account(f"{name}-objects", context)
        if args["private_endpoints"]:
            private_endpoint(name, "blob", account.id, where)
        self._files: storage.StorageAccount | None = None
        if size is not None:
            self._files = files = file_account(f"{name}-files", context)
            if args["private_endpoints"]:
                private_endpoint(name, "file", files.id, where)
        self.register_outputs({"account": account.name})

    def uri(self, folder: Folder) -> pulumi.Output[str]:
        """https://<account>.blob.core.windows.net/<store>-<folder>"""
        return pulumi.Output.concat("https://", self._account.name, ".blob.core.windows.net/", container_name(folder))

    def datasets(self, tenant: str) -> Volume | None:
        """A share of the tenant's own, which takes no key: a node that the network lets through may mount it."""
        size = self._args["shared_files_gib"]
        if size is None or self._files is None:
            return None
        share = nfs_share(f"{self._name}-files-{tenant}", tenant, self._files, size, self._context)
        attributes: dict[str, pulumi.Input[str]] = {
            "protocol": "nfs",
            "resourceGroup": self._group,
            "storageAccount": self._files.name,
            "shareName": share.name,
        }
        # `#` parts the names in handles that the driver makes itself and is not allowed in others.
        handle = pulumi.Output.concat(self._files.name, "-", share.name)
        return Volume("file.csi.azure.com", handle, attributes, size, False, ["nconnect=4", "noresvport", "actimeo=30"])

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Let a service account into folders: a managed identity, trust in the account's tokens, a role per folder."""
        child = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), opts)
        args = self._args
        made = workload_identity(
            name,
            namespace=access["namespace"],
            service_account=access["service_account"],
            issuer=args["issuer"],
            location=args["location"],
            group=args["cluster_group"],
            tags=args["tags"],
            opts=child,
        )
        for folder, allowed in access["folders"].items():
            grant(
                f"{name}-{folder.store.value}-{folder.name}",
                role=ROLES[allowed],
                scope=self._container(folder).id,
                principal=made.principal,
                subscription=args["subscription_id"],
                opts=child,
            )
        return made.identity

    def _container(self, folder: Folder) -> storage.BlobContainer:
        """What roles are given on; made for the first who asks."""
        if folder not in self._containers:
            self._containers[folder] = storage.BlobContainer(
                f"{self._name}-{container_name(folder)}",
                container_name=container_name(folder),
                account_name=self._account.name,
                resource_group_name=self._group,
                public_access=storage.PublicAccess.NONE,
                opts=self._kept,
            )
        return self._containers[folder]


def container_name(folder: Folder) -> str:
    """A folder's container: lower-case letters, digits and hyphens, at most 63."""
    return f"{folder.store.value}-{folder.name}"
