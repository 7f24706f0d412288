"""Checks of tenants' pipelines: that they are installed, and that the tenant's quota holds their servers."""

from collections.abc import Iterator, Mapping

from components.settings.cluster import Cluster, EksCluster, GkeCluster
from components.settings.pipelines import Pipelines
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import Tenant

SERVERS_CPU = 2
"""Processors that the servers of one tenant's pipelines request, and a step beside them."""

SERVERS_MEMORY_GIB = 8
"""Memory in GiB up to which those servers may go, and a step beside them: a quota counts limits."""


def own_store(cluster: Cluster) -> bool:
    """Whether a tenant's pipelines bring an object store along.

    Kubeflow Pipelines reads and writes S3 and Google Cloud Storage only (kubeflow/pipelines 2.16.1,
    backend/src/v2/objectstore/config.go), so Azure's blobs are closed to it, and an existing cluster has no store.
    """
    return not isinstance(cluster, EksCluster | GkeCluster)


def pipeline_problems(
    cluster: Cluster | None, pipelines: Pipelines | None, tenants: Mapping[str, Tenant]
) -> Iterator[Problem]:
    """What is wrong with tenants' pipelines; `cluster` is None where it could not be read."""
    for name, tenant in tenants.items():
        chosen = tenant.pipelines
        if chosen is None:
            continue
        path: Path = ("tenants", name, "pipelines")
        if pipelines is None:
            yield Problem(path, ABSENT, "Kubeflow Pipelines is not installed; add multimodal:pipelines: {}")
        if chosen.database is not None and "database_gib" in chosen.model_fields_set:
            yield Problem(
                (*path, "databaseGib"), chosen.database_gib, "a database of yours has a size of its own; leave it out"
            )
        claimed = 0 if chosen.database is not None else chosen.database_gib
        if cluster is not None and own_store(cluster):
            claimed += chosen.store_gib
        elif cluster is not None and "store_gib" in chosen.model_fields_set:
            yield Problem(
                (*path, "storeGib"),
                chosen.store_gib,
                f"on {cluster.provider} artifacts lie in the platform's bucket, which grows with them; leave it out",
            )
        yield from _quota_problems(name, tenant, claimed)


def _quota_problems(name: str, tenant: Tenant, claimed: int) -> Iterator[Problem]:
    quota = tenant.quota
    for key, needed, granted, unit in (
        ("cpu", SERVERS_CPU, quota.cpu, "processors"),
        ("memoryGib", SERVERS_MEMORY_GIB, quota.memory_gib, "GiB of memory"),
        ("storageGib", claimed, quota.storage_gib, "GiB of volumes"),
    ):
        if needed > granted:
            yield Problem(
                ("tenants", name, "quota", key),
                granted,
                f"the tenant's pipelines hold {needed} {unit}; raise it, or leave pipelines out",
            )
