"""The admission rule that keeps a tenant's work in the tenant's own queue, and at priorities that are meant for it.

A job names its queue by itself, and without a rule it could name another tenant's, or `default`, which nobody bounds.
Kubernetes also lets any pod use a system-critical PriorityClass (its documentation, "Limit Priority Class
consumption").

The rule is a ValidatingAdmissionPolicy: the API server judges by itself, with no webhook that could be away.
"""

from typing import TypedDict

import pulumi

from components.admission import refuse
from components.labels import TENANT
from components.manifest import Spec
from components.scheduling.volcano import SCHEDULER
from components.settings.workloads import Priority

_ANNOTATIONS = "object.metadata.?annotations.orValue({})"
_LABELS = "object.metadata.?labels.orValue({})"

_TRIAL = "has(request.dryRun) && request.dryRun && object.metadata.?generateName.orValue('') == 'dry-run-validation'"
"""A pod that Knative's webhook tries and nobody keeps: it has a service's spec without its annotations, so it names no
queue (knative/serving, pkg/webhook/podspec_dryrun.go). KServe changes Knative Services by way of it."""

_QUEUES: dict[str, str] = {
    # A pod in a group has the group's queue; Volcano makes a group for any other pod, from this annotation.
    "Pod": (
        f"({_TRIAL}) || object.spec.?schedulerName.orValue('') != '{SCHEDULER}'"
        f" || 'scheduling.k8s.io/group-name' in {_ANNOTATIONS}"
        f" ? variables.tenant : {_ANNOTATIONS}[?'scheduling.volcano.sh/queue-name'].orValue('')"
    ),
    "Job": "object.spec.?queue.orValue('')",
    "PodGroup": "object.spec.?queue.orValue('')",
    **dict.fromkeys(("RayCluster", "RayJob", "RayService"), f"{_LABELS}[?'volcano.sh/queue-name'].orValue('')"),
}
"""Kind -> the queue that an object of it names, in CEL; '' where it names none. Sources: volcano.sh/apis
`scheduling/v1beta1` and `batch/v1alpha1`; kuberay, batchscheduler/volcano (labels of the Ray resources)."""

_CLASSES: dict[str, str] = {
    "Pod": "[object.spec.?priorityClassName.orValue('')]",
    "Job": (
        "[object.spec.?priorityClassName.orValue('')]"
        " + object.spec.tasks.map(task, task.template.spec.?priorityClassName.orValue(''))"
    ),
    "PodGroup": "[object.spec.?priorityClassName.orValue('')]",
    **dict.fromkeys(("RayCluster", "RayJob", "RayService"), f"[{_LABELS}[?'ray.io/priority-class-name'].orValue('')]"),
}
"""Kind -> the PriorityClasses that an object of it names, in CEL; '' for none."""


def _by_kind(expressions: dict[str, str], otherwise: str) -> str:
    """The expression of the object's kind."""
    text = otherwise
    for kind, expression in reversed(expressions.items()):
        text = f"request.kind.kind == '{kind}' ? ({expression}) : ({text})"
    return text


def queue_policy() -> Spec:
    """Spec of the ValidatingAdmissionPolicy."""
    allowed = [priority.value for priority in Priority]
    quoted = ", ".join(f"'{name}'" for name in ["", *allowed])
    written = ["CREATE", "UPDATE"]
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [{"key": TENANT, "operator": "Exists"}]},
            "resourceRules": [
                # What names queue and class cannot change in a pod.
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]},
                *(
                    {"apiGroups": [group], "apiVersions": ["*"], "operations": written, "resources": resources}
                    for group, resources in {
                        "batch.volcano.sh": ["jobs"],
                        "scheduling.volcano.sh": ["podgroups"],
                        "ray.io": ["rayclusters", "rayjobs", "rayservices"],
                    }.items()
                ),
            ],
        },
        "variables": [
            {"name": "tenant", "expression": f"namespaceObject.metadata.labels['{TENANT}']"},
            {"name": "queue", "expression": _by_kind(_QUEUES, "variables.tenant")},
            {"name": "classes", "expression": _by_kind(_CLASSES, "['']")},
        ],
        "validations": [
            {
                "expression": "variables.queue == variables.tenant",
                "messageExpression": (
                    "'queue \"' + variables.queue + '\": work of tenant ' + variables.tenant"
                    " + ' runs in its own queue only; name ' + variables.tenant"
                ),
                "reason": "Forbidden",
            },
            {
                "expression": f"variables.classes.all(name, name in [{quoted}])",
                "messageExpression": (
                    f"'priorityClassName ' + variables.classes.filter(name, !(name in [{quoted}])).join(', ')"
                    f" + ': a tenant may use {', '.join(allowed)}'"
                ),
                "reason": "Forbidden",
            },
        ],
    }


class QueueGuardArgs(TypedDict):
    """What the rule allows; a policy or a reviewer reads it here."""

    priorities: list[str]
    """PriorityClasses that tenants may use."""


class QueueGuard(pulumi.ComponentResource):
    """Refuses tenants' pods and jobs that name a foreign queue or a PriorityClass that is not for tenants."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        args: QueueGuardArgs = {"priorities": [priority.value for priority in Priority]}
        super().__init__("multimodal:index:QueueGuard", name, dict(args), opts)
        refuse(name, "tenant-queues", queue_policy(), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
