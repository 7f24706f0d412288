"""What topics keep: enough for an outage, and no more than brokers hold."""

from hypothesis import given
from hypothesis import strategies as st

from components.eventing.retention import (
    GIB,
    MIB,
    PARTITION_MIB_PER_SECOND,
    SURPLUS,
    Load,
    held,
    in_sync,
    quota_bytes_per_second,
    replication,
    room_gib,
    storage_for,
)

LOADS = st.builds(Load, per_second=st.floats(0.001, 10_000), kib=st.floats(0.1, 1024))
HOURS = st.integers(1, 720)
BROKERS = st.sampled_from([1, 3, 4, 5, 9])


@given(LOADS, HOURS, BROKERS, st.integers(1, 64))
def test_a_topic_keeps_twice_what_arrives_in_an_outage(load: Load, hours: int, brokers: int, consumers: int) -> None:
    kept = held(load, hours=hours, brokers=brokers, consumers=consumers)
    assert kept.retention_ms == hours * 3_600_000
    assert kept.partitions * kept.retention_bytes >= SURPLUS * load.bytes_per_second * hours * 3600 * 0.999


@given(LOADS, HOURS, BROKERS, st.integers(1, 64))
def test_no_partition_gets_more_than_it_is_asked_to_take_and_no_consumer_goes_without(
    load: Load, hours: int, brokers: int, consumers: int
) -> None:
    kept = held(load, hours=hours, brokers=brokers, consumers=consumers)
    assert load.bytes_per_second / kept.partitions <= PARTITION_MIB_PER_SECOND * MIB * 1.001
    assert kept.partitions >= max(brokers, consumers)


@given(LOADS, HOURS, BROKERS)
def test_files_are_small_enough_that_removing_one_frees_little(load: Load, hours: int, brokers: int) -> None:
    kept = held(load, hours=hours, brokers=brokers)
    assert 16 * MIB <= kept.segment_bytes <= GIB
    assert 2 * kept.segment_bytes <= kept.retention_bytes


@given(st.floats(1, 100_000), st.sampled_from([1, 3, 6]))
def test_volumes_of_the_advised_size_hold_what_was_asked_for(gib: float, brokers: int) -> None:
    advised = storage_for(gib, brokers)
    assert room_gib(brokers, advised) >= gib * 0.999
    assert room_gib(brokers, advised - 11) < gib


def test_the_largest_event_fits_with_its_envelope() -> None:
    kept = held(Load(per_second=1, kib=16, largest_kib=4096), hours=1, brokers=1)
    assert kept.max_message_bytes == 4096 * 1024 + 64 * 1024


def test_one_broker_may_be_lost_of_three_and_none_of_one() -> None:
    assert [(replication(n), in_sync(n)) for n in (1, 3, 5)] == [(1, 1), (3, 2), (3, 2)]


def test_a_quota_is_spread_over_the_brokers_that_lead_partitions() -> None:
    assert quota_bytes_per_second(30 * MIB, brokers=3, partitions=6) == 20 * MIB
    assert quota_bytes_per_second(30 * MIB, brokers=3, partitions=1) == 60 * MIB
    assert quota_bytes_per_second(10, brokers=3, partitions=3) == MIB
