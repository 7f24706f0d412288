"""The admission rule that keeps tenants' brokers within their own topics and rights.

All brokers share one user of Kafka, so a broker that takes up a topic by its name could read another tenant's. One of
the class KafkaNamespaced has its data plane in the tenant's namespace, for which its controller gives a service account
there leave to read the whole cluster's Secrets, and whoever runs pods there could use it.

The rule is a ValidatingAdmissionPolicy: the API server judges by itself, with no webhook that could be away.
Source: eventing-kafka-broker v0.49.2, reconciler/broker/broker.go (external topics) and namespaced_broker.go (what it
makes), data-plane/config/broker (the ClusterRole).
"""

from typing import TypedDict

import pulumi

from components.admission import refuse
from components.manifest import Spec

NAME = "knative-brokers"
"""Name of the policy and of its binding."""

CLASSES = ("Kafka", "MTChannelBasedBroker")
"""What tenants' brokers may be: on Kafka, or in memory."""

_CLASS = "eventing.knative.dev/broker.class"
_TOPIC = "kafka.eventing.knative.dev/external.topic"


def broker_policy() -> Spec:
    """Spec of the ValidatingAdmissionPolicy."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["eventing.knative.dev"],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["brokers"],
                }
            ]
        },
        # One that is on its way out has only finalizers to lose.
        "matchConditions": [{"name": "stays", "expression": "!has(object.metadata.deletionTimestamp)"}],
        "variables": [{"name": "said", "expression": "object.metadata.?annotations.orValue({})"}],
        "validations": [
            {
                "expression": f"!('{_CLASS}' in variables.said) || variables.said['{_CLASS}'] in {list(CLASSES)}",
                "messageExpression": (
                    f"'annotation {_CLASS} \"' + variables.said['{_CLASS}'] + '\": allowed: {', '.join(CLASSES)};"
                    " one with a data plane in its namespace would open the cluster to it'"
                ),
                "reason": "Forbidden",
            },
            {
                "expression": f"!('{_TOPIC}' in variables.said)",
                "message": (
                    f"annotation {_TOPIC}: brokers share one user of Kafka, so each has the topic of its own name;"
                    " leave it out, or read a topic with a KafkaSource"
                ),
                "reason": "Forbidden",
            },
        ],
    }


class BrokerGuardArgs(TypedDict):
    """What the rule lets through; a policy or a reviewer reads it here."""

    classes: list[str]
    """Classes of brokers."""


class BrokerGuard(pulumi.ComponentResource):
    """Refuses brokers that reach beyond their tenant. Makes no brokers."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        args: BrokerGuardArgs = {"classes": list(CLASSES)}
        super().__init__("multimodal:index:BrokerGuard", name, dict(args), opts)
        refuse(name, NAME, broker_policy(), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
