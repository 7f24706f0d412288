"""Eventing's way to the platform's Kafka."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing import kafka_objects
from components.knative import kafka_access
from components.knative.names import BROKERS_SECRET, BROKERS_USER, EVENTING_NAMESPACE
from components.labels import platform_labels

POLICY = "kafka-brokers-keys"
"""Name of the rule that gives the certificate's Secret the keys that Knative reads."""


class BrokersOnKafkaArgs(TypedDict):
    """What Eventing is on Kafka; a policy or a reviewer reads it here."""

    kib_per_second: float
    """KiB that all brokers of Eventing take in per second."""

    brokers: int
    """Brokers of Kafka."""


class BrokersOnKafka(pulumi.ComponentResource):
    """The user of Kafka that Eventing's parts are, and its certificate. Makes no topics: Eventing does."""

    def __init__(self, name: str, args: BrokersOnKafkaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:BrokersOnKafka", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        user = kafka_access.brokers_user(args["kib_per_second"], args["brokers"])
        kubernetes.apiextensions.CustomResource(
            f"{name}-user",
            api_version=kafka_objects.API,
            kind="KafkaUser",
            metadata=kafka_objects.platform_metadata(BROKERS_USER),
            spec=kafka_objects.user_spec(user),
            opts=child,
        )
        keys = kubernetes.apiextensions.CustomResource(
            f"{name}-keys",
            api_version="policies.kyverno.io/v1",
            kind="MutatingPolicy",
            metadata={
                "name": POLICY,
                "labels": platform_labels(),
                # A Secret that is written before has Knative's keys at the next renewal only.
                "annotations": {"pulumi.com/waitFor": "jsonpath={.status.conditionStatus.ready}=true"},
            },
            spec=kafka_access.keys_policy(),
            opts=child,
        )
        kubernetes.apiextensions.CustomResource(
            f"{name}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata={
                "name": BROKERS_SECRET,
                "namespace": EVENTING_NAMESPACE,
                "labels": platform_labels(),
                "annotations": {"pulumi.com/waitFor": "condition=Ready"},
            },
            spec=kafka_access.certificate(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[keys]),
        )
        self.register_outputs({})
