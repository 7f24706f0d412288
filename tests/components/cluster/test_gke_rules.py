"""GKE's own rules for pools and maintenance windows."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.catalog.machines import Cloud, machines
from components.cluster.gke_rules import (
    SHORTEST_WEEKLY_WINDOW,
    boot_disk_type,
    check_capacity,
    compact,
    first_size,
    gke_accelerator,
    gpudirect,
    local_ssds,
    maintenance_window,
    network_profile,
    reservation,
)
from components.cluster.pools import GpuPoolArgs
from components.settings.pools import Capacity

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GPU_MACHINES = [found.name for found in machines(Cloud.GCP) if found.gpus]


def pool(**changes: Any) -> GpuPoolArgs:
    """An on-demand pool in one zone; only what the rules read."""
    base = {
        "machine": "a3-megagpu-8g",
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": "on-demand",
        "reservation": None,
        "fast_network": False,
        "zones": ["us-central1-a"],
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


@given(day=st.sampled_from(DAYS), start=st.integers(0, 23), hours=st.integers(1, 24))
def test_a_window_begins_on_its_day_and_hour_and_is_as_long_as_google_wants(day: str, start: int, hours: int) -> None:
    window = maintenance_window(day, start, hours)
    begin, end = (datetime.datetime.fromisoformat(window[key]) for key in ("start", "end"))
    assert begin.utcoffset() == datetime.timedelta(0)
    assert (begin.strftime("%A"), begin.hour, begin.minute) == (day, start, 0)
    length = (end - begin).total_seconds() / 3600
    assert length == max(hours, SHORTEST_WEEKLY_WINDOW)
    # 32 days hold four of each weekday, whatever the first one is.
    assert 4 * length >= 48
    assert window["recurrence"] == f"FREQ=WEEKLY;BYDAY={day[:2].upper()}"


@pytest.mark.parametrize(
    ("day", "start", "hours", "message"),
    [
        ("sunday", 2, 6, "sunday is no day of the week"),
        ("Sunday", 24, 6, "24 is no hour of the day; choose 0 to 23"),
        ("Sunday", -1, 6, "-1 is no hour of the day"),
        ("Sunday", 2, 0, "a window of 0 hours; choose 1 to 24"),
        ("Sunday", 2, 25, "a window of 25 hours"),
    ],
)
def test_a_window_that_cannot_be_is_refused(day: str, start: int, hours: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        maintenance_window(day, start, hours)


@pytest.mark.parametrize(
    ("smallest", "zones", "per_zone"), [(0, 2, 0), (1, 1, 1), (1, 2, 1), (2, 2, 1), (3, 2, 2), (2, 0, 2)]
)
def test_a_pool_begins_with_at_least_its_smallest_size(smallest: int, zones: int, per_zone: int) -> None:
    assert first_size(smallest, zones) == per_zone


@pytest.mark.parametrize(
    ("machine", "disk"),
    [
        ("n2-standard-4", "pd-balanced"),
        ("g2-standard-8", "pd-balanced"),
        ("a3-highgpu-8g", "pd-balanced"),
        ("a3-megagpu-8g", "pd-balanced"),
        ("a3-ultragpu-8g", "hyperdisk-balanced"),
        ("a4-highgpu-8g", "hyperdisk-balanced"),
        ("c4-standard-8", "hyperdisk-balanced"),
    ],
)
def test_machines_get_a_disk_that_they_can_boot_from(machine: str, disk: str) -> None:
    assert boot_disk_type(machine) == disk


def test_a_machine_without_gpu_makes_no_gpu_pool() -> None:
    with pytest.raises(ValueError, match="n2-standard-4 has no GPU"):
        gke_accelerator("n2-standard-4")


@pytest.mark.parametrize(
    ("machine", "disks"),
    [("a2-ultragpu-1g", 1), ("a3-highgpu-8g", 16), ("a3-ultragpu-8g", 32), ("a2-highgpu-1g", 0), ("g2-standard-4", 0)],
)
def test_bundled_disks_are_counted_and_optional_ones_are_not(machine: str, disks: int) -> None:
    assert local_ssds(machine) == disks


def test_a_reservation_feeds_its_own_pool_and_no_other() -> None:
    assert reservation("p", pool(capacity="reserved", reservation="h100")) == "h100"
    assert reservation("p", pool(reservation="h100")) is None
    with pytest.raises(ValueError, match="pool p: capacity reserved needs the name of a Compute Engine reservation"):
        reservation("p", pool(capacity="reserved"))


def test_capacity_that_google_lacks_is_refused_with_what_it_has_instead() -> None:
    with pytest.raises(ValueError, match=r"capacity blocks are AWS's; on Google Cloud take reserved.*flex-start"):
        check_capacity("p", pool(capacity="capacity-block"))


def test_flex_start_machines_come_and_go_so_none_can_be_kept() -> None:
    check_capacity("p", pool(capacity="flex-start"))
    with pytest.raises(ValueError, match=r"pool p: 2 nodes at least, .*set minNodes to 0"):
        check_capacity("p", pool(capacity="flex-start", min_nodes=2))


@pytest.mark.parametrize("machine", ["a3-megagpu-8g", "a3-ultragpu-8g", "a4-highgpu-8g"])
def test_gke_makes_the_networks_of_machines_that_have_cards_for_them(machine: str) -> None:
    assert network_profile("p", pool(machine=machine, fast_network=True)) == "auto"
    assert network_profile("p", pool(machine=machine)) is None


@pytest.mark.parametrize("machine", ["g2-standard-8", "a2-highgpu-8g", "a3-highgpu-8g"])
def test_machines_that_gke_does_not_wire_are_refused_for_multi_node_jobs(machine: str) -> None:
    with pytest.raises(ValueError, match=f"and not {machine}; take one of those, or leave fastNetwork out"):
        network_profile("p", pool(machine=machine, fast_network=True))


@pytest.mark.parametrize("zones", [[], ["us-central1-a", "us-central1-b"]])
def test_a_fast_network_lies_in_one_zone(zones: list[str]) -> None:
    with pytest.raises(ValueError, match=f"lies in one zone, and the pool has {len(zones)}"):
        network_profile("p", pool(fast_network=True, zones=zones))


@pytest.mark.parametrize(
    ("machine", "strategy"), [("a3-ultragpu-8g", "RDMA"), ("a4-highgpu-8g", "RDMA"), ("a3-megagpu-8g", None)]
)
def test_rdma_is_set_up_where_the_api_has_it(machine: str, strategy: str | None) -> None:
    assert gpudirect(pool(machine=machine, fast_network=True)) == strategy
    assert gpudirect(pool(machine=machine)) is None


@given(machine=st.sampled_from(GPU_MACHINES), capacity=st.sampled_from(list(Capacity)), fast=st.booleans())
def test_machines_are_placed_together_for_multi_node_jobs_only_and_never_against_a_reservation(
    machine: str, capacity: Capacity, fast: bool
) -> None:
    close = compact(pool(machine=machine, capacity=capacity.value, fast_network=fast))
    assert not (close and not fast)
    assert not (close and capacity is Capacity.RESERVED)
    assert not (close and capacity is Capacity.FLEX_START and not machine.startswith(("a3-ultragpu", "a4-")))
    if fast and capacity in (Capacity.ON_DEMAND, Capacity.SPOT):
        assert close
