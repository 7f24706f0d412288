"""The platform's Kafka: authority, certificates, nodes and brokers."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing import certificates, kafka_objects
from components.eventing.client_certificate import client_certificate
from components.eventing.kafka_names import CLIENTS_CA_KEY_SECRET, ISSUER, NAMESPACE, Topic, User
from components.eventing.kafka_objects import Nodes
from components.eventing.logins import STRIMZI, CertificateLogin
from components.labels import platform_labels
from components.manifest import Spec
from components.storage.outputs import Identity
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER

READY = "20m"
"""How long the first start may take: volumes, images, three controllers, then brokers one after another."""

_CERTIFICATES = "cert-manager.io/v1"


class KafkaArgs(TypedDict):
    """What the cluster is."""

    brokers: int
    """Brokers."""

    apart: bool
    """Whether nodes of their own hold the metadata."""

    zones: bool
    """Whether nodes carry the label of their zone."""

    storage_gib: int
    """GiB of each broker's volume."""

    storage_class: str | None
    """Class of the volumes; None: the cluster's default."""

    keep_records: bool
    """Whether whoever would delete it is refused."""

    audited: bool
    """Whether there is an audit stream."""

    autoscaler_namespace: str | None
    """From where an autoscaler asks how far consumers are behind; None: there is none."""

    others: list[str]
    """Namespaces of further clients of the platform's own, such as Knative's brokers."""


class Kafka(pulumi.ComponentResource):
    """Kafka with TLS on both sides and access by ACL, run by Strimzi. Has no topics and no users of its own:
    `topic` and `user` make them, as `KafkaOutputs` asks."""

    login: CertificateLogin
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: KafkaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:Kafka", name, dict(args), opts)
        self._name, self._brokers = name, args["brokers"]
        nodes = Nodes(
            brokers=args["brokers"],
            apart=args["apart"],
            zones=args["zones"],
            storage_gib=args["storage_gib"],
            storage_class=args["storage_class"],
        )
        before = self._certificates()
        kept = pulumi.ResourceOptions(parent=self, protect=args["keep_records"])
        pools = [
            kubernetes.apiextensions.CustomResource(
                f"{name}-{pool}",
                api_version=kafka_objects.API,
                kind="KafkaNodePool",
                metadata=kafka_objects.platform_metadata(pool),
                spec=spec,
                opts=kept,
            )
            for pool, spec in kafka_objects.node_pools(nodes).items()
        ]
        kubernetes.apiextensions.CustomResource(
            f"{name}-kafka",
            api_version=kafka_objects.API,
            kind="Kafka",
            metadata=kafka_objects.kafka_metadata(),
            spec=kafka_objects.kafka_spec(
                nodes, args["autoscaler_namespace"], audited=args["audited"], others=args["others"]
            ),
            opts=pulumi.ResourceOptions.merge(
                kept,
                pulumi.ResourceOptions(
                    depends_on=[*before, *pools],
                    custom_timeouts=pulumi.CustomTimeouts(create=READY, update=READY),
                ),
            ),
        )
        self.login = STRIMZI
        self.ready = [self]
        self.register_outputs({"bootstrap": self.login.bootstrap})

    def topic(self, name: str, owner: str, topic: Topic, opts: pulumi.ResourceOptions, /) -> None:
        """A KafkaTopic."""
        kubernetes.apiextensions.CustomResource(
            name,
            api_version=kafka_objects.API,
            kind="KafkaTopic",
            metadata=kafka_objects.topic_metadata(owner, topic),
            spec=kafka_objects.topic_spec(topic, self._brokers),
            opts=opts,
        )

    def user(
        self, name: str, owner: str, user: User, _identity: Identity | None, opts: pulumi.ResourceOptions, /
    ) -> None:
        """A KafkaUser with its quotas, and its certificate in a Secret of `owner`'s. Kafka asks for no cloud
        identity."""
        kubernetes.apiextensions.CustomResource(
            f"{name}-user-{user.name.removeprefix(f'{owner}.')}",
            api_version=kafka_objects.API,
            kind="KafkaUser",
            metadata=kafka_objects.user_metadata(owner, user),
            spec=kafka_objects.user_spec(user),
            opts=opts,
        )
        client_certificate(name, owner, user, certificates.OWN_ISSUER, opts)

    def _certificates(self) -> list[pulumi.Resource]:
        """The authority and its issuer, then what it gives to brokers and to Strimzi."""
        authority = self._certificate(
            "authority", certificates.AUTHORITY_SECRET, CERT_MANAGER, certificates.authority()
        )
        issuer = kubernetes.apiextensions.CustomResource(
            f"{self._name}-issuer",
            api_version=_CERTIFICATES,
            kind="ClusterIssuer",
            metadata={"name": ISSUER, "labels": platform_labels()},
            spec={"ca": {"secretName": certificates.AUTHORITY_SECRET}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[authority]),
        )
        no_key = certificates.clients_authority_key()
        return [
            self._certificate("listener", "listener", NAMESPACE, certificates.listener(), issuer),
            self._certificate("clients-ca", "clients-ca", NAMESPACE, certificates.clients_authority(), issuer),
            kubernetes.core.v1.Secret(
                f"{self._name}-clients-ca-key",
                metadata={
                    "name": CLIENTS_CA_KEY_SECRET,
                    "namespace": NAMESPACE,
                    "labels": {**platform_labels(), **no_key["labels"]},
                    "annotations": no_key["annotations"],
                },
                string_data=no_key["data"],
                opts=pulumi.ResourceOptions(parent=self),
            ),
        ]

    def _certificate(
        self, suffix: str, called: str, namespace: str, spec: Spec, after: pulumi.Resource | None = None
    ) -> pulumi.Resource:
        metadata: dict[str, Any] = {
            "name": called,
            "namespace": namespace,
            "labels": platform_labels(),
            "annotations": {"pulumi.com/waitFor": "condition=Ready"},
        }
        return kubernetes.apiextensions.CustomResource(
            f"{self._name}-{suffix}",
            api_version=_CERTIFICATES,
            kind="Certificate",
            metadata=metadata,
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after] if after else None),
        )
