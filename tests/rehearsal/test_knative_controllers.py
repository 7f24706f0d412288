"""Knative in a rehearsal: what is run, what its manifests become, what is simulated beside it."""

import itertools
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal import attendant
from rehearsal.controllers import knative, tools
from rehearsal.controllers.base import Context, Plan
from rehearsal.controllers.knative_manifests import here
from rehearsal.kube import JsonObject
from rehearsal.providers import kubernetes_wait
from rehearsal.tooltable import TOOLS, Tool

WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: validation}
webhooks:
- name: validation
  clientConfig: {service: {name: NAME, namespace: SPACE}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: SPACE}
spec: {ports: [{port: 443, targetPort: 8443}], selector: {app: webhook}}
"""
HOOKS = {("knative-serving", "webhook"): 4711}
OTHER = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: controller, namespace: knative-serving}\n"
RECEIVER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: receiver, labels: {app.kubernetes.io/version: devel}}
spec: {template: {spec: {securityContext: {runAsNonRoot: true}}}}
"""
CONVERTED = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kafkasources.sources.knative.dev}
spec:
  conversion:
    strategy: Webhook
    webhook: {clientConfig: {service: {name: kafka-webhook-eventing, namespace: knative-eventing}}}
"""


def manifest(name: str, namespace: str) -> str:
    parts = [text.replace("NAME", name).replace("SPACE", namespace) for text in (WEBHOOK, SERVICE, OTHER)]
    return "---\n".join(parts)


def made(name: str, namespace: str) -> dict[str, Any]:
    return parsed(here(manifest(name, namespace), HOOKS))


def parsed(text: str) -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all(text) if one}


MANIFESTS = {
    "operator/kodata/knative-serving/1.22.1/2-serving-core.yaml": manifest("webhook", "knative-serving"),
    "operator/kodata/knative-eventing/1.22.2/2-eventing-core.yaml": manifest("eventing-webhook", "knative-eventing"),
    "eventing/data-plane/broker/500-receiver.yaml": RECEIVER,
    "eventing/data-plane/broker/100-config.yaml": OTHER,
    "eventing/data-plane/sink/500-receiver.yaml": RECEIVER,
}


def planned(folder: Path, *further: str) -> Plan:
    for name, text in MANIFESTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    ports = itertools.count(4711)
    context = Context(
        kubeconfig=Path("/r/kubeconfig"),
        folder=Path("/r/run/one"),
        tools={
            "knative": Path("/tools"),
            "knative-operator": folder / "operator",
            **dict.fromkeys(further, folder / "eventing"),
        },
        namespace="knative-operator",
        hosts=Path("/r/run/hosts"),
        port=lambda: next(ports),
    )
    return knative.plan({}, context)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return planned(tmp_path)


@pytest.fixture
def with_eventing(tmp_path: Path) -> Plan:
    return planned(tmp_path, "knative-eventing")


def test_only_a_stack_with_knative_builds_it() -> None:
    assert "knative" not in tools(["serving"])
    assert set(tools(["knative"])) == {"volcano", "knative", "knative-operator"}


def test_only_a_stack_with_eventing_builds_that() -> None:
    assert set(tools(["knative", "knative.eventing"])) - set(tools(["knative"])) == {"knative-eventing"}


def test_the_operator_carries_what_stacks_ask_it_for() -> None:
    operator = TOOLS["knative-operator"]
    assert isinstance(operator, Tool)
    targets = {one.target for one in operator.data}
    assert {"kodata/knative-serving/1.22.1", "kodata/ingress/1.22", "kodata/knative-eventing/1.22.2"} <= targets


def test_servings_webhook_is_reached_on_this_machine() -> None:
    found = made("webhook", "knative-serving")
    (hook,) = found["ValidatingWebhookConfiguration"]["webhooks"]
    assert hook["clientConfig"]["service"] == {"name": "webhook", "namespace": "knative-serving", "port": 4711}
    assert found["Service"]["spec"] == {"type": "ExternalName", "externalName": "localhost"}
    assert found["ServiceAccount"] == yaml.safe_load(OTHER)


def test_webhooks_of_what_is_not_run_are_left_out_and_nothing_else() -> None:
    found = made("eventing-webhook", "knative-eventing")
    assert sorted(found) == ["Service", "ServiceAccount"]
    assert found["Service"]["spec"]["ports"] == [{"port": 443, "targetPort": 8443}]


def test_the_operator_installs_from_the_changed_manifests(plan: Plan) -> None:
    name = "kodata/knative-serving/1.22.1/2-serving-core.yaml"
    assert set(plan.files) == {name, "kodata/knative-eventing/1.22.2/2-eventing-core.yaml"}
    assert "localhost" in plan.files[name]
    assert plan.processes[0].env["KO_DATA_PATH"] == "/r/run/one/kodata"


def test_each_program_of_serving_waits_for_its_deployment(plan: Plan) -> None:
    for process, name in zip(plan.processes[1:], ("webhook", "controller", "autoscaler"), strict=True):
        command = " ".join(process.argv)
        assert f"--deployment knative-serving/{name} --folder /r/run -- /tools/{name} --kubeconfig=" in command
        assert process.env["METRICS_PROMETHEUS_HOST"] == "127.0.0.1"


def test_eventings_webhooks_are_reached_where_its_programs_run(with_eventing: Plan) -> None:
    found = parsed(with_eventing.files["kodata/knative-eventing/1.22.2/2-eventing-core.yaml"])
    (hook,) = found["ValidatingWebhookConfiguration"]["webhooks"]
    (process,) = [one for one in with_eventing.processes if one.name == "knative-eventing-webhook"]
    assert str(hook["clientConfig"]["service"]["port"]) == process.env["WEBHOOK_PORT"]
    others = [one for one in with_eventing.processes if one.name != process.name]
    assert process.env["WEBHOOK_PORT"] not in [one.env.get("WEBHOOK_PORT") for one in others]


def test_a_kind_that_a_webhook_converts_is_converted_on_this_machine() -> None:
    service = parsed(here(CONVERTED, {("knative-eventing", "kafka-webhook-eventing"): 4712}))[
        "CustomResourceDefinition"
    ]
    assert service["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"] == 4712
    kept = parsed(here(CONVERTED, HOOKS))["CustomResourceDefinition"]
    assert kept == yaml.safe_load(CONVERTED)


def test_kafkas_data_planes_are_as_their_release_has_them(with_eventing: Plan) -> None:
    text = with_eventing.files["kodata/releases/eventing-kafka-broker.yaml"]
    found = parsed(text)
    assert set(found) == {"ServiceAccount", "Deployment"}
    assert found["Deployment"]["metadata"]["labels"] == {"app.kubernetes.io/version": "1.22.2"}
    assert found["Deployment"]["spec"]["template"]["spec"]["securityContext"] == {"runAsUser": 1001}
    assert "kodata/releases/eventing-kafka-sink.yaml" in with_eventing.files


def test_kafkas_controller_asks_the_receivers_of_this_machine(with_eventing: Plan) -> None:
    by_name = {one.name: one for one in with_eventing.processes}
    proxy = by_name["knative-kafka-controller"].env["HTTP_PROXY"]
    port = by_name["knative-kafka-receivers"].argv[-1]
    assert proxy == f"http://127.0.0.1:{port}"
    assert "knative-kafka-receivers" not in {one.name for one in planned(Path(tempfile.mkdtemp())).processes}


class Api:
    """An API server with a few objects."""

    def __init__(self, *objects: JsonObject) -> None:
        self.objects = list(objects)
        self.written: list[tuple[str, Mapping[str, Any]]] = []
        self.deleted: list[str] = []

    def items(self, _path: str) -> list[JsonObject]:
        return self.objects

    def delete(self, path: str) -> None:
        self.deleted.append(path)

    def merge(self, path: str, body: Mapping[str, Any]) -> None:
        self.written.append((path, body))


def ingress(klass: str = knative.KOURIER, **status: Any) -> JsonObject:
    metadata = {"name": "chat", "namespace": "vision", "generation": 2}
    return {"metadata": {**metadata, "annotations": {"networking.knative.dev/ingress.class": klass}}, "status": status}


def test_an_ingress_of_kouriers_is_ready_at_its_service_within_the_cluster() -> None:
    api = Api(ingress(), ingress("istio"))
    knative.kourier(api)  # type: ignore[arg-type]
    ((path, body),) = api.written
    assert path == "/apis/networking.internal.knative.dev/v1alpha1/namespaces/vision/ingresses/chat/status"
    status = body["status"]
    assert {one["type"]: one["status"] for one in status["conditions"]}["Ready"] == "True"
    assert status["observedGeneration"] == 2
    assert status["privateLoadBalancer"]["ingress"] == [
        {"domainInternal": "kourier-internal.knative-serving.svc.cluster.local"}
    ]
    again = Api(ingress(**status))
    knative.kourier(again)  # type: ignore[arg-type]
    assert again.written == []


def test_knatives_kinds_go_after_it_and_those_of_others_stay() -> None:
    names = ("routes.serving.knative.dev", "knativeservings.operator.knative.dev", "queues.scheduling.volcano.sh")
    api = Api(*({"metadata": {"name": name}} for name in names))
    knative.forget(api)  # type: ignore[arg-type]
    assert [path.rpartition("/")[2] for path in api.deleted] == ["routes.serving.knative.dev"]


def deployment(**env: str) -> JsonObject:
    listed: list[JsonObject] = [{"name": name, "value": text} for name, text in env.items()]
    for name, path in {"POD_NAME": "metadata.name", "SYSTEM_NAMESPACE": "metadata.namespace"}.items():
        listed.append({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})
    return {
        "metadata": {"namespace": "knative-serving"},
        "spec": {"template": {"spec": {"containers": [{"env": listed}]}}},
    }


def test_a_program_gets_the_plain_variables_of_its_deployment_and_its_namespace() -> None:
    assert attendant.plain_environment(deployment(WEBHOOK_NAME="webhook")) == {
        "WEBHOOK_NAME": "webhook",
        "SYSTEM_NAMESPACE": "knative-serving",
    }
    assert attendant.plain_environment({}) == {}


class Deployments:
    """A Deployment that comes and goes, as `get` is asked."""

    def __init__(self, *answers: JsonObject | None) -> None:
        self.answers = list(answers)

    def get(self, _path: str) -> JsonObject | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def attended(monkeypatch: pytest.MonkeyPatch, api: Deployments, code: str) -> int:
    monkeypatch.setattr(attendant, "_LOOK_SECONDS", 0.05)
    return attendant.attend(api, "/d", [sys.executable, "-c", code])  # type: ignore[arg-type]


@pytest.mark.process
def test_a_program_runs_once_its_deployment_is_there_and_its_failure_is_the_attendants(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    code = f"import os, sys; open({str(log)!r}, 'w').write(os.environ['WEBHOOK_NAME']); sys.exit(7)"
    assert attended(monkeypatch, Deployments(None, None, deployment(WEBHOOK_NAME="webhook")), code) == 7
    assert log.read_text() == "webhook"


@pytest.mark.process
def test_a_program_stops_with_its_deployment_and_that_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped = tmp_path / "stopped"
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(stopped)!r}, 'w').close(), sys.exit(0)))\n"
        "time.sleep(60)"
    )
    gone: JsonObject = {**deployment(), "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    api = Deployments(*([deployment()] * 20), gone, None)
    monkeypatch.setattr(attendant, "_LOOK_SECONDS", 0.05)
    command = [sys.executable, "-c", code]
    threading.Thread(target=attendant.attend, args=(api, "/d", command), daemon=True).start()
    for _ in range(200):
        if stopped.exists():
            break
        threading.Event().wait(0.05)
    assert stopped.exists()


def test_an_object_is_waited_for_until_the_condition_that_it_asks_for() -> None:
    asked = {"metadata": {"annotations": {kubernetes_wait.WAIT_FOR: "condition=Ready"}}}
    verdict = kubernetes_wait.asked_for(asked)
    assert verdict is not None
    assert verdict(asked) == ("it is not Ready, for no controller has said so yet", False)
    told = {"type": "Ready", "status": "False", "message": "pods are missing"}
    assert verdict({**asked, "status": {"conditions": [told]}}) == ("it is not Ready: pods are missing", False)
    assert verdict({**asked, "status": {"conditions": [{**told, "status": "True"}]}}) == ("", False)
    assert kubernetes_wait.asked_for({"metadata": {}}) is None
