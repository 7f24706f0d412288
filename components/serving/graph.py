"""An inference graph: routers that send a request from model to model."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.serving.graphs import graph_route, router_deployment, router_service
from components.serving.routes import address
from components.settings.ensembles import Ensemble
from components.settings.graphs import Graph
from components.settings.serving import ServedModel


class InferenceGraphArgs(TypedDict):
    """What a graph is made of."""

    tenant: str
    """Its tenant: namespace and queue."""

    graph: str
    """Its name within the tenant."""

    settings: dict[str, Any]
    """Its settings as they stand in the stack file."""

    domain: str
    """Domain of the models' addresses."""

    image: str
    """KServe's router."""


class InferenceGraph(pulumi.ComponentResource):
    """Several models behind one address. Does not wait for them: a step that does not answer yet fails its request."""

    address: str
    """Host name under which it answers."""

    def __init__(
        self,
        name: str,
        args: InferenceGraphArgs,
        served: dict[str, ServedModel | Ensemble],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("multimodal:index:InferenceGraph", name, dict(args), opts)
        tenant, key = args["tenant"], args["graph"]
        graph = Graph.model_validate(args["settings"])
        child = pulumi.ResourceOptions(parent=self)
        kubernetes.apps.v1.Deployment(
            f"{name}-router",
            opts=child,
            **router_deployment(tenant, key, graph, served, image=args["image"]),
        )
        kubernetes.core.v1.Service(f"{name}-service", opts=child, **router_service(tenant, key))
        kubernetes.apiextensions.CustomResource(
            f"{name}-route",
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            opts=child,
            **graph_route(tenant, key, graph, domain=args["domain"]),
        )
        self.address = address(tenant, key, args["domain"])
        self.register_outputs({"address": self.address})
