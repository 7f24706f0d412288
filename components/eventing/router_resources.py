"""What all of a router's streams share: the output, and each thing that any of them does with an event. Pure."""

import json
from collections.abc import Mapping

from components.eventing import router_mappings as mappings
from components.eventing.kafka_names import AUDIT_TOPIC, dead_letters_topic
from components.eventing.router_kafka import HEADROOM_KIB, Broker, writer
from components.manifest import Spec
from components.settings.flow_steps import CALL_TYPE, DEAD_LETTER_TYPE

OUTPUT = "kafka"
"""Label of the one output that all streams share."""


def resources(tenant: str, broker: Broker, largest_kib: int, audited: Mapping[str, str] | None = None) -> Spec:
    """What all streams share: the output, and each thing that any of them does with an event.

    Args:
        tenant: Whose they are.
        broker: Where Kafka is.
        largest_kib: Size of the largest event.
        audited: <flow>/<step> -> the model that it calls, for the audit stream; None: nobody is told.
    """
    note = [] if audited is None else [mapping(_note(tenant, audited))]
    each: list[Spec] = [{"unarchive": {"format": "json_array"}}, mapping(mappings.EACH)]
    return {
        "output_resources": [{"label": OUTPUT, **writer(broker, largest_kib)}],
        "processor_resources": [
            *(
                {"label": label, **mapping(text)}
                for label, text in {
                    "accept": mappings.ACCEPT,
                    "keep": mappings.KEEP,
                    "take": mappings.TAKE,
                    "ask": mappings.ASK,
                    "classify": mappings.CLASSIFY,
                    "again": mappings.AGAIN,
                    "compose": mappings.COMPOSE,
                    "fits": _fitting(largest_kib),
                }.items()
            ),
            _chain("count", {"catch": [mapping(mappings.EXHAUSTED)]}, mapping(mappings.COUNT), mapping(mappings.WAIT)),
            _chain("judge", mapping(mappings.REASON), mapping(mappings.JUDGE)),
            _chain("spread", mapping(mappings.SPREAD), *note, *each),
            _chain(
                "bury",
                mapping(_bury(tenant, largest_kib)),
                *_noticed(),
                *([mapping(mappings.ALONE), *note, *each] if note else []),
            ),
        ],
    }


def _fitting(largest_kib: int) -> str:
    return (
        f"let most = {largest_kib * 1024 + HEADROOM_KIB * 512}\n"
        "root = if content().length() > $most {\n"
        '  throw("%v bytes are more than a topic takes, %v: give media by reference, as dataref"'
        ".format(content().length(), $most))\n"
        "}"
    )


def _bury(tenant: str, largest_kib: int) -> str:
    known = {
        "most": largest_kib * 1024 + HEADROOM_KIB * 512,
        "source": f"/tenants/{tenant}/router",
        "kind": DEAD_LETTER_TYPE,
        "topic": dead_letters_topic(tenant),
    }
    return lets(known) + mappings.BURY


def _note(tenant: str, models: Mapping[str, str]) -> str:
    known = {
        "audit": AUDIT_TOPIC,
        "kind": CALL_TYPE,
        "models": dict(models),
        "source": f"/tenants/{tenant}/router",
        "tenant": tenant,
    }
    return lets(known) + mappings.NOTE


def lets(known: Mapping[str, object]) -> str:
    """What a mapping takes for given."""
    return "".join(f"let {name} = {json.dumps(value, sort_keys=True)}\n" for name, value in known.items())


def mapping(text: str) -> Spec:
    return {"mapping": text.strip()}


def _chain(label: str, *processors: Spec) -> Spec:
    """Several processors under one label."""
    return {"label": label, "processors": list(processors)}


def _noticed() -> list[Spec]:
    """Dead letters are counted and logged, without what is in them."""
    names = {"flow": '${! json("flow").or("") }', "step": '${! json("step").or("") }', "reason": '${! json("reason") }'}
    return [
        {"metric": {"type": "counter", "name": "dead_letters", "labels": names}},
        {
            "log": {
                "level": "WARN",
                "message": '${! json("correlationid").or("an event") } is a dead letter: ${! json("reason") }',
                "fields_mapping": 'root = {"topic": this.topic, "id": this.id}',
            }
        },
    ]
