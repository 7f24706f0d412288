"""What the engine's events add up to."""

from rehearsal.outcome import Moment, Result, Step

MADE = Step("create", "urn:pulumi:test::multimodal::multimodal:index:Tenant::vision", "multimodal:index:Tenant")


def test_a_step_that_is_reported_twice_is_done_once() -> None:
    result = Result()
    assert [result.add(MADE), result.add(MADE)] == [True, False]
    assert result.steps == [MADE]
    assert result.moments == [Moment(MADE, done=True)]


def test_a_resource_that_is_replaced_has_a_step_for_each_part() -> None:
    result = Result()
    parts = [Step(operation, MADE.urn, MADE.type) for operation in ("create-replacement", "delete-replaced")]
    assert all(result.add(part) for part in parts)
    assert result.steps == parts
