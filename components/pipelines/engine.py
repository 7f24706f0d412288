"""What runs the pipelines of all tenants: Argo Workflows, and the kind of a recurring run."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from components.catalog.images import image_values
from components.helm import addon_namespace, merge, release
from components.labels import platform_labels
from components.manifest import Spec
from components.pipelines.pods import RESTRICTED
from components.settings.sections import PodSecurity

NAMESPACE = "argo"
"""Argo's namespace."""

EXECUTOR_USER = 65532
"""Of the executor beside each step; its image names none by number (kubeflow/pipelines, third-party/argo)."""


class PipelineEngineArgs(TypedDict):
    """What Argo needs to know."""

    version: str
    """Chart version."""

    replicas: int
    """Controllers, of which one leads."""

    step_env: dict[str, str]
    """Environment of every step, such as the cloud's region."""

    mirror: str | None
    """Where a copy of the executor's image lies; None: it comes from its maker."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    values: dict[str, Any]
    """Further chart values, merged last."""


def argo_values(args: PipelineEngineArgs) -> dict[str, Any]:
    """Values of the argo-workflows chart."""
    base: dict[str, Any] = {
        "images": {"pullPolicy": "IfNotPresent"},
        # With the release go the kinds; a destroy has removed every run before.
        "crds": {"install": True, "keep": False},
        # Tenants' own roles say who may do what; cluster-wide ones for users would go around them.
        "createAggregateRoles": False,
        "workflow": {"rbac": {"create": False}},
        # Kubeflow Pipelines has a server and an UI of its own.
        "server": {"enabled": False},
        "executor": {
            "securityContext": {**RESTRICTED, "runAsUser": EXECUTOR_USER},
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        },
        "controller": {
            "replicas": args["replicas"],
            # The release makes accounts and roles in these; runs have an account of Kubeflow Pipelines'.
            "workflowNamespaces": [],
            "clusterWorkflowTemplates": {"enabled": False},
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
            # One event for each step of each run would fill the API server's store.
            "nodeEvents": {"enabled": False},
            **({"pdb": {"enabled": True, "maxUnavailable": 1}} if args["replicas"] > 1 else {}),
        },
    }
    if args["step_env"]:
        env = [{"name": name, "value": text} for name, text in sorted(args["step_env"].items())]
        base["mainContainer"] = {"env": env}
    images = image_values("argo-workflows", args["images_lock"], args["version"], mirror=args["mirror"])
    return merge(images, base, args["values"])


def schedule_kind() -> Spec:
    """Spec of the CRD of recurring runs, which Kubeflow Pipelines fills as it likes (kubeflow/pipelines 2.16.1,
    manifests/kustomize/base/pipeline/cluster-scoped)."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-map-type": "atomic"}
    schema = {
        "type": "object",
        "required": ["spec", "status"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": anything,
            "status": anything,
        },
    }
    return {
        "group": "kubeflow.org",
        "scope": "Namespaced",
        "names": {
            "kind": "ScheduledWorkflow",
            "listKind": "ScheduledWorkflowList",
            "plural": "scheduledworkflows",
            "singular": "scheduledworkflow",
            "shortNames": ["swf"],
        },
        "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
    }


class PipelineEngine(pulumi.ComponentResource):
    """Argo Workflows for all namespaces, and the kind ScheduledWorkflow. Runs nothing; tenants bring their own API."""

    namespace: pulumi.Output[str]
    """Namespace of Argo's controller."""

    passwords: random.Provider
    """Makes the passwords that tenants' databases and stores have."""

    def __init__(self, name: str, args: PipelineEngineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:PipelineEngine", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = addon_namespace(name, namespace=NAMESPACE, pod_security=PodSecurity.RESTRICTED, opts=child)
        self.namespace = namespace.metadata.name
        kubernetes.apiextensions.v1.CustomResourceDefinition(
            f"{name}-schedules",
            metadata={"name": "scheduledworkflows.kubeflow.org", "labels": platform_labels()},
            spec=schedule_kind(),
            opts=child,
        )
        release(
            f"{name}-release",
            chart="argo-workflows",
            version=args["version"],
            namespace=self.namespace,
            values=argo_values(args),
            opts=child,
        )
        self.passwords = random.Provider(f"{name}-passwords", opts=child)
        self.register_outputs({"namespace": self.namespace})
