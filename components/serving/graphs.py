"""What an inference graph becomes: KServe's router with its InferenceGraph spec, a service and a route. Pure.

The router runs in a Deployment of the platform's, since the one that KServe's controller would make for an
InferenceGraph object has no seccomp profile, scheduler or priority, and Pod Security restricted refuses it
(docs/decisions/0005-ensembles-and-graphs.md).

Sources: kserve v0.18.1, pkg/apis/serving/v1alpha1/inference_graph.go (spec), cmd/router (flags, port, how it decides),
pkg/controller/v1alpha1/inferencegraph/raw_ig.go (how KServe runs it), pkg/constants (paths, probe).
"""

import json
from collections.abc import Mapping
from typing import Any

from components.labels import QUEUE_ANNOTATION, tenant_labels
from components.manifest import Spec
from components.scheduling.volcano import SCHEDULER
from components.serving.names import GATEWAY, GATEWAY_NAMESPACE, GRAPH_LABEL, SERVER_PORT
from components.serving.routes import address
from components.settings.checks_graphs import LARGEST_WEIGHT, reads_response
from components.settings.ensembles import Ensemble
from components.settings.graphs import Graph, GraphNode, GraphStep, NodeKind
from components.settings.serving import Runtime, ServedModel

Served = Mapping[str, ServedModel | Ensemble]
"""The tenant's models and ensembles by name."""

_KINDS = {
    NodeKind.SEQUENCE: "Sequence",
    NodeKind.SWITCH: "Switch",
    NodeKind.SPLIT: "Splitter",
    NodeKind.PARALLEL: "Ensemble",
}

_PATHS = {
    Runtime.TRITON: "/v2/models/{}/infer",
    Runtime.VLLM: "/v1/chat/completions",
    Runtime.HUGGINGFACE: "/v1/models/{}:predict",
}
"""Runtime -> path of its API; {} is the model's name."""

PROPAGATED = ("authorization", "traceparent", "tracestate", "x-request-id")
"""Headers that every step gets from the caller."""

USER = 65532
"""User of the router's image (kserve router.Dockerfile, on distroless's nonroot)."""


def graph_spec(tenant: str, graph: Graph, served: Served) -> Spec:
    """The graph in the words of KServe's InferenceGraph."""
    return {
        "nodes": {
            key: {"routerType": _KINDS[node.kind], "steps": _steps(tenant, node, graph, served)}
            for key, node in sorted(graph.nodes.items())
        },
        "routerTimeouts": {"serverWrite": graph.timeout_seconds, "serviceClient": graph.timeout_seconds},
    }


def _steps(tenant: str, node: GraphNode, graph: Graph, served: Served) -> list[dict[str, Any]]:
    steps = [_step(tenant, index, node, graph, served) for index in range(len(node.steps))]
    if node.kind is NodeKind.SPLIT:
        # Routers before v0.19.0 throw a die of 0 to 100 and fail at 100, which no share covers (kserve pull 5489).
        steps[-1]["weight"] += 1
    return steps


def _step(tenant: str, index: int, node: GraphNode, graph: Graph, served: Served) -> dict[str, Any]:
    step = node.steps[index]
    made: dict[str, Any] = {
        # Steps of a sequence or split may lead to one model twice.
        "name": step.to if node.kind is NodeKind.PARALLEL else f"{index}-{step.to}",
        # An answer that is none ends the request, with the status that the model gave.
        "dependency": "Hard",
        **({"nodeName": step.to} if step.to in graph.nodes else {"serviceUrl": _url(tenant, step, served)}),
    }
    if step.when is not None:
        made["condition"] = step.when
    if node.kind is NodeKind.SPLIT:
        made["weight"] = step.percent or LARGEST_WEIGHT
    if node.kind is NodeKind.SEQUENCE and reads_response(step, index):
        made["data"] = "$response"
        if _predicts(node.steps[index - 1], served) and _predicts(step, served):
            made["mapPredictionsToInstances"] = True
    return made


def _predicts(step: GraphStep, served: Served) -> bool:
    """Whether the step speaks KServe's first protocol, in which answers are predictions and requests instances."""
    return step.to in served and served[step.to].runtime is Runtime.HUGGINGFACE and step.path is None


def _url(tenant: str, step: GraphStep, served: Served) -> str:
    path = step.path or _PATHS[served[step.to].runtime].format(step.to)
    return f"http://{step.to}-predictor.{tenant}.svc.cluster.local{path}"


def _metadata(tenant: str, name: str) -> Spec:
    return {"name": name, "namespace": tenant, "labels": {**tenant_labels(tenant), GRAPH_LABEL: name}}


def router_deployment(tenant: str, name: str, graph: Graph, served: Served, *, image: str) -> Spec:
    """Metadata and spec of the routers' Deployment.

    Args:
        tenant: Namespace and queue.
        name: The graph's name.
        graph: Its settings, checked.
        served: What its steps may lead to.
        image: KServe's router.
    """
    confined = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    router = {
        "name": "router",
        "image": image,
        "args": ["--graph-json", json.dumps(graph_spec(tenant, graph, served), sort_keys=True)],
        "env": [{"name": "PROPAGATE_HEADERS", "value": ",".join(f"(?i)^{header}$" for header in PROPAGATED)}],
        "ports": [{"name": "http", "containerPort": SERVER_PORT}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": SERVER_PORT}, "periodSeconds": 5},
        # It holds bodies of requests and answers while they are on their way.
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": confined,
    }
    pods = {GRAPH_LABEL: name}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": pods},
    }
    return {
        "metadata": _metadata(tenant, name),
        "spec": {
            "replicas": graph.replicas,
            "selector": {"matchLabels": pods},
            "template": {
                "metadata": {
                    "labels": {**tenant_labels(tenant), **pods},
                    "annotations": {QUEUE_ANNOTATION: tenant},
                },
                "spec": {
                    "schedulerName": SCHEDULER,
                    "priorityClassName": graph.priority.value,
                    "automountServiceAccountToken": False,
                    # Time for requests that are on their way when it stops.
                    "terminationGracePeriodSeconds": graph.timeout_seconds + 30,
                    "topologySpreadConstraints": [spread],
                    "containers": [router],
                },
            },
        },
    }


def router_service(tenant: str, name: str) -> Spec:
    """Metadata and spec of the routers' Service."""
    return {
        "metadata": _metadata(tenant, name),
        "spec": {
            "selector": {GRAPH_LABEL: name},
            "ports": [{"name": "http", "port": 80, "targetPort": SERVER_PORT, "appProtocol": "http"}],
        },
    }


def graph_route(tenant: str, name: str, graph: Graph, *, domain: str) -> Spec:
    """Metadata and spec of the graph's HTTPRoute."""
    return {
        "metadata": {"name": name, "namespace": tenant, "labels": tenant_labels(tenant)},
        "spec": {
            "parentRefs": [{"namespace": GATEWAY_NAMESPACE, "name": GATEWAY}],
            "hostnames": [address(tenant, name, domain)],
            "rules": [
                {
                    "backendRefs": [{"name": name, "port": 80}],
                    "timeouts": {"request": f"{graph.timeout_seconds}s"},
                }
            ],
        },
    }
