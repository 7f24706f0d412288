"""What runs beside the audit stream on Kubernetes, and who may read it. Pure."""

import pulumi

from components.cluster.api_addresses import PUBLIC
from components.eventing import bento
from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.eventing.logins import Login
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
    login: Login,
    *,
    image: str,
    user: str,
    config: str,
    environment: dict[str, pulumi.Input[str]],
    pod_labels: dict[str, str],
) -> Spec:
    """Metadata and spec of one Deployment. One pod, which a lost node delays and nothing loses: what it has not
    finished is read again.

    Args:
        role: collector or archive; also the name of its service account.
        login: How it shows Kafka who it is.
        image: Bento's.
        user: Who it is to Kafka, where that is a name of its own (`logins.Login`).
        config: ConfigMap with its configuration.
        environment: What the configuration takes from there.
        pod_labels: By what the cloud knows its pods.
    """
    chosen = _pods(role)
    made = bento.container(image, login, cpu="50m", memory=("128Mi", "512Mi"), config=CONFIG, certificates=CERTIFICATES)
    container = {
        **made,
        **bento.SERVING,
        "name": role,
        "args": ["-c", f"{CONFIG}/{FILE}"],
        "env": [*made.get("env", []), *({"name": key, "value": value} for key, value in sorted(environment.items()))],
    }
    return {
        "metadata": metadata(role),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": chosen},
            "template": {
                "metadata": {
                    "labels": {**platform_labels(), **chosen, KAFKA_LABEL: "true", STORES_LABEL: "true", **pod_labels},
                    "annotations": dict(bento.SCRAPED),
                },
                "spec": {
                    "serviceAccountName": role,
                    **bento.pod(config, login, user),
                    "containers": [container],
                },
            },
        },
    }


def allow_log(role: str, ports: tuple[int, ...]) -> Spec:
    """Spec of the network policy by which a role's pods reach the cloud's log where it is not read over HTTPS."""
    return {
        "podSelector": {"matchLabels": _pods(role)},
        "policyTypes": ["Egress"],
        "egress": [{"to": PUBLIC, "ports": [{"protocol": "TCP", "port": port} for port in ports]}],
    }


def _pods(role: str) -> dict[str, str]:
    """Labels of a role's pods alone."""
    return {"multimodal.dev/audit": role}


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
