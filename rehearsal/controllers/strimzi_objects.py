"""What Strimzi's operators write into a cluster: statuses, and the Services of a Kafka cluster."""

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from rehearsal.controllers.base import value
from rehearsal.controllers.conditions import Condition, conditions, write_status
from rehearsal.kafka.resources import Cluster, User
from rehearsal.kube import JsonObject, Kube

API = "kafka.strimzi.io/v1"
VERSION = "1.2.0"
_CLUSTER = "strimzi.io/cluster"
_READY = Condition("Ready", True, "")


def cluster_of(body: JsonObject) -> str:
    """Name of the Kafka resource that a topic, user or pool belongs to."""
    return str(body["metadata"].get("labels", {}).get(_CLUSTER, ""))


def simulated_id(kafka: JsonObject) -> str:
    """Id of a cluster that nothing runs for."""
    return base64.urlsafe_b64encode(uuid.UUID(kafka["metadata"]["uid"]).bytes).decode().rstrip("=")


ADDRESS = "rehearsal.multimodal.dev/address"
"""Annotation of the Service where clients begin: where programs of this machine do."""


def services(kafka: JsonObject, wanted: Cluster, address: str) -> list[JsonObject]:
    """The Services where clients begin and where brokers have their names; they go with the Kafka resource."""
    ports = [{"name": f"tcp-{one.name}", "port": one.port, "protocol": "TCP"} for one in wanted.listeners]
    owner = {
        "apiVersion": API,
        "kind": "Kafka",
        "name": wanted.name,
        "uid": kafka["metadata"]["uid"],
        "controller": False,
        "blockOwnerDeletion": False,
    }
    made: list[JsonObject] = []
    for suffix, spec in (("bootstrap", {}), ("brokers", {"clusterIP": "None", "publishNotReadyAddresses": True})):
        made.append(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {
                    "name": f"{wanted.name}-kafka-{suffix}",
                    "namespace": wanted.namespace,
                    "labels": {_CLUSTER: wanted.name, "strimzi.io/kind": "Kafka"},
                    "annotations": {ADDRESS: address} if address and suffix == "bootstrap" else {},
                    "ownerReferences": [owner],
                },
                "spec": {
                    "ports": ports,
                    "selector": {_CLUSTER: wanted.name, "strimzi.io/kind": "Kafka", "strimzi.io/broker-role": "true"},
                    **spec,
                },
            }
        )
    return made


def say_cluster_ready(
    api: Kube, kafka: JsonObject, pools: Sequence[JsonObject], wanted: Cluster, id_: str, certificates: Sequence[str]
) -> None:
    """Statuses of a Kafka resource that serves, and of its node pools."""
    listeners = [
        {
            "name": one.name,
            "addresses": [{"host": wanted.bootstrap(one).rpartition(":")[0], "port": one.port}],
            "bootstrapServers": wanted.bootstrap(one),
            "certificates": [certificate],
        }
        for one, certificate in zip(wanted.listeners, certificates, strict=True)
    ]
    spec = kafka["spec"]["kafka"]
    status: JsonObject = {
        "clusterId": id_,
        "listeners": listeners,
        "kafkaNodePools": [{"name": one["metadata"]["name"]} for one in pools],
        "operatorLastSuccessfulVersion": VERSION,
    }
    for name, key in (("kafkaVersion", "version"), ("kafkaMetadataVersion", "metadataVersion")):
        if spec.get(key):
            status[name] = str(spec[key])
    _write(api, kafka, "Kafka", _READY, status)
    first = 0
    for pool in pools:
        replicas = int(pool["spec"]["replicas"])
        # Node ids are given in the order of the pools.
        ids = list(range(first, first + replicas))
        first += replicas
        name = pool["metadata"]["name"]
        selector = f"{_CLUSTER}={wanted.name},strimzi.io/name={wanted.name}-kafka,strimzi.io/pool-name={name}"
        roles = list(pool["spec"]["roles"])
        told = {"nodeIds": ids, "clusterId": id_, "roles": roles, "replicas": replicas, "labelSelector": selector}
        write_status(
            api, pool | _typed("KafkaNodePool"), {**told, "observedGeneration": pool["metadata"]["generation"]}
        )


def say_user_ready(api: Kube, body: JsonObject, user: User) -> None:
    """Status of a KafkaUser whose ACLs and quotas are brought about. Others make its certificate: it has no Secret."""
    _write(api, body, "KafkaUser", _READY, {"username": user.name})


def say_topic(api: Kube, body: JsonObject, *, name: str = "", id_: str = "", refusal: str = "") -> None:
    """Status of a KafkaTopic, ready or refused."""
    condition = Condition("Ready", False, "KafkaError", refusal) if refusal else _READY
    status = {key: text for key, text in (("topicName", name), ("topicId", id_)) if text}
    _write(api, body, "KafkaTopic", condition, status)


def say_not_ready(api: Kube, body: JsonObject, kind: str, error: Exception) -> None:
    """Status of a Kafka or KafkaUser that is not brought about."""
    reason = "InvalidResourceException" if type(error).__name__ == "ConfigurationError" else "RuntimeException"
    _write(api, body, kind, Condition("NotReady", True, reason, str(error)), {})


def _write(api: Kube, body: JsonObject, kind: str, condition: Condition, status: Mapping[str, Any]) -> None:
    before = value(body, "status.conditions", [])
    told = {**status, "conditions": conditions([condition], before)}
    write_status(api, body | _typed(kind), {**told, "observedGeneration": body["metadata"]["generation"]})


def _typed(kind: str) -> JsonObject:
    return {"apiVersion": API, "kind": kind}
