"""The version of Kafka."""

KAFKA_VERSION = "4.2.1"
"""Version of the brokers; one of those that Strimzi 1.2.0 runs (strimzi-kafka-operator 1.2.0, kafka-versions.yaml)."""

METADATA_VERSION = "4.2-IV1"
"""Format of the cluster's own metadata, that of `KAFKA_VERSION` (the same file). Raise it in an update of its own after
the brokers': it cannot be lowered again."""
