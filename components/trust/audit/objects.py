"""What runs beside the audit stream on Kubernetes, and who may read it. Pure.

Sources: Bento v1.10.0, resources/docker/Dockerfile (user, entry point) and components/http/about (/ping, /ready).
"""

from typing import Any

import pulumi

from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.eventing.router_objects import PORT, USER
from components.labels import KAFKA_LABEL, STORES_LABEL, platform_labels
from components.manifest import Spec

CONFIG = "/etc/audit/config"
CERTIFICATES = "/etc/audit/certificates"
"""Where the certificate of the pod's user of Kafka is in it."""

FILE = "bento.yaml"
"""Key of the one file in a ConfigMap."""


def metadata(name: str) -> Spec:
    """Metadata of an object of the audit stream."""
    return {"name": name, "namespace": AUDIT_NAMESPACE, "labels": platform_labels()}


def deployment(
    role: str,
    *,
    image: str,
    secret: str,
    config: str,
    environment: dict[str, pulumi.Input[str]],
    pod_labels: dict[str, str],
) -> Spec:
    """Metadata and spec of one Deployment. One pod, which a lost node delays and nothing loses: what it has not
    finished is read again.

    Args:
        role: collector or archive; also the name of its service account.
        image: Bento's.
        secret: Secret with its certificate.
        config: ConfigMap with its configuration.
        environment: What the configuration takes from there.
        pod_labels: By what the cloud knows its pods.
    """
    chosen = {"multimodal.dev/audit": role}
    container: dict[str, Any] = {
        "name": role,
        "image": image,
        "args": ["-c", f"{CONFIG}/{FILE}"],
        "env": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "ports": [{"name": "http", "containerPort": PORT}],
        "livenessProbe": {"httpGet": {"path": "/ping", "port": PORT}, "periodSeconds": 20, "failureThreshold": 3},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": PORT}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
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
            {"name": "config", "mountPath": CONFIG, "readOnly": True},
            {"name": "certificates", "mountPath": CERTIFICATES, "readOnly": True},
        ],
    }
    return {
        "metadata": metadata(role),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": chosen},
            "template": {
                "metadata": {
                    "labels": {**platform_labels(), **chosen, KAFKA_LABEL: "true", STORES_LABEL: "true", **pod_labels},
                    "annotations": {
                        "prometheus.io/scrape": "true",
                        "prometheus.io/port": str(PORT),
                        "prometheus.io/path": "/metrics",
                    },
                },
                "spec": {
                    "serviceAccountName": role,
                    # No pod asks the API server; a cloud's identity comes with a token of its own.
                    "automountServiceAccountToken": False,
                    # The certificate's key is readable for its group alone.
                    "securityContext": {"fsGroup": USER},
                    "containers": [container],
                    "volumes": [
                        {"name": "config", "configMap": {"name": config}},
                        {"name": "certificates", "secret": {"secretName": secret, "defaultMode": 0o440}},
                    ],
                },
            },
        },
    }


def reading(groups: list[str], secret: str) -> dict[str, Spec]:
    """Role and RoleBinding of auditors: they may take the auditor's certificate, and see nothing else."""
    return {
        "role": {
            "metadata": metadata("auditors"),
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"]}],
        },
        "binding": {
            "metadata": metadata("auditors"),
            "role_ref": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "auditors"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in sorted(groups)
            ],
        },
    }
