"""Object stores and shared files on Azure."""

from typing import Any, TypedDict, cast

import pulumi
from pulumi_azure_native import managedidentity, resources, storage

from components.cluster.aks_roles import BLOB_DATA_CONTRIBUTOR, BLOB_DATA_READER, grant
from components.storage.azure_accounts import AccountContext, file_account, nfs_share, object_account
from components.storage.azure_private import Neighbourhood, private_endpoint
from components.storage.outputs import Access, Identity, Store, StoreAccess

ROLES = {Access.READ: BLOB_DATA_READER, Access.WRITE: BLOB_DATA_CONTRIBUTOR}
"""What each kind of access is called in Azure."""

AUDIENCE = "api://AzureADTokenExchange"
"""What Entra ID wants a service account's token to be made out for (workload identity documentation)."""


class AzureStorageArgs(TypedDict):
    """What the stores need to know."""

    subscription_id: str
    location: str
    zonal: bool
    """The region has availability zones: data is in three of them."""

    keep_data: bool
    """A destroy leaves accounts, containers and their resource group in Azure, though not in the stack."""

    shared_files_gib: int | None
    """Size of the shared file system; None: there is none. NFS asks nobody for a name, so private endpoints or an
    admitted subnet must guard it."""

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
    """A storage account with a container for each store, and an NFS share for datasets if asked for.

    Nobody gets in with a key, a shared signature or without a name: service accounts are let in one by one. Deleted and
    replaced objects can be had back for 30 days. The data has a resource group of its own, so that it can outlive the
    cluster's. With `keep_data` a destroy only forgets it; a later `up` makes new, empty stores beside the old ones.
    """

    uris: dict[Store, pulumi.Output[str]]
    shared_class: pulumi.Output[str] | None

    def __init__(self, name: str, args: AzureStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        size = args["shared_files_gib"]
        super().__init__("multimodal:index:AzureStorage", name, cast("dict[str, Any]", dict(args)), opts)
        self._name, self._args = name, args
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=args["keep_data"])
        group = resources.ResourceGroup(f"{name}-group", location=args["location"], tags=args["tags"], opts=kept)
        context = AccountContext(
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
        account = object_account(f"{name}-objects", context)
        self._containers = {
            store: storage.BlobContainer(
                f"{name}-{store.value}",
                container_name=store.value,
                account_name=account.name,
                resource_group_name=group.name,
                public_access=storage.PublicAccess.NONE,
                opts=kept,
            )
            for store in Store
        }
        if args["private_endpoints"]:
            private_endpoint(name, "blob", account.id, where)
        self.uris = {
            store: pulumi.Output.concat("https://", account.name, ".blob.core.windows.net/", store.value)
            for store in Store
        }
        self.shared_class = None
        if size is not None:
            files = file_account(f"{name}-files", context)
            share = nfs_share(f"{name}-shared", files, size, context)
            if args["private_endpoints"]:
                private_endpoint(name, "file", files.id, where)
            # The form in which file.csi.azure.com knows a volume that it did not make.
            self.shared_class = pulumi.Output.concat(group.name, "#", files.name, "#", share.name)
        self.register_outputs(
            {"uris": {store.value: uri for store, uri in self.uris.items()}, "shared_class": self.shared_class}
        )

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Let a service account into stores: a managed identity, trust in the account's tokens, a role per store."""
        child = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), opts)
        args, account = self._args, f"{access['namespace']}:{access['service_account']}"
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_group_name=args["cluster_group"],
            location=args["location"],
            tags=args["tags"],
            opts=child,
        )
        managedidentity.FederatedIdentityCredential(
            name,
            federated_identity_credential_resource_name="kubernetes",
            resource_group_name=args["cluster_group"],
            resource_name_=identity.name,
            issuer=args["issuer"],
            subject=f"system:serviceaccount:{account}",
            audiences=[AUDIENCE],
            opts=child,
        )
        for store, allowed in access["stores"].items():
            grant(
                f"{name}-{store.value}",
                role=ROLES[allowed],
                scope=self._containers[store].id,
                principal=identity.principal_id,
                subscription=args["subscription_id"],
                opts=child,
            )
        return Identity(
            {"azure.workload.identity/client-id": identity.client_id}, {"azure.workload.identity/use": "true"}
        )
