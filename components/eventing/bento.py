"""What every pod of Bento's has in common: routers, their replays, and what feeds and archives the audit stream. Pure.

Source: Bento v1.10.0, resources/docker/Dockerfile (user, entry point) and website/docs, components/http/about (/ping,
/ready).
"""

from typing import Any

from components.eventing.logins import Login

PORT = 4195
"""Probes and metrics."""

USER = 10001
"""User of Bento's image."""

SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/path": "/metrics"}
"""Annotations of its pods, by which Prometheus finds them."""

SERVING: dict[str, Any] = {
    "ports": [{"name": "http", "containerPort": PORT}],
    "livenessProbe": {"httpGet": {"path": "/ping", "port": PORT}, "periodSeconds": 20, "failureThreshold": 3},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": PORT}, "periodSeconds": 10},
}
"""Of a container that goes on until it is stopped."""


def container(
    image: str, login: Login, *, cpu: str, memory: tuple[str, str], config: str, certificates: str
) -> dict[str, Any]:
    """A container without name and command.

    Args:
        image: Bento's.
        login: How it shows Kafka who it is.
        cpu: What it requests.
        memory: What it requests, and what it may use.
        config: Folder of its configuration.
        certificates: Folder of its certificate for Kafka, where it has one.
    """
    least, most = memory
    return {
        "image": image,
        "resources": {"requests": {"cpu": cpu, "memory": least}, "limits": {"memory": most}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "config", "mountPath": config, "readOnly": True},
            *login.mounts(certificates),
        ],
        **({"env": env} if (env := login.environment()) else {}),
    }


def pod(config: str, login: Login, account: str) -> dict[str, Any]:
    """A pod's spec without containers. `config`: its ConfigMap. `account`: who it is to Kafka (`logins.Login`)."""
    return {
        # No pod of it asks the API server; a cloud's identity comes with a token of its own.
        "automountServiceAccountToken": False,
        # The certificate's key is readable for its group alone.
        "securityContext": {"fsGroup": USER},
        "volumes": [
            {"name": "config", "configMap": {"name": config}},
            *login.volumes(account),
        ],
    }
