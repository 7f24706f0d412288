"""Replay: dead letters go back to where they failed. Pure.

A run reads all dead letters that are still kept, and ends. It remembers nothing: which ones go back is chosen by time,
flow, step and reason. docs/runbooks/replay.md says how.
"""

from components.eventing import router_mappings as mappings
from components.eventing.kafka_names import dead_letters_topic
from components.eventing.router_kafka import Broker, reader, writer
from components.eventing.router_resources import lets, mapping
from components.eventing.router_streams import LOGGER
from components.manifest import Spec
from components.settings.flow_steps import DEAD_LETTER_TYPE

MOST_REPLAYS = 3
"""How often an event is replayed at most: what failed so often stays a dead letter."""

REPLAY_IDLE = "20s"
"""A replay ends when no further dead letter has come for so long."""


def replay(tenant: str, broker: Broker, topics: list[str], largest_kib: int) -> Spec:
    """The whole configuration of a replay: dead letters go back to where they failed. It ends by itself.

    Which ones is said by its environment: REPLAY_SINCE and REPLAY_UNTIL (times as in RFC 3339), REPLAY_FLOW,
    REPLAY_STEP and REPLAY_REASON; what is not said does not matter.

    Args:
        tenant: Whose they are.
        broker: Where Kafka is.
        topics: Topics that letters may go back to.
        largest_kib: Size of the largest event.
    """
    given = {"kind": DEAD_LETTER_TYPE, "limit": MOST_REPLAYS, "topics": sorted(topics)}
    # Without a group: nothing is remembered, and every run looks at all letters that are still there.
    letters = reader(broker, dead_letters_topic(tenant), "", at_once=4, largest_kib=largest_kib)
    return {
        "http": {"enabled": False},
        "logger": LOGGER,
        "input": {"read_until": {"idle_timeout": REPLAY_IDLE, "input": letters}},
        "pipeline": {
            "threads": 1,
            "processors": [
                mapping(lets(given) + mappings.REPLAY),
                {"log": {"level": "INFO", "message": "${! @told }"}},
                {"mapping": 'root = if @why != "" { deleted() }'},
            ],
        },
        "output": writer(broker, largest_kib),
    }
