from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.catalog.accelerators import ACCELERATORS, UnknownAccelerator
from components.catalog.mig import LayoutError, fits, geometry, maximal, place, profiles, room, text

WITH_MIG = [key for key, a in ACCELERATORS.items() if a.mig]

BALANCED = {
    "A100-40": {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1},
    "A100-80": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1},
    "H100-80": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1},
    "H100-94": {"1g.12gb": 2, "2g.24gb": 1, "3g.47gb": 1},
    "H200-141": {"1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1},
    "B200": {"1g.23gb": 2, "2g.45gb": 1, "3g.90gb": 1},
    "B300": {"1g.34gb": 2, "2g.67gb": 1, "3g.135gb": 1},
    "RTX-PRO-6000": {"1g.24gb": 2, "2g.48gb": 1},
}
"""NVIDIA's all-balanced layout of each GPU (gpu-operator v26.7.0, 0400_configmap.yaml)."""


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """Any GPU with any counts, fitting or not."""
    key = draw(st.sampled_from(WITH_MIG))
    counts = {name: st.integers(0, p.max_per_gpu) for name, p in profiles(key).items()}
    return key, draw(st.fixed_dictionaries({}, optional=counts))


@st.composite
def fitting(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """A layout grown one slice at a time, each drawn from what still has room."""
    key = draw(st.sampled_from(WITH_MIG))
    layout: dict[str, int] = {}
    for _ in range(draw(st.integers(0, 7))):
        free = [name for name, n in room(key, layout).items() if n]
        if not free:
            break
        name = draw(st.sampled_from(free))
        layout[name] = layout.get(name, 0) + 1
    return key, layout


def test_every_gpu_with_mig_has_a_geometry_and_no_other_has() -> None:
    assert {key for key in ACCELERATORS if profiles(key)} == set(WITH_MIG)


def test_the_balanced_layouts_cover_every_gpu_with_mig() -> None:
    assert set(BALANCED) == set(WITH_MIG)


@pytest.mark.parametrize("key", WITH_MIG)
def test_the_vendors_balanced_layout_fits(key: str) -> None:
    assert fits(key, BALANCED[key])


@pytest.mark.parametrize(
    ("key", "name", "most"),
    [(key, name, p.max_per_gpu) for key in WITH_MIG for name, p in profiles(key).items()],
)
def test_a_profile_fits_exactly_as_often_as_the_vendor_says(key: str, name: str, most: int) -> None:
    assert fits(key, {name: most})
    assert not fits(key, {name: most + 1})


@settings(deadline=None)
@given(fitting(), st.data())
def test_any_part_of_a_fitting_layout_fits(given_layout: tuple[str, dict[str, int]], data: st.DataObject) -> None:
    key, layout = given_layout
    part = {name: data.draw(st.integers(0, n)) for name, n in layout.items()}
    assert fits(key, part)


@settings(deadline=None)
@given(layouts())
def test_a_placement_is_the_layout_at_allowed_starts_without_overlap(asked: tuple[str, dict[str, int]]) -> None:
    key, layout = asked
    if not fits(key, layout):
        with pytest.raises(LayoutError):
            place(key, layout)
        return
    gpu = geometry(key)
    placed = place(key, layout)
    assert Counter(p.profile for p in placed) == Counter({n: c for n, c in layout.items() if c})
    slots = [p.start + i for p in placed for i in range(gpu.profiles[p.profile].memory_slices)]
    assert len(slots) == len(set(slots))
    assert all(slot < gpu.memory for slot in slots)
    assert all(p.start in gpu.profiles[p.profile].starts for p in placed)
    assert sum(gpu.profiles[p.profile].compute_slices for p in placed) <= gpu.compute
    assert [p.start for p in placed] == sorted(p.start for p in placed)


@settings(deadline=None)
@given(fitting())
def test_room_is_exactly_what_still_fits(given_layout: tuple[str, dict[str, int]]) -> None:
    key, layout = given_layout
    for name, more in room(key, layout).items():
        have = layout.get(name, 0)
        assert fits(key, {**layout, name: have + more})
        assert not fits(key, {**layout, name: have + more + 1})


@settings(deadline=None)
@given(fitting())
def test_the_message_for_a_layout_that_does_not_fit_only_suggests_what_does(
    given_layout: tuple[str, dict[str, int]],
) -> None:
    key, layout = given_layout
    name = next(iter(profiles(key)))
    too_many = {**layout, name: layout.get(name, 0) + room(key, layout)[name] + 1}
    with pytest.raises(LayoutError) as caught:
        place(key, too_many)
    message = str(caught.value)
    assert text(too_many) in message and key in message
    for mix in message.partition("Mixes that fit: ")[2].split("; "):
        counts = {part.partition("x")[2]: int(part.partition("x")[0]) for part in mix.split(" + ")}
        assert fits(key, counts)


@pytest.mark.parametrize("key", WITH_MIG)
def test_nothing_can_be_added_to_a_maximal_mix_and_each_is_listed_once(key: str) -> None:
    mixes = [dict(mix) for mix in maximal(key)]
    plain = [name for name in profiles(key) if not any(sign in name for sign in ("+", "-"))]
    assert mixes
    assert len({text(mix) for mix in mixes}) == len(mixes)
    for mix in mixes:
        assert all(room(key, mix)[name] == 0 for name in plain)


def test_two_halves_leave_no_memory_for_the_seventh_compute_slice() -> None:
    assert fits("A100-80", {"3g.40gb": 2})
    assert not fits("A100-80", {"3g.40gb": 2, "1g.10gb": 1})
    assert fits("A100-80", {"4g.40gb": 1, "3g.40gb": 1})
    assert fits("A100-80", {"3g.40gb": 1, "1g.10gb": 4})


def test_seven_small_slices_do_not_fill_the_memory_but_the_compute() -> None:
    assert room("A100-40", {"1g.5gb": 7}) == dict.fromkeys(profiles("A100-40"), 0)


def test_all_media_engines_in_one_slice_leave_only_slices_without_media() -> None:
    assert not fits("RTX-PRO-6000", {"1g.24gb+me.all": 1, "1g.24gb": 1})
    assert fits("RTX-PRO-6000", {"1g.24gb+me.all": 1, "1g.24gb-me": 3})


def test_too_many_of_one_profile_names_its_maximum_and_mixes_that_fit() -> None:
    with pytest.raises(LayoutError) as caught:
        place("A100-40", {"3g.20gb": 4})
    assert str(caught.value) == (
        "4x3g.20gb does not fit one A100-40: it takes at most 2 of 3g.20gb. Mixes that fit: "
        "2x3g.20gb; 1x3g.20gb + 2x1g.10gb; 1x3g.20gb + 1x2g.10gb + 1x1g.10gb"
    )


def test_a_mix_that_does_not_fit_says_what_has_no_place() -> None:
    with pytest.raises(LayoutError) as caught:
        place("H100-80", {"3g.40gb": 2, "2g.20gb": 1})
    assert "it needs 8 of 7 compute slices and 10 of 8 memory slots" in str(caught.value)
    assert "beside 2x3g.40gb there is no place for 1x2g.20gb" in str(caught.value)


def test_an_unknown_profile_lists_those_of_the_gpu() -> None:
    with pytest.raises(LayoutError, match=r"H100-80 has no MIG profile '1g.5gb'; it has 1g.10gb, 1g.10gb\+me, "):
        place("H100-80", {"1g.5gb": 1})


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(LayoutError, match=r"1g.10gb: -1 on H100-80 is not a number of instances"):
        place("H100-80", {"1g.10gb": -1})


def test_a_gpu_without_mig_takes_no_slices_and_says_which_gpus_do() -> None:
    assert place("L4", {}) == ()
    with pytest.raises(LayoutError, match="L4 has no MIG; GPUs that have: A100-40, "):
        place("L4", {"1g.5gb": 1})


def test_room_of_a_layout_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(LayoutError):
        room("A100-40", {"7g.40gb": 1, "1g.5gb": 1})


def test_an_unknown_gpu_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownAccelerator, match=r"'H100'; did you mean H100-94 or H100-80.*\? Known: T4, "):
        place("H100", {})
    with pytest.raises(UnknownAccelerator, match=r"'zzzzz'\. Known: T4, "):
        place("zzzzz", {})


def test_a_resource_name_has_no_plus_sign() -> None:
    assert profiles("H100-80")["1g.10gb+me"].resource == "nvidia.com/mig-1g.10gb.me"
    assert profiles("H100-80")["3g.40gb"].resource == "nvidia.com/mig-3g.40gb"


@pytest.mark.parametrize("key", WITH_MIG)
def test_a_profile_name_states_its_compute_and_memory(key: str) -> None:
    for name, p in profiles(key).items():
        assert name.startswith(f"{p.compute_slices}g.{p.memory_gb}gb")
        assert p.memory_gb <= ACCELERATORS[key].memory_gib


def test_a_profile_name_alone_does_not_identify_the_gpu() -> None:
    assert profiles("A100-40")["1g.10gb"].memory_slices == 2
    assert profiles("A100-80")["1g.10gb"].memory_slices == 1
