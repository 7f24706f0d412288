"""A tenant's topics and users: everything begins with its name, and nobody may do more than its work needs."""

from components.eventing.kafka_names import Grant, Operation, Resource, TenantTopics, User
from components.eventing.retention import GIB, Load
from components.eventing.topics import DEAD_LETTER_HOURS, StepLoad, at_fullest, tenant_topics

LOAD = Load(per_second=20, kib=8)
STEP = StepLoad(flow="assistant", step="listen", load=Load(per_second=5, kib=64, largest_kib=2048), consumers=8)


def vision(*steps: StepLoad, hours: int = 24, brokers: int = 3) -> TenantTopics:
    return tenant_topics("vision", LOAD, steps, outage_hours=hours, brokers=brokers)


def user(topics: TenantTopics, name: str) -> User:
    return next(user for user in topics.users if user.name == name)


def test_a_tenant_has_topics_of_its_own_and_one_for_each_step() -> None:
    assert [topic.name for topic in vision(STEP).topics] == [
        "vision.events",
        "vision.results",
        "vision.dead-letters",
        "vision.flow.assistant.listen",
    ]


def test_a_step_has_a_partition_for_each_of_its_consumers() -> None:
    partitions = {topic.name: topic.partitions for topic in vision(STEP).topics}
    assert partitions == {
        "vision.events": 3,
        "vision.results": 3,
        "vision.dead-letters": 3,
        "vision.flow.assistant.listen": 8,
    }


def test_dead_letters_wait_two_weeks_and_take_what_any_step_takes() -> None:
    letters = {topic.name: topic for topic in vision(STEP).topics}["vision.dead-letters"]
    assert letters.retention_ms == DEAD_LETTER_HOURS * 3_600_000
    assert letters.max_message_bytes >= 2048 * 1024
    longer = {topic.name: topic for topic in vision(hours=720).topics}["vision.dead-letters"]
    assert longer.retention_ms == 720 * 3_600_000


def test_clients_send_events_and_read_what_became_of_them_and_nothing_else() -> None:
    assert user(vision(STEP), "vision.client").grants == (
        Grant(resource=Resource.TOPIC, name="vision.events", operations=(Operation.WRITE, Operation.DESCRIBE)),
        Grant(resource=Resource.TOPIC, name="vision.results", operations=(Operation.READ, Operation.DESCRIBE)),
        Grant(resource=Resource.TOPIC, name="vision.dead-letters", operations=(Operation.READ, Operation.DESCRIBE)),
        Grant(resource=Resource.GROUP, name="vision.client.", operations=(Operation.READ,), prefixed=True),
    )


def test_every_grant_lies_below_the_tenants_own_name() -> None:
    # The dot matters: without it, vision could read what is vision-lab's.
    for one in vision(STEP).users:
        assert all(grant.name.startswith("vision.") for grant in one.grants)


def test_producers_are_slowed_down_beyond_twice_their_load() -> None:
    loud = tenant_topics("vision", Load(per_second=3000, kib=8), (), outage_hours=1, brokers=3)
    assert user(loud, "vision.client").produce_bytes_per_second == 3000 * 8 * 1024 * 2 // 3
    assert user(loud, "vision.client").consume_bytes_per_second is None


def test_what_brokers_hold_counts_every_copy() -> None:
    once = at_fullest(vision(STEP), 1)
    assert at_fullest(vision(STEP), 3) == 3 * once
    # A day, twice over: events and results of 20 x 8 KiB a second (26 GiB each), 5 x 64 KiB at the step (53 GiB), dead
    # letters, and a file more for each partition.
    assert 106 < once / GIB < 120
