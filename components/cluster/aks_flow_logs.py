"""A log of the connections of an AKS cluster's network."""

import pulumi
from pulumi_azure_native import managedidentity, network, storage

from components.cluster.aks_roles import BLOB_DATA_CONTRIBUTOR, grant
from components.cluster.naming import digest

WATCHER_GROUP = "NetworkWatcherRG"
"""Where Azure keeps the network watchers that it makes by itself (Network Watcher documentation)."""

FLOW_LOG_DAYS = 90
"""How long flow logs are kept."""


def watcher_name(location: str) -> str:
    """The network watcher of a region.

    Azure makes one when the first virtual network of a subscription comes to a region, allows only one, and so nobody
    else can. A subscription that has opted out of it must make this one before it asks for flow logs.
    """
    return f"NetworkWatcher_{location}"


def flow_log_account(group: str) -> str:
    """Name of the logs' storage account, unique in all of Azure like that of its resource group."""
    return f"fl{digest(group, 22)}"


def keep_flow_logs(
    name: str,
    *,
    target: pulumi.Input[str],
    location: str,
    group: pulumi.Output[str],
    subscription: str,
    tags: dict[str, str],
    parent: pulumi.Resource,
) -> None:
    """Write the flows of a network or subnet, `target`, to a storage account of their own.

    The watcher writes as a managed identity, since the account takes no keys.
    """
    child = pulumi.ResourceOptions(parent=parent)
    account = storage.StorageAccount(
        f"{name}-flow-logs",
        account_name=group.apply(flow_log_account),
        resource_group_name=group,
        location=location,
        kind=storage.Kind.STORAGE_V2,
        sku={"name": storage.SkuName.STANDARD_LRS},
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        enable_https_traffic_only=True,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        # Only Azure's own services get in, of which the watcher is one.
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY, bypass=storage.Bypass.AZURE_SERVICES
        ),
        tags=tags,
        opts=child,
    )
    writer = managedidentity.UserAssignedIdentity(
        f"{name}-flow-logs", resource_group_name=group, location=location, tags=tags, opts=child
    )
    may_write = grant(
        f"{name}-flow-logs",
        role=BLOB_DATA_CONTRIBUTOR,
        scope=account.id,
        principal=writer.principal_id,
        subscription=subscription,
        opts=child,
    )
    network.FlowLog(
        f"{name}-flow-logs",
        network_watcher_name=watcher_name(location),
        resource_group_name=WATCHER_GROUP,
        location=location,
        target_resource_id=target,
        storage_id=account.id,
        enabled=True,
        format={"type": network.FlowLogFormatType.JSON, "version": 2},
        retention_policy={"enabled": True, "days": FLOW_LOG_DAYS},
        identity=network.ManagedServiceIdentityArgs(
            type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[writer.id]
        ),
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[may_write]),
    )
