"""Knative's real operator, and the real controllers, webhooks and autoscaler of the Serving that it installs.

The operator installs from the manifests that it carries, as in production. The pods of its Deployments run on
simulated nodes, and beside each Deployment of `PROGRAMS` the program itself runs here, with that Deployment's
environment, until the Deployment goes. Only what the API server would call is changed in those manifests: Serving's
webhook is reached at a port of this machine, by a Service that names `localhost`, and webhooks of parts that are not
run are left out.

Not run: the activator and queue proxies, so the autoscaler counts no requests and a revision keeps the replicas that it
started with; Kourier, whose word on ingresses is given here; Eventing's controllers.

Source: knative/operator v0.49.3 cmd/operator (kodata); knative/serving v0.49.1 cmd; knative/networking
pkg/apis/networking/v1alpha1 (status of an ingress); knative/pkg webhook/env.go, observability.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from rehearsal.controllers.base import Context, HostController, Plan, Values, text, value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kube import JsonObject, Kube
from rehearsal.paths import ROOT
from rehearsal.processes import Process

SERVING = "knative-serving"
PROGRAMS = ("webhook", "controller", "autoscaler")
"""Deployments of Serving whose programs are run."""

UNREACHABLE = "192.0.2.1"
"""An address for documentation (RFC 5737)."""

KOURIER = "kourier.ingress.networking.knative.dev"
_INGRESSES = "/apis/networking.internal.knative.dev/v1alpha1/ingresses"
_CRDS = tuple(f"{plural}.operator.knative.dev" for plural in ("knativeservings", "knativeeventings"))
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MANIFESTS = "kodata"
_WEBHOOK_KIND = re.compile(r"^kind: (Validating|Mutating)WebhookConfiguration$", re.M)
_SERVICE_KIND = re.compile(r"^kind: Service$", re.M)


def plan(values: Values, context: Context) -> Plan:
    """The operator, what it installs from, and what waits for the Deployments that it makes.

    Raises:
        ConfigurationError: naming the value path.
    """
    hooks = context.port()
    carried = context.tools["knative-operator"] / _MANIFESTS
    operator = Process(
        name="knative-operator",
        argv=(context.program("knative-operator", "operator"), f"--kubeconfig={context.kubeconfig}"),
        env={
            **_environment(context, "knative-operator"),
            "SYSTEM_NAMESPACE": context.namespace,
            "KO_DATA_PATH": str(context.folder / _MANIFESTS),
            "KUBERNETES_MIN_VERSION": text(values, "knative_operator.kubernetes_min_version", "v1.25.0"),
        },
    )
    return Plan(
        processes=(operator, *(_attended(name, context, hooks) for name in PROGRAMS)),
        files={
            f"{_MANIFESTS}/{file.relative_to(carried)}": here(file.read_text(encoding="utf-8"), hooks)
            for file in sorted(carried.rglob("*.yaml"))
        },
    )


def _attended(name: str, context: Context, hooks: int) -> Process:
    program = context.program("knative", name)
    return Process(
        name=f"knative-{name}",
        argv=(
            *(sys.executable, "-m", "rehearsal.attendant"),
            *("--kubeconfig", str(context.kubeconfig), "--deployment", f"{SERVING}/{name}"),
            *("--", program, f"--kubeconfig={context.kubeconfig}"),
        ),
        env={
            **_environment(context, name),
            "SYSTEM_NAMESPACE": SERVING,
            "WEBHOOK_PORT": str(hooks),
            # Where activators would find the autoscaler. No loopback address may stand in the API server.
            "POD_IP": UNREACHABLE,
        },
        cwd=ROOT,
    )


def _environment(context: Context, name: str) -> dict[str, str]:
    """What Knative's programs would be told by their pod, and addresses on loopback for what they open."""
    return {
        "POD_NAME": f"{name}-rehearsal",
        "METRICS_PROMETHEUS_HOST": "127.0.0.1",
        "METRICS_PROMETHEUS_PORT": str(context.port()),
        "PROFILING_PORT": str(context.port()),
        "CONFIG_LOGGING_NAME": "config-logging",
        "CONFIG_OBSERVABILITY_NAME": "config-observability",
    }


def here(manifest: str, port: int) -> str:
    """A manifest of the operator's as it is installed in a rehearsal: what the API server would call is reached here.

    Args:
        manifest: YAML of several documents.
        port: Where Serving's webhook listens.
    """
    return "\n---\n".join(_here(manifest, port))


def _here(manifest: str, port: int) -> Iterator[str]:
    for document in re.split(r"^---\s*$", manifest, flags=re.M):
        if _WEBHOOK_KIND.search(document):
            body: Any = yaml.safe_load(document)
            if all(_serves(one["clientConfig"]["service"]) for one in body["webhooks"]):
                for one in body["webhooks"]:
                    one["clientConfig"]["service"]["port"] = port
                yield yaml.safe_dump(body)
        elif _SERVICE_KIND.search(document):
            body = yaml.safe_load(document)
            if _serves(body["metadata"]):
                body["spec"] = {"type": "ExternalName", "externalName": "localhost"}
                yield yaml.safe_dump(body)
            else:
                yield document
        else:
            yield document


def _serves(place: JsonObject) -> bool:
    return (place["namespace"], place["name"]) == (SERVING, "webhook")


def kourier(api: Kube) -> None:
    """Says of every ingress what Kourier says once its proxies know it. Writes only what differs."""
    for ingress in api.items(_INGRESSES):
        if value(ingress, "metadata.annotations", {}).get("networking.knative.dev/ingress.class") != KOURIER:
            continue
        ingress |= {"apiVersion": "networking.internal.knative.dev/v1alpha1", "kind": "Ingress"}
        said = [Condition(name, True, "") for name in ("LoadBalancerReady", "NetworkConfigured", "Ready")]
        status = {
            "observedGeneration": ingress["metadata"]["generation"],
            "conditions": conditions(said, value(ingress, "status.conditions", [])),
            "publicLoadBalancer": _balancer("kourier"),
            "privateLoadBalancer": _balancer("kourier-internal"),
        }
        write_status(api, ingress, status)


def _balancer(service: str) -> JsonObject:
    return {"ingress": [{"domainInternal": f"{service}.{SERVING}.svc.cluster.local"}]}


def forget(api: Kube) -> None:
    """Takes Knative's kinds away, which its operator leaves in a cluster so that nobody loses services with it."""
    for definition in api.items(_DEFINITIONS):
        name: str = definition["metadata"]["name"]
        if name.endswith(".knative.dev") and name not in _CRDS:
            api.delete(f"{_DEFINITIONS}/{name}")


KNATIVE = HostController(
    chart="knative-operator",
    tools=("knative-operator", "knative"),
    section="knative",
    crds=_CRDS,
    plan=plan,
    beside=kourier,
    after=forget,
)
"""Knative Serving as its operator installs it."""
