"""Amazon MSK as its API has it: brokers, what they are told, and topics. Pure.

Sources: Amazon MSK developer guide, "Supported Apache Kafka versions" and "Metadata management" (names of versions with
KRaft), "Amazon MSK broker sizes", "Custom Amazon MSK configurations" (which properties may be set), "Port information",
"Monitor an MSK Provisioned cluster"; MSK API reference, CreateCluster and CreateTopic.
"""

import json
from typing import Any

from components.eventing.kafka_names import Topic
from components.eventing.kafka_objects import plain, server_config, topic_config_text
from components.eventing.retention import replication

VERSION = "3.9.x.kraft"
"""Kafka of the brokers. Amazon mends it within the minor version by itself."""

METRICS_PORT = 11001
"""Where brokers show their metrics to Prometheus."""


def server_properties(brokers: int) -> str:
    """The brokers' configuration, in Java's format; what it leaves out is Amazon's default."""
    return "".join(f"{key}={plain(value)}\n" for key, value in server_config(brokers).items())


def topic_configs(topic: Topic, brokers: int) -> str:
    """A topic's configuration as MSK takes it: JSON whose values are all text."""
    return json.dumps(topic_config_text(topic, brokers), sort_keys=True)


def topic_inputs(topic: Topic, brokers: int) -> dict[str, Any]:
    """What a topic is. Kafka can add partitions to one and takes none away."""
    return {
        "name": topic.name,
        "partition_count": topic.partitions,
        "replication_factor": replication(brokers),
        "configs": topic_configs(topic, brokers),
    }
