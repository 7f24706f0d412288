"""KubeRay's real operator, with the batch scheduler, feature gates and limits that the release carries.

Its webhook is not run: it only refuses names that the operator refuses as well. Ray itself does not run either, so what
needs an answer of a Ray head does not come: a RayCluster becomes ready with its pods, a RayJob and a RayService get
their RayCluster and then wait for it (docs/rehearsal-controllers.md).

Source: ray-project/kuberay v1.6.2, helm-chart/kuberay-operator/templates/{deployment,configmap}.yaml and
ray-operator/{main.go,apis/config/v1alpha1,pkg/features}.
"""

from collections.abc import Mapping
from typing import Any, cast

import yaml

from rehearsal.controllers.base import (
    ConfigurationError,
    Context,
    HostController,
    Plan,
    Values,
    environment,
    flag,
    text,
    value,
    whole,
)
from rehearsal.processes import Process

_SCHEDULERS = ("", "volcano")
_GATES = {
    "RayClusterStatusConditions": True,
    "RayJobDeletionPolicy": True,
    "RayMultiHostIndexing": True,
    "RayServiceIncrementalUpgrade": False,
    "RayCronJob": False,
}
"""Feature gate -> the chart's default. The operator knows AsyncJobInfoQuery as well, which the chart leaves off."""
_KNOWN_GATES = (*_GATES, "AsyncJobInfoQuery")
_CRDS = tuple(f"{plural}.ray.io" for plural in ("rayclusters", "rayjobs", "rayservices", "raycronjobs"))
_PASSED_ON = ("defaultContainerEnvs", "headSidecarContainers", "workerSidecarContainers")


def plan(values: Values, context: Context) -> Plan:
    """The operator and its configuration file.

    Raises:
        ConfigurationError: naming the value path.
    """
    port = context.port()
    configuration: dict[str, Any] = {
        "apiVersion": "config.ray.io/v1alpha1",
        "kind": "Configuration",
        "enableLeaderElection": False,
        "enableMetrics": flag(values, "metrics.enabled", True),
        "metricsAddr": f"127.0.0.1:{context.port()}",
        "probeAddr": f"127.0.0.1:{port}",
        "batchScheduler": _batch_scheduler(values),
        "watchNamespace": ",".join(_namespaces(values, context)),
        "reconcileConcurrency": whole(values, "reconcileConcurrency", 1),
        "qps": whole(values, "kubeClient.qps", 100),
        "burst": whole(values, "kubeClient.burst", 200, least=0),
        **_passed_on(values),
    }
    operator = Process(
        name="kuberay-operator",
        argv=(
            context.program("kuberay", "ray-operator"),
            f"--kubeconfig={context.kubeconfig}",
            f"--config={context.folder / 'config.yaml'}",
            f"--feature-gates={_feature_gates(values)}",
            "--zap-log-level=error",
        ),
        env={**environment(values), "ENABLE_WEBHOOKS": "false"},
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )
    return Plan(processes=(operator,), files={"config.yaml": yaml.safe_dump(configuration, sort_keys=False)})


def _batch_scheduler(values: Values) -> str:
    name = text(values, "batchScheduler.name")
    if flag(values, "batchScheduler.enabled", False):
        raise ConfigurationError(
            "batchScheduler.enabled is True, must be left out: it is deprecated and overrides batchScheduler.name; "
            "set batchScheduler.name to volcano"
        )
    if name not in _SCHEDULERS:
        raise ConfigurationError(f"batchScheduler.name is {name!r}, must be volcano or empty; no other one is run here")
    return name


def _namespaces(values: Values, context: Context) -> list[str]:
    """Namespaces that are watched; none means all."""
    watched: Any = value(values, "watchNamespace", [])
    if not isinstance(watched, list) or not all(isinstance(one, str) for one in cast("list[Any]", watched)):
        raise ConfigurationError(f"watchNamespace is {watched!r}, must be a list of namespaces")
    if not watched and flag(values, "singleNamespaceInstall", False):
        return [context.namespace]
    return cast("list[str]", watched)


def _feature_gates(values: Values) -> str:
    """As the chart does: a list in the values replaces its own."""
    listed: Any = value(values, "featureGates")
    if listed is None:
        return ",".join(f"{name}={str(on).lower()}" for name, on in _GATES.items())
    if not isinstance(listed, list):
        raise ConfigurationError(f"featureGates is {listed!r}, must be a list of name and enabled")
    gates: list[str] = []
    for number, entry in enumerate(cast("list[Any]", listed)):
        place = f"featureGates[{number}]"
        if not isinstance(entry, Mapping) or set(cast("Mapping[str, Any]", entry)) != {"name", "enabled"}:
            raise ConfigurationError(f"{place} is {entry!r}, must have a name and enabled")
        gate = cast("Mapping[str, Any]", entry)
        if gate["name"] not in _KNOWN_GATES:
            raise ConfigurationError(f"{place}.name is {gate['name']!r}, must be one of {', '.join(_KNOWN_GATES)}")
        if not isinstance(gate["enabled"], bool):
            raise ConfigurationError(f"{place}.enabled is {gate['enabled']!r}, must be true or false")
        gates.append(f"{gate['name']}={str(gate['enabled']).lower()}")
    return ",".join(gates)


def _passed_on(values: Values) -> dict[str, Any]:
    """What the chart puts into every Ray pod, which it only does with its configuration file switched on."""
    given = {name: value(values, f"configuration.{name}") for name in _PASSED_ON}
    given = {name: found for name, found in given.items() if found}
    if given and not flag(values, "configuration.enabled", False):
        name = next(iter(given))
        raise ConfigurationError(
            f"configuration.{name} is set and configuration.enabled is not: the chart would pass over it"
        )
    return given


KUBERAY = HostController(chart="kuberay-operator", tools=("kuberay",), section="ray", crds=_CRDS, plan=plan)
"""RayClusters, RayJobs and RayServices by the real operator."""
