"""Mistakes in pipelines: part of the table of bad input."""

from typing import Any

from tests.rehearsal.bad_ray import AKS
from tests.stack_files import REMOVE

PIPELINES = "multimodal:tenants.vision.pipelines"
DATABASE = {"host": "db.internal", "cidr": "10.0.9.0/24", "secret": "pipelines-db"}


def pipelines(tenant: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """The stack with pipelines of one tenant, changed."""
    return {"pipelines": {}, "tenants.vision.pipelines": tenant or {}, **sections}


PIPELINE_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "pipelines that are not installed",
        {"tenants.vision.pipelines": {}},
        f"{PIPELINES}: Kubeflow Pipelines is not installed; add multimodal:pipelines: {{}}",
    ),
    (
        "pipelines whose servers the quota does not hold",
        pipelines(**{"tenants.vision.quota.memoryGib": 4}),
        "multimodal:tenants.vision.quota.memoryGib = 4: the tenant's pipelines hold 8 GiB of memory; raise it, or leave"
        " pipelines out",
    ),
    (
        "pipelines whose volumes the quota does not hold",
        pipelines({"databaseGib": 2000}),
        "multimodal:tenants.vision.quota.storageGib = 1024: the tenant's pipelines hold 2000 GiB of volumes; raise it",
    ),
    (
        "pipelines whose own store the quota does not hold",
        pipelines({"storeGib": 1020}, cluster=AKS),
        "multimodal:tenants.vision.quota.storageGib = 1024: the tenant's pipelines hold 1040 GiB of volumes; raise it",
    ),
    (
        "an own store where the cloud has one",
        pipelines({"storeGib": 50}),
        f"{PIPELINES}.storeGib = 50: on eks artifacts lie in the platform's bucket, which grows with them; leave it",
    ),
    (
        "a size for somebody else's database",
        pipelines({"database": DATABASE, "databaseGib": 50}),
        f"{PIPELINES}.databaseGib = 50: a database of yours has a size of its own; leave it out",
    ),
    (
        "a database without its Secret",
        pipelines({"database": {key: value for key, value in DATABASE.items() if key != "secret"}}),
        f"{PIPELINES}.database.secret: missing; it has no default",
    ),
    (
        "a database at a URL",
        pipelines({"database": {**DATABASE, "host": "mysql://db.internal"}}),
        f'{PIPELINES}.database.host = "mysql://db.internal": does not match',
    ),
    (
        "artifacts that go before they are written",
        pipelines(pipelines={"retentionDays": 0}),
        "multimodal:pipelines.retentionDays = 0: input should be greater than or equal to 1",
    ),
    (
        "pipelines at a priority that there is not",
        pipelines({"priority": "urgent"}),
        f'{PIPELINES}.priority = "urgent": allowed: interactive, batch, best-effort',
    ),
    (
        "an unknown key of pipelines",
        pipelines({"storageGib": 5}),
        f"{PIPELINES}.storageGib = 5: unknown key; did you mean storeGib?",
    ),
    (
        "pipelines without a mirror where signatures are enforced",
        pipelines(**{"trust.enforcement": "enforce", "trust.mirror": REMOVE}),
        "multimodal:trust.mirror: missing; images of the platform, such as model servers, run in tenants' namespaces",
    ),
    (
        "an Argo that the matrix does not have",
        pipelines(versions={"argoWorkflows": "1.0.18"}),
        'multimodal:versions.argoWorkflows = "1.0.18": not in the matrix for Argo Workflows',
    ),
    (
        "a tenant with the name of Argo's namespace",
        {"tenants.argo": {"quota": {}}},
        "multimodal:tenants.argo: this namespace belongs to the platform; choose another name",
    ),
]
