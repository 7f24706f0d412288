"""What a set of models becomes on ModelMesh: a runtime, and a service for each model. Pure.

Sources: kserve/modelmesh-serving v0.12.0 config/runtimes/triton-2.x.yaml, controllers/modelmesh/runtime.go;
kserve/modelmesh v0.12.0 README (capacity, eviction).
"""

from collections.abc import Mapping
from typing import Any

from components.manifest import Spec
from components.scheduling.placement import placement
from components.serving.runtime_specs import server_security
from components.settings.cluster import Cluster
from components.settings.density import Memory, mesh_memory
from components.settings.model_sets import ModelSet
from components.settings.shapes import pod_shape

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
    volumes: list[dict[str, Any]] = [
        {"name": "tmp", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory"}},
    ]
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
        "volumes": volumes,
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
