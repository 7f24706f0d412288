"""What a tenant's router is on Kubernetes: its files, its pods and how they are bounded, and its replay. Pure.

Sources: Bento v1.10.0, resources/docker/Dockerfile (busybox) and website/docs/guides/streams_mode (streams by file,
--no-api); Kubernetes, projected volumes.
"""

from typing import Any

from components.eventing import bento
from components.eventing.kafka_names import ROUTER_SECRET
from components.eventing.logins import Login
from components.eventing.router_config import REPLAY_FILE, RESOURCES_FILE, SERVICE_FILE
from components.labels import KAFKA_LABEL, QUEUE_ANNOTATION, tenant_labels
from components.manifest import Spec
from components.scheduling.volcano import SCHEDULER
from components.settings.workloads import Priority

ROUTER_LABEL = "multimodal.dev/router"
"""On pods of a router and its replays: the tenant's name."""

NAME = "router"
REPLAY_NAME = "replay"
CONFIG = "/etc/router/config"
STREAMS = "/etc/router/streams"
CERTIFICATES = "/etc/router/certificates"
"""Where Kafka's certificates are in its pods."""

_NEVER = "0 0 31 2 *"
"""There is no 31st of February: replays are only started by hand."""


def metadata(tenant: str, name: str) -> Spec:
    """Metadata of one of the router's objects."""
    return {"name": name, "namespace": tenant, "labels": {**tenant_labels(tenant), ROUTER_LABEL: tenant}}


def deployment(
    tenant: str, login: Login, *, image: str, replicas: int, memory_mib: int, config: str, streams: list[str]
) -> Spec:
    """Metadata and spec of the router's Deployment.

    Args:
        tenant: Namespace and queue.
        login: How it shows Kafka who it is.
        image: Bento's.
        replicas: Routers; they share the partitions.
        memory_mib: What one may take.
        config: Name of the ConfigMap with what concerns the router as a whole.
        streams: Names of those with streams.
    """
    pods = _pods(tenant, NAME)
    router = {
        **_container(image, login, memory_mib),
        "name": NAME,
        "args": [
            "-c",
            f"{CONFIG}/{SERVICE_FILE}",
            "-r",
            f"{CONFIG}/{RESOURCES_FILE}",
            "streams",
            # Whoever reaches the port could otherwise change streams.
            "--no-api",
            f"{STREAMS}/*.yaml",
        ],
        **bento.SERVING,
    }
    router["volumeMounts"] = [*router["volumeMounts"], {"name": "streams", "mountPath": STREAMS, "readOnly": True}]
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": pods},
    }
    sources = [{"configMap": {"name": name}} for name in streams]
    pod = _pod(config, login)
    return {
        "metadata": metadata(tenant, NAME),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": pods},
            "template": {
                "metadata": {
                    "labels": {**tenant_labels(tenant), **pods, KAFKA_LABEL: "true"},
                    "annotations": {
                        QUEUE_ANNOTATION: tenant,
                        **bento.SCRAPED,
                    },
                },
                "spec": {
                    **pod,
                    "priorityClassName": Priority.INTERACTIVE.value,
                    # Calls that are on their way have 20 s to end; what they ask for is asked again otherwise.
                    "terminationGracePeriodSeconds": 45,
                    "topologySpreadConstraints": [spread],
                    "containers": [router],
                    "volumes": [*pod["volumes"], {"name": "streams", "projected": {"sources": sources}}],
                },
            },
        },
    }


def replay_job(tenant: str, login: Login, *, image: str, config: str) -> Spec:
    """Metadata and spec of the CronJob from which replays are started by hand. It is suspended."""
    # What fails again during the run is not to be taken up by the same run.
    start = f'REPLAY_UNTIL="${{REPLAY_UNTIL:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}}" exec /bento -c {CONFIG}/{REPLAY_FILE}'
    names = ("REPLAY_SINCE", "REPLAY_UNTIL", "REPLAY_FLOW", "REPLAY_STEP", "REPLAY_REASON")
    made = _container(image, login, 512)
    container = {
        **made,
        "name": REPLAY_NAME,
        "command": ["sh", "-c", start],
        "env": [*made.get("env", []), *({"name": name, "value": ""} for name in names)],
    }
    labels = {**tenant_labels(tenant), **_pods(tenant, REPLAY_NAME), KAFKA_LABEL: "true"}
    return {
        "metadata": metadata(tenant, REPLAY_NAME),
        "spec": {
            "schedule": _NEVER,
            "suspend": True,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {
                "spec": {
                    # A second try would replay what the first one did already.
                    "backoffLimit": 0,
                    "ttlSecondsAfterFinished": 7 * 24 * 3600,
                    "template": {
                        "metadata": {"labels": labels, "annotations": {QUEUE_ANNOTATION: tenant}},
                        "spec": {
                            **_pod(config, login),
                            "priorityClassName": Priority.BATCH.value,
                            "restartPolicy": "Never",
                            "containers": [container],
                        },
                    },
                }
            },
        },
    }


def _pods(tenant: str, role: str) -> dict[str, str]:
    """By what the pods of one role are told apart."""
    return {ROUTER_LABEL: tenant, "multimodal.dev/role": role}


def _container(image: str, login: Login, memory_mib: int) -> dict[str, Any]:
    memory = ("256Mi", f"{memory_mib}Mi")
    return bento.container(image, login, cpu="100m", memory=memory, config=CONFIG, certificates=CERTIFICATES)


def _pod(config: str, login: Login) -> dict[str, Any]:
    account = login.service_account(ROUTER_SECRET)
    named = {} if account is None else {"serviceAccountName": account}
    return {"schedulerName": SCHEDULER, **named, **bento.pod(config, login, ROUTER_SECRET)}


def disruption_budget(tenant: str) -> Spec:
    """Metadata and spec of the budget that keeps a router while nodes are drained."""
    return {
        "metadata": metadata(tenant, NAME),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": _pods(tenant, NAME)},
        },
    }


def authentication(tenant: str, login: Login) -> Spec:
    """Metadata and spec of KEDA's TriggerAuthentication, by which it asks Kafka for backlogs."""
    return {"metadata": metadata(tenant, ROUTER_SECRET), "spec": login.scaler_authentication(ROUTER_SECRET)}
