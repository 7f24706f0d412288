"""Google's Managed Kafka, and the Certificate Authority Service of its clients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rehearsal.contracts.binding import AutoName, Binding, Inputs, Violation, reasons
from rehearsal.contracts.gcp_common import bind, iam, local, path
from rehearsal.contracts.rules import known, matches
from rehearsal.providers.plugin_values import is_list, is_map

_GIB = 1024**3
_OPERATIONS = {
    *("ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS"),
    *("ALTER_CONFIGS", "IDEMPOTENT_WRITE"),
}
_ACL_ID = re.compile(
    r"cluster|all(Topics|ConsumerGroups|TransactionalIds)|(topic|consumerGroup|transactionalId)(Prefixed)?/.+"
)
_X509 = ("nonCa", "zeroMaxIssuerPathLength")
_SWITCHES = "a switch for a value that Pulumi cannot tell from its absence"


def _number(value: object) -> int | None:
    """An int64, which the API writes as text."""
    return int(value) if isinstance(value, str | int) and str(value).isdigit() else None


def _size(inputs: Inputs) -> Iterator[Violation]:
    """3 vCPUs at least, and 1 to 8 GiB of memory for each (managedkafka API, CapacityConfig)."""
    config = known(inputs, "capacityConfig")
    if not is_map(config):
        return
    vcpus, memory = _number(config.get("vcpuCount")), _number(config.get("memoryBytes"))
    if vcpus is not None and vcpus < 3:
        yield Violation(("capacityConfig", "vcpuCount"), "must be 3 at least", vcpus)
    elif vcpus is not None and memory is not None and not vcpus <= memory / _GIB <= 8 * vcpus:
        yield Violation(("capacityConfig", "memoryBytes"), f"must be 1 to 8 GiB for each of {vcpus} vCPUs", memory)


def _acl(inputs: Inputs) -> Iterator[Violation]:
    """What an ACL is about, and 1 to 100 entries of operations that Kafka has (managedkafka API, Acl and AclEntry)."""
    about = known(inputs, "aclId")
    if isinstance(about, str) and not _ACL_ID.fullmatch(about):
        yield Violation(("aclId",), "must be cluster, all..., or topic/..., topicPrefixed/... and the like", about)
    entries = known(inputs, "aclEntries")
    if not is_list(entries):
        return
    if not 1 <= len(entries) <= 100:
        yield Violation(("aclEntries",), f"must be 1 to 100, are {len(entries)}")
    for number, entry in enumerate(entries):
        if is_map(entry):
            yield from _acl_entry(("aclEntries", number), entry)


def _acl_entry(where: tuple[str | int, ...], entry: Inputs) -> Iterator[Violation]:
    if not str(entry.get("principal", "")).startswith("User:"):
        yield Violation((*where, "principal"), "must begin with User:", entry.get("principal"))
    for key, allowed in {"operation": _OPERATIONS, "permissionType": {"ALLOW", "DENY"}}.items():
        if str(entry.get(key, "")).upper() not in allowed:
            yield Violation((*where, key), f"must be one of {', '.join(sorted(allowed))}", entry.get(key))
    if entry.get("host", "*") != "*":
        yield Violation((*where, "host"), 'must be "*"', entry.get("host"))


KAFKA: dict[str, Binding] = {
    "gcp:managedkafka/cluster:Cluster": bind(
        "managedkafka",
        "v1",
        "Cluster",
        "projects.locations.clusters.create",
        local=path("clusterId", "location"),
        required=frozenset({"clusterId", "location", "capacityConfig", "gcpConfig"}),
        replaces=("clusterId", "location", "project", "gcpConfig.kmsKey"),
        rules=(_size, matches("clusterId", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "1-63 lowercase letters, digits, -")),
    ),
    "gcp:managedkafka/topic:Topic": bind(
        "managedkafka",
        "v1",
        "Topic",
        "projects.locations.clusters.topics.create",
        local=path("topicId", "cluster", "location"),
        required=frozenset({"topicId", "cluster", "location", "replicationFactor"}),
        replaces=("topicId", "cluster", "location", "project", "replicationFactor"),
        rules=(matches("topicId", r"[A-Za-z0-9._-]{1,249}", "1-249 letters, digits, dots, _ and hyphens"),),
    ),
    "gcp:managedkafka/acl:Acl": bind(
        "managedkafka",
        "v1",
        "Acl",
        "projects.locations.clusters.acls.create",
        local=path("aclId", "cluster", "location"),
        required=frozenset({"aclId", "cluster", "location", "aclEntries"}),
        replaces=("aclId", "cluster", "location", "project"),
        rules=(_acl,),
    ),
    "gcp:certificateauthority/caPool:CaPool": bind(
        "privateca",
        "v1",
        "CaPool",
        "projects.locations.caPools.create",
        local={
            **path("location"),
            **reasons(_SWITCHES, *(f"issuancePolicy.baselineValues.caOptions.{key}" for key in _X509)),
        },
        required=frozenset({"location", "tier"}),
        name=AutoName("name", 63, lowercase=False),
        replaces=("name", "location", "project", "tier"),
        rules=(matches("name", r"[a-zA-Z0-9_-]{1,63}", "1-63 letters, digits, hyphens and underscores"),),
    ),
    "gcp:certificateauthority/authority:Authority": bind(
        "privateca",
        "v1",
        "CertificateAuthority",
        "projects.locations.caPools.certificateAuthorities.create",
        local={
            **path("certificateAuthorityId", "location", "pool"),
            **local(
                *("deletionProtection", "desiredState", "ignoreActiveCertificatesOnDeletion", "skipGracePeriod"),
                "pemCaCertificate",
            ),
            **reasons(_SWITCHES, *(f"config.x509Config.caOptions.{key}" for key in _X509)),
        },
        required=frozenset({"certificateAuthorityId", "location", "pool", "config", "keySpec"}),
        replaces=(
            *("certificateAuthorityId", "location", "pool", "project", "type", "lifetime", "config", "keySpec"),
            "gcsBucket",
        ),
    ),
    "gcp:certificateauthority/caPoolIamMember:CaPoolIamMember": iam(
        "privateca",
        "v1",
        "projects.locations.caPools.setIamPolicy",
        local=path("caPool", "location"),
        replaces=("caPool", "location", "project", "role", "member", "condition"),
    ),
    "gcp:projects/serviceIdentity:ServiceIdentity": bind(
        "serviceusage",
        "v1beta1",
        "Service",
        "services.generateServiceIdentity",
        local=path("service"),
        required=frozenset({"service"}),
        replaces=("service", "project"),
        rules=(matches("service", r"[a-z0-9.-]+\.googleapis\.com", "a service such as file.googleapis.com"),),
    ),
}
"""Resource types of Managed Kafka and its certificates by Pulumi token."""
