"""Ray Serve applications on a Ray cluster of their own."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.scheduling.ray.nodes import fingerprint, without_bounds
from components.scheduling.ray.objects import ray_service_spec
from components.settings.ray import RayService as RayServiceSettings
from components.settings.ray import Upgrade


class RayServiceArgs(TypedDict):
    """What the service is made of."""

    metadata: dict[str, Any]
    """Its metadata, with the labels of queue and priority."""

    settings: dict[str, Any]
    """The service as it stands in the stack file."""

    nodes: dict[str, Any]
    """Head and workers, as `nodes.cluster_spec` makes them."""


class RayService(pulumi.ComponentResource):
    """Ray Serve applications behind one Service. Opens nothing beyond the tenant's namespace."""

    address: str
    """Where the applications answer, within the namespace."""

    def __init__(self, name: str, args: RayServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:RayService", name, dict(args), opts)
        settings = RayServiceSettings.model_validate(args["settings"])
        # A changed application is handed to the running cluster. Other pods would need every GPU twice; unless the
        # stack file says so, the old ones go first.
        recreate = pulumi.ResourceOptions(
            replacement_trigger=fingerprint(without_bounds(args["nodes"])), delete_before_replace=True
        )
        kubernetes.apiextensions.CustomResource(
            f"{name}-service",
            api_version="ray.io/v1",
            kind="RayService",
            metadata=args["metadata"],
            spec=ray_service_spec(settings, args["nodes"]),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(parent=self), recreate if settings.upgrade is Upgrade.RECREATE else None
            ),
        )
        self.address = f"http://{args['metadata']['name']}-serve-svc:8000"
        self.register_outputs({"address": self.address})
