"""GKE's own rules for pools and maintenance windows."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.catalog.machines import Cloud, machines
from components.cluster.gke_rules import (
    boot_disk_type,
    compact,
    first_size,
    gpudirect,
    local_ssds,
    maintenance_window,
    network_labels,
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


@given(day=st.sampled_from(DAYS), start=st.integers(0, 23), hours=st.integers(12, 24))
def test_a_window_begins_on_its_day_and_hour_and_is_as_long_as_asked(day: str, start: int, hours: int) -> None:
    window = maintenance_window(day, start, hours)
    begin, end = (datetime.datetime.fromisoformat(window[key]) for key in ("start", "end"))
    assert begin.utcoffset() == datetime.timedelta(0)
    assert (begin.strftime("%A"), begin.hour, begin.minute) == (day, start, 0)
    length = (end - begin).total_seconds() / 3600
    assert length == hours
    # 32 days hold four of each weekday, whatever the first one is.
    assert 4 * length >= 48
    assert window["recurrence"] == f"FREQ=WEEKLY;BYDAY={day[:2].upper()}"


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


@pytest.mark.parametrize(
    ("machine", "disks"),
    [("a2-ultragpu-1g", 1), ("a3-highgpu-8g", 16), ("a3-ultragpu-8g", 32), ("a2-highgpu-1g", 0), ("g2-standard-4", 0)],
)
def test_bundled_disks_are_counted_and_optional_ones_are_not(machine: str, disks: int) -> None:
    assert local_ssds(machine) == disks


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
    if fast and capacity in (Capacity.ON_DEMAND, Capacity.SPOT):
        assert close


def test_only_rdma_cards_are_offered_to_claims() -> None:
    def labels(machine: str, *, fast: bool) -> dict[str, str]:
        return network_labels(pool(machine=machine, fast_network=fast))

    assert labels("a3-ultragpu-8g", fast=True) == {"cloud.google.com/gke-networking-dra-driver": "true"}
    assert labels("a3-ultragpu-8g", fast=False) == labels("a3-megagpu-8g", fast=True) == {}
