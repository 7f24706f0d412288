from typing import Any

import pytest

from policy.rules import mig_layout_change
from tests.policy.conftest import Made

OLD = {"h100": "4x1g.10gb-1x3g.40gb", "a100": "all-disabled", "l4": "all-disabled"}
FIX = "cannot be known before the update; make it plain: text in the program, not an output"


def platform(before: Any = OLD, after: Any = OLD, allowed: Any = ()) -> Made:
    settings = {"gpu": {"allowLayoutChange": list(allowed) if isinstance(allowed, tuple) else allowed}}
    inputs = {"environment": "dev", "settings": settings, "previousLayouts": before, "layouts": after}
    return Made("multimodal:index:Platform", "platform", {k: v for k, v in inputs.items() if v is not None})


def test_layouts_that_stay_pass(judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [platform()]) == []


def test_a_layout_that_changes_is_refused_and_says_what_would_happen(judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [platform(after={**OLD, "h100": "7x1g.10gb"})]) == [
        "Platform 'platform': the MIG layout of pool 'h100' changes from 4x1g.10gb-1x3g.40gb to 7x1g.10gb: its nodes "
        "are drained and rebooted, and pods that want the old slices wait until some other pool has them. Follow "
        "docs/runbooks/mig-layout.md and name h100 in multimodal:gpu.allowLayoutChange for this update, or give the "
        "pool its old layout back"
    ]


@pytest.mark.parametrize(
    ("pool", "layout", "told"),
    [
        ("a100", "7x1g.5gb", "from whole GPUs to 7x1g.5gb"),
        ("h100", "all-disabled", "4x1g.10gb-1x3g.40gb to whole GPUs"),
    ],
)
def test_cutting_whole_gpus_and_making_them_whole_again_are_changes_too(
    judge: Any, pool: str, layout: str, told: str
) -> None:
    (message,) = judge(mig_layout_change.RULE, [platform(after={**OLD, pool: layout})])
    assert told in message


def test_a_change_that_the_stack_file_names_passes(judge: Any) -> None:
    changed = {**OLD, "h100": "7x1g.10gb"}
    assert judge(mig_layout_change.RULE, [platform(after=changed, allowed=("h100",))]) == []
    assert judge(mig_layout_change.RULE, [platform(after=changed)], {"allow": ["h100"]}) == []


def test_naming_one_pool_does_not_allow_another_to_change(judge: Any) -> None:
    changed = {**OLD, "h100": "7x1g.10gb", "a100": "7x1g.5gb"}
    (message,) = judge(mig_layout_change.RULE, [platform(after=changed, allowed=("h100",))])
    assert "pool 'a100'" in message


def test_pools_that_come_and_go_change_no_layout(judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [platform(after={"h200": "7x1g.18gb", "l4": "all-disabled"})]) == []


def test_the_first_update_has_nothing_to_compare(judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [platform(before={})]) == []


@pytest.mark.parametrize("name", ["previousLayouts", "layouts"])
def test_half_of_the_comparison_is_refused(judge: Any, name: str) -> None:
    made = platform(before=None) if name == "previousLayouts" else platform(after=None)
    assert judge(mig_layout_change.RULE, [made]) == [
        f"Platform 'platform': {name} is None; give a map of pool to layout, {{}} where there is none"
    ]


def test_other_resources_and_platforms_without_layouts_are_not_judged(world: Any, judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [world.namespace("x")]) == [
        "not applicable: kubernetes:core/v1:Namespace is not the platform"
    ]
    assert judge(mig_layout_change.RULE, [world.platform()]) == [
        "not applicable: the platform does not say which layouts its pools have"
    ]


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    assert judge(mig_layout_change.RULE, [platform(before=world.unknown)]) == [
        f"Platform 'platform': previousLayouts {FIX}"
    ]
    assert judge(mig_layout_change.RULE, [platform(after={"h100": world.unknown})]) == [
        f"Platform 'platform': layouts {FIX}"
    ]
    assert judge(mig_layout_change.RULE, [platform(allowed=world.unknown)]) == [
        f"Platform 'platform': settings.gpu.allowLayoutChange {FIX}"
    ]
