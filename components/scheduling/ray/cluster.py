"""A Ray cluster that stays."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.scheduling.ray.objects import ray_cluster_spec


class RayClusterArgs(TypedDict):
    """What the cluster is made of."""

    metadata: dict[str, Any]
    """Its metadata, with the labels of queue and priority."""

    nodes: dict[str, Any]
    """Head and workers, as `nodes.cluster_spec` makes them."""


class RayCluster(pulumi.ComponentResource):
    """A Ray cluster to which a team's programs connect. Runs nothing by itself."""

    head: str
    """Name of the head's Service: its dashboard and job API answer at port 8265."""

    def __init__(self, name: str, args: RayClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:RayCluster", name, dict(args), opts)
        kubernetes.apiextensions.CustomResource(
            f"{name}-cluster",
            api_version="ray.io/v1",
            kind="RayCluster",
            # Ray's autoscaler writes numbers of workers into the list of groups, and so owns all of it together with
            # us; an update of ours takes it back, and Ray scales on from there.
            metadata={**args["metadata"], "annotations": {"pulumi.com/patchForce": "true"}},
            spec=ray_cluster_spec(args["nodes"]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.head = f"{args['metadata']['name']}-head-svc"
        self.register_outputs({"head": self.head})
