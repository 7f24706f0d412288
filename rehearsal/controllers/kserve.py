"""KServe's real manager, with the configuration that the release carries and its webhooks registered.

The webhooks matter: they complete and refuse InferenceServices, graphs and runtimes, and put the storage initializer
into pods, so that a wrong spec fails here as it does in production. The manager is a minor older than the chart that
stacks pin (`rehearsal/tools/kserve`); its local-model and LLM controllers are programs of their own and are not run.

Which other kinds it works with (KEDA's, the Gateway API's, Knative's) the manager decides once, when it starts: their
CRDs must be there before this release.

Source: kserve/kserve v0.17.0, cmd/manager/main.go.
"""

from rehearsal.controllers import kserve_conf
from rehearsal.controllers.base import Context, HostController, Plan, Values, flag
from rehearsal.processes import Process

_CRDS = tuple(
    f"{plural}.serving.kserve.io"
    for plural in (
        *("clusterservingruntimes", "clusterstoragecontainers", "inferencegraphs"),
        *("inferenceservices", "servingruntimes", "trainedmodels"),
    )
)
# Where the webhook server of controller-runtime looks, below the temporary folder.
_CERTIFICATES = "k8s-webhook-server/serving-certs"


def plan(values: Values, context: Context) -> Plan:
    """The manager, its configuration and its webhooks.

    Raises:
        ConfigurationError: naming the value path.
    """
    health, hooks = context.port(), context.port()
    pair = context.certificate(f"kserve-webhook-server-service.{context.namespace}.svc")
    shared = flag(values, "kserve.createSharedResources", True)
    objects = (
        kserve_conf.config_map(values, context.namespace)
        if _wanted(values, "inferenceServiceConfig", shared)
        else None,
        kserve_conf.storage_container(values) if _wanted(values, "storagecontainer", shared) else None,
    )
    manager = Process(
        name="kserve-manager",
        argv=(
            context.program("kserve", "kserve-manager"),
            f"--kubeconfig={context.kubeconfig}",
            f"--metrics-addr=127.0.0.1:{context.port()}",
            f"--health-probe-addr=127.0.0.1:{health}",
            f"--webhook-port={hooks}",
            "--leader-elect=false",
            "--zap-log-level=error",
        ),
        env={"POD_NAMESPACE": context.namespace, "TMPDIR": str(context.folder)},
        ready_url=f"http://127.0.0.1:{health}/readyz",
    )
    return Plan(
        processes=(manager,),
        files={f"{_CERTIFICATES}/tls.crt": pair.certificate, f"{_CERTIFICATES}/tls.key": pair.key},
        objects=tuple(one for one in objects if one is not None),
        registrations=kserve_conf.webhooks(hooks, pair.authority),
    )


def _wanted(values: Values, part: str, shared: bool) -> bool:
    """Whether the chart renders a part: its own switch, or, where that is empty text, the common one."""
    path = f"kserve.{part}.enabled"
    own = values.get("kserve", {}).get(part, {}).get("enabled", "") if values else ""
    return shared if own == "" else flag(values, path, shared)


KSERVE = HostController(chart="kserve-resources", tools=("kserve",), section="serving", crds=_CRDS, plan=plan)
"""InferenceServices, graphs and runtimes by the real manager."""
