"""Deployments and Services, as the servers of a tenant's pipelines need them. Pure."""

from dataclasses import dataclass, field
from typing import Any

from components.manifest import Spec
from components.pipelines.names import APP, PIPELINES_LABEL


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server: its container, and how its pod differs from the others."""

    name: str
    """Of the Deployment, its container and, where there are ports, the Service."""

    image: str
    part: str
    """Value of `PIPELINES_LABEL`."""

    account: str | None = None
    """Service account whose token its pod carries; None: the namespace's default, without a token."""

    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[Spec, ...] = ()
    ports: dict[str, int] = field(default_factory=dict[str, int])
    """Name -> port of the container."""

    service_ports: dict[str, int] | None = None
    """Ports of the Service where they differ from the container's."""

    probe: Spec | None = None
    """Says whether it is ready, and alive."""

    patience: int = 60
    """Seconds that it may take to start."""

    cpu: str
    memory: tuple[str, str]
    """What it requests, and what it may use."""

    user: int = 1000
    group: int = 0
    """The images' files belong to group 0 (kubeflow/pipelines, manifests)."""

    volumes: tuple[Spec, ...] = ()
    mounts: tuple[Spec, ...] = ()
    lifecycle: Spec | None = None
    owns_volume: bool = False
    """Whether its pod has a volume that only one pod can mount: the old one goes first, and files are its group's."""

    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Further labels of its pod."""


RESTRICTED: Spec = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""A container's security context under Pod Security `restricted`."""


def deployment(server: Server) -> Spec:
    """Spec of the server's Deployment."""
    selector = {APP: server.name, PIPELINES_LABEL: server.part}
    pod_security: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if server.owns_volume:
        pod_security |= {"fsGroup": server.group, "fsGroupChangePolicy": "OnRootMismatch"}
    pod: dict[str, Any] = {
        "automountServiceAccountToken": server.account is not None,
        # Else any Service of the namespace could set variables that the servers read.
        "enableServiceLinks": False,
        "securityContext": pod_security,
        "containers": [_container(server)],
    }
    if server.account is not None:
        pod["serviceAccountName"] = server.account
    if server.volumes:
        pod["volumes"] = list(server.volumes)
    return {
        "replicas": 1,
        "selector": {"matchLabels": selector},
        "strategy": {"type": "Recreate" if server.owns_volume else "RollingUpdate"},
        "template": {"metadata": {"labels": {**server.labels, **selector}}, "spec": pod},
    }


def _container(server: Server) -> Spec:
    least, most = server.memory
    made: dict[str, Any] = {
        "name": server.name,
        "image": server.image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {**RESTRICTED, "runAsUser": server.user, "runAsGroup": server.group},
        "resources": {"requests": {"cpu": server.cpu, "memory": least}, "limits": {"memory": most}},
        "env": list(server.env),
    }
    for key, value in (("command", server.command), ("args", server.args), ("volumeMounts", server.mounts)):
        if value:
            made[key] = list(value)
    if server.ports:
        made["ports"] = [{"name": name, "containerPort": port} for name, port in server.ports.items()]
    if server.lifecycle is not None:
        made["lifecycle"] = server.lifecycle
    if server.probe is not None:
        made["readinessProbe"] = {**server.probe, "periodSeconds": 5, "timeoutSeconds": 5}
        made["livenessProbe"] = {**server.probe, "periodSeconds": 20, "timeoutSeconds": 5}
        made["startupProbe"] = {
            **server.probe,
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": server.patience // 5,
        }
    return made


def service(server: Server) -> Spec:
    """Spec of the server's Service."""
    return {
        "selector": {APP: server.name, PIPELINES_LABEL: server.part},
        "ports": [
            {"name": name, "port": port, "targetPort": server.ports[name]}
            for name, port in (server.service_ports or server.ports).items()
        ],
    }


def value(name: str, text: str) -> Spec:
    """An environment variable."""
    return {"name": name, "value": text}


def secret(name: str, of: str, key: str) -> Spec:
    """An environment variable out of a Secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": key}}}


NAMESPACE_FIELD: Spec = {"fieldRef": {"fieldPath": "metadata.namespace"}}


def token_volume(name: str) -> tuple[Spec, Spec]:
    """(volume, mount) of the token by which a server shows the API server who it is (kubeflow/pipelines 2.16.1,
    manifests/kustomize/base/pipeline)."""
    path = f"{name}-sa-token"
    source = {"serviceAccountToken": {"path": path, "expirationSeconds": 3600, "audience": "pipelines.kubeflow.org"}}
    return (
        {"name": path, "projected": {"sources": [source]}},
        {"name": path, "mountPath": "/var/run/secrets/kubeflow/tokens", "readOnly": True},
    )
