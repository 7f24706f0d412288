"""The model servers as ClusterServingRuntime specs: what every model served by one of them has in common.

A model adds its own: GPUs, processors and memory, further arguments (KServe puts them behind those here), and
`GRACE_SECONDS`, which a runtime cannot hold.
Sources: KServe v0.18.1 config/runtimes and pkg/controller/v1beta1/inferenceservice (how a runtime and a model merge,
which ports become routes); Triton server v2.71.0 docs (health, metrics, model control); vLLM v0.28.0 (/health,
/metrics, cache variables); KServe python/huggingface_server*.Dockerfile (user, HF_HOME).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from components.manifest import Spec
from components.serving.names import SERVER_PORT
from components.settings.serving import Format

GRPC_PORT = 9000
"""Where Triton speaks the Open Inference Protocol over gRPC."""

TRITON_METRICS_PORT = 8002

MODEL_PATH = "/mnt/models"
"""Where KServe lays a model's files."""

START_SECONDS = 3600
"""How long a server may load a model until it is restarted; the download comes before, in an init container."""

LEAVE_SECONDS = 10
"""How long a pod still takes requests after it was told to stop: so long the gateway may take to notice."""

GRACE_SECONDS = 120
"""Seconds that a stopping server has for the requests it is at work on: `terminationGracePeriodSeconds` of its pods."""

USER = 1000
"""User and group of every model server. Triton's and KServe's images have one of this number; vLLM's runs as anyone."""

_CACHE = "/cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """What one model server has of its own."""

    image: str
    """Key in `components.catalog.workload_images`."""

    formats: tuple[Format, ...]
    protocols: tuple[str, ...]
    args: tuple[str, ...]
    command: tuple[str, ...] = ()
    """Replaces the image's own start."""

    live: str
    """Path that answers as long as the server works."""

    ready: str
    """Path that answers once the model can be asked."""

    metrics_port: int = SERVER_PORT
    ports: Mapping[str, int] = field(default_factory=lambda: {"http": SERVER_PORT})
    """Ports by name. KServe makes a route for the first, and one for gRPC by its name."""

    env: Mapping[str, str] = field(default_factory=dict[str, str])


_OFFLINE = {
    # The weights are there before the server starts, and a tenant's network has no way to a hub.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}

_HUGGINGFACE = {
    "formats": (Format.SAFETENSORS,),
    "protocols": ("v1", "v2"),
    "args": ("--model_name={{.Name}}", f"--model_dir={MODEL_PATH}", f"--http_port={SERVER_PORT}"),
    "live": "/v2/health/live",
    "ready": "/v2/health/ready",
    "env": _OFFLINE,
}

_SERVERS: Mapping[str, _Server] = MappingProxyType(
    {
        "triton": _Server(
            image="triton",
            formats=(Format.REPOSITORY, Format.ONNX, Format.TENSORRT, Format.PYTORCH),
            protocols=("v2", "grpc-v2"),
            command=("tritonserver",),
            args=(
                f"--model-repository={MODEL_PATH}",
                f"--http-port={SERVER_PORT}",
                f"--grpc-port={GRPC_PORT}",
                f"--metrics-port={TRITON_METRICS_PORT}",
                # Whoever can call a model could otherwise load and unload it, and with it code of the caller's.
                "--model-control-mode=none",
                f"--exit-timeout-secs={GRACE_SECONDS - LEAVE_SECONDS}",
            ),
            live="/v2/health/live",
            ready="/v2/health/ready",
            metrics_port=TRITON_METRICS_PORT,
            ports={"http": SERVER_PORT, "grpc": GRPC_PORT, "metrics": TRITON_METRICS_PORT},
            env=_OFFLINE,
        ),
        "vllm": _Server(
            image="vllm",
            formats=(Format.SAFETENSORS,),
            # KServe has no name for OpenAI's; where a runtime lists none, a model is not asked for one.
            protocols=(),
            command=("vllm", "serve"),
            args=(MODEL_PATH, "--served-model-name={{.Name}}", f"--port={SERVER_PORT}"),
            live="/health",
            # It listens only once the engine has its weights, and this path needs no key where a model asks for one.
            ready="/health",
            env={**_OFFLINE, "VLLM_CACHE_ROOT": f"{_CACHE}/vllm", "VLLM_NO_USAGE_STATS": "1"},
        ),
        "huggingface": _Server(image="huggingface", **_HUGGINGFACE),  # type: ignore[arg-type]
        "huggingface-cpu": _Server(image="huggingface-cpu", **_HUGGINGFACE),  # type: ignore[arg-type]
    }
)

RUNTIME_IMAGES: Mapping[str, str] = MappingProxyType({key: server.image for key, server in _SERVERS.items()})
"""Runtime -> key of its image in `components.catalog.workload_images`."""


def runtime_spec(key: str, image: str, *, knative: bool = False) -> Spec:
    """Spec of the ClusterServingRuntime `key` (one of `RUNTIME_IMAGES`), which runs `image`.

    `knative`: for models in knative mode. Knative knows one port, by names of its own, and no hooks; its queue proxy
    lets a stopping pod finish its requests (knative/serving pkg/apis/serving, fieldmask.go and k8s_validation.go).
    """
    server = _SERVERS[key]
    return {
        # KServe copies these to the pods, and from them makes Prometheus's own.
        "annotations": {"prometheus.kserve.io/port": str(server.metrics_port), "prometheus.kserve.io/path": "/metrics"},
        # Models name their runtime; no runtime is chosen for them.
        "supportedModelFormats": [{"name": form.value, "autoSelect": False} for form in server.formats],
        **({"protocolVersions": list(server.protocols)} if server.protocols else {}),
        "containers": [_on_knative(_container(server, image)) if knative else _container(server, image)],
        "volumes": [
            _scratch("cache"),
            _scratch("tmp"),
            # Ranks of one model exchange tensors here. It counts as the container's memory, whose limit bounds it.
            _scratch("shm", medium="Memory"),
        ],
    }


def _scratch(name: str, **source: str) -> Spec:
    return {"name": name, "emptyDir": source}


def _container(server: _Server, image: str) -> Spec:
    started = _probe(server.ready, every=10, failures=START_SECONDS // 10, patience=5)
    return {
        "name": "kserve-container",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        **({"command": list(server.command)} if server.command else {}),
        "args": list(server.args),
        "env": [{"name": name, "value": value} for name, value in {**_caches(), **server.env}.items()],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in server.ports.items()],
        "securityContext": server_security(),
        "startupProbe": started,
        "readinessProbe": _probe(server.ready, every=5, failures=3, patience=5),
        # A long batch may hold the event loop; a restart would cost minutes of loading.
        "livenessProbe": _probe(server.live, every=20, failures=6, patience=10),
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}},
        "volumeMounts": [
            {"name": "cache", "mountPath": _CACHE},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a path in the container
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - a path in the container
        ],
    }


def server_security() -> Spec:
    """What containers of a model's pod may do: what Pod Security restricted allows, and nothing on their own root."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _on_knative(container: Spec) -> Spec:
    allowed = {key: part for key, part in container.items() if key != "lifecycle"}
    # "Not privileged" is what a container is that says nothing.
    security = {key: part for key, part in container["securityContext"].items() if key != "privileged"}
    port = {"name": "http1", "containerPort": SERVER_PORT, "protocol": "TCP"}
    return {**allowed, "securityContext": security, "ports": [port]}


def _caches() -> dict[str, str]:
    """Where libraries may write, since they may not write beside themselves. Some ask for a user's name and home."""
    return {
        "HOME": _CACHE,
        "USER": "model",
        "XDG_CACHE_HOME": _CACHE,
        "XDG_CONFIG_HOME": f"{_CACHE}/config",
        "HF_HOME": f"{_CACHE}/huggingface",
        "TORCHINDUCTOR_CACHE_DIR": f"{_CACHE}/inductor",
        "TRITON_CACHE_DIR": f"{_CACHE}/triton",
        "NUMBA_CACHE_DIR": f"{_CACHE}/numba",
    }


def _probe(path: str, *, every: int, failures: int, patience: int) -> Spec:
    return {
        "httpGet": {"path": path, "port": SERVER_PORT},
        "periodSeconds": every,
        "timeoutSeconds": patience,
        "failureThreshold": failures,
    }
