"""Azure storage accounts: one for objects, one for shared files."""

from typing import NamedTuple

import pulumi
from pulumi_azure_native import storage

from components.cluster.naming import digest

KEEP_DELETED_DAYS = 30
"""How long deleted and replaced objects can be had back."""


class AccountContext(NamedTuple):
    """What both accounts share."""

    group: pulumi.Output[str]
    location: str
    zonal: bool
    """Three copies in three zones; else three in one data center."""

    private: bool
    """Reached by private endpoints only."""

    admitted_subnet: pulumi.Input[str] | None
    """Subnet that gets in where there is no private endpoint."""

    tags: dict[str, str]
    opts: pulumi.ResourceOptions


def account_name(kind: str, group: str) -> str:
    """A storage account's name: unique in all of Azure, at most 24 lower-case letters and digits.

    It follows the name of the resource group, which Pulumi makes unique for each stack that it creates.
    """
    return f"{kind}{digest(group, 22)}"


def network_rules(context: AccountContext) -> storage.NetworkRuleSetArgs:
    """Who gets through to an account at all.

    Nobody, or the nodes' subnet. Where neither a private endpoint nor such a subnet exists every address gets through
    to the sign-in, since Azure tells addresses of the same region apart by subnet only.
    """
    if not context.private and context.admitted_subnet is None:
        return storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.ALLOW, bypass=storage.Bypass.AZURE_SERVICES
        )
    admitted = None if context.private else context.admitted_subnet
    return storage.NetworkRuleSetArgs(
        default_action=storage.DefaultAction.DENY,
        bypass=storage.Bypass.NONE,
        virtual_network_rules=(
            [storage.VirtualNetworkRuleArgs(virtual_network_resource_id=admitted, action=storage.Action.ALLOW)]
            if admitted is not None
            else None
        ),
    )


def _account(
    name: str, short: str, kind: storage.Kind, sku: storage.SkuName, secure_transfer: bool, context: AccountContext
) -> storage.StorageAccount:
    access = storage.PublicNetworkAccess
    return storage.StorageAccount(
        name,
        account_name=context.group.apply(lambda group: account_name(short, group)),
        resource_group_name=context.group,
        location=context.location,
        kind=kind,
        sku={"name": sku},
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        enable_https_traffic_only=secure_transfer,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        allow_cross_tenant_replication=False,
        default_to_o_auth_authentication=True,
        public_network_access=access.DISABLED if context.private else access.ENABLED,
        network_rule_set=network_rules(context),
        encryption=storage.EncryptionArgs(
            key_source=storage.KeySource.MICROSOFT_STORAGE,
            # Twice, with two keys: for whoever has to show that a broken cipher would not be enough.
            require_infrastructure_encryption=True,
        ),
        tags=context.tags,
        opts=context.opts,
    )


def object_account(name: str, context: AccountContext) -> storage.StorageAccount:
    """The account for models and artifacts: Entra ID only, no keys, versions kept for a month."""
    sku = storage.SkuName.STANDARD_ZRS if context.zonal else storage.SkuName.STANDARD_LRS
    account = _account(name, "st", storage.Kind.STORAGE_V2, sku, True, context)
    retention = storage.DeleteRetentionPolicyArgs(enabled=True, days=KEEP_DELETED_DAYS)
    storage.BlobServiceProperties(
        name,
        account_name=account.name,
        blob_services_name="default",
        resource_group_name=context.group,
        is_versioning_enabled=True,
        delete_retention_policy=retention,
        container_delete_retention_policy=retention,
        opts=context.opts,
    )
    storage.ManagementPolicy(
        name,
        account_name=account.name,
        management_policy_name="default",
        resource_group_name=context.group,
        # Versions are kept for ever otherwise, and checkpoints are replaced every hour.
        policy=storage.ManagementPolicySchemaArgs(rules=[_old_versions()]),
        opts=context.opts,
    )
    return account


def _old_versions() -> storage.ManagementPolicyRuleArgs:
    return storage.ManagementPolicyRuleArgs(
        name="old-versions",
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
            actions=storage.ManagementPolicyActionArgs(
                version=storage.ManagementPolicyVersionArgs(
                    delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=KEEP_DELETED_DAYS)
                )
            ),
        ),
    )


def file_account(name: str, context: AccountContext) -> storage.StorageAccount:
    """The account for shared files. NFS has no sign-in and no encryption of its own on the way, so the network is its
    only guard and Azure wants secure transfer off (Azure Files documentation, NFS shares)."""
    sku = storage.SkuName.PREMIUM_ZRS if context.zonal else storage.SkuName.PREMIUM_LRS
    return _account(name, "fs", storage.Kind.FILE_STORAGE, sku, False, context)


def nfs_share(
    name: str, tenant: str, account: storage.StorageAccount, size_gib: int, context: AccountContext
) -> storage.FileShare:
    """A share that many pods of one tenant write to at once."""
    return storage.FileShare(
        name,
        share_name=tenant,
        account_name=account.name,
        resource_group_name=context.group,
        enabled_protocols=storage.EnabledProtocols.NFS,
        # The CSI driver hands the share to the pod's group as root.
        root_squash=storage.RootSquashType.NO_ROOT_SQUASH,
        share_quota=size_gib,
        opts=context.opts,
    )
