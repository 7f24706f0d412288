"""Names that the parts of serving share."""

from components.settings.ensembles import Ensemble
from components.settings.serving import Mode, Runtime, ServedModel

NAMESPACE = "kserve"
"""KServe's own namespace."""

GATEWAY_NAMESPACE = "envoy-gateway-system"
"""Where the gateway and its proxies run."""

GATEWAY = "models"
"""The Gateway through which requests reach models."""

SERVER_PORT = 8080
"""Port of every model server's HTTP API in its pod, and of a graph's router."""

TRANSFORMER_PORT = 8081
"""Port of a transformer in a model's pod, in place of the model server's."""

REQUEST_SECONDS = 900
"""How long a request may take: long generations stream for minutes; a dead server is noticed by its probes."""

KNATIVE_SUFFIX = "-knative"
"""Ends the names of the runtimes that models in knative mode run on."""

GRAPH_LABEL = "multimodal.dev/graph"
"""On routers: the graph's name."""

SET_LABEL = "multimodal.dev/model-set"
"""On pods of a multiplexed set: the set's name."""


def runtime_name(model: ServedModel | Ensemble) -> str:
    """The ClusterServingRuntime that serves the model."""
    on_processors = model.runtime is Runtime.HUGGINGFACE and model.gpu is None
    name = f"multimodal-{model.runtime.value}" + ("-cpu" if on_processors else "")
    return f"{name}{KNATIVE_SUFFIX}" if model.mode is Mode.KNATIVE else name
