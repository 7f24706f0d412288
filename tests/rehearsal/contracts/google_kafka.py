"""What the contract of Google's Managed Kafka takes and refuses: part of the tables of Google Cloud."""

from typing import Any

from rehearsal.providers.plugin_values import UNKNOWN

BROKERS, TOPIC = "gcp:managedkafka/cluster:Cluster", "gcp:managedkafka/topic:Topic"
ACL, POOL = "gcp:managedkafka/acl:Acl", "gcp:certificateauthority/caPool:CaPool"
AUTHORITY = "gcp:certificateauthority/authority:Authority"
AGENT = "gcp:projects/serviceIdentity:ServiceIdentity"
_GIB = 1024**3
_WRITES = {"principal": "User:CN=vision.router", "operation": "WRITE", "permissionType": "ALLOW", "host": "*"}
_USAGES = {"baseKeyUsage": {"digitalSignature": True}, "extendedKeyUsage": {"clientAuth": True}}

KAFKA_GOOD: dict[str, dict[str, Any]] = {
    BROKERS: {
        "clusterId": "acme-kafka",
        "location": "us-central1",
        "kafkaVersion": "3.7.x",
        "capacityConfig": {"vcpuCount": "3", "memoryBytes": str(12 * _GIB)},
        "rebalanceConfig": {"mode": "AUTO_REBALANCE_ON_SCALE_UP"},
        "gcpConfig": {"accessConfig": {"networkConfigs": [{"subnet": UNKNOWN}]}, "kmsKey": UNKNOWN},
        "tlsConfig": {"trustConfig": {"casConfigs": [{"caPool": UNKNOWN}]}},
    },
    TOPIC: {
        "topicId": "vision.events",
        "cluster": "acme-kafka",
        "location": "us-central1",
        "partitionCount": 3,
        "replicationFactor": 3,
        "configs": {"retention.ms": "86400000"},
    },
    ACL: {"aclId": "topicPrefixed/vision.", "cluster": "k", "location": "us-central1", "aclEntries": [_WRITES]},
    POOL: {
        "name": "clients",
        "location": "us-central1",
        "tier": "DEVOPS",
        "issuancePolicy": {
            "allowedKeyTypes": [{"ellipticCurve": {"signatureAlgorithm": "ECDSA_P256"}}],
            "maximumLifetime": "7776000s",
            "identityConstraints": {"allowSubjectPassthrough": True, "allowSubjectAltNamesPassthrough": False},
            "baselineValues": {"caOptions": {"nonCa": True}, "keyUsage": _USAGES},
        },
    },
    AUTHORITY: {
        "certificateAuthorityId": "kafka",
        "location": "us-central1",
        "pool": UNKNOWN,
        "type": "SELF_SIGNED",
        "lifetime": "315360000s",
        "keySpec": {"algorithm": "EC_P256_SHA256"},
        "config": {
            "subjectConfig": {"subject": {"commonName": "kafka", "organization": "acme"}},
            "x509Config": {"caOptions": {"isCa": True, "zeroMaxIssuerPathLength": True}, "keyUsage": _USAGES},
        },
        "skipGracePeriod": True,
    },
    "gcp:certificateauthority/caPoolIamMember:CaPoolIamMember": {
        "caPool": UNKNOWN,
        "role": "roles/privateca.certificateRequester",
        "member": "serviceAccount:a@b.iam.gserviceaccount.com",
    },
    AGENT: {"service": "managedkafka.googleapis.com"},
}
"""Good examples by token."""

_OF_CLUSTERS = "the Managed Kafka API (projects.locations.clusters.create)"
_OF_ACLS = "the Managed Kafka API (projects.locations.clusters.acls.create)"

KAFKA_BAD: list[tuple[str, dict[str, Any], str]] = [
    (
        BROKERS,
        {"capacityConfig": {"vcpuCount": "2", "memoryBytes": str(12 * _GIB)}},
        f"capacityConfig.vcpuCount 2: must be 3 at least; {_OF_CLUSTERS} refuses it",
    ),
    (
        BROKERS,
        {"capacityConfig": {"vcpuCount": "3", "memoryBytes": str(25 * _GIB)}},
        f"capacityConfig.memoryBytes {25 * _GIB}: must be 1 to 8 GiB for each of 3 vCPUs; {_OF_CLUSTERS} refuses it",
    ),
    (
        BROKERS,
        {"rebalanceConfig": {"mode": "ALWAYS"}},
        'rebalanceConfig.mode "ALWAYS": not one of NO_REBALANCE, AUTO_REBALANCE_ON_SCALE_UP; '
        f"{_OF_CLUSTERS} refuses it",
    ),
    (BROKERS, {"gcpConfig": None}, f"gcpConfig: missing; {_OF_CLUSTERS} needs it"),
    (
        TOPIC,
        {"topicId": "vision/events"},
        'topicId "vision/events": must be 1-249 letters, digits, dots, _ and hyphens; the Managed Kafka API'
        " (projects.locations.clusters.topics.create) refuses it",
    ),
    (
        ACL,
        {"aclId": "topicPrefix/vision."},
        'aclId "topicPrefix/vision.": must be cluster, all..., or topic/..., topicPrefixed/... and the like;'
        f" {_OF_ACLS} refuses it",
    ),
    (ACL, {"aclEntries": [_WRITES] * 101}, f"aclEntries: must be 1 to 100, are 101; {_OF_ACLS} refuses it"),
    (
        ACL,
        {"aclEntries": [{**_WRITES, "principal": "CN=vision.router"}]},
        f'aclEntries[0].principal "CN=vision.router": must begin with User:; {_OF_ACLS} refuses it',
    ),
    (
        ACL,
        {"aclEntries": [{**_WRITES, "host": "10.0.0.1"}]},
        f'aclEntries[0].host "10.0.0.1": must be "*"; {_OF_ACLS} refuses it',
    ),
    (
        ACL,
        {"aclEntries": [{**_WRITES, "permissionType": "PERMIT"}]},
        f'aclEntries[0].permissionType "PERMIT": must be one of ALLOW, DENY; {_OF_ACLS} refuses it',
    ),
    (
        POOL,
        {"tier": "FREE"},
        'tier "FREE": not one of ENTERPRISE, DEVOPS; the Certificate Authority Service API'
        " (projects.locations.caPools.create) refuses it",
    ),
    (
        AGENT,
        {"service": "managedkafka"},
        'service "managedkafka": must be a service such as file.googleapis.com; the Service Usage API'
        " (services.generateServiceIdentity) refuses it",
    ),
]
"""Token, change of its good example, and the whole message."""
