"""Rule `no-open-broker`: a managed Kafka is private, encrypted, and lets nobody in who does not say who it is.

What: an Amazon MSK cluster has no public access, speaks TLS alone to clients and between brokers, and takes no client
without authentication. A cluster of Google's Managed Kafka has no public access, and none of its ACLs allows anything
to everybody.
Why: topics hold what tenants send and who did what; one open listener is a way to all of them.
Configuration: `allow`, names of clusters and ACLs that may be otherwise (default none).
Fix: leave connectivityInfo.publicAccess at DISABLED, encryptionInTransit at TLS and inCluster, and unauthenticated at
false, with sasl.iam, sasl.scram or tls beside it. On Google leave publicClusterConfig out, and name principals in ACLs.

MSK's defaults count where nothing is said: no public access, TLS, encrypted within the cluster (MSK API reference,
ConnectivityInfo and EncryptionInTransit), and open to everybody when no way of authentication is named (Amazon MSK
developer guide, "Authentication and authorization"). Google's brokers always speak TLS and ask who a client is; that
everything has an ACL at all is the platform's own doing, which its tests look at (managedkafka API, PublicClusterConfig
and AclEntry).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policy.plain import UNKNOWN, plain
from policy.resources import Resource, mapped, not_known

DEFAULTS: Mapping[str, Any] = {"allow": []}

_MSK = r"aws:msk/cluster:Cluster"
_ACCESS = ("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type")
_TRANSIT = ("encryptionInfo", "encryptionInTransit")
_AUTH = "clientAuthentication"
_GOOGLE = r"gcp:managedkafka/cluster:Cluster"
_ACL = r"gcp:managedkafka/acl:Acl"
_PUBLIC = ("gcpConfig", "accessConfig", "publicClusterConfig")


def validate_brokers(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report a managed Kafka, or an ACL of one, that is open."""
    found = Resource(args.resource_type, args.name, args.urn, mapped(plain(args.props)))
    judge = next((judge for kind, judge in _JUDGES.items() if found.is_a(kind)), None)
    if judge is None:
        args.not_applicable(f"{args.resource_type} is no managed Kafka")
        return
    if found.name in {**DEFAULTS, **args.get_config()}["allow"]:
        return
    for message in judge(found):
        report(message, found.urn)


def _msk(cluster: Resource) -> Iterator[str]:
    yield from (
        *_expected(cluster, _ACCESS, (None, "DISABLED"), "opens the brokers to the internet; set it to DISABLED"),
        *_expected(cluster, (*_TRANSIT, "clientBroker"), (None, "TLS"), "lets records pass in clear; set it to TLS"),
        *_expected(
            cluster,
            (*_TRANSIT, "inCluster"),
            (None, True),
            "lets records pass in clear within; set it to true",
        ),
        *_authentication(cluster),
    )


def _google(cluster: Resource) -> Iterator[str]:
    public = cluster.get(*_PUBLIC)
    if public is UNKNOWN:
        yield not_known(cluster, ".".join(_PUBLIC))
    elif public is not None:
        yield f"{cluster}: {'.'.join(_PUBLIC)} opens the brokers to the internet; leave it out"


def _acl(acl: Resource) -> Iterator[str]:
    entries = acl.get("aclEntries")
    if entries is UNKNOWN:
        yield not_known(acl, "aclEntries")
        return
    for entry in entries or ():
        who, kind = mapped(entry).get("principal"), mapped(entry).get("permissionType")
        if UNKNOWN in (who, kind):
            yield not_known(acl, "aclEntries")
        elif who == "User:*" and str(kind).upper() == "ALLOW":
            yield f"{acl}: an entry allows User:*, which is everybody who connects; name principals"


def _expected(cluster: Resource, path: tuple[str, ...], good: tuple[Any, ...], otherwise: str) -> Iterator[str]:
    value, where = cluster.get(*path), ".".join(path)
    if value is UNKNOWN:
        yield not_known(cluster, where)
    elif value not in good:
        yield f"{cluster}: {where} is {str(value).lower() if isinstance(value, bool) else value}, which {otherwise}"


def _authentication(cluster: Resource) -> Iterator[str]:
    ways = [cluster.get(_AUTH, "sasl", "iam"), cluster.get(_AUTH, "sasl", "scram"), cluster.get(_AUTH, "tls")]
    anybody = cluster.get(_AUTH, "unauthenticated")
    if anybody is UNKNOWN or (UNKNOWN in ways and True not in ways):
        yield not_known(cluster, _AUTH)
    elif anybody:
        yield f"{cluster}: {_AUTH}.unauthenticated is true, which lets in everybody; set it to false"
    elif not any(ways):
        yield f"{cluster}: {_AUTH} names no way, which lets in everybody; set sasl.iam, sasl.scram or tls"


_JUDGES: Mapping[str, Callable[[Resource], Iterator[str]]] = {_MSK: _msk, _GOOGLE: _google, _ACL: _acl}


RULE = ResourceValidationPolicy(
    name="no-open-broker",
    display_name="A managed Kafka is closed",
    description="No managed Kafka is reached from the internet, in clear, or by somebody unknown.",
    validate=validate_brokers,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.CRITICAL,
    config_schema=PolicyConfigSchema(
        properties={"allow": {"type": "array", "items": {"type": "string"}, "default": []}}
    ),
    remediation_steps="Turn public access and clients without authentication off, and TLS on.",
)
"""The rule as the pack holds it."""
