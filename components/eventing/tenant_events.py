"""A tenant's topics, its users, and the way to the brokers."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing.kafka_names import TenantTopics
from components.eventing.network import allow_kafka
from components.eventing.outputs import KafkaOutputs
from components.labels import tenant_labels
from components.storage.outputs import Identity


class TenantEventsArgs(TypedDict):
    """What a tenant has on Kafka; a policy or a reviewer reads it here."""

    tenant: str
    """Its namespace; all names on Kafka begin with it."""

    keep_records: bool
    """Whether whoever would delete a topic is refused."""


class TenantEvents(pulumi.ComponentResource):
    """Topics, users, and what their pods need in the tenant's namespace to be known by Kafka. Runs nothing."""

    def __init__(
        self,
        name: str,
        args: TenantEventsArgs,
        topics: TenantTopics,
        kafka: KafkaOutputs,
        identities: Mapping[str, Identity] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Args:
            name: Begins the names of the resources.
            args: Whose they are.
            topics: What `components.eventing.topics` makes of the tenant's settings.
            kafka: Where they are made.
            identities: User -> what its pods have of the cloud already. Default: nothing.
            opts: Parent, provider, and what must be there before.
        """
        super().__init__("multimodal:index:TenantEvents", name, dict(args), opts)
        tenant, child = args["tenant"], pulumi.ResourceOptions(parent=self)
        # With the object goes the topic, and with it every record.
        kept = pulumi.ResourceOptions(parent=self, protect=args["keep_records"])
        for topic in topics.topics:
            kafka.topic(f"{name}-topic-{topic.name.removeprefix(f'{tenant}.')}", tenant, topic, kept)
        for user in topics.users:
            kafka.user(name, tenant, user, (identities or {}).get(user.name), child)
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-network",
            metadata={"name": "workloads-to-kafka", "namespace": tenant, "labels": tenant_labels(tenant)},
            spec=allow_kafka(kafka.login),
            opts=child,
        )
        self.register_outputs({})
