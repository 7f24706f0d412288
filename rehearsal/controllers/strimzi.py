"""Strimzi's operators, played with a real broker.

The operator itself is not on Maven Central. Its part is played here: for each Kafka resource one KRaft node of Apache
Kafka runs on loopback with the resource's own settings and listeners, the certificates of the Secrets that it names and
the standard authorizer; KafkaTopics become topics, KafkaUsers become ACLs and quotas, all three get the statuses and
finalizers that the operators give them. One broker stands for all, so replicas count as one. Where this machine has no
Java, statuses are all there is, and the report says so.

A topic's finalizer is taken away by whoever has deleted the topic: one whose Kafka is gone already stays, as in
production. Records go with the Kafka resource, whatever becomes of its volumes in production.

Source: strimzi/strimzi-kafka-operator 1.2.0: cluster-operator (statuses, Services, Secrets), topic-operator
BatchingTopicController, user-operator KafkaUserOperator, operator-common StatusUtils.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from rehearsal import hosts, toolchain
from rehearsal.controllers import strimzi_objects as objects
from rehearsal.controllers.base import ActingController, ConfigurationError, Context, Values, flag, value
from rehearsal.controllers.strimzi_secrets import certificates
from rehearsal.kafka import resources
from rehearsal.kafka.admin import Admin, KafkaRefusal
from rehearsal.kafka.broker import Broker, KeyPair
from rehearsal.kafka.resources import Cluster, User
from rehearsal.kube import JsonObject, Kube, object_path
from rehearsal.processes import ProcessFailed

_API = f"/apis/{objects.API}"
_MANAGER = "rehearsal-strimzi"
_FINALIZER = "strimzi.io/topic-operator"
_STANDS_FOR_ALL = (
    "one Kafka broker on this machine stands for all of a cluster: replicas and in-sync replicas count as 1"
)


@dataclass
class _Running:
    """What runs for one Kafka resource."""

    broker: Broker | None = None
    admin: Admin | None = None
    digest: str = ""
    """Of what the broker was started with."""
    failed: str = ""
    """Why it ended; it is started again for other settings only."""
    topics: dict[str, int] = field(default_factory=dict[str, int])
    """KafkaTopic -> generation that is brought about."""
    users: dict[str, int] = field(default_factory=dict[str, int])
    """KafkaUser -> generation that is brought about."""

    def stop(self) -> None:
        if self.admin is not None:
            self.admin.close()
            self.admin = None
        if self.broker is not None:
            self.broker.stop()


class Strimzi:
    """The operators of one release."""

    def __init__(self, context: Context, lacking: Callable[[str], str] = toolchain.lacking) -> None:
        """Args: where its brokers run, and why a tool cannot be had."""
        self._context = context
        self._running: dict[tuple[str, str], _Running] = {}
        self._without = ""
        if "kafka" not in context.tools:
            self._without = lacking("kafka") or "Kafka's jars were not fetched for this rehearsal"

    def step(self, api: Kube, values: Values) -> str:
        """Look at everything once.

        Raises:
            ConfigurationError: for values with which the operator would not see Kafka's resources.
        """
        watched: list[str] = value(values, "watchNamespaces", [])
        namespaces = {self._context.namespace, *watched}
        kafkas = {
            (one["metadata"]["namespace"], one["metadata"]["name"]): one
            for one in api.items(f"{_API}/kafkas")
            if not one["metadata"].get("deletionTimestamp")
            and (flag(values, "watchAnyNamespace", False) or one["metadata"]["namespace"] in namespaces)
        }
        for key in [key for key in self._running if key not in kafkas]:
            self._remove(key)
        for key, kafka in kafkas.items():
            running = self._running.setdefault(key, _Running())
            try:
                if self._cluster(api, kafka, running):
                    self._topics(api, key, running)
                    self._users(api, key, running)
            except (ConfigurationError, ProcessFailed, KafkaRefusal) as error:
                objects.say_not_ready(api, kafka, "Kafka", error)
        brokers = [running.broker for running in self._running.values() if running.broker is not None]
        hosts.write(self._context.hosts, {name: to for broker in brokers for name, to in broker.names.items()})
        if self._without:
            return f"no broker runs, statuses of Kafka's resources are simulated: {self._without}"
        return _STANDS_FOR_ALL

    def stop(self) -> None:
        """End the brokers and delete their data."""
        for key in list(self._running):
            self._remove(key)
        hosts.write(self._context.hosts, {})

    def _remove(self, key: tuple[str, str]) -> None:
        running = self._running.pop(key)
        running.stop()
        shutil.rmtree(self._context.folder / "-".join(key), ignore_errors=True)

    def _cluster(self, api: Kube, kafka: JsonObject, running: _Running) -> bool:
        """Run the broker of one resource; True once it serves, and the resource says so."""
        wanted = resources.cluster(kafka)
        pools = [
            one
            for one in api.items(f"{_API}/namespaces/{wanted.namespace}/kafkanodepools")
            if objects.cluster_of(one) == wanted.name
        ]
        for role in ("controller", "broker"):
            if not any(role in one["spec"]["roles"] for one in pools):
                raise ConfigurationError(f"no KafkaNodePool of cluster {wanted.name} has the role {role}")
        clients, own = certificates(api, kafka, wanted)
        if not self._without:
            self._run(wanted, next(one for one in pools if "broker" in one["spec"]["roles"]), clients, own, running)
            if running.admin is None:
                return False
        address = running.broker.doors[0].host if running.broker else ""
        for service in objects.services(kafka, wanted, address):
            live = api.get(object_path(service))
            if live is None or value(live, "metadata.annotations", {}) != service["metadata"]["annotations"]:
                api.apply(object_path(service), service, _MANAGER)
        cluster_id = running.broker.cluster_id if running.broker else objects.simulated_id(kafka)
        trusted = [own[one.name].certificate for one in wanted.listeners]
        objects.say_cluster_ready(api, kafka, pools, wanted, cluster_id, trusted)
        return True

    def _run(
        self, wanted: Cluster, pool: JsonObject, clients: str, own: Mapping[str, KeyPair], running: _Running
    ) -> None:
        digest = hashlib.sha256(
            repr((wanted, clients, sorted(own.items(), key=lambda one: one[0]))).encode()
        ).hexdigest()
        if digest != running.digest:
            running.stop()
            folder = self._context.folder / f"{wanted.namespace}-{wanted.name}"
            jars = self._context.tools["kafka"]
            running.broker = Broker(wanted, folder, jars, pool=pool["metadata"]["name"], logs=self._context.logs)
            running.digest, running.failed = digest, ""
            # Of changed settings none may have reached topics; making them so again changes nothing.
            running.topics.clear()
            running.users.clear()
            running.broker.start(own, clients)
        if running.failed:
            raise ProcessFailed(running.failed)
        broker = running.broker
        assert broker is not None  # noqa: S101 - the digest is that of a broker
        try:
            listening = broker.listening()
        except ProcessFailed as error:
            running.failed = str(error)
            raise
        if listening and running.admin is None:
            running.admin = Admin(f"127.0.0.1:{broker.operator_port}", broker.operator_files)

    def _topics(self, api: Kube, key: tuple[str, str], running: _Running) -> None:
        listed = [
            one for one in api.items(f"{_API}/namespaces/{key[0]}/kafkatopics") if objects.cluster_of(one) == key[1]
        ]
        pending = [one for one in listed if _pending(one, running.topics)]
        if not pending:
            return
        present = running.admin.topics() if running.admin else {}
        for body in pending:
            try:
                if body["metadata"].get("deletionTimestamp"):
                    self._delete_topic(api, body, running)
                else:
                    self._topic(api, body, running, present)
            except KafkaRefusal as error:
                objects.say_topic(api, body, refusal=str(error))
                running.topics[body["metadata"]["name"]] = body["metadata"]["generation"]

    def _topic(self, api: Kube, body: JsonObject, running: _Running, present: Mapping[str, tuple[str, int]]) -> None:
        metadata, wanted = body["metadata"], resources.topic(body)
        if _FINALIZER not in metadata.get("finalizers", []):
            _finalizers(api, body, [*metadata.get("finalizers", []), _FINALIZER])
        found = present.get(wanted.name)
        if running.admin is not None:
            running.admin.ensure_topic(wanted, found[1] if found else None)
            found = found or running.admin.topics().get(wanted.name)
            if found is None:
                # It is made and not told of yet: the next look finds it.
                return
        objects.say_topic(api, body, name=wanted.name, id_=found[0] if found else "")
        running.topics[metadata["name"]] = metadata["generation"]

    def _delete_topic(self, api: Kube, body: JsonObject, running: _Running) -> None:
        if running.admin is not None:
            running.admin.delete_topic(resources.topic(body).name)
        running.topics.pop(body["metadata"]["name"], None)
        _finalizers(api, body, [one for one in body["metadata"].get("finalizers", []) if one != _FINALIZER])

    def _users(self, api: Kube, key: tuple[str, str], running: _Running) -> None:
        listed = [
            one for one in api.items(f"{_API}/namespaces/{key[0]}/kafkausers") if objects.cluster_of(one) == key[1]
        ]
        names = {one["metadata"]["name"] for one in listed}
        pending = [one for one in listed if _pending(one, running.users)]
        gone = [name for name in running.users if name not in names]
        if not pending and not gone:
            return
        present = running.admin.users() if running.admin else {}
        for name in gone:
            if running.admin is not None:
                nothing = User(name=f"CN={name}", acls=frozenset())
                running.admin.set_user(nothing, present.get(nothing.name))
            del running.users[name]
        for body in pending:
            try:
                wanted = resources.user(body)
                if running.admin is not None:
                    running.admin.set_user(wanted, present.get(wanted.name))
            except (ConfigurationError, KafkaRefusal) as error:
                objects.say_not_ready(api, body, "KafkaUser", error)
            else:
                objects.say_user_ready(api, body, wanted)
            running.users[body["metadata"]["name"]] = body["metadata"]["generation"]


def _pending(body: JsonObject, done: Mapping[str, int]) -> bool:
    metadata = body["metadata"]
    return bool(metadata.get("deletionTimestamp")) or done.get(metadata["name"]) != metadata["generation"]


def _finalizers(api: Kube, body: JsonObject, wanted: list[str]) -> None:
    path = f"{_API}/namespaces/{body['metadata']['namespace']}/kafkatopics/{quote(body['metadata']['name'])}"
    api.merge(path, {"metadata": {"finalizers": wanted}})


STRIMZI = ActingController(chart="strimzi-kafka-operator", section="events", optional=("kafka",), act=Strimzi)
"""Kafka clusters, topics and users, by a real broker."""
