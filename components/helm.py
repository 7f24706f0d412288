"""A namespace and one pinned Helm release: the same shape for every addon."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from components.catalog.charts import CHARTS
from components.labels import platform_labels
from components.settings.sections import PodSecurity

EMPTY_NAMESPACE = "5m"
"""How long a destroy waits for a namespace in which nothing should be left. Pulumi's own limit is 10 minutes."""


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merges chart values, later layers over earlier ones; maps merge, everything else is replaced."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            if isinstance(value, Mapping):
                merged[key] = merge(below if isinstance(below, Mapping) else {}, value)  # type: ignore[arg-type]
            else:
                merged[key] = value
    return merged


def addon_namespace(
    name: str, *, namespace: str, pod_security: PodSecurity, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Namespace:
    """The namespace of an addon, marked as the platform's, with the Pod Security level that its pods need.

    It is empty once its release is gone, so a destroy does not wait long for it.
    """
    return kubernetes.core.v1.Namespace(
        f"{name}-namespace",
        metadata={
            "name": namespace,
            "labels": {**platform_labels(), "pod-security.kubernetes.io/enforce": pod_security.value},
        },
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete=EMPTY_NAMESPACE))
        ),
    )


def release(
    name: str,
    *,
    chart: str,
    version: str,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    timeout_seconds: int = 600,
    opts: pulumi.ResourceOptions,
) -> Release:
    """Installs a chart of the catalog, pinned; a failed install or upgrade rolls back.

    `values` are plain, so that policies read them in a preview. The release's name is the chart's own, so that the
    objects in it have the names that the chart's documentation uses.
    """
    entry = CHARTS[chart]
    return Release(
        name,
        name=entry.name,
        chart=f"{entry.repo}/{entry.name}" if entry.oci else entry.name,
        version=version,
        repository_opts=None if entry.oci else RepositoryOptsArgs(repo=entry.repo),
        namespace=namespace,
        create_namespace=False,
        values=dict(values),
        atomic=True,
        cleanup_on_fail=True,
        wait_for_jobs=True,
        max_history=5,
        timeout=timeout_seconds,
        opts=opts,
    )
