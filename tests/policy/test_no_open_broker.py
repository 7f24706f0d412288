from typing import Any

import pytest

from policy.plain import UNKNOWN
from policy.rules import no_open_broker

MSK = "aws:msk/cluster:Cluster"
GOOGLE, ACL = "gcp:managedkafka/cluster:Cluster", "gcp:managedkafka/acl:Acl"
IAM = {"sasl": {"iam": True}, "unauthenticated": False}


def brokers(access: Any = "DISABLED", transit: Any = None, auth: Any = None) -> dict[str, Any]:
    return {
        "brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": access}}},
        "encryptionInfo": {"encryptionInTransit": transit or {"clientBroker": "TLS", "inCluster": True}},
        "clientAuthentication": IAM if auth is None else auth,
    }


@pytest.mark.parametrize(
    "inputs",
    [
        brokers(),
        {"clientAuthentication": IAM},
        brokers(auth={"sasl": {"scram": True}}),
        brokers(auth={"tls": {"certificateAuthorityArns": ["arn"]}}),
    ],
)
def test_private_encrypted_brokers_that_know_their_clients_pass(world: Any, judge: Any, inputs: Any) -> None:
    assert judge(no_open_broker.RULE, [world.cluster(MSK, inputs)]) == []


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            brokers(access="SERVICE_PROVIDED_EIPS"),
            "brokerNodeGroupInfo.connectivityInfo.publicAccess.type is SERVICE_PROVIDED_EIPS, which opens the brokers"
            " to the internet; set it to DISABLED",
        ),
        (
            brokers(transit={"clientBroker": "TLS_PLAINTEXT"}),
            "encryptionInfo.encryptionInTransit.clientBroker is TLS_PLAINTEXT, which lets records pass in clear; set it"
            " to TLS",
        ),
        (
            brokers(transit={"inCluster": False}),
            "encryptionInfo.encryptionInTransit.inCluster is false, which lets records pass in clear within; set it to"
            " true",
        ),
        (
            brokers(auth={**IAM, "unauthenticated": True}),
            "clientAuthentication.unauthenticated is true, which lets in everybody; set it to false",
        ),
        (
            brokers(auth={}),
            "clientAuthentication names no way, which lets in everybody; set sasl.iam, sasl.scram or tls",
        ),
        (
            brokers(auth={"sasl": UNKNOWN}),
            "clientAuthentication cannot be known before the update; make it plain: text in the program, not an output",
        ),
        (
            brokers(access=UNKNOWN),
            "brokerNodeGroupInfo.connectivityInfo.publicAccess.type cannot be known before the update; make it plain:"
            " text in the program, not an output",
        ),
    ],
)
def test_open_brokers_are_refused(world: Any, judge: Any, inputs: Any, message: str) -> None:
    assert judge(no_open_broker.RULE, [world.cluster(MSK, inputs)]) == [f"Cluster 'gpus': {message}"]


def google(**access: Any) -> dict[str, Any]:
    networks = [{"subnet": UNKNOWN}]
    return {"gcpConfig": {"accessConfig": {"networkConfigs": networks, **access}, "kmsKey": UNKNOWN}}


def acl(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"aclId": "allTopics", "aclEntries": list(entries)}


EVERYBODY = {"principal": "User:*", "operation": "READ", "permissionType": "ALLOW"}
ROUTER = {"principal": "User:CN=vision.router", "operation": "READ", "permissionType": "ALLOW"}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [(GOOGLE, google()), (ACL, acl(ROUTER)), (ACL, acl({**EVERYBODY, "permissionType": "DENY"}))],
)
def test_googles_private_brokers_with_named_principals_pass(world: Any, judge: Any, kind: str, inputs: Any) -> None:
    assert judge(no_open_broker.RULE, [world.cluster(kind, inputs)]) == []


@pytest.mark.parametrize(
    ("kind", "inputs", "message"),
    [
        (
            GOOGLE,
            google(publicClusterConfig={}),
            "Cluster 'gpus': gcpConfig.accessConfig.publicClusterConfig opens the brokers to the internet; leave it"
            " out",
        ),
        (
            GOOGLE,
            {"gcpConfig": UNKNOWN},
            "Cluster 'gpus': gcpConfig.accessConfig.publicClusterConfig cannot be known before the update; make it"
            " plain: text in the program, not an output",
        ),
        (
            ACL,
            acl(ROUTER, {**EVERYBODY, "permissionType": "allow"}),
            "Acl 'gpus': an entry allows User:*, which is everybody who connects; name principals",
        ),
        (
            ACL,
            acl({**EVERYBODY, "principal": UNKNOWN}),
            "Acl 'gpus': aclEntries cannot be known before the update; make it plain: text in the program, not an"
            " output",
        ),
    ],
)
def test_googles_open_brokers_are_refused(world: Any, judge: Any, kind: str, inputs: Any, message: str) -> None:
    assert judge(no_open_broker.RULE, [world.cluster(kind, inputs)]) == [message]


def test_brokers_may_be_allowed_by_name(world: Any, judge: Any) -> None:
    opened = [world.cluster(MSK, brokers(auth={}))]
    assert judge(no_open_broker.RULE, opened, {"allow": ["gpus"]}) == []


def test_other_resources_are_not_looked_at(world: Any, judge: Any) -> None:
    found = judge(no_open_broker.RULE, [world.cluster("aws:eks/cluster:Cluster", {})])
    assert found == ["not applicable: aws:eks/cluster:Cluster is no managed Kafka"]
