"""The logs of an AKS control plane."""

import pulumi
from pulumi_azure_native import monitor, operationalinsights

CONTROL_PLANE_LOGS = [
    "kube-apiserver",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "guard",
]
"""Diagnostic categories that are kept (AKS documentation, resource logs). `kube-audit-admin` leaves out reads, which
are most of `kube-audit` and of its price."""

LOG_DAYS = 90
"""How long control-plane logs are kept."""


def keep_logs(
    name: str,
    *,
    location: str,
    group: pulumi.Output[str],
    cluster: pulumi.Output[str],
    tags: dict[str, str],
    parent: pulumi.Resource,
) -> monitor.DiagnosticSetting:
    """Send the control plane's logs to a workspace of their own. `cluster` is a resource id."""
    child = pulumi.ResourceOptions(parent=parent)
    workspace = operationalinsights.Workspace(
        f"{name}-logs",
        resource_group_name=group,
        location=location,
        sku={"name": "PerGB2018"},
        retention_in_days=LOG_DAYS,
        tags=tags,
        opts=child,
    )
    return monitor.DiagnosticSetting(
        f"{name}-logs",
        resource_uri=cluster,
        workspace_id=workspace.id,
        log_analytics_destination_type="Dedicated",
        logs=[{"category": category, "enabled": True} for category in CONTROL_PLANE_LOGS],
        opts=child,
    )
