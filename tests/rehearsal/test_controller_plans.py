"""How KubeRay, KServe and KEDA are started for a release, and which values are refused before anything starts."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.certificates import Certificate
from rehearsal.controllers import keda, kserve, kuberay, optional_tools, tools
from rehearsal.controllers.base import ConfigurationError, Context, HostController, Plan
from rehearsal.tooltable import TOOLS

CONTEXT = Context(
    kubeconfig=Path("/r/kubeconfig"),
    folder=Path("/r/run/one"),
    tools={"kuberay": Path("/tools"), "kserve": Path("/tools"), "keda": Path("/tools")},
    namespace="platform",
    port=lambda: 4711,
    certificate=lambda *names: Certificate(f"authority of {names[0]}", "certificate", "key"),
)
ALL = (kuberay.KUBERAY, kserve.KSERVE, keda.KEDA)


def nested(path: str, value: Any) -> dict[str, Any]:
    """Values with one thing set."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@pytest.mark.parametrize("controller", ALL, ids=lambda one: one.chart)
def test_every_process_listens_on_loopback_only_and_leads_alone(controller: HostController) -> None:
    plan = controller.plan({}, CONTEXT)
    text = " ".join([part for process in plan.processes for part in process.argv] + list(plan.files.values()))
    assert "0.0.0.0" not in text  # noqa: S104 - looked for, not bound
    assert "=:4711" not in text
    for process in plan.processes:
        assert process.ready_url.startswith("http://127.0.0.1:4711/")


@pytest.mark.parametrize("controller", ALL, ids=lambda one: one.chart)
def test_plans_are_made_anew_and_equal(controller: HostController) -> None:
    assert controller.plan({}, CONTEXT) == controller.plan({}, CONTEXT)


def test_only_what_a_stack_has_is_built() -> None:
    assert tools([]) == ("volcano",)
    assert tools(["cluster", "ray"]) == ("volcano", "kuberay")
    assert set(tools(["ray", "serving", "autoscaling"])) == {"volcano", "kuberay", "kserve", "keda"}
    assert (optional_tools([]), optional_tools(["events"])) == ((), ("kafka",))
    assert (optional_tools(["serving"]), optional_tools(["serving", "serving.modelmesh"])) == ((), ("modelmesh",))


def ray(values: Mapping[str, Any]) -> dict[str, Any]:
    return yaml.safe_load(kuberay.plan(values, CONTEXT).files["config.yaml"])


def test_the_ray_operator_schedules_with_volcano_where_the_release_says_so() -> None:
    assert ray({})["batchScheduler"] == ""
    assert ray({"batchScheduler": {"name": "volcano"}})["batchScheduler"] == "volcano"


def test_the_ray_operator_watches_the_namespaces_of_the_release() -> None:
    assert ray({})["watchNamespace"] == ""
    assert ray({"watchNamespace": ["a", "b"]})["watchNamespace"] == "a,b"
    assert ray({"singleNamespaceInstall": True})["watchNamespace"] == "platform"


def test_feature_gates_of_a_release_replace_the_charts_own() -> None:
    (process,) = kuberay.plan({"featureGates": [{"name": "RayCronJob", "enabled": True}]}, CONTEXT).processes
    assert "--feature-gates=RayCronJob=true" in process.argv
    (process,) = kuberay.plan({}, CONTEXT).processes
    assert "RayCronJob=false" in " ".join(process.argv)


def test_environments_and_limits_of_the_release_reach_the_ray_operator() -> None:
    values = {
        "reconcileConcurrency": 4.0,
        "kubeClient": {"qps": 50},
        "env": [{"name": "ENABLE_ZERO_DOWNTIME", "value": "false"}],
        "configuration": {"enabled": True, "defaultContainerEnvs": [{"name": "A", "value": "1"}]},
    }
    made = ray(values)
    assert (made["reconcileConcurrency"], made["qps"], made["burst"]) == (4, 50, 200)
    assert made["defaultContainerEnvs"] == [{"name": "A", "value": "1"}]
    assert kuberay.plan(values, CONTEXT).processes[0].env["ENABLE_ZERO_DOWNTIME"] == "false"


def config(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    return json.loads(kserve.plan(values, CONTEXT).objects[0]["data"][section])


def test_kserves_configuration_has_the_charts_defaults() -> None:
    assert config({}, "deploy") == {"defaultDeploymentMode": "Knative"}
    assert config({}, "storageInitializer")["image"] == "kserve/storage-initializer:v0.18.1"
    assert config({}, "inferenceService") == {
        "resource": {"cpuLimit": "1", "memoryLimit": "2Gi", "cpuRequest": "1", "memoryRequest": "2Gi"}
    }
    assert config({}, "autoscaler")["scaleDownStabilizationWindowSeconds"] == "300"


@pytest.mark.parametrize(
    ("path", "value", "section", "key"),
    [
        ("controller.deploymentMode", "Standard", "deploy", "defaultDeploymentMode"),
        ("controller.gateway.domain", "models.example.org", "ingress", "ingressDomain"),
        ("controller.gateway.disableIngressCreation", True, "ingress", "disableIngressCreation"),
        ("controller.gateway.ingressGateway.enableGatewayApi", True, "ingress", "enableGatewayApi"),
        ("controller.gateway.ingressGateway.kserveGateway", "a/b", "ingress", "kserveIngressGateway"),
        ("controller.gateway.additionalIngressDomains", ["x.org"], "ingress", "additionalIngressDomains"),
        ("controller.gateway.urlScheme", "https", "ingress", "urlScheme"),
        ("security.autoMountServiceAccountToken", False, "security", "autoMountServiceAccountToken"),
        ("localmodel.enabled", True, "localModel", "enabled"),
        ("localmodel.jobNamespace", "jobs", "localModel", "jobNamespace"),
        ("storage.enableModelcar", False, "storageInitializer", "enableModelcar"),
        ("storage.caBundleConfigMapName", "ca", "storageInitializer", "caBundleConfigMapName"),
        ("service.serviceClusterIPNone", True, "service", "serviceClusterIPNone"),
        ("metricsaggregator.enablePrometheusScraping", "true", "metricsAggregator", "enablePrometheusScraping"),
        ("opentelemetryCollector.scrapeInterval", "9s", "opentelemetryCollector", "scrapeInterval"),
        ("router.imagePullPolicy", "Always", "router", "imagePullPolicy"),
    ],
)
def test_values_of_the_release_stand_in_kserves_configuration(path: str, value: Any, section: str, key: str) -> None:
    assert config(nested(f"kserve.{path}", value), section)[key] == value


def test_images_are_those_of_the_release() -> None:
    values = {"kserve": {"version": "v9", "storage": {"image": "r/init", "tag": "x"}, "router": {"image": "r/router"}}}
    assert config(values, "storageInitializer")["image"] == "r/init:x"
    assert config(values, "router")["image"] == "r/router:v9"
    container = kserve.plan(values, CONTEXT).objects[1]["spec"]["container"]
    assert container["image"] == "r/init:x"


def test_shared_objects_are_left_out_where_the_release_leaves_them_out() -> None:
    assert kserve.plan({"kserve": {"createSharedResources": False}}, CONTEXT).objects == ()
    own = {"kserve": {"createSharedResources": False, "inferenceServiceConfig": {"enabled": True}}}
    assert [one["kind"] for one in kserve.plan(own, CONTEXT).objects] == ["ConfigMap"]


def test_kserves_webhooks_are_strict_and_lead_to_the_manager() -> None:
    plan = kserve.plan({}, CONTEXT)
    hooks = [hook for one in plan.registrations for hook in one["webhooks"]]
    assert len(hooks) == 7
    assert {hook["failurePolicy"] for hook in hooks} == {"Fail"}
    assert all(hook["clientConfig"]["url"].startswith("https://127.0.0.1:4711/") for hook in hooks)
    (pods,) = (hook for hook in hooks if hook["name"].endswith("pod-mutator"))
    assert pods["objectSelector"]["matchExpressions"][0]["key"] == "serving.kserve.io/inferenceservice"
    assert "k8s-webhook-server/serving-certs/tls.key" in plan.files


def test_keda_runs_its_operator_and_serves_metrics_through_the_api_server() -> None:
    plan = keda.plan({"watchNamespace": "team"}, CONTEXT)
    assert [process.name for process in plan.processes] == ["keda-operator", "keda-metrics-apiserver"]
    assert all(process.env["WATCH_NAMESPACE"] == "team" for process in plan.processes)
    service, api = plan.registrations
    assert service["spec"] == {"type": "ExternalName", "externalName": "localhost"}
    assert api["spec"]["service"] == {
        "name": "keda-operator-metrics-apiserver",
        "namespace": "platform",
        "port": 4711,
    }
    assert plan.files["certificates/ca.crt"] == "authority of keda-operator-metrics-apiserver.platform.svc"


def test_keda_looks_names_up_in_the_rehearsals_own_file() -> None:
    operator = keda.plan({}, replace(CONTEXT, hosts=Path("/r/run/hosts"))).processes[0]
    assert operator.cwd == Path("/r/run")
    assert "-X net.hostsFilePath=hosts" in TOOLS["keda"].ldflags


def test_keda_without_its_metrics_server_registers_nothing() -> None:
    plan = keda.plan({"metricsServer": {"enabled": False}}, CONTEXT)
    assert [process.name for process in plan.processes] == ["keda-operator"]
    assert plan.registrations == ()


def test_extra_arguments_and_timeouts_reach_keda() -> None:
    values = {"extraArgs": {"keda": {"zap-log-level": "debug"}}, "http": {"timeout": 500}}
    operator = keda.plan(values, CONTEXT).processes[0]
    assert operator.argv[-1] == "--zap-log-level=debug"
    assert operator.env["KEDA_HTTP_DEFAULT_TIMEOUT"] == "500"


@pytest.mark.parametrize(
    ("controller", "path", "value", "message"),
    [
        (kuberay.KUBERAY, "batchScheduler.name", "yunikorn", "batchScheduler.name is 'yunikorn', must be volcano or"),
        (kuberay.KUBERAY, "batchScheduler.enabled", True, "batchScheduler.enabled is True, must be left out"),
        (kuberay.KUBERAY, "watchNamespace", "team", "watchNamespace is 'team', must be a list of namespaces"),
        (kuberay.KUBERAY, "reconcileConcurrency", 0, "reconcileConcurrency is 0, must be a whole number of at least 1"),
        (kuberay.KUBERAY, "reconcileConcurrency", "4", "reconcileConcurrency is '4', must be a whole number"),
        (kuberay.KUBERAY, "kubeClient.burst", -1, "kubeClient.burst is -1, must be a whole number of at least 0"),
        (kuberay.KUBERAY, "metrics.enabled", "yes", "metrics.enabled is 'yes', must be true or false"),
        (kuberay.KUBERAY, "featureGates", {"RayCronJob": True}, "featureGates is .*, must be a list of name and"),
        (
            kuberay.KUBERAY,
            "featureGates",
            [{"name": "RayCron", "enabled": True}],
            r"featureGates\[0\].name is 'RayCron', must be one of RayClusterStatusConditions",
        ),
        (
            kuberay.KUBERAY,
            "featureGates",
            [{"name": "RayCronJob", "enabled": "true"}],
            r"featureGates\[0\].enabled is 'true', must be true or false",
        ),
        (
            kuberay.KUBERAY,
            "featureGates",
            [{"name": "RayCronJob"}],
            r"featureGates\[0\] is .*, must have a name and enabled",
        ),
        (
            kuberay.KUBERAY,
            "configuration.defaultContainerEnvs",
            [{"name": "A", "value": "1"}],
            "configuration.defaultContainerEnvs is set and configuration.enabled is not",
        ),
        (
            kuberay.KUBERAY,
            "env",
            [{"name": "A", "valueFrom": {}}],
            r"env\[0\] is .*, must have a name and a plain value",
        ),
        (kserve.KSERVE, "kserve.controller.deploymentMode", "Raw", "deploymentMode is 'Raw', must be one of Knative"),
        (
            kserve.KSERVE,
            "kserve.controller.gateway.ingressGateway.kserveGateway",
            "gateway",
            "kserveGateway is 'gateway', must be <namespace>/<name>",
        ),
        (
            kserve.KSERVE,
            "kserve.controller.gateway.ingressGateway.createGateway",
            True,
            "createGateway is True: a rehearsal renders no chart",
        ),
        (
            kserve.KSERVE,
            "kserve.inferenceservice.resources.limits.cpu",
            2,
            "kserve.inferenceservice.resources.limits.cpu is 2, must be text; quote it",
        ),
        (kserve.KSERVE, "kserve.localmodel.enabled", "true", "kserve.localmodel.enabled is 'true', must be true or"),
        (keda.KEDA, "http.timeout", "3s", "http.timeout is '3s', must be a whole number of at least 1"),
        (keda.KEDA, "metricsServer.enabled", 1, "metricsServer.enabled is 1, must be true or false"),
        (keda.KEDA, "watchNamespace", ["a"], r"watchNamespace is \['a'\], must be text"),
        (keda.KEDA, "extraArgs.keda", ["--x"], r"extraArgs.keda is \['--x'\], must be a map of flag and value"),
        (keda.KEDA, "env", "A=1", "env is 'A=1', must be a list of name and value"),
    ],
)
def test_values_that_cannot_work_are_refused(controller: HostController, path: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        controller.plan(nested(path, value), CONTEXT)


def test_a_plan_without_objects_touches_nothing() -> None:
    assert (Plan(processes=()).objects, Plan(processes=()).registrations) == ((), ())
