"""What of a node is for workloads."""

import pytest

from components.settings.shapes import usable


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "cpu", "memory"),
    [
        # AKS keeps 140 millicores of 4 processors, GKE 2.6 of 16 GiB; DaemonSets have half a processor and 1.5 GiB.
        (4, 16, 3, 11),
        (64, 256, 62, 242),
        (192, 2048, 189, 1998),
    ],
)
def test_a_small_node_loses_a_larger_part_than_a_large_one(vcpu: int, memory_gib: int, cpu: int, memory: int) -> None:
    assert usable(vcpu, memory_gib) == (cpu, memory)
