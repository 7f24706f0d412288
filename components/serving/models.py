"""What a model becomes: an InferenceService, and another for its canary. Pure.

Sources: kserve, pkg/apis/serving/v1beta1 (fields), pkg/constants (annotations, names of what it makes).
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components.labels import QUEUE_ANNOTATION, STORES_LABEL, tenant_labels
from components.manifest import Spec
from components.scheduling.placement import placement
from components.scheduling.volcano import SCHEDULER
from components.serving.names import REQUEST_SECONDS, SERVER_PORT, TRANSFORMER_PORT, runtime_name
from components.serving.runtime_specs import GRACE_SECONDS, LEAVE_SECONDS, START_SECONDS, server_security
from components.serving.scaling import DEFAULT_TARGETS, most_replicas, scales
from components.serving.triton.repository import digest, fetched, mounted
from components.settings.checks_serving import FORMATS
from components.settings.cluster import Cluster
from components.settings.ensembles import Ensemble
from components.settings.serving import Canary, Mode, Runtime, ServedModel, Signal, Transformer
from components.settings.shapes import pod_shape

ADAPTERS = "/mnt/adapters"
"""Where LoRA adapters lie in a model server's pod, a folder each."""

PROGRESS_SECONDS = 2 * START_SECONDS
"""In knative mode: how long the first pod of a new version may take, node, download and loading together, before the
version counts as failed."""


def inference_service(
    tenant: str,
    name: str,
    model: ServedModel | Ensemble,
    cluster: Cluster,
    *,
    answers_to: str | None = None,
    account: str | None = None,
    pod_labels: Mapping[str, str] | None = None,
    locate: Callable[[str], pulumi.Input[str]] = str,
    files: Mapping[str, str] | None = None,
) -> Spec:
    """Metadata and spec of the model's InferenceService.

    Args:
        tenant: Namespace and queue.
        name: Its name; the canary's is another.
        model: Settings of the model or ensemble, checked.
        cluster: Where its pods may run.
        answers_to: Name under which requests ask for it; default: `name`. A canary answers to its model's.
        account: Service account whose cloud identity reads the weights; None: nobody's.
        pod_labels: Labels by which the cloud knows pods of that account.
        locate: Says where a source of the stack file is.
        files: Files of an ensemble's repository that are not fetched, by path.
    """
    changes = {"multimodal.dev/repository": digest(files)} if files else {}
    on_knative = model.mode is Mode.KNATIVE
    annotations = {"serving.kserve.io/deploymentMode": "Knative" if on_knative else "Standard"}
    if not on_knative:
        # The platform scales by signals that KServe's own objects cannot bound (fallback, cool-down).
        annotations["serving.kserve.io/autoscalerClass"] = "external" if scales(model) else "none"
    if isinstance(model, Ensemble) and fetched(model):
        # Files are laid into the folders that KServe fetches, which it makes read-only otherwise.
        annotations["storage.kserve.io/readonly"] = "false"
    predictor: dict[str, Any] = {
        "minReplicas": model.replicas.min,
        "maxReplicas": most_replicas(model),
        "schedulerName": SCHEDULER,
        "priorityClassName": model.priority.value,
        "automountServiceAccountToken": False,
        "labels": {STORES_LABEL: "true", **(pod_labels or {})},
        "annotations": {QUEUE_ANNOTATION: tenant, **changes, **(_knative_annotations(model) if on_knative else {})},
        **(_knative(model) if on_knative else _deployed(model)),
        **({"serviceAccountName": account} if account else {}),
        **_server(answers_to or name, model, cluster, locate, files or {}),
    }
    if model.gpu is not None:
        placed = placement(cluster, model.gpu)
        predictor |= {"affinity": placed["affinity"], "tolerations": placed["tolerations"]}
    return {
        "metadata": {
            "name": name,
            "namespace": tenant,
            "labels": {**tenant_labels(tenant), **modality_labels(model)},
            "annotations": annotations,
        },
        "spec": {"predictor": predictor},
    }


def modality_labels(model: ServedModel | Ensemble) -> dict[str, str]:
    """What a model reads and writes, for people and routers to select by."""
    return {"multimodal.dev/modality": model.modality.value, "multimodal.dev/produces": model.produces.value}


def _deployed(model: ServedModel | Ensemble) -> dict[str, Any]:
    """Without a surge an old replica goes before a new one comes: a rollout needs no second GPU (kserve issue 4748)."""
    rolling = {"maxSurge": model.surge, "maxUnavailable": 0 if model.surge else 1}
    return {
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "terminationGracePeriodSeconds": GRACE_SECONDS,
    }


def _knative(model: ServedModel | Ensemble) -> dict[str, Any]:
    """Knative's autoscaler and KServe's canary. Knative gives a stopping pod as long as a request may take."""
    return {
        "scaleMetric": Signal.CONCURRENCY.value,
        "scaleTarget": model.scaling.target or DEFAULT_TARGETS[Signal.CONCURRENCY],
        "timeout": REQUEST_SECONDS,
        **({"canaryTrafficPercent": model.canary.percent} if model.canary is not None else {}),
    }


def _knative_annotations(model: ServedModel | Ensemble) -> dict[str, str]:
    """What Knative has no field for. Source: knative/serving, pkg/apis/autoscaling and docs of the annotations."""
    return {
        "autoscaling.knative.dev/scale-down-delay": f"{model.scaling.cooldown_seconds}s",
        "serving.knative.dev/progress-deadline": f"{PROGRESS_SECONDS}s",
    }


def _server(
    name: str,
    model: ServedModel | Ensemble,
    cluster: Cluster,
    locate: Callable[[str], pulumi.Input[str]],
    files: Mapping[str, str],
) -> dict[str, Any]:
    """The model server's container, and where its weights come from."""
    shape = pod_shape(cluster, model.gpu, model.cpu, model.memory_gib)
    gpus = model.gpu.amounts if model.gpu is not None else {}
    amounts = {"cpu": str(shape.cpu), "memory": f"{shape.memory_gib}Gi", **gpus}
    server: dict[str, Any] = {
        "modelFormat": {"name": (model.format or FORMATS[model.runtime][0]).value},
        "runtime": runtime_name(model),
        "args": _args(name, model),
        "resources": {
            "requests": amounts,
            # No processor limit: a throttled server lets its GPU wait.
            "limits": {key: amount for key, amount in amounts.items() if key != "cpu"},
        },
    }
    if isinstance(model, Ensemble):
        laid = mounted(name, files)
        uris = [{"uri": locate(uri), "mountPath": path} for path, uri in fetched(model).items()]
        return {
            "model": {**server, "volumeMounts": laid["volumeMounts"]},
            "volumes": laid["volumes"],
            **({"storageUris": uris} if uris else {}),
        }
    newest = model.canary.source if model.canary is not None and model.mode is Mode.KNATIVE else model.source
    beside = _transformer(name, model.transformer) if model.transformer is not None else {}
    if not model.adapters:
        return {"model": {**server, "storageUri": locate(newest)}, **beside}
    uris = [{"uri": locate(newest), "mountPath": "/mnt/models"}]
    uris += [{"uri": locate(uri), "mountPath": f"{ADAPTERS}/{key}"} for key, uri in sorted(model.adapters.items())]
    return {"model": server, "storageUris": uris, **beside}


def _transformer(name: str, transformer: Transformer) -> dict[str, Any]:
    """A container in the predictor's pod that KServe knows by its name: the service then leads to it, and it has the
    model's files too (kserve v0.18.1, service_reconciler.go and
    storage_initializer_injector.go)."""
    memory = f"{transformer.memory_gib}Gi"
    container: dict[str, Any] = {
        "name": "transformer-container",
        "image": transformer.image,
        "args": [
            f"--http_port={TRANSFORMER_PORT}",
            f"--model_name={name}",
            f"--predictor_host=localhost:{SERVER_PORT}",
            *transformer.args,
        ],
        "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108 - inside the container
        "ports": [{"name": "http", "containerPort": TRANSFORMER_PORT, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": str(transformer.cpu), "memory": memory},
            "limits": {"memory": memory},
        },
        "securityContext": server_security(),
        # The gateway notices a stopping pod only after a while, as with the model server.
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}},
        "volumeMounts": [{"name": "transformer", "mountPath": "/tmp"}],  # noqa: S108 - inside the container
    }
    return {"containers": [container], "volumes": [{"name": "transformer", "emptyDir": {}}]}


def _args(name: str, model: ServedModel | Ensemble) -> list[str]:
    """Arguments of the model server, behind those of its runtime."""
    args: list[str] = []
    if isinstance(model, Ensemble):
        return list(model.args)
    if model.runtime is Runtime.VLLM:
        args.append(f"--served-model-name={name}")
        if model.gpu is not None and model.gpu.number > 1:
            args.append(f"--tensor-parallel-size={model.gpu.number}")
        if model.adapters:
            modules = [f"{key}={ADAPTERS}/{key}" for key in sorted(model.adapters)]
            # All at once, unless somebody counted: a set of adapters holds fewer on the GPU than there are.
            counted = any(arg.startswith("--max-loras=") for arg in model.args)
            slots = [] if counted else [f"--max-loras={len(modules)}"]
            args += ["--enable-lora", *slots, "--lora-modules", *modules]
    elif model.runtime is Runtime.HUGGINGFACE:
        args.append(f"--model_name={name}")
    return [*args, *model.args]


def canary_model(model: ServedModel, canary: Canary) -> ServedModel:
    """The canary as a model of its own: same runtime and GPU, other weights, a fixed number of replicas."""
    replicas = {"min": canary.replicas, "max": canary.replicas}
    changes = {"source": canary.source, "canary": None, "replicas": replicas, "scaling": {}}
    return ServedModel.model_validate({**model.model_dump(), **changes})
