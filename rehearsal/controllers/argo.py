"""Argo's real workflow controller, with the configuration that the release carries.

Its executor runs inside pods, which a rehearsal only simulates: a step's outputs never come. So a Workflow of which no
step waits for another's outputs runs to its end; what Kubeflow Pipelines compiles stops after its first driver, whose
word on what comes next is such an output.

Source: argoproj/argo-helm, charts/argo-workflows 0.45.27, templates/controller/workflow-controller-config-map.yaml and
-deployment.yaml; argoproj/argo-workflows v3.7.3, cmd/workflow-controller and config/config.go.
"""

from typing import Any

import yaml

from rehearsal.controllers.base import (
    ConfigurationError,
    Context,
    HostController,
    Plan,
    Values,
    flag,
    text,
    value,
    whole,
)
from rehearsal.kube import JsonObject
from rehearsal.processes import Process

CONFIG = "argo-workflows-workflow-controller-configmap"
"""ConfigMap that the chart makes."""

_CRDS = tuple(f"{name}.argoproj.io" for name in ("workflows", "workflowtasksets", "workflowtaskresults"))
_HANDED_ON = {
    "executor": ("resources", "args", "env", "securityContext"),
    "mainContainer": ("resources", "env", "envFrom", "securityContext"),
}
"""Values that the chart writes into its configuration under the same name, and which parts of them."""

_CONTROLLER = ("parallelism", "namespaceParallelism", "resourceRateLimit", "workflowDefaults", "workflowRestrictions")
"""Values below `controller` that do."""


def configuration(values: Values) -> dict[str, Any]:
    """The controller's configuration, as the chart makes it; metrics are off, for they would listen everywhere.

    Raises:
        ConfigurationError: for values that need what a rehearsal does not have.
    """
    for path in ("controller.persistence", "controller.synchronization"):
        if value(values, path):
            raise ConfigurationError(f"{path} is set, must be left out here: a rehearsal runs no database for Argo")
    made: dict[str, Any] = {"metricsConfig": {"enabled": False}, "telemetryConfig": {"enabled": False}}
    for key, parts in _HANDED_ON.items():
        given = {part: value(values, f"{key}.{part}") for part in parts}
        chosen = {part: found for part, found in given.items() if found}
        if chosen:
            made[key] = {"imagePullPolicy": text(values, "images.pullPolicy", "Always"), **chosen}
    for key in _CONTROLLER:
        found = value(values, f"controller.{key}")
        if found:
            made[key] = found
    for key in ("nodeEvents", "workflowEvents"):
        made[key] = {"enabled": flag(values, f"controller.{key}.enabled", True)}
    return made


def plan(values: Values, context: Context) -> Plan:
    """One controller for all namespaces, as the platform installs it."""
    if flag(values, "singleNamespace", False):
        raise ConfigurationError("singleNamespace is True, must be false: one controller runs all tenants' workflows")
    whole(values, "controller.replicas", 1)
    config, port = _config_map(values, context.namespace), context.port()
    controller = Process(
        name="argo-workflow-controller",
        argv=(
            context.program("argo", "workflow-controller"),
            f"--kubeconfig={context.kubeconfig}",
            f"--namespace={context.namespace}",
            f"--configmap={CONFIG}",
            f"--executor-image={_image(values, 'executor')}",
            "--loglevel=error",
            "--qps=100",
            "--burst=200",
        ),
        env={"LEADER_ELECTION_DISABLE": "true", "HEALTH_PORT": str(port), "ARGO_NAMESPACE": context.namespace},
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )
    return Plan(processes=(controller,), objects=(config,))


def _image(values: Values, part: str) -> str:
    registry, repository = text(values, f"{part}.image.registry", "quay.io"), text(values, f"{part}.image.repository")
    tag = text(values, f"{part}.image.tag", text(values, "images.tag"))
    if not repository or not tag:
        raise ConfigurationError(f"{part}.image has no repository or no tag; set both")
    return f"{registry}/{repository}:{tag}"


def _config_map(values: Values, namespace: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG, "namespace": namespace},
        "data": {"config": yaml.safe_dump(configuration(values), sort_keys=True)},
    }


ARGO = HostController(chart="argo-workflows", tools=("argo",), section="pipelines", crds=_CRDS, plan=plan)
"""Workflows by the real controller."""
