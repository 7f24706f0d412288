"""ModelMesh in a tenant's namespace: its controller and its registry of models. Pure.

It runs in each tenant that has such sets and watches that namespace alone (NAMESPACE_SCOPE): with one for all tenants,
its controller could read every tenant's Secrets, and whoever runs a model could change any other tenant's registry.
Sources: kserve/modelmesh-serving v0.12.0 main.go (environment), pkg/config/config.go and config/default (its
configuration), config/manager, config/rbac/namespace-scope,
controllers/modelmesh/{puller,etcd}.go.
"""

import json
from collections.abc import Mapping
from typing import Any

from components.cluster import api_addresses
from components.manifest import Spec
from components.serving.runtime_specs import USER, server_security

CONTROLLER = "modelmesh-controller"
REGISTRY = "modelmesh-etcd"
CONFIGURATION = "model-serving-config-defaults"
REGISTRY_SECRET = "model-serving-etcd"  # noqa: S105 - the secret's name
STORAGE_SECRET = "storage-config"  # noqa: S105 - the secret's name
WEBHOOK_SECRET = "modelmesh-webhook-server-cert"  # noqa: S105 - the secret's name
SERVICE = "modelmesh-serving"
"""The Service in front of all sets of the namespace: REST on `REST_PORT`, gRPC on 8033."""

REST_PORT = 8008

_ETCD_PORT = 2379
_HEALTH_PORT = 2381


def predictor_kind() -> Spec:
    """Spec of the kind Predictor, which the controller watches beside InferenceServices and KServe's charts lack. The
    platform makes none, so its schema says nothing."""
    status: dict[str, Any] = {"status": {}}
    return {
        "group": "serving.kserve.io",
        "scope": "Namespaced",
        "names": {
            "kind": "Predictor",
            "listKind": "PredictorList",
            "plural": "predictors",
            "singular": "predictor",
        },
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "subresources": status,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    }


def registry_connection() -> str:
    """How ModelMesh reaches its registry: no secret, though it is read from a Secret."""
    return json.dumps({"endpoints": f"http://{REGISTRY}:{_ETCD_PORT}", "root_prefix": "modelmesh"})


def registry_service() -> Spec:
    """Spec of the registry's Service."""
    return {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": {"app": REGISTRY},
        "ports": [{"name": "client", "port": _ETCD_PORT}],
    }


def registry_spec(image: str, labels: Mapping[str, str], size_gib: int) -> Spec:
    """Spec of the StatefulSet of the one etcd that holds which model is where. While it is away, loaded models answer
    and nothing else is loaded."""
    container: dict[str, Any] = {
        "name": "etcd",
        "image": image,
        "command": ["etcd"],
        "args": [
            "--data-dir=/var/lib/etcd/data",
            f"--listen-client-urls=http://0.0.0.0:{_ETCD_PORT}",
            f"--advertise-client-urls=http://{REGISTRY}:{_ETCD_PORT}",
            f"--listen-metrics-urls=http://0.0.0.0:{_HEALTH_PORT}",
            "--auto-compaction-retention=1",
        ],
        "ports": [{"name": "client", "containerPort": _ETCD_PORT}],
        "readinessProbe": _probe("/health", _HEALTH_PORT),
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": server_security(),
        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/etcd"}],
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{size_gib}Gi"}}},
    }
    return {
        "serviceName": REGISTRY,
        "replicas": 1,
        "selector": {"matchLabels": {"app": REGISTRY}},
        "template": {
            "metadata": {"labels": {**labels, "app": REGISTRY}},
            "spec": {**_pod(), "containers": [container]},
        },
        "volumeClaimTemplates": [claim],
    }


def configuration(images: Mapping[str, str]) -> str:
    """ModelMesh's configuration; JSON, which is YAML. `images`: references of mesh, rest-proxy and adapter."""
    quantities: Any = {"requests": {"cpu": "300m", "memory": "448Mi"}, "limits": {"cpu": "3", "memory": "448Mi"}}
    small: Any = {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"cpu": "2", "memory": "512Mi"}}
    return json.dumps(
        {
            "modelMeshImage": _image(images["mesh"]),
            "modelMeshResources": quantities,
            "restProxy": {
                "enabled": True,
                "port": REST_PORT,
                "image": _image(images["rest-proxy"]),
                "resources": small,
            },
            "storageHelperImage": {**_image(images["adapter"]), "command": ["/opt/app/puller"]},
            "storageHelperResources": small,
            "builtInServerTypes": ["triton"],
            # Volumes are named by models alone; no keys of stores lie in the namespace.
            "allowAnyPVC": True,
            # A GPU that comes when somebody asks comes too late for whoever asked.
            "scaleToZero": {"enabled": False},
            "metrics": {"enabled": True, "scheme": "http"},
        },
        indent=1,
    )


def _image(reference: str) -> dict[str, str]:
    """As ModelMesh writes it: it takes a digest in place of a tag."""
    name, _, digest = reference.partition("@")
    where, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        where, tag = name, ""
    return {"name": where, **({"digest": digest} if digest else {"tag": tag})}


def controller_rules() -> Spec:
    """What the controller may do in its namespace."""
    write = ["create", "delete", "get", "list", "patch", "update", "watch"]
    mesh = ["predictors", "inferenceservices", "servingruntimes"]
    below = [f"{one}/{part}" for one in mesh for part in ("status", "finalizers")]
    return [
        {"apiGroups": [""], "resources": ["configmaps", "secrets", "services", "services/finalizers"], "verbs": write},
        {"apiGroups": [""], "resources": ["endpoints", "persistentvolumeclaims"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "deployments/finalizers"], "verbs": write},
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": write},
        {"apiGroups": ["serving.kserve.io"], "resources": [*mesh, *below], "verbs": write},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": write},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    ]


def controller_spec(image: str, labels: Mapping[str, str], changed: str) -> Spec:
    """Spec of the controller's Deployment. `changed`: a digest of its configuration, which it reads once."""
    environment: dict[str, str] = {
        "NAMESPACE_SCOPE": "true",
        "CONTROLLER_DEPLOYMENT": CONTROLLER,
        "ETCD_SECRET_NAME": REGISTRY_SECRET,
        "ENABLE_ISVC_WATCH": "true",
        # The cluster's runtimes are the platform's, each for one model.
        "ENABLE_CSR_WATCH": "false",
        "ENABLE_SECRET_WATCH": "false",
    }
    own = {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    container: dict[str, Any] = {
        "name": "manager",
        "image": image,
        "command": ["/manager"],
        "args": ["--enable-leader-election"],
        "env": [own, *({"name": key, "value": value} for key, value in environment.items())],
        "readinessProbe": _probe("/readyz", 8081),
        "livenessProbe": _probe("/healthz", 8081),
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": server_security(),
        "volumeMounts": [
            {"name": "configuration", "mountPath": "/etc/model-serving/config/default", "readOnly": True},
            # It starts only with a certificate for a webhook that would look at autoscaling, which nothing asks it for.
            {"name": "certificate", "mountPath": "/tmp/k8s-webhook-server/serving-certs", "readOnly": True},  # noqa: S108
        ],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": {"control-plane": CONTROLLER}},
        "template": {
            "metadata": {
                "labels": {**labels, "control-plane": CONTROLLER},
                "annotations": {"multimodal.dev/configuration": changed},
            },
            "spec": {
                **_pod(),
                "serviceAccountName": CONTROLLER,
                "automountServiceAccountToken": True,
                "containers": [container],
                "volumes": [
                    {"name": "configuration", "configMap": {"name": CONFIGURATION}},
                    {"name": "certificate", "secret": {"secretName": WEBHOOK_SECRET}},
                ],
            },
        },
    }


def _pod() -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _probe(path: str, port: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, "initialDelaySeconds": 5, "periodSeconds": 10}


def allow_api(addresses: tuple[str, ...]) -> Spec:
    """The controller reaches the Kubernetes API at `addresses`, of `api_addresses`."""
    return api_addresses.allow_api({"matchLabels": {"control-plane": CONTROLLER}}, addresses)
