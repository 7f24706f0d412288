"""What each account of a tenant's pipelines may do, all of it in the tenant's namespace only. Pure.

Source: kubeflow/pipelines 2.16.1, manifests/kustomize/base/pipeline/*-role.yaml, less what only version 1 and other
add-ons use. A step, for one, may not make Deployments, open shells or read every Secret here as it may there.
"""

from collections.abc import Mapping
from typing import Any

from components.pipelines.names import AGENT, API, LAUNCHER_CONFIG, METADATA_CONFIG, RUNNER, SCHEDULES, STORE, UI

_ALL = ("create", "get", "list", "watch", "update", "patch", "delete")


def _rule(group: str, resources: tuple[str, ...], verbs: tuple[str, ...], *names: str) -> dict[str, Any]:
    made: dict[str, Any] = {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
    return {**made, "resourceNames": list(names)} if names else made


_REPORTS = "pipelines.kubeflow.org"
"""A group that exists for access reviews only: the API server asks for rights in it."""

RULES: Mapping[str, list[dict[str, Any]]] = {
    API: [
        _rule("", ("pods", "pods/log"), ("get", "list", "delete")),
        _rule("argoproj.io", ("workflows",), _ALL),
        _rule("kubeflow.org", ("scheduledworkflows", "scheduledworkflows/finalizers"), _ALL),
    ],
    AGENT: [
        _rule("argoproj.io", ("workflows",), ("get", "list", "watch")),
        _rule("kubeflow.org", ("scheduledworkflows",), ("get", "list", "watch")),
        _rule(_REPORTS, ("scheduledworkflows", "workflows"), ("report",)),
        _rule(_REPORTS, ("runs",), ("reportMetrics", "readArtifact")),
    ],
    SCHEDULES: [
        _rule("argoproj.io", ("workflows",), _ALL),
        _rule("kubeflow.org", ("scheduledworkflows", "scheduledworkflows/finalizers"), _ALL),
        _rule(_REPORTS, ("runs",), ("create",)),
        _rule("", ("events",), ("create", "patch")),
    ],
    UI: [
        _rule("", ("pods", "pods/log"), ("get",)),
        _rule("", ("events",), ("list",)),
        _rule("", ("configmaps",), ("get",), LAUNCHER_CONFIG),
        _rule("", ("secrets",), ("get",), STORE),
        _rule("argoproj.io", ("workflows",), ("get", "list")),
    ],
    RUNNER: [
        # What Argo's executor says of a step.
        _rule("argoproj.io", ("workflowtaskresults",), ("create", "patch")),
        # The driver looks at the run that it is part of.
        _rule("argoproj.io", ("workflows",), ("get",)),
        _rule("", ("pods",), ("get", "list", "watch")),
        _rule("", ("configmaps",), ("get",), LAUNCHER_CONFIG, METADATA_CONFIG),
        _rule("", ("secrets",), ("get",), STORE),
        # Volumes that a pipeline makes for its steps (kfp-kubernetes, CreatePVC and DeletePVC).
        _rule("", ("persistentvolumeclaims",), ("create", "get", "delete")),
        # A pipeline's last step puts a model into service, and gives it a share of the requests.
        _rule("serving.kserve.io", ("inferenceservices",), ("create", "get", "list", "watch", "update", "patch")),
        _rule("gateway.networking.k8s.io", ("httproutes",), ("create", "get", "list", "watch", "update", "patch")),
    ],
}
"""Account -> rules of its Role."""
