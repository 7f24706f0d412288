"""What every run gets, whatever its author wrote: the tenant's queue and priority. Pure.

The API server merges this into the Argo Workflow that it compiles (COMPILED_PIPELINE_SPEC_PATCH; kubeflow/pipelines
2.16.1, backend/src/v2/compiler/argocompiler/spec_patch.go), as a strategic merge of its spec.
"""

import json

from components.labels import QUEUE_ANNOTATION, TENANT
from components.pipelines.names import PIPELINES_LABEL, STEP
from components.scheduling.volcano import SCHEDULER
from components.settings.workloads import Priority

POD_SECONDS = 3600
"""How long pods of a finished run stay, for a look at them; their logs are in the store by then."""


def run_labels(tenant: str, pod_labels: dict[str, str]) -> dict[str, str]:
    """Labels of every step's pod. `pod_labels`: those by which the cloud knows the runner's pods."""
    return {TENANT: tenant, PIPELINES_LABEL: STEP, **pod_labels}


def run_patch(tenant: str, priority: Priority, pod_labels: dict[str, str]) -> str:
    """The patch, as JSON."""
    return json.dumps(
        {
            "schedulerName": SCHEDULER,
            "podPriorityClassName": priority.value,
            # Steps report to the Kubernetes API; the account itself hands out no token.
            "automountServiceAccountToken": True,
            "podMetadata": {
                "labels": run_labels(tenant, pod_labels),
                "annotations": {QUEUE_ANNOTATION: tenant},
            },
            "podGC": {"strategy": "OnWorkflowCompletion", "deleteDelayDuration": f"{POD_SECONDS}s"},
        },
        sort_keys=True,
    )
