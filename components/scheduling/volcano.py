"""Volcano: gang scheduling, GPU bin-packing, a queue per tenant."""

from typing import Any, NotRequired, TypedDict

import pulumi
import yaml

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.settings.sections import PodSecurity

NAMESPACE = "volcano-system"
"""Volcano's namespace; its chart expects this name."""

SCHEDULER = "volcano"
"""`schedulerName` of pods that Volcano places."""


class VolcanoArgs(TypedDict):
    """What the batch scheduler needs to know."""

    version: str
    """Chart version."""

    replicas: int
    """Scheduler, controller and admission replicas."""

    gpu_resources: list[str]
    """Extended resources to pack by: `nvidia.com/gpu` and every MIG slice of the pools; none where pods claim GPUs."""

    scale_from_zero: bool
    """Whether some pool may be empty until a pod waits for it."""

    claims: NotRequired[bool]
    """Whether pods claim devices, GPUs or network cards."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def scheduler_config(gpu_resources: list[str], *, scale_from_zero: bool, claims: bool = False) -> dict[str, Any]:
    """Volcano's scheduler configuration.

    `enqueue` holds back pods of jobs for which the cluster has no room now. A cluster autoscaler sees only pods, so
    with it a pool at zero never grows (volcano issues 3910, 3804); where pools scale from zero it is left out.
    `claims` lets it place pods by the devices that they claim, and count those against queues (volcano, user guides
    how_to_enable_dra.md and how_to_use_dra_quota.md).
    """
    actions = ["allocate", "backfill"] if scale_from_zero else ["enqueue", "allocate", "backfill"]
    binpack = {
        "binpack.weight": 10,
        "binpack.cpu": 1,
        "binpack.memory": 1,
        "binpack.resources": ", ".join(gpu_resources),
        **{f"binpack.resources.{resource}": 10 for resource in gpu_resources},
    }
    return {
        "actions": ", ".join(actions),
        "tiers": [
            {"plugins": [{"name": "priority"}, {"name": "gang", "enablePreemptable": False}, {"name": "conformance"}]},
            {
                "plugins": [
                    # overcommit speaks only in enqueue.
                    *([] if scale_from_zero else [{"name": "overcommit"}]),
                    {"name": "drf", "enablePreemptable": False},
                    _with_claims("predicates", "predicate", on=claims),
                    _with_claims("capacity", "capacity", on=claims),
                    # Spreading by free resources would work against packing.
                    {"name": "nodeorder", "arguments": {"leastrequested.weight": 0, "balancedresource.weight": 0}},
                    {"name": "binpack", "arguments": binpack},
                ]
            },
        ],
    }


def _with_claims(plugin: str, prefix: str, *, on: bool) -> dict[str, Any]:
    return {"name": plugin, **({"arguments": {f"{prefix}.DynamicResourceAllocationEnable": True}} if on else {})}


def volcano_values(args: VolcanoArgs) -> dict[str, Any]:
    """Values of the volcano chart."""
    config = scheduler_config(
        args["gpu_resources"], scale_from_zero=args["scale_from_zero"], claims=args.get("claims", False)
    )
    base: dict[str, Any] = {
        "basic": {"image_pull_policy": "IfNotPresent"},
        "custom": {
            "scheduler_replicas": args["replicas"],
            "controller_replicas": args["replicas"],
            "admission_replicas": args["replicas"],
            "leader_elect_enable": args["replicas"] > 1,
            "scheduler_config_override": yaml.safe_dump(config, sort_keys=False),
        },
    }
    return merge(image_values("volcano", args["images_lock"], args["version"]), base, args["values"])


class Volcano(pulumi.ComponentResource):
    """Volcano: gang scheduling and GPU bin-packing. Installs no workloads and no queues; tenants bring theirs."""

    namespace: pulumi.Output[str]
    """Namespace of the scheduler."""

    def __init__(self, name: str, args: VolcanoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Volcano", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.BASELINE, opts=child)
        self.namespace = namespace.metadata.name
        release(
            f"{name}-release",
            chart="volcano",
            version=args["version"],
            namespace=self.namespace,
            values=volcano_values(args),
            opts=child,
        )
        self.register_outputs({"namespace": self.namespace})
