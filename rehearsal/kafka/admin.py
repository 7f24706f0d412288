"""Topics, ACLs and quotas on a broker, brought to what is asked for. Each call changes only what differs."""

import base64
import contextlib
import importlib
import logging
import uuid
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from rehearsal.kafka.resources import Acl, Topic, User

# The client has no types: what comes from it is looked at where it is used.
_ADMIN: Any = importlib.import_module("kafka.admin")
_ERRORS: Any = importlib.import_module("kafka.errors")
_PROTOCOL: Any = importlib.import_module("kafka.protocol.admin")
_QUOTAS = ("producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate")
# It logs each connection that a broker which is being started refuses.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


class KafkaRefusal(Exception):  # noqa: N818 - it reads as a sentence where it is raised
    """What the broker answered instead of doing what was asked, or that it did not answer."""


class Admin:
    """The operator's connection to one broker."""

    def __init__(self, bootstrap: str, files: Mapping[str, str], *, patience_ms: int = 2000) -> None:
        """Connect.

        Args:
            bootstrap: Address of the broker.
            files: Paths of the PEM files `ca`, `certificate` and `key`.
            patience_ms: How long to wait for the broker's first answer.

        Raises:
            KafkaRefusal: when it does not answer.
        """
        with _refusals():
            self._client = _ADMIN.KafkaAdminClient(
                bootstrap_servers=bootstrap,
                security_protocol="SSL",
                ssl_cafile=files["ca"],
                ssl_certfile=files["certificate"],
                ssl_keyfile=files["key"],
                client_id="rehearsal-operator",
                bootstrap_timeout_ms=patience_ms,
                request_timeout_ms=10_000,
            )

    def close(self) -> None:
        """Let go of the connection. Idempotent."""
        self._client.close()

    def topics(self) -> dict[str, tuple[str, int]]:
        """Name of each topic of users -> (id, partitions).

        Raises:
            KafkaRefusal: as all that follow.
        """
        with _refusals():
            found = self._client.describe_topics()
        return {
            one["name"]: (_topic_id(one["topic_id"]), len(one["partitions"]))
            for one in found
            if not one.get("is_internal")
        }

    def config(self, topic: str) -> dict[str, str]:
        """What is set for one topic itself, over the broker's settings."""
        resource = _ADMIN.ConfigResource("topic", topic)
        with _refusals():
            found = self._client.describe_configs([resource], config_filter="modified")
        entries = found.get("topic", {}).get(topic, {})
        return {name: str(entry["value"]) for name, entry in entries.items() if _of_topic(entry)}

    def ensure_topic(self, wanted: Topic, partitions: int | None) -> None:
        """Create a topic, give it more partitions, or other settings.

        Args:
            wanted: What it must be.
            partitions: How many it has now; None: there is no such topic.
        """
        if partitions is None:
            options = {"num_partitions": wanted.partitions, "replication_factor": 1, "configs": dict(wanted.config)}
            with _refusals():
                answer = self._client.create_topics({wanted.name: options}, raise_errors=False)
            _say_no(answer["topics"])
            return
        if 0 < wanted.partitions < partitions:
            raise KafkaRefusal("Decreasing partitions not supported")
        if wanted.partitions > partitions:
            with _refusals():
                self._client.create_partitions({wanted.name: wanted.partitions})
        present = self.config(wanted.name)
        changes = {name: text for name, text in wanted.config.items() if present.get(name) != text}
        gone = dict.fromkeys(present.keys() - wanted.config.keys(), ("DELETE", None))
        if changes or gone:
            resource = _ADMIN.ConfigResource("topic", wanted.name, changes | gone)
            with _refusals():
                answer = self._client.alter_configs([resource])
            said = answer.get("topic", {}).get(wanted.name, "OK")
            if said != "OK":
                raise KafkaRefusal(said)

    def delete_topic(self, name: str) -> None:
        """Delete a topic; one that is gone is no error."""
        with _refusals():
            answer = self._client.delete_topics([name], raise_errors=False)
        _say_no(one for one in answer["topics"] if one["error_code"] != _ERRORS.UnknownTopicOrPartitionError.errno)

    def users(self) -> dict[str, User]:
        """Name of each user that has ACLs or quotas -> both."""
        nobody = _ADMIN.ResourcePatternFilter(_ADMIN.ResourceType.ANY, None, _ADMIN.ACLResourcePatternType.ANY)
        every = _ADMIN.ACLFilter(None, None, _ADMIN.ACLOperation.ANY, _ADMIN.ACLPermissionType.ANY, nobody)
        with _refusals():
            found, _ = self._client.describe_acls(every)
            quotas = self._quotas()
        acls: dict[str, set[Acl]] = {}
        for one in found:
            acls.setdefault(one.principal.removeprefix("User:"), set()).add(_read(one))
        return {
            name: User(name=name, acls=frozenset(acls.get(name, ())), quotas=quotas.get(name, {}))
            for name in acls.keys() | quotas.keys()
        }

    def set_user(self, wanted: User, present: User | None) -> None:
        """Give a user these ACLs and quotas and no others."""
        old = present or User(name=wanted.name, acls=frozenset())
        self._create(wanted.principal, wanted.acls - old.acls)
        self._delete(wanted.principal, old.acls - wanted.acls)
        if dict(wanted.quotas) != dict(old.quotas):
            self._set_quotas(wanted)

    def _create(self, principal: str, acls: Iterable[Acl]) -> None:
        bindings = [_binding(principal, acl) for acl in sorted(acls)]
        if bindings:
            with _refusals():
                answer = self._client.create_acls(bindings)
            if answer["failed"]:
                raise KafkaRefusal(f"an ACL of {principal} is refused: {answer['failed'][0].__name__}")

    def _delete(self, principal: str, acls: Iterable[Acl]) -> None:
        bindings = [_binding(principal, acl, _ADMIN.ACLFilter, _ADMIN.ResourcePatternFilter) for acl in sorted(acls)]
        if bindings:
            with _refusals():
                self._client.delete_acls(bindings)

    def _set_quotas(self, wanted: User) -> None:
        request = _PROTOCOL.AlterClientQuotasRequest
        operations = [
            request.EntryData.OpData(key=name, value=wanted.quotas.get(name, 0.0), remove=name not in wanted.quotas)
            for name in _QUOTAS
        ]
        entity = request.EntryData.EntityData(entity_type="user", entity_name=wanted.name)
        entry = request.EntryData(entity=[entity], ops=operations)
        with _refusals():
            answer = self._send(request(entries=[entry], validate_only=False))
        for one in answer.entries:
            if one.error_code:
                raise KafkaRefusal(f"quotas of {wanted.name}: {one.error_message}")

    def _quotas(self) -> dict[str, dict[str, float]]:
        request = _PROTOCOL.DescribeClientQuotasRequest
        component = request.ComponentData(entity_type="user", match_type=2, match=None)
        answer = self._send(request(components=[component], strict=True))
        entries = answer.entries or ()
        return {one.entity[0].entity_name: {limit.key: limit.value for limit in one.values} for one in entries}

    def _send(self, request: Any) -> Any:
        # The client speaks of quotas in its protocol only, and has no method for them.
        manager = self._client._manager
        return manager.run(manager.send, request)


@contextlib.contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except (_ERRORS.KafkaError, OSError, ValueError) as error:
        raise KafkaRefusal(f"{type(error).__name__}: {error}") from error


def _say_no(answers: Iterable[Mapping[str, Any]]) -> None:
    for one in answers:
        if one["error_code"]:
            name = _ERRORS.for_code(one["error_code"]).__name__
            raise KafkaRefusal(f"{name}: {one.get('error_message') or one['name']}")


def _topic_id(found: Any) -> str:
    """A topic's id as Kafka writes it."""
    return base64.urlsafe_b64encode(uuid.UUID(str(found)).bytes).decode().rstrip("=")


def _of_topic(entry: Mapping[str, Any]) -> bool:
    return "TOPIC" in str(entry.get("config_source", "DYNAMIC_TOPIC_CONFIG")).upper()


def _binding(principal: str, acl: Acl, kind: Any = None, pattern: Any = None) -> Any:
    return (kind or _ADMIN.ACL)(
        principal,
        acl.host,
        _ADMIN.ACLOperation[acl.operation],
        _ADMIN.ACLPermissionType.ALLOW if acl.allow else _ADMIN.ACLPermissionType.DENY,
        (pattern or _ADMIN.ResourcePattern)(
            _ADMIN.ResourceType[acl.resource.upper()],
            acl.name,
            _ADMIN.ACLResourcePatternType[acl.pattern.upper()],
        ),
    )


def _read(found: Any) -> Acl:
    return Acl(
        resource=found.resource_pattern.resource_type.name.lower(),
        name=found.resource_pattern.resource_name,
        pattern=found.resource_pattern.pattern_type.name.lower(),
        operation=found.operation.name,
        host=found.host,
        allow=found.permission_type is _ADMIN.ACLPermissionType.ALLOW,
    )
