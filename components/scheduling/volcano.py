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

    growing: bool
    """Whether some pool gets nodes when pods wait for them."""

    claims: NotRequired[bool]
    """Whether pods claim devices, GPUs or network cards."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def scheduler_config(gpu_resources: list[str], *, growing: bool, claims: bool = False) -> dict[str, Any]:
    """Volcano's scheduler configuration. docs/scheduling.md says what it makes of jobs.

    `enqueue` makes no pods for a job until its queue has room for the whole of it, counted in nodes that exist. Where
    none can be added, that keeps two jobs from waiting for each other with half of their pods made. But an autoscaler
    sees only pods, so with it a pool never grows (volcano issues 3910, 3804); where pools grow it is left out. So is
    the chart's `overcommit` everywhere: it would not enqueue a job into a full cluster, and what is not enqueued takes
    back nothing.

    What is idle is used first: `reclaim` (from other queues what they use beyond their share) and `preempt` (from lower
    priorities of the same queue) come last.
    `claims` lets it place pods by the devices that they claim, and count those against queues (volcano, user guides
    how_to_enable_dra.md and how_to_use_dra_quota.md).
    """
    actions = [*([] if growing else ["enqueue"]), "allocate", "backfill", "reclaim", "preempt"]
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
            {
                "plugins": [
                    {"name": "priority"},
                    # A gang is no shelter: else a tenant could hold for ever what others deserve. Job policies restart
                    # the whole of a gang that lost a member.
                    {"name": "gang", "enablePreemptable": False, "enableReclaimable": False},
                    {"name": "conformance"},
                    # In this tier, because the first tier that names victims decides alone (volcano,
                    # pkg/scheduler/framework/session_plugins.go): below, nobody would ask for deserved shares.
                    _with_claims("capacity", "capacity", on=claims),
                ]
            },
            {
                "plugins": [
                    {"name": "drf", "enablePreemptable": False},
                    _with_claims("predicates", "predicate", on=claims),
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
    config = scheduler_config(args["gpu_resources"], growing=args["growing"], claims=args.get("claims", False))
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
