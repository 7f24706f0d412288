"""A program that runs once on a Ray cluster of its own."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.scheduling.ray.nodes import fingerprint
from components.scheduling.ray.objects import ray_job_spec
from components.settings.ray import RayJob as RayJobSettings


class RayJobArgs(TypedDict):
    """What the job is made of."""

    metadata: dict[str, Any]
    """Its metadata, with the labels of queue and priority."""

    settings: dict[str, Any]
    """The job as it stands in the stack file, without what it leaves to defaults."""

    nodes: dict[str, Any]
    """Head and workers, as `nodes.cluster_spec` makes them."""

    image: str
    """Image of the pod that submits it."""


class RayJob(pulumi.ComponentResource):
    """One run of a program, on a cluster that comes and goes with it. A change is another run."""

    def __init__(self, name: str, args: RayJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:RayJob", name, dict(args), opts)
        spec = ray_job_spec(RayJobSettings.model_validate(args["settings"]), args["nodes"], args["image"])
        kubernetes.apiextensions.CustomResource(
            f"{name}-job",
            api_version="ray.io/v1",
            kind="RayJob",
            metadata=args["metadata"],
            spec=spec,
            # A job that has started never looks at its spec again: only another object runs it anew, and since the name
            # stays, the old one goes first. The stack file alone decides that; a new default image reruns nothing.
            opts=pulumi.ResourceOptions(
                parent=self, replacement_trigger=fingerprint(args["settings"]), delete_before_replace=True
            ),
        )
        self.register_outputs({})
