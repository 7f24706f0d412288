"""The audit log of an AKS control plane in an event hub, for the audit stream.

Sources: Azure Monitor documentation, "Diagnostic settings" (same region; a rule of the namespace with Manage, Send and
Listen; trusted services pass the firewall); Event Hubs documentation, "Quotas and limits" (standard tier), "Scaling",
"Trusted Microsoft services".
"""

import math
from typing import NamedTuple

import pulumi
from pulumi_azure_native import eventhub, monitor

from components.trust.audit.event_hubs import HUB

KEPT_DAYS = 7
"""How long Event Hubs keeps what the collector has not read: the most of the standard tier."""

ENTRY_KIB = 10
"""Size of an entry, about: it holds what was asked and what was answered."""

OWN_PER_SECOND = 20
"""Entries of what the control plane and its nodes do by themselves, about."""

PARTITIONS = 32
"""The most of the standard tier, which cannot be changed later and costs nothing. One takes a megabyte a second."""


class AuditLog(NamedTuple):
    """Where the log is."""

    namespace_id: pulumi.Output[str]
    host: pulumi.Output[str]
    """Public name of the namespace."""
    setting: pulumi.Resource
    """What sends the log there."""


def throughput_units(changes_per_second: float) -> int:
    """Megabytes a second that Event Hubs has to take: twice what comes on average."""
    return math.ceil((2 * changes_per_second + OWN_PER_SECOND) * ENTRY_KIB / 1024)


def stream_audit_log(
    name: str,
    *,
    changes_per_second: float,
    location: str,
    group: pulumi.Output[str],
    cluster: pulumi.Output[str],
    tags: dict[str, str],
    parent: pulumi.Resource,
) -> AuditLog:
    """Send the log of changes to an event hub of its own. `cluster` is a resource id.

    Azure Monitor writes with a key of the namespace, which it takes by itself and nobody else is given: a setting names
    no other way, so keys cannot be switched off. The network keeps others out: nothing but private endpoints and
    Azure's own services reach the namespace.
    """
    child = pulumi.ResourceOptions(parent=parent)
    namespace = eventhub.Namespace(
        f"{name}-audit",
        resource_group_name=group,
        location=location,
        sku={
            "name": eventhub.SkuName.STANDARD,
            "tier": eventhub.SkuTier.STANDARD,
            "capacity": throughput_units(changes_per_second),
        },
        minimum_tls_version=eventhub.TlsVersion.TLS_VERSION_1_2,
        public_network_access=eventhub.PublicNetworkAccess.DISABLED,
        tags=tags,
        opts=child,
    )
    guarded = eventhub.NamespaceNetworkRuleSet(
        f"{name}-audit",
        namespace_name=namespace.name,
        resource_group_name=group,
        # Stands in two places, which have to agree.
        public_network_access=eventhub.PublicNetworkAccessFlag.DISABLED,
        default_action=eventhub.DefaultAction.DENY,
        trusted_service_access_enabled=True,
        opts=child,
    )
    hub = eventhub.EventHub(
        f"{name}-audit",
        event_hub_name=HUB,
        namespace_name=namespace.name,
        resource_group_name=group,
        partition_count=PARTITIONS,
        message_retention_in_days=KEPT_DAYS,
        opts=child,
    )
    rule = eventhub.NamespaceAuthorizationRule(
        f"{name}-audit",
        authorization_rule_name="diagnostic-settings",
        namespace_name=namespace.name,
        resource_group_name=group,
        rights=[eventhub.AccessRights.MANAGE, eventhub.AccessRights.SEND, eventhub.AccessRights.LISTEN],
        opts=child,
    )
    setting = monitor.DiagnosticSetting(
        f"{name}-audit",
        resource_uri=cluster,
        event_hub_authorization_rule_id=rule.id,
        event_hub_name=hub.name,
        # Without reads, as in the workspace.
        logs=[{"category": "kube-audit-admin", "enabled": True}],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[guarded]),
    )
    host = pulumi.Output.concat(namespace.name, ".servicebus.windows.net")
    return AuditLog(namespace.id, host, setting)
