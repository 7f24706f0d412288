"""Knative's real operator, and the real controllers, webhooks and autoscaler of what it installs.

The operator installs from the manifests that it carries, as in production. The pods of its Deployments run on
simulated nodes, and beside each Deployment of `SERVING` and `EVENTING` the program itself runs here, with that
Deployment's environment, until the Deployment goes. Eventing's are those of brokers on Kafka, where they were built;
the manifests of Kafka's data planes, which the operator would fetch from a release, are then at hand, too.

Not run: the activator and queue proxies, so the autoscaler counts no requests and a revision keeps the replicas that it
started with; Kourier, whose word on ingresses is given here; Eventing's own controller, so kinds other than brokers,
triggers, sources and sinks on Kafka stay as they are; Kafka's data planes, whose word on brokers and sinks is given by
`rehearsal.receiver`.

Source: knative/operator v0.49.3 cmd/operator (kodata); knative/serving v0.49.1 cmd; knative/networking
pkg/apis/networking/v1alpha1 (status of an ingress); knative/pkg webhook/env.go, observability; eventing-kafka-broker
v0.49.2 control-plane/cmd.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.controllers.base import Context, HostController, Plan, Values, text, value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.controllers.knative_manifests import Place, here, release
from rehearsal.kube import JsonObject, Kube
from rehearsal.paths import ROOT
from rehearsal.processes import Process

SERVING_NAMESPACE = "knative-serving"
EVENTING_NAMESPACE = "knative-eventing"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A Deployment beside which its program runs."""

    tool: str
    namespace: str
    name: str
    """Of the Deployment and of its program."""
    webhook: bool = False
    """Whether the API server calls it, by a Service of its name."""
    asks_receivers: bool = False
    """Whether it asks Kafka's receivers what they know."""

    @property
    def place(self) -> Place:
        """Where the Deployment is, and its Service where it is a webhook."""
        return self.namespace, self.name


def _serving(name: str, *, webhook: bool = False) -> Part:
    return Part(tool="knative", namespace=SERVING_NAMESPACE, name=name, webhook=webhook)


def _eventing(name: str, *, webhook: bool = False, asks_receivers: bool = False) -> Part:
    tool = "knative-eventing"
    return Part(tool=tool, namespace=EVENTING_NAMESPACE, name=name, webhook=webhook, asks_receivers=asks_receivers)


SERVING = (_serving("webhook", webhook=True), _serving("controller"), _serving("autoscaler"))
EVENTING = (
    _eventing("eventing-webhook", webhook=True),
    _eventing("kafka-webhook-eventing", webhook=True),
    _eventing("kafka-controller", asks_receivers=True),
)

UNREACHABLE = "192.0.2.1"
"""An address for documentation (RFC 5737)."""

KOURIER = "kourier.ingress.networking.knative.dev"
_INGRESSES = "/apis/networking.internal.knative.dev/v1alpha1/ingresses"
_CRDS = tuple(f"{plural}.operator.knative.dev" for plural in ("knativeservings", "knativeeventings"))
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MANIFESTS = "kodata"
_RELEASES = "releases"
"""Folder in which the operator, as it is built here, looks for a file before it fetches it."""
_DATA_PLANES = ("broker", "sink")


def plan(values: Values, context: Context) -> Plan:
    """The operator, what it installs from, and what waits for the Deployments that it makes.

    Raises:
        ConfigurationError: naming the value path.
    """
    eventing = "knative-eventing" in context.tools
    parts = (*SERVING, *(EVENTING if eventing else ()))
    hooks = {one.place: context.port() for one in parts if one.webhook}
    receivers = context.port()
    carried = context.tools["knative-operator"] / _MANIFESTS
    manifests = {str(file.relative_to(carried)): file.read_text("utf-8") for file in sorted(carried.rglob("*.yaml"))}
    if eventing:
        manifests |= _fetched(context)
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
        processes=(
            operator,
            *(_attended(one, context, hooks, receivers) for one in parts),
            *([_receivers(context, receivers)] if eventing else []),
        ),
        files={f"{_MANIFESTS}/{name}": here(manifest, hooks) for name, manifest in manifests.items()},
    )


def _attended(part: Part, context: Context, hooks: Mapping[Place, int], receivers: int) -> Process:
    env = {
        **_environment(context, part.name),
        # Where activators would find the autoscaler. No loopback address may stand in the API server.
        "POD_IP": UNREACHABLE,
    }
    if part.webhook:
        env["WEBHOOK_PORT"] = str(hooks[part.place])
    if part.asks_receivers:
        # It asks them by their names in the cluster, and nothing else by plain HTTP.
        env["HTTP_PROXY"] = f"http://127.0.0.1:{receivers}"
    return Process(
        name=f"knative-{part.name}",
        argv=(
            *(sys.executable, "-m", "rehearsal.attendant"),
            *("--kubeconfig", str(context.kubeconfig), "--deployment", "/".join(part.place)),
            # There it finds Kafka by its names in the cluster.
            *("--folder", str(context.hosts.parent)),
            *("--", context.program(part.tool, part.name), f"--kubeconfig={context.kubeconfig}"),
        ),
        env=env,
        cwd=ROOT,
    )


def _receivers(context: Context, port: int) -> Process:
    return Process(
        name="knative-kafka-receivers",
        argv=(
            *(sys.executable, "-m", "rehearsal.receiver"),
            *("--kubeconfig", str(context.kubeconfig), "--port", str(port)),
        ),
        cwd=ROOT,
    )


def _fetched(context: Context) -> dict[str, str]:
    """Files of releases that the operator would fetch, from their sources."""
    carried = context.tools["knative-operator"] / _MANIFESTS / "knative-eventing"
    (version,) = (one.name for one in carried.iterdir())
    sources = {name: context.tools["knative-eventing"] / "data-plane" / name for name in _DATA_PLANES}
    return {
        f"{_RELEASES}/eventing-kafka-{name}.yaml": release(
            (file.read_text("utf-8") for file in sorted(folder.glob("*.yaml"))), version
        )
        for name, folder in sources.items()
    }


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
    return {"ingress": [{"domainInternal": f"{service}.{SERVING_NAMESPACE}.svc.cluster.local"}]}


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
    further={"knative.eventing": ("knative-eventing",)},
    crds=_CRDS,
    plan=plan,
    beside=kourier,
    after=forget,
)
"""Knative Serving and Eventing as their operator installs them."""
