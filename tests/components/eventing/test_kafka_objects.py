"""Strimzi's resources: nothing in clear, nobody without a certificate, no copy lost with one node."""

from typing import Any

from components.eventing import kafka_objects
from components.eventing.kafka_names import Grant, Operation, Resource, Topic, User
from components.eventing.kafka_objects import Nodes, kafka_spec, node_pools, topic_spec, user_spec
from components.eventing.logins import STRIMZI
from components.eventing.network import allow_kafka

PROD = Nodes(brokers=3, apart=True, zones=True, storage_gib=500, storage_class="fast")
DEV = Nodes(brokers=1, apart=False, zones=False, storage_gib=10)
TOPIC = Topic(name="vision.events", partitions=3, retention_ms=3_600_000, retention_bytes=2**30, segment_bytes=2**24)


def kafka(nodes: Nodes = PROD, autoscaler: str | None = None) -> dict[str, Any]:
    return kafka_spec(nodes, autoscaler)["kafka"]


def test_the_only_listener_shows_and_wants_certificates() -> None:
    (listener,) = kafka()["listeners"]
    assert (listener["port"], listener["tls"], listener["authentication"]) == (9093, True, {"type": "tls"})
    assert listener["configuration"]["brokerCertChainAndKey"]["secretName"] == "kafka-listener"


def test_only_pods_that_say_so_and_the_autoscaler_reach_brokers() -> None:
    tenants = {
        "namespaceSelector": {"matchExpressions": [{"key": "multimodal.dev/tenant", "operator": "Exists"}]},
        "podSelector": {"matchLabels": {"multimodal.dev/reaches-kafka": "true"}},
    }
    keda = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}
    assert kafka()["listeners"][0]["networkPolicyPeers"] == [tenants]
    assert kafka(autoscaler="keda")["listeners"][0]["networkPolicyPeers"] == [tenants, keda]
    # The same pods may leave the tenant's closed network.
    assert allow_kafka(STRIMZI)["podSelector"] == tenants["podSelector"]
    assert allow_kafka(STRIMZI)["egress"][0]["ports"] == [{"protocol": "TCP", "port": 9093}]


def test_what_no_acl_allows_is_refused_and_no_topic_comes_by_itself() -> None:
    assert kafka()["authorization"] == {"type": "simple"}
    assert kafka()["config"]["auto.create.topics.enable"] is False
    assert kafka_spec(PROD, None)["clientsCa"] == {"generateCertificateAuthority": False}


def test_production_keeps_metadata_apart_and_spreads_over_zones_and_nodes() -> None:
    pools = node_pools(PROD)
    assert {name: (pool["roles"], pool["replicas"]) for name, pool in pools.items()} == {
        "controller": (["controller"], 3),
        "broker": (["broker"], 3),
    }
    for name, pool in pools.items():
        spread = pool["template"]["pod"]["topologySpreadConstraints"]
        assert [rule["topologyKey"] for rule in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        # Nodes where these pods may not run, such as those with GPUs, are no place to spread to.
        assert all(rule["nodeTaintsPolicy"] == "Honor" for rule in spread)
        assert all(rule["labelSelector"]["matchLabels"]["strimzi.io/pool-name"] == name for rule in spread)
    assert kafka()["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}
    assert kafka()["config"]["min.insync.replicas"] == 2


def test_a_small_cluster_is_one_node() -> None:
    assert {name: (pool["roles"], pool["replicas"]) for name, pool in node_pools(DEV).items()} == {
        "combined": (["controller", "broker"], 1)
    }
    assert "template" not in node_pools(DEV)["combined"]
    assert "rack" not in kafka(DEV)
    assert kafka(DEV)["config"]["min.insync.replicas"] == 1


def test_volumes_stay_when_the_cluster_resource_goes() -> None:
    (volume,) = node_pools(PROD)["broker"]["storage"]["volumes"]
    assert (volume["size"], volume["class"], volume["deleteClaim"]) == ("500Gi", "fast", False)
    assert "class" not in node_pools(DEV)["combined"]["storage"]["volumes"][0]


def test_a_topic_says_how_long_and_how_much_it_keeps() -> None:
    assert topic_spec(TOPIC, 3) == {
        "partitions": 3,
        "replicas": 3,
        "config": {
            "cleanup.policy": "delete",
            "retention.ms": 3_600_000,
            "retention.bytes": 2**30,
            "segment.bytes": 2**24,
            "max.message.bytes": 1_048_576,
            "min.insync.replicas": 2,
        },
    }
    assert kafka_objects.topic_metadata("vision", TOPIC)["labels"]["strimzi.io/cluster"] == "multimodal"


def test_a_user_is_known_by_a_certificate_from_elsewhere() -> None:
    grant = Grant(resource=Resource.GROUP, name="vision.", operations=(Operation.READ,), prefixed=True)
    spec = user_spec(User(name="vision.client", grants=(grant,), produce_bytes_per_second=1000))
    assert spec == {
        "authentication": {"type": "tls-external"},
        "authorization": {
            "type": "simple",
            "acls": [
                {
                    "resource": {"type": "group", "name": "vision.", "patternType": "prefix"},
                    "operations": ["Read"],
                    "type": "allow",
                    "host": "*",
                }
            ],
        },
        "quotas": {"producerByteRate": 1000},
    }
