"""Mistakes in events: part of the table of bad input."""

from typing import Any

_SENT: dict[str, Any] = {"events": {}, "tenants.vision.events": {}}


def _google(**events: Any) -> dict[str, Any]:
    """A stack on GKE with Kafka of Google's."""
    cluster = {
        "provider": "gke",
        "project": "acme-multimodal",
        "region": "us-central1",
        "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
    }
    return {"cluster": cluster, "events": {"provider": "google-managed-kafka", **events}}


EVENT_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "events of a tenant without Kafka",
        {"tenants.vision.events": {}},
        "multimodal:tenants.vision.events: nothing carries events in this stack; add multimodal:events: {}",
    ),
    (
        "a Kafka that nobody knows",
        {"events": {"provider": "redpanda"}},
        'multimodal:events.provider = "redpanda": allowed: strimzi, msk, google-managed-kafka, event-hubs',
    ),
    (
        "brokers of Amazon's that cannot be shared out over the zones",
        {"cluster.zones": ["us-east-1a", "us-east-1b"], "events": {"provider": "msk", "brokers": 3}},
        "multimodal:events.brokers = 3: Amazon MSK has as many brokers in each of two or three zones, and 3 cannot be"
        " shared out so over 2; use 2 or another even number",
    ),
    (
        "Amazon's Kafka in production over two zones",
        {"environment": "prod", "cluster.zones": ["us-east-1a", "us-east-1b"], "events": {"provider": "msk"}},
        "multimodal:events.brokers: Amazon MSK has as many brokers in each of two or three zones, and 3 cannot be"
        " shared out so over 2; use 4 or another even number",
    ),
    (
        "one broker of Amazon's",
        {"cluster.zones": ["us-east-1a", "us-east-1b", "us-east-1c"], "events": {"provider": "msk", "brokers": 1}},
        "multimodal:events.brokers = 1: Amazon MSK has as many brokers in each of two or three zones, and 1 cannot be"
        " shared out so over 3; use 3 or another multiple of 2 or 3",
    ),
    (
        "Strimzi's settings for Amazon's brokers",
        {"events": {"provider": "msk", "storageClass": "fast"}},
        'multimodal:events.storageClass = "fast": it is of strimzi, and Amazon MSK has no such thing; leave it out',
    ),
    (
        "Strimzi's values for Amazon's brokers",
        {"events": {"provider": "msk", "values": {"replicas": 2}}},
        'multimodal:events.values = {"replicas": 2}: it is of strimzi and google-managed-kafka, and Amazon MSK has no'
        " such thing; leave it out",
    ),
    (
        "auditors by group on Amazon's brokers",
        {"events": {"provider": "msk", "audit": {"auditors": ["security"]}}},
        'multimodal:events.audit.auditors = ["security"]: Amazon MSK knows people by IAM and not by groups of the'
        " cluster; leave it out, and attach the IAM policy of the audit stream to your auditors' roles"
        " (docs/events.md)",
    ),
    (
        "a size of Amazon's for brokers of Strimzi's",
        {"events": {"brokerMachine": "kafka.m7g.large"}},
        'multimodal:events.brokerMachine = "kafka.m7g.large": it is of msk; leave it out',
    ),
    (
        "a size of broker that Amazon does not have",
        {"events": {"provider": "msk", "brokerMachine": "m7g.large"}},
        'multimodal:events.brokerMachine = "m7g.large":',
    ),
    (
        "vCPUs of Google's for brokers of Strimzi's",
        {"events": {"vcpus": 6}},
        "multimodal:events.vcpus = 6: it is of google-managed-kafka; leave it out",
    ),
    (
        "memory of Google's for Amazon's brokers",
        {"events": {"provider": "msk", "memoryGib": 12}},
        "multimodal:events.memoryGib = 12: it is of google-managed-kafka, and Amazon MSK has no such thing; leave it"
        " out",
    ),
    (
        "more vCPUs of Google's than three brokers have",
        _google(vcpus=46),
        "multimodal:events.vcpus = 46: input should be less than or equal to 45",
    ),
    (
        "too little memory for Google's brokers",
        _google(vcpus=6, memoryGib=5),
        "multimodal:events.memoryGib = 5: Google's Managed Kafka has 1 to 8 GiB for each of its 6 vCPUs, so 6 to 48; 4"
        " for each is usual, which is 24",
    ),
    (
        "too much memory for Google's brokers",
        _google(memoryGib=25),
        "multimodal:events.memoryGib = 25: Google's Managed Kafka has 1 to 8 GiB for each of its 3 vCPUs, so 3 to 24; 4"
        " for each is usual, which is 12",
    ),
    (
        "a number of Google's brokers",
        _google(brokers=5),
        "multimodal:events.brokers = 5: Google's Managed Kafka has 3 brokers of this size; leave it out, and raise"
        " vcpus for more work",
    ),
    (
        "volumes for Google's brokers",
        _google(storageGib=500),
        "multimodal:events.storageGib = 500: storage of Google's Managed Kafka grows by itself; leave it out",
    ),
    (
        "a storage class for Google's brokers",
        _google(storageClass="fast"),
        'multimodal:events.storageClass = "fast": it is of strimzi, and Google\'s Managed Kafka has no such thing;'
        " leave it out",
    ),
    (
        "more writers of the audit stream than an ACL of Google's has entries",
        {
            **_google(audit={}),
            "tenants": {f"t{number}": {"quota": {"gpus": 0}, "events": {}} for number in range(98)},
        },
        "multimodal:events.audit = {}: an ACL of Google's Managed Kafka has 100 entries at most, and topic/audit would"
        " have 101: every tenant with events has one; leave audit out, use strimzi, or share the tenants out over two"
        " stacks",
    ),
    (
        "Event Hubs",
        {"events": {"provider": "event-hubs"}},
        'multimodal:events.provider = "event-hubs": Event Hubs lets Kafka\'s clients in by OAuth or shared access'
        " signatures and not by certificate, bounds them by Azure roles instead of ACLs, and keeps no record longer"
        " than 7 days (90 in its premium and dedicated tiers); use strimzi",
    ),
    (
        "two brokers",
        {"events": {"brokers": 2}},
        "multimodal:events.brokers = 2: two brokers stop as soon as one of them is lost; use 1, or 3 and more",
    ),
    (
        "one broker in production",
        {"environment": "prod", "events": {"brokers": 1}},
        "multimodal:events.brokers = 1: a prod stack needs 3 at least, so that one may be lost and records are still"
        " written; leave it out, or raise it",
    ),
    (
        "brokers that cannot hold the outage",
        {"events": {"outageHours": 72}, "tenants.vision.events": {"perSecond": 50}},
        "multimodal:events.storageGib = 100: 72 hours of all tenants' events take up to 812 GiB, copies included, and"
        " brokers (1) of this size hold 85; set it to 960 at least, add brokers, lower outageHours, or lower perSecond"
        " or kib of tenants.vision.events (812 GiB)",
    ),
    (
        "an outage that no volume could hold",
        {"events": {}, "tenants.vision.events": {"perSecond": 2000, "kib": 64}},
        "of this size hold 85; add brokers, lower outageHours, or lower perSecond or kib of tenants.vision.events",
    ),
    (
        "events that never come",
        {**_SENT, "tenants.vision.events": {"perSecond": 0}},
        "multimodal:tenants.vision.events.perSecond = 0: input should be greater than 0",
    ),
    (
        "an event as large as a film",
        {**_SENT, "tenants.vision.events": {"largestKib": 1048576}},
        "multimodal:tenants.vision.events.largestKib = 1048576: input should be less than or equal to 10240",
    ),
    (
        "a tenant called kafka",
        {"tenants.kafka": {"quota": {}}},
        "multimodal:tenants.kafka: this namespace belongs to the platform; choose another name",
    ),
    (
        "a Kafka version of one's own",
        {"versions": {"strimzi": "0.45.0"}, "cluster.region": "us-east-1"},
        'multimodal:versions.strimzi = "0.45.0": not in the matrix for Strimzi (Kafka 4.2.1); use one of 1.2.0',
    ),
]
