"""Who deserves what when tenants compete."""

from hypothesis import given
from hypothesis import strategies as st

from components.scheduling.queues import deserved, queue_spec

GPU = "nvidia.com/gpu"


def test_a_weight_is_a_share_among_those_that_may_use_the_resource() -> None:
    weights = {"a": 1, "b": 3, "c": 5}
    granted = {"a": {GPU: 16}, "b": {GPU: 16}, "c": {GPU: 0}}
    assert deserved("a", weights, granted, {}, {GPU: 16}) == {GPU: "4"}
    assert deserved("b", weights, granted, {}, {GPU: 16}) == {GPU: "12"}
    assert deserved("c", weights, granted, {}, {GPU: 16}) == {}


def test_a_share_is_not_more_than_the_quota_and_at_least_one() -> None:
    weights = {"a": 1, "b": 99}
    granted = {"a": {GPU: 4}, "b": {GPU: 2}}
    assert deserved("a", weights, granted, {}, {GPU: 8}) == {GPU: "1"}
    assert deserved("b", weights, granted, {}, {GPU: 8}) == {GPU: "2"}


@given(st.dictionaries(st.sampled_from("abcde"), st.tuples(st.integers(1, 9), st.integers(1, 64)), min_size=1))
def test_every_share_is_within_the_quota(tenants: dict[str, tuple[int, int]]) -> None:
    weights = {name: weight for name, (weight, _) in tenants.items()}
    granted = {name: {GPU: quota} for name, (_, quota) in tenants.items()}
    for name, (_, quota) in tenants.items():
        assert 1 <= int(deserved(name, weights, granted, {}, {GPU: 64})[GPU]) <= quota


def test_a_queue_is_capped_by_its_capability() -> None:
    spec = queue_spec(reclaimable=True, capability={GPU: "4"}, deserved={GPU: "2"}, guarantee={})
    assert spec == {"reclaimable": True, "capability": {GPU: "4"}, "deserved": {GPU: "2"}}


def test_a_share_is_never_below_what_is_guaranteed() -> None:
    weights, granted = {"a": 1, "b": 3}, {"a": {GPU: 8}, "b": {GPU: 16}}
    assert deserved("a", weights, granted, {GPU: 6}, {GPU: 16}) == {GPU: "6"}


def test_a_guarantee_stands_where_volcano_reads_it() -> None:
    spec = queue_spec(reclaimable=True, capability={GPU: "4"}, deserved={GPU: "2"}, guarantee={GPU: "2"})
    assert spec["guarantee"] == {"resource": {GPU: "2"}}
