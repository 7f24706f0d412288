"""The PriorityClasses of tenants' workloads: interactive over batch over best-effort."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import platform_labels
from components.settings.workloads import Priority

VALUES: dict[Priority, int] = {Priority.INTERACTIVE: 10_000, Priority.BATCH: 1_000, Priority.BEST_EFFORT: 100}
"""Apart enough for classes of a platform's own in between, and far below the platform's controllers, which have
system-cluster-critical. A pod without a class has 0 and comes last. None is negative: the cluster autoscaler adds no
node for a pod below -10 (kubernetes/autoscaler, `--expendable-pods-priority-cutoff`)."""

_DESCRIPTIONS: dict[Priority, str] = {
    Priority.INTERACTIVE: "A person waits for the answer. Takes GPUs from batch and best-effort work of its queue.",
    Priority.BATCH: "Must finish, but may wait. Takes GPUs from best-effort work of its queue.",
    Priority.BEST_EFFORT: "Runs on what is left over, and takes nothing from anyone.",
}


class PriorityClassesArgs(TypedDict):
    """Which classes there are."""

    values: dict[str, int]
    """Class -> priority."""


class PriorityClasses(pulumi.ComponentResource):
    """One PriorityClass for each `Priority`. Says nothing about who may use it; the queue guard does."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        args: PriorityClassesArgs = {"values": {priority.value: value for priority, value in VALUES.items()}}
        super().__init__("multimodal:index:PriorityClasses", name, dict(args), opts)
        for priority, value in VALUES.items():
            kubernetes.scheduling.v1.PriorityClass(
                f"{name}-{priority.value}",
                metadata={"name": priority.value, "labels": platform_labels()},
                value=value,
                description=_DESCRIPTIONS[priority],
                preemption_policy="Never" if priority is Priority.BEST_EFFORT else "PreemptLowerPriority",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
