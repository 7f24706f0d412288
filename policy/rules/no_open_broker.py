"""Rule `no-open-broker`: a managed Kafka is private, encrypted, and lets nobody in who does not say who it is.

What: an Amazon MSK cluster has no public access, speaks TLS alone to clients and between brokers, and takes no client
without authentication.
Why: topics hold what tenants send and who did what; one open listener is a way to all of them.
Configuration: `allow`, names of MSK clusters that may be otherwise (default none).
Fix: leave connectivityInfo.publicAccess at DISABLED, encryptionInTransit at TLS and inCluster, and unauthenticated at
false, with sasl.iam, sasl.scram or tls beside it.

MSK's defaults count where nothing is said: no public access, TLS, encrypted within the cluster (MSK API reference,
ConnectivityInfo and EncryptionInTransit), and open to everybody when no way of authentication is named (Amazon MSK
developer guide, "Authentication and authorization").
"""

from collections.abc import Iterator, Mapping
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


def validate_brokers(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report an MSK cluster that is open."""
    cluster = Resource(args.resource_type, args.name, args.urn, mapped(plain(args.props)))
    if not cluster.is_a(_MSK):
        args.not_applicable(f"{args.resource_type} is no managed Kafka")
        return
    if cluster.name in {**DEFAULTS, **args.get_config()}["allow"]:
        return
    for message in (
        *_expected(cluster, _ACCESS, (None, "DISABLED"), "opens the brokers to the internet; set it to DISABLED"),
        *_expected(cluster, (*_TRANSIT, "clientBroker"), (None, "TLS"), "lets records pass in clear; set it to TLS"),
        *_expected(
            cluster,
            (*_TRANSIT, "inCluster"),
            (None, True),
            "lets records pass in clear within; set it to true",
        ),
        *_authentication(cluster),
    ):
        report(message, cluster.urn)


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
