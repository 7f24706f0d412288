"""What users of Google's Managed Kafka may do, as its ACLs. Pure.

An ACL there is all that anybody may do to one topic or group, or to one beginning of names, so those of all users are
worked out together. Where none says anything, everybody may do everything (`allow.everyone.if.no.acl.found` is true
and cannot be changed); the `FENCE` says something about everything, and what it leaves out is denied.
Sources: Google Cloud, "Access control with Kafka ACLs" of Managed Service for Apache Kafka (default access, how to deny
by default, the service agent's own leave); its API v1, Acl and AclEntry (ids, operations, hosts, most entries); Apache
Kafka, "Authorization and ACLs" (the principal of a certificate, what READ and WRITE imply).
"""

from collections.abc import Iterable

from components.eventing.kafka_names import Grant, Operation, Resource, User

MOST_ENTRIES = 100
"""Entries of one ACL at most."""

FENCE = ("cluster", "allTopics", "allConsumerGroups", "allTransactionalIds")
"""Ids of the ACLs about the cluster itself, and about every topic, group and transaction."""

NOBODY = "User:ANONYMOUS"
"""As whom Kafka knows somebody without a certificate, who does not get in anyway."""

_KINDS = {Resource.TOPIC: "topic", Resource.GROUP: "consumerGroup"}
_IMPLY_DESCRIBE = {Operation.READ, Operation.WRITE, Operation.DELETE}

Entry = dict[str, str]
"""One AclEntry, as arguments of Pulumi's."""


def acls(users: Iterable[User]) -> dict[str, list[Entry]]:
    """Id of each ACL -> its entries, the fence first."""
    found: dict[str, list[Entry]] = {acl: [_entry(NOBODY, "ALL", "DENY")] for acl in FENCE}
    for user in users:
        for grant in user.grants:
            entries = found.setdefault(acl_id(grant), [])
            entries += [_entry(principal(user), operation.name, "ALLOW") for operation in _needed(grant)]
    return found


def acl_id(grant: Grant) -> str:
    """Id of the ACL that a grant is a part of, such as topicPrefixed/vision."""
    return f"{_KINDS[grant.resource]}{'Prefixed' if grant.prefixed else ''}/{grant.name}"


def principal(user: User) -> str:
    """The whole subject of a user's certificate: one with a further name in it is somebody else."""
    return f"User:CN={user.name}"


def _needed(grant: Grant) -> tuple[Operation, ...]:
    """Without what the others imply: entries are few."""
    implied = _IMPLY_DESCRIBE.intersection(grant.operations)
    return tuple(one for one in grant.operations if not (implied and one is Operation.DESCRIBE))


def _entry(who: str, operation: str, permission: str) -> Entry:
    return {"principal": who, "operation": operation, "permission_type": permission, "host": "*"}
