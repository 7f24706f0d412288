"""Addresses, names and autoscaler hints: plain data in and out."""

import ipaddress
import re

from hypothesis import given
from hypothesis import strategies as st

from components.cluster.addresses import dns_address, first_half, zone_subnets
from components.cluster.autoscaling import accelerator_label, node_template_tags
from components.cluster.naming import physical_name
from components.settings.network import ZONES_AT_MOST
from tests.components.cluster.samples import gpu_pool

networks = st.builds(
    lambda prefix, seed: str(ipaddress.ip_network((seed << (32 - prefix) & 0xFFFFFFFF, prefix))),
    st.integers(16, 22),
    st.integers(0, 2**16 - 1),
)


@given(networks)
def test_subnets_lie_in_the_network_and_never_overlap(cidr: str) -> None:
    plan = zone_subnets(cidr)
    subnets = [ipaddress.ip_network(text) for text in plan.private + plan.public]
    assert (len(plan.private), len(plan.public)) == (ZONES_AT_MOST, ZONES_AT_MOST)
    assert all(subnet.subnet_of(ipaddress.ip_network(cidr)) for subnet in subnets)  # type: ignore[arg-type]
    assert not any(a.overlaps(b) for i, a in enumerate(subnets) for b in subnets[:i])
    assert all(subnet.prefixlen <= 28 for subnet in subnets)


def test_the_cluster_dns_is_the_tenth_service_address() -> None:
    assert dns_address("172.20.0.0/16") == "172.20.0.10"


TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def test_nodes_take_the_lower_half() -> None:
    assert first_half("10.0.0.0/16") == "10.0.0.0/17"


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=3), st.sampled_from([30, 40]))
def test_a_physical_name_is_one_that_every_cloud_takes(parts: list[str], limit: int) -> None:
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", physical_name(*parts, limit=limit))
    assert len(physical_name(*parts, limit=limit)) <= limit


def test_names_that_are_changed_or_cut_stay_different() -> None:
    names = [physical_name("cluster", stack) for stack in ("aws-dev", "aws_dev", "AWS-dev", "a" * 60, "a" * 61)]
    assert names[0] == "cluster-aws-dev"
    assert len(set(names)) == len(names)


def test_the_autoscaler_is_told_of_whole_gpus_and_how_to_wait_for_them() -> None:
    pool = gpu_pool("p5.48xlarge")
    assert node_template_tags(pool)[f"{TEMPLATE}/resources/nvidia.com/gpu"] == "8"
    assert accelerator_label(pool) == {"k8s.amazonaws.com/accelerator": "nvidia-h100-80"}


def test_the_autoscaler_is_told_of_slices_and_of_no_whole_gpu() -> None:
    tags = node_template_tags(gpu_pool("p5.48xlarge", slices={"1g.10gb": 4, "3g.40gb": 1}))
    assert tags[f"{TEMPLATE}/resources/nvidia.com/mig-1g.10gb"] == "32"
    assert tags[f"{TEMPLATE}/resources/nvidia.com/mig-3g.40gb"] == "8"
    assert tags[f"{TEMPLATE}/resources/nvidia.com/gpu"] == "0"


def test_a_node_whose_gpus_are_cut_stays_idle_for_longer() -> None:
    key = f"{TEMPLATE}/autoscaling-options/scaledownunneededtime"
    assert node_template_tags(gpu_pool("p5.48xlarge", slices={"1g.10gb": 7}))[key] == "20m"
    assert key not in node_template_tags(gpu_pool("p5.48xlarge"))


def test_the_autoscaler_does_not_wait_for_whole_gpus_on_a_sliced_node() -> None:
    assert accelerator_label(gpu_pool("p5.48xlarge", slices={"1g.10gb": 7})) == {}
