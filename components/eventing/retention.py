"""How much Kafka has to hold so that an outage loses nothing. Pure arithmetic.

While models are away, or all GPUs are busy, events wait in topics. A topic therefore keeps what arrives in the longest
outage that the stack is meant to outlive, and brokers have room for all topics at their fullest.
"""

import math
from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3

PARTITION_MIB_PER_SECOND = 10
"""What one partition is asked to take at most. Brokers do several times that (Kafka's own benchmark, "2 million writes
per second"); a partition that replicates to three brokers beside many others is given less."""

SURPLUS = 2
"""How far beyond its stated load a topic may go: twice the load for the whole outage, or twice its share for one of its
partitions. Beyond it, producers are slowed down (quota) and a partition lets its oldest records go (retention.bytes),
before the disk is full and the brokers stop for everybody."""

USABLE = 0.85
"""Part of a broker's volume that topics may fill; the rest is for indexes, the cluster's own topics and replicas that
move."""

_SMALLEST_SEGMENT, _LARGEST_SEGMENT = 16 * MIB, GIB
_LONGEST_BATCH_OVERHEAD = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Load:
    """What arrives in a topic."""

    per_second: float
    """Events, on average over the busiest hours."""
    kib: float
    """Size of one on average, its attributes included."""
    largest_kib: int = 1024
    """Size of the largest that is taken."""

    @property
    def bytes_per_second(self) -> float:
        """Bytes that arrive."""
        return self.per_second * self.kib * 1024


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a topic keeps."""

    partitions: int
    retention_ms: int
    retention_bytes: int
    """Per partition."""
    segment_bytes: int
    """Bytes of one file. Only whole files are removed, so a partition may hold one more than `retention_bytes`."""
    max_message_bytes: int


def held(load: Load, *, hours: float, brokers: int, consumers: int = 1) -> Held:
    """What a topic keeps so that `hours` without a consumer lose nothing.

    Args:
        load: What arrives in it.
        hours: How long nobody reads.
        brokers: A topic has a partition on each at least, so that all of them share its load.
        consumers: How many read it at once at most; further ones would find no partition.
    """
    by_load = math.ceil(load.bytes_per_second / (PARTITION_MIB_PER_SECOND * MIB))
    partitions = max(brokers, consumers, by_load)
    share = load.bytes_per_second * hours * 3600 / partitions
    segment = min(_LARGEST_SEGMENT, max(_SMALLEST_SEGMENT, _power_of_two(share / 8)))
    return Held(
        partitions=partitions,
        retention_ms=round(hours * 3_600_000),
        # Also a topic with next to no load keeps some records of the largest size.
        retention_bytes=max(math.ceil(share * SURPLUS), 2 * segment),
        segment_bytes=segment,
        max_message_bytes=load.largest_kib * 1024 + _LONGEST_BATCH_OVERHEAD,
    )


def quota_bytes_per_second(loads: float, *, brokers: int, partitions: int) -> int:
    """Quota per broker of who produces `loads` bytes per second, with the surplus; at least one MiB/s."""
    return max(MIB, math.ceil(loads * SURPLUS / min(brokers, partitions)))


def replication(brokers: int) -> int:
    """On how many brokers each record lies."""
    return min(brokers, 3)


def in_sync(brokers: int) -> int:
    """How many brokers must have a record before its producer is told that it is safe."""
    return max(1, replication(brokers) - 1)


def room_gib(brokers: int, storage_gib: int) -> float:
    """GiB that topics may fill, copies included."""
    return brokers * storage_gib * USABLE


def storage_for(gib: float, brokers: int) -> int:
    """GiB that each broker's volume must have to hold so much, copies included, rounded up to tens."""
    return math.ceil(gib / brokers / USABLE / 10) * 10


def _power_of_two(number: float) -> int:
    return 2 ** math.floor(math.log2(number)) if number > 1 else 1


def kept_bytes(kib_per_second: float, *, hours: float, brokers: int) -> float:
    """What topics that take in so much may take on the brokers together, copies and the usual surplus included."""
    return kib_per_second * 1024 * SURPLUS * hours * 3600 * replication(brokers)
