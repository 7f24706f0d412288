"""The room that events take, as people read it."""

from components.settings.event_topics import room, sentences
from tests.stack_files import settings


def test_the_preview_says_what_each_tenant_takes_and_what_brokers_offer() -> None:
    stack = settings(**{"events": {"outageHours": 4, "storageGib": 10}, "tenants.vision.events": {}})
    assert stack.events is not None
    assert sentences(stack.events, stack.environment, stack.tenants) == {
        "*": "at most 1.3 of the 8.5 GiB for topics on 1 broker, to hold 4 h",
        "vision": "1 x 16 KiB a second, twice over, for 4 h: at most 1.3 GiB in 3 topics, one copy each",
    }


def test_production_counts_every_copy() -> None:
    stack = settings(**{"environment": "prod", "events": {}, "tenants.vision.events": {"perSecond": 5}})
    assert stack.events is not None
    assert sentences(stack.events, stack.environment, stack.tenants)["vision"].endswith("3 topics, 3 copies each")


def test_a_tenant_without_events_takes_no_room() -> None:
    stack = settings(events={})
    assert stack.events is not None
    assert room(stack.events, stack.environment, stack.tenants).needed == 0


def test_knatives_brokers_count_and_are_said() -> None:
    stack = settings(**{"events": {"outageHours": 4, "storageGib": 10}, "knative.eventing": {}})
    assert stack.events is not None
    said = sentences(stack.events, stack.environment, stack.tenants, stack.brokers_on_kafka)
    assert said["knative-eventing"] == (
        "64 KiB a second in all brokers, twice over, for 4 h: at most 1.8 GiB, one copy each"
    )
    assert said["*"].startswith("at most 1.8 of the 8.5 GiB")
