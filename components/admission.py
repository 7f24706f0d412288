"""Rules of admission that the API server keeps by itself, with no webhook that could be away."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import platform_labels
from components.manifest import Spec


def refuse(name: str, rule: str, spec: Spec, opts: pulumi.ResourceOptions) -> None:
    """A ValidatingAdmissionPolicy called `rule`, and its binding to the whole cluster: what it finds is refused.

    Args:
        name: Begins the names of the two resources.
        rule: Their name in the cluster.
        spec: Of the policy.
        opts: Parent, and what else holds for both.
    """
    policy = kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
        f"{name}-policy",
        metadata={"name": rule, "labels": platform_labels()},
        spec=spec,
        opts=opts,
    )
    kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
        f"{name}-binding",
        metadata={"name": rule, "labels": platform_labels()},
        spec={"policy_name": policy.metadata.name, "validation_actions": ["Deny"]},
        opts=opts,
    )
