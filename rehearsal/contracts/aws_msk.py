"""Amazon MSK: brokers, their configuration and topics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

from rehearsal.contracts.aws_common import bind
from rehearsal.contracts.binding import AutoName, Binding, Inputs, Violation, reasons
from rehearsal.contracts.botocore_model import operation
from rehearsal.contracts.rules import known, matches
from rehearsal.providers.plugin_values import is_list, is_map

_NODES = "brokerNodeGroupInfo"
_AUTH = "clientAuthentication"
_VPC = f"{_NODES}.connectivityInfo.vpcConnectivity.{_AUTH}"
_LOGS = "loggingInfo.brokerLogs"
_SIZES = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_MACHINES = {
    "kafka.t3.small",
    *(f"kafka.m5.{size}" for size in (*_SIZES, "24xlarge")),
    *(f"{kind}.m7g.{size}" for kind in ("kafka", "express") for size in _SIZES),
}


def _brokers(inputs: Inputs) -> Iterator[Violation]:
    """Two or three subnets, and as many brokers in each; a size that exists; one way in at least.

    Sources: MSK API reference, BrokerNodeGroupInfo and ClientAuthentication; Amazon MSK developer guide, "Amazon MSK
    broker sizes".
    """
    nodes = known(inputs, _NODES)
    count = known(inputs, "numberOfBrokerNodes")
    if is_map(nodes):
        subnets, machine = nodes.get("clientSubnets"), nodes.get("instanceType")
        if is_list(subnets):
            if not 2 <= len(subnets) <= 3:
                yield Violation((_NODES, "clientSubnets"), f"must be two or three subnets, has {len(subnets)}")
            elif isinstance(count, int) and count % len(subnets):
                yield Violation(("numberOfBrokerNodes",), f"must be a multiple of the {len(subnets)} subnets", count)
        if isinstance(machine, str) and machine not in _MACHINES:
            yield Violation((_NODES, "instanceType"), "must be a size of broker such as kafka.m7g.large", machine)
        connectivity = nodes.get("connectivityInfo")
        access = connectivity.get("publicAccess") if is_map(connectivity) else None
        kind = access.get("type") if is_map(access) else None
        if kind not in (None, "DISABLED", "SERVICE_PROVIDED_EIPS") and isinstance(kind, str):
            where = (_NODES, "connectivityInfo", "publicAccess", "type")
            yield Violation(where, "not one of DISABLED, SERVICE_PROVIDED_EIPS", kind)
    ways = known(inputs, _AUTH)
    if is_map(ways):
        sasl = ways.get("sasl")
        by_sasl = is_map(sasl) and (sasl.get("iam") or sasl.get("scram"))
        if not (by_sasl or ways.get("tls") or ways.get("unauthenticated")):
            yield Violation((_AUTH,), "lets nobody in: one of sasl.iam, sasl.scram, tls or unauthenticated is needed")


_SETTABLE = re.compile(
    r"allow\.everyone\.if\.no\.acl\.found|auto\.create\.topics\.enable|auto\.leader\.rebalance\.enable"
    r"|compression\.type|connections\.max\.idle\.ms|default\.replication\.factor|delete\.topic\.enable|group\..+"
    r"|leader\..+|log\..+|max\.incremental\.fetch\.session\.cache\.slots|message\.max\.bytes|min\.insync\.replicas"
    r"|num\..+|offsets\.retention\.minutes|offsets\.topic\.replication\.factor|queued\.max\.requests|quota\..+"
    r"|replica\..+|socket\..+|transaction\..+|transactional\..+|unclean\.leader\.election\.enable"
)


def _properties(inputs: Inputs) -> Iterator[Violation]:
    """Lines of key=value, of keys that MSK lets one set (Amazon MSK developer guide, "Custom configurations")."""
    text = known(inputs, "serverProperties")
    for line in text.splitlines() if isinstance(text, str) else ():
        key, separator, _ = line.partition("=")
        if line.strip() and not line.startswith("#") and not (separator and _SETTABLE.fullmatch(key.strip())):
            yield Violation(("serverProperties",), "holds a line that is no setting of MSK's", line)


_OF_TOPICS = {
    *("cleanup.policy", "compression.type", "max.message.bytes", "min.insync.replicas", "message.timestamp.type"),
    *("retention.bytes", "retention.ms", "segment.bytes", "segment.ms"),
}


def _topic(inputs: Inputs) -> Iterator[Violation]:
    """The configuration is a JSON object whose values are text, with keys that Kafka's topics have."""
    text = known(inputs, "configs")
    if not isinstance(text, str):
        return
    try:
        configs = json.loads(text)
    except ValueError as error:
        yield Violation(("configs",), f"is not JSON ({error})", text)
        return
    if not is_map(configs):
        yield Violation(("configs",), "must be a JSON object", text)
        return
    for key, value in configs.items():
        if key not in _OF_TOPICS:
            yield Violation(("configs",), f"has {key}, which topics are not told here")
        elif not isinstance(value, str):
            yield Violation(("configs",), f"has {key} that is no text", value)


MSK: dict[str, Binding] = {
    "aws:msk/cluster:Cluster": bind(
        "kafka",
        "CreateCluster",
        fields={
            f"{_NODES}.azDistribution": "BrokerAZDistribution",
            f"{_VPC}.sasl.iam": "Iam.Enabled",
            f"{_VPC}.sasl.scram": "Scram.Enabled",
            f"{_VPC}.tls": "Tls.Enabled",
            f"{_AUTH}.sasl.iam": "Iam.Enabled",
            f"{_AUTH}.sasl.scram": "Scram.Enabled",
            f"{_AUTH}.tls.certificateAuthorityArns": "CertificateAuthorityArnList",
            f"{_AUTH}.unauthenticated": "Unauthenticated.Enabled",
            "encryptionInfo.encryptionAtRestKmsKeyArn": "EncryptionAtRest.DataVolumeKMSKeyId",
            f"{_LOGS}.cloudwatchLogs": "CloudWatchLogs",
        },
        name=AutoName("clusterName", 64, lowercase=False),
        replaces=(
            *("clusterName", f"{_NODES}.clientSubnets", f"{_NODES}.azDistribution"),
            *("encryptionInfo.encryptionAtRestKmsKeyArn", "encryptionInfo.encryptionInTransit.inCluster"),
        ),
        rules=(_brokers, matches("clusterName", r"[A-Za-z0-9-]{1,64}", "1-64 letters, digits and hyphens")),
    ),
    "aws:msk/configuration:Configuration": bind(
        "kafka",
        "CreateConfiguration",
        name=AutoName("name", 255, lowercase=False),
        replaces=("name", "kafkaVersions"),
        rules=(_properties,),
    ),
    "aws:msk/topic:Topic": bind(
        "kafka",
        "CreateTopic",
        fields={"name": "TopicName"},
        local=reasons("how long the provider waits", "timeouts"),
        others={"change": partial(operation, "kafka", "UpdateTopic")},
        required=frozenset({"clusterArn", "name"}),
        replaces=("clusterArn", "name", "replicationFactor"),
        rules=(_topic, matches("name", r"[A-Za-z0-9._-]{1,249}", "1-249 letters, digits, dots, _ and hyphens")),
    ),
}
"""Resource types of Amazon MSK by Pulumi token."""
