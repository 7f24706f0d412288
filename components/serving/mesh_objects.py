"""ModelMesh in a tenant's namespace: its controller, its registry of models, and what a set of models becomes. Pure.

It runs in each tenant that has such sets and watches that namespace alone (NAMESPACE_SCOPE): with one for all tenants,
its controller could read every tenant's Secrets, and whoever runs a model could change any other tenant's registry.
Sources: kserve/modelmesh-serving v0.12.0 main.go (environment), pkg/config/config.go and config/default (its
configuration), config/manager, config/rbac/namespace-scope, config/runtimes/triton-2.x.yaml,
controllers/modelmesh/{runtime,puller,etcd}.go; kserve/modelmesh v0.12.0 README (capacity, eviction).
"""

import json
from collections.abc import Mapping
from typing import Any

from components.manifest import Spec
from components.scheduling.placement import placement
from components.serving.runtime_specs import USER, server_security
from components.settings.cluster import Cluster
from components.settings.density import Memory, mesh_memory
from components.settings.model_sets import ModelSet
from components.settings.shapes import pod_shape

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
_TRITON_GRPC = 8001
_MODELS = "/models/_triton_models"
_LOAD_MILLISECONDS = 600_000
"""How long one model may load: upstream's 90 s are for models of a few MB."""


def runtime_name(model_set: str) -> str:
    """The ServingRuntime of a set, and after the Service's name its Deployment."""
    return f"mesh-{model_set}"


def service_name(model_set: str, model: str) -> str:
    """The InferenceService of one model, and the name under which requests ask for it."""
    return f"{model_set}-{model}"


def predictor_kind() -> Spec:
    """Spec of the kind Predictor, which the controller watches beside InferenceServices and KServe's charts lack. The
    platform makes none, so its schema says nothing."""
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
                "subresources": {"status": {}},
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


def controller_rules() -> list[dict[str, Any]]:
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
    """The controller reaches the Kubernetes API."""
    return {
        "podSelector": {"matchLabels": {"control-plane": CONTROLLER}},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": address}} for address in addresses],
                "ports": [{"protocol": "TCP", "port": port} for port in (443, 6443)],
            }
        ],
    }


def runtime_spec(cluster: Cluster, chosen: ModelSet, image: str, labels: Mapping[str, str]) -> Spec:
    """Spec of a set's ServingRuntime: Triton under ModelMesh's control.

    Triton answers on the pod's own loopback only, since whoever reaches it could load and unload models.
    """
    memory = mesh_memory(cluster, chosen) or Memory(1, 0)
    cpu = pod_shape(cluster, chosen.gpu, chosen.cpu, memory.request_gib).cpu
    amounts = {"cpu": str(cpu), "memory": f"{memory.request_gib}Gi", **chosen.gpu.amounts}
    placed = placement(cluster, chosen.gpu)
    start = (
        f"mkdir -p {_MODELS} && chmod 777 {_MODELS} && exec tritonserver --model-repository={_MODELS}"
        f" --model-control-mode=explicit --strict-readiness=false --http-address=127.0.0.1 --grpc-address=127.0.0.1"
        f" --grpc-port={_TRITON_GRPC} --metrics-address=127.0.0.1"
    )
    live = ["curl", "--fail", "--silent", "--max-time", "9", "http://127.0.0.1:8000/v2/health/live"]
    container: dict[str, Any] = {
        "name": "triton",
        "image": image,
        "command": ["/bin/sh", "-c", start],
        "resources": {
            "requests": amounts,
            "limits": {key: amount for key, amount in amounts.items() if key != "cpu"},
        },
        "securityContext": server_security(),
        "livenessProbe": {"exec": {"command": live}, "periodSeconds": 30, "timeoutSeconds": 10},
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a path in the container
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - a path in the container
        ],
    }
    return {
        "multiModel": True,
        "protocolVersions": ["grpc-v2"],
        "supportedModelFormats": [{"name": chosen.format.value, "autoSelect": False}],
        "grpcEndpoint": "port:8085",
        "grpcDataEndpoint": f"port:{_TRITON_GRPC}",
        "replicas": chosen.replicas.min,
        "labels": dict(labels),
        "affinity": placed["affinity"],
        "tolerations": placed["tolerations"],
        "containers": [container],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
        "builtInAdapter": {
            "serverType": "triton",
            "runtimeManagementPort": _TRITON_GRPC,
            # What the request leaves beside it is the room that models share.
            "memBufferBytes": memory.buffer_bytes,
            "modelLoadingTimeoutMillis": _LOAD_MILLISECONDS,
        },
    }


def model_spec(model_set: str, chosen: ModelSet, source: str) -> Spec:
    """Spec of the InferenceService of one model; with the annotation for ModelMesh KServe leaves it alone."""
    return {
        "predictor": {
            "model": {
                "modelFormat": {"name": chosen.format.value},
                "runtime": runtime_name(model_set),
                "storageUri": source,
            }
        }
    }
