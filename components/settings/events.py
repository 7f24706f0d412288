"""Settings of events: the platform's Kafka, and what a tenant sends through it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.settings.model import Environment, Model, Name, PositiveCount


class KafkaProvider(StrEnum):
    """Whose Kafka it is."""

    STRIMZI = "strimzi"
    """The platform's own, on the cluster's nodes, run by Strimzi."""

    MSK = "msk"
    """Amazon MSK, in the network of an EKS cluster. Clients sign in by IAM."""

    GOOGLE = "google-managed-kafka"
    """Google's Managed Service for Apache Kafka, in the network of a GKE cluster. Clients show a certificate of an
    authority in Google's Certificate Authority Service."""

    EVENT_HUBS = "event-hubs"
    """Azure Event Hubs with its Kafka endpoint. Not supported, see `UNSUPPORTED`."""


UNSUPPORTED: dict[KafkaProvider, str] = {
    KafkaProvider.EVENT_HUBS: (
        "Event Hubs lets Kafka's clients in by OAuth or shared access signatures and not by certificate, bounds them by"
        " Azure roles instead of ACLs, and keeps no record longer than 7 days (90 in its premium and dedicated tiers)"
    ),
}
"""Provider -> what it lacks of what the platform relies on: clients known by a certificate of the platform's or by the
identity of their pod, access by prefix, topics and their retention as resources.

Sources: Microsoft's "What is Azure Event Hubs for Apache Kafka" (security) and "Event Hubs frequently asked questions"
(retention).
"""


DEFAULT_MACHINE = "kafka.m7g.large"
"""Smallest broker of msk that every version of Kafka runs on (Amazon MSK developer guide, "broker sizes")."""

FEWEST_VCPUS, MOST_VCPUS = 3, 45
"""vCPUs of google-managed-kafka: one for each of its three brokers at least. Beyond 15 for each Google makes more
brokers, which are never taken away again (Google Cloud, "Brokers" of Managed Service for Apache Kafka)."""

GOOGLE_BROKERS = 3
"""Brokers of google-managed-kafka of up to `MOST_VCPUS`, one in each of three zones."""

LARGEST_GIB = 16_384
"""Most GiB of a broker's volume: what the clouds' usual disks have at least."""


class Audit(Model):
    """The record of who deployed, called, changed or deleted what: a topic that is only ever added to."""

    retention_days: Annotated[int, Field(ge=1, le=365, strict=True)] = 7
    """Days for which the topic keeps a record. The archive keeps all for as long as its store does."""

    archive: bool | None = None
    """Whether every record also goes into the stack's store of artifacts, below audit/. Default: where the stack has a
    store, which is on every cloud."""

    auditors: tuple[str, ...] = ()
    """Groups of the cluster's identity provider that may use the auditor's certificate, which reads records and can do
    nothing else."""

    changes_per_second: Annotated[float, Field(gt=0, le=1000)] = 2
    """Changes to objects of the cluster per second, on average. The topic is sized by it and by tenants' events."""


class Events(Model):
    """Kafka. The section being there installs it."""

    provider: KafkaProvider = KafkaProvider.STRIMZI
    """Whose Kafka it is: the platform's own (strimzi), with an EKS cluster Amazon's (msk), or with a GKE cluster
    Google's (google-managed-kafka)."""

    brokers: PositiveCount | None = None
    """Brokers: 1, or 3 and more. Default: 3 in prod, where three further nodes hold the metadata, else 1. Kafka moves
    nothing to a new broker by itself, and one that holds records cannot be taken away. With msk they lie evenly in two
    or three of the cluster's zones, so that their number is a multiple of that; default: 3 in prod, else 2. With
    google-managed-kafka there are 3."""

    broker_machine: Annotated[str, Field(pattern=r"^kafka\.(m5|m7g)\.([248]x|12x|16x|24x|x)?large$")] | None = None
    """Size of a broker of msk. Default: kafka.m7g.large. Amazon bounds partitions by it: 1000 on that one, copies
    included. Brokers of strimzi have a size of their own."""

    vcpus: Annotated[int, Field(ge=FEWEST_VCPUS, le=MOST_VCPUS, strict=True)] | None = None
    """vCPUs of all brokers of google-managed-kafka together. Default: 3. Each writes about 20 MB/s, copies included."""

    memory_gib: Annotated[int, Field(ge=FEWEST_VCPUS, strict=True)] | None = None
    """GiB of memory of all brokers of google-managed-kafka together: 1 to 8 for each of the vcpus. Default: 4 for
    each."""

    storage_gib: Annotated[int, Field(ge=10, le=LARGEST_GIB, strict=True)] = 100
    """GiB of each broker's volume. It can grow where its storage class allows it, and never shrink. That of
    google-managed-kafka grows by itself."""

    storage_class: Name | None = None
    """Storage class of the volumes. None: the cluster's default."""

    outage_hours: Annotated[int, Field(ge=1, le=720, strict=True)] = 24
    """Hours for which models or GPUs may be away without an event being lost. Topics keep what arrives in that time,
    and the brokers must have room for all of it."""

    keep_records: bool | None = None
    """Whether brokers and topics are protected: whoever would delete one is refused in the preview. Default: in prod.
    Set it to false and run `up` before you destroy the stack or take away a tenant or a flow."""

    audit: Audit | None = None
    """The audit stream. None: no record is kept beside the cloud's own."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the chart strimzi-kafka-operator or, with google-managed-kafka, of
    cert-manager-google-cas-issuer."""

    cert_manager_values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the cert-manager chart, over those of `multimodal:serving`."""

    @property
    def own(self) -> bool:
        """Whether the platform runs Kafka itself."""
        return self.provider is KafkaProvider.STRIMZI

    @property
    def certified(self) -> bool:
        """Whether Kafka knows its clients by certificates, which cert-manager asks for."""
        return self.provider in (KafkaProvider.STRIMZI, KafkaProvider.GOOGLE)

    @property
    def bounded(self) -> bool:
        """Whether brokers have volumes of a size that is set here."""
        return self.provider is not KafkaProvider.GOOGLE


class TenantEvents(Model):
    """A tenant's events. Its topics and quotas follow from what it sends."""

    per_second: Annotated[float, Field(gt=0, le=100_000)] = 1
    """Events per second on average over the busiest `outageHours`."""

    kib: Annotated[float, Field(gt=0, le=10_240)] = 16
    """Size of an event on average, its attributes included. Pictures and sound belong into a store, and the event says
    where they lie."""

    largest_kib: Annotated[int, Field(ge=1, le=10_240, strict=True)] = 1024
    """Size of the largest event that is taken."""


def broker_count(events: Events, environment: Environment) -> int:
    """How many brokers there are."""
    if events.provider is KafkaProvider.GOOGLE:
        return GOOGLE_BROKERS
    fewest = 1 if events.own else 2
    return events.brokers or (3 if environment is Environment.PROD else fewest)


def google_size(events: Events) -> tuple[int, int]:
    """vCPUs and GiB of memory of google-managed-kafka: 4 GiB for each, as Google recommends ("Plan the size of your
    Managed Service for Apache Kafka cluster"), unless set."""
    vcpus = events.vcpus or FEWEST_VCPUS
    return vcpus, events.memory_gib or 4 * vcpus


def msk_zones(zones: Sequence[str], brokers: int) -> list[str]:
    """Zones in which that many brokers of msk lie: three where they can be shared out evenly, else two; none where that
    is not possible either (MSK API reference, BrokerNodeGroupInfo: two or three subnets, as many brokers in each)."""
    for count in (3, 2):
        if len(zones) >= count and brokers % count == 0:
            return list(zones[:count])
    return []


def are_kept(events: Events, environment: Environment) -> bool:
    """Whether brokers and topics are protected from deletion."""
    return environment is Environment.PROD if events.keep_records is None else events.keep_records
