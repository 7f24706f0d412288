"""A tenant's topics, its users, their certificates, and the way to the brokers."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing import certificates, kafka_objects
from components.eventing.kafka_names import TenantTopics
from components.eventing.network import allow_kafka
from components.labels import tenant_labels
from components.manifest import Spec


class TenantEventsArgs(TypedDict):
    """What a tenant has on Kafka; a policy or a reviewer reads it here."""

    tenant: str
    """Its namespace; all names on Kafka begin with it."""

    brokers: int
    """Brokers of the cluster, which say how often each record is kept."""

    keep_records: bool
    """Whether whoever would delete a topic is refused."""


class TenantEvents(pulumi.ComponentResource):
    """Topics, users with their quotas, and two Secrets with certificates in the tenant's namespace. Runs nothing."""

    def __init__(
        self,
        name: str,
        args: TenantEventsArgs,
        topics: TenantTopics,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`topics`: what `components.eventing.topics` makes of the tenant's settings."""
        super().__init__("multimodal:index:TenantEvents", name, dict(args), opts)
        tenant, child = args["tenant"], pulumi.ResourceOptions(parent=self)
        for topic in topics.topics:
            kubernetes.apiextensions.CustomResource(
                f"{name}-topic-{topic.name.removeprefix(f'{tenant}.')}",
                api_version=kafka_objects.API,
                kind="KafkaTopic",
                metadata=kafka_objects.topic_metadata(tenant, topic),
                spec=kafka_objects.topic_spec(topic, args["brokers"]),
                # With the object goes the topic, and with it every record.
                opts=pulumi.ResourceOptions(parent=self, protect=args["keep_records"]),
            )
        for user in topics.users:
            kubernetes.apiextensions.CustomResource(
                f"{name}-user-{user.name.removeprefix(f'{tenant}.')}",
                api_version=kafka_objects.API,
                kind="KafkaUser",
                metadata=kafka_objects.user_metadata(tenant, user),
                spec=kafka_objects.user_spec(user),
                opts=child,
            )
        for secret, spec in certificates.clients(topics).items():
            kubernetes.apiextensions.CustomResource(
                f"{name}-{secret}",
                api_version="cert-manager.io/v1",
                kind="Certificate",
                metadata={
                    **_metadata(tenant, secret),
                    # What runs in the tenant's namespace mounts the Secret.
                    "annotations": {"pulumi.com/waitFor": "condition=Ready"},
                },
                spec=spec,
                opts=child,
            )
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-network", metadata=_metadata(tenant, "workloads-to-kafka"), spec=allow_kafka(), opts=child
        )
        self.register_outputs({})


def _metadata(tenant: str, name: str) -> Spec:
    return {"name": name, "namespace": tenant, "labels": tenant_labels(tenant)}
