"""A set of models on Ray Serve: each is loaded when it is asked for, the least recently used one makes room."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.scheduling.ray.service import RayService
from components.serving.multiplexing import config_map_name, files


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


class Multiplexed(pulumi.ComponentResource):
    """Many models behind one address. A changed list of models restarts nothing."""

    address: str
    """Where they answer, within the namespace: POST <address>/models/<name>."""

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
        self.register_outputs({"address": self.address})
