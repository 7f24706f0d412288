"""A set of models on Ray Serve: each is loaded when it is asked for, the least recently used one makes room."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.scheduling.ray.service import RayService
from components.serving.multiplexing import config_map_name, files
from components.serving.network import allow_gateway_to_set
from components.serving.routes import address, set_route


class MultiplexedArgs(TypedDict):
    """What the set is made of."""

    tenant: str
    """Its tenant: namespace and queue."""

    model_set: str
    """Its name within the tenant."""

    models: dict[str, str]
    """Where each model's weights are."""

    density: str
    """How many are in GPU memory at once, for people."""

    metadata: dict[str, Any]
    """Of its Ray service, with the labels of queue and priority."""

    settings: dict[str, Any]
    """The Ray service, as `set_workloads.as_ray_service` makes it."""

    nodes: dict[str, Any]
    """Head and workers, as `multiplexing.mounted` makes them."""

    domain: str | None
    """Domain of the models' addresses; None where the stack has no gateway for models."""


class Multiplexed(pulumi.ComponentResource):
    """Many models behind one address. A changed list of models restarts nothing."""

    address: str
    """Where they answer, within the namespace: POST <address>/models/<name>."""

    host: str | None
    """Host name under which they answer at the gateway, at the same paths; None where there is none."""

    def __init__(
        self,
        name: str,
        args: MultiplexedArgs,
        store: pulumi.Output[str] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`store`: where the tenant's part of the model store is; None: the stack has none."""
        super().__init__("multimodal:index:Multiplexed", name, dict(args), opts)
        tenant, key = args["tenant"], args["model_set"]
        mounted = kubernetes.core.v1.ConfigMap(
            f"{name}-files",
            metadata={"name": config_map_name(key), "namespace": tenant, "labels": tenant_labels(tenant)},
            data={**files(args["models"]), "store": store or ""},
            opts=pulumi.ResourceOptions(parent=self),
        )
        service = RayService(
            f"{name}-ray",
            {"metadata": args["metadata"], "settings": args["settings"], "nodes": args["nodes"]},
            pulumi.ResourceOptions(parent=self, depends_on=[mounted]),
        )
        self.address = service.address
        self.host = self._reached(name, tenant, key, args["domain"]) if args["domain"] is not None else None
        self.register_outputs({"address": self.address, "host": self.host})

    def _reached(self, name: str, tenant: str, key: str, domain: str) -> str:
        """A route on the gateway, and the gateway's way into the tenant's closed network."""
        child = pulumi.ResourceOptions(parent=self)
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-from-gateway",
            metadata={"name": f"{key}-from-gateway", "namespace": tenant, "labels": tenant_labels(tenant)},
            spec=allow_gateway_to_set(key),
            opts=child,
        )
        kubernetes.apiextensions.CustomResource(
            f"{name}-route",
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            opts=child,
            **set_route(tenant, key, domain=domain),
        )
        return address(tenant, key, domain)
