"""What may be combined; what may not is in the table of mistakes, tests/rehearsal/test_bad_input.py."""

from typing import Any

import pytest

from components.settings.supply import node_supply, supply
from components.tenancy.objects import resource_quota
from tests.stack_files import REMOVE, settings

GKE: dict[str, Any] = {"provider": "gke", "project": "acme-multimodal", "region": "us-central1"}
AKS: dict[str, Any] = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
}
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/gpus/providers"
EKS_POOLS: dict[str, dict[str, Any]] = {
    "spot with EFA in one zone": {"capacity": "spot", "fastNetwork": True, "zones": ["us-east-1a"]},
    "on demand with EFA in one zone": {"fastNetwork": True, "zones": ["us-east-1b"]},
    "reserved in the reservation's zone": {
        "capacity": "reserved",
        "reservation": "cr-0123456789abcdef0",
        "zones": ["us-east-1a"],
    },
    "capacity block with EFA": {
        "capacity": "capacity-block",
        "reservation": "cr-01234567",
        "fastNetwork": True,
        "zones": ["us-east-1a"],
    },
}
GKE_POOLS: dict[str, dict[str, Any]] = {
    "reserved by name": {"machine": "a3-highgpu-8g", "capacity": "reserved", "reservation": "h100"},
    "reserved in another project, one block": {
        "machine": "a3-highgpu-8g",
        "capacity": "reserved",
        "reservation": "projects/acme-shared/reservations/h100/reservationBlocks/block-1",
    },
    "reserved with GPUDirect": {
        "machine": "a3-megagpu-8g",
        "capacity": "reserved",
        "reservation": "h100",
        "fastNetwork": True,
    },
    "flex-start": {"machine": "a3-highgpu-8g", "capacity": "flex-start"},
    "flex-start close together": {"machine": "a3-ultragpu-8g", "capacity": "flex-start", "fastNetwork": True},
    "part of a machine by flex-start": {"machine": "a3-highgpu-1g", "capacity": "flex-start"},
    "part of a machine by spot": {"machine": "a3-highgpu-2g", "capacity": "spot"},
}
AKS_POOLS: dict[str, dict[str, Any]] = {
    "InfiniBand where Azure chooses": {"fastNetwork": True},
    "InfiniBand in one zone": {"fastNetwork": True, "zones": ["1"]},
    "reserved": {
        "machine": "Standard_NC24ads_A100_v4",
        "capacity": "reserved",
        "reservation": f"{GROUP}/Microsoft.Compute/capacityReservationGroups/a100",
    },
}


@pytest.mark.parametrize("pool", EKS_POOLS.values(), ids=EKS_POOLS)
def test_eks_takes_a_pool(pool: dict[str, Any]) -> None:
    assert settings(**{"cluster.gpuPools.p": {"machine": "p5.48xlarge", "maxNodes": 2, **pool}})


@pytest.mark.parametrize("pool", GKE_POOLS.values(), ids=GKE_POOLS)
def test_gke_takes_a_pool(pool: dict[str, Any]) -> None:
    pools = {"p": {"maxNodes": 2, "zones": ["us-central1-a"], **pool}}
    assert settings(cluster={**GKE, "gpuPools": pools}, tenants={})


@pytest.mark.parametrize("pool", AKS_POOLS.values(), ids=AKS_POOLS)
def test_aks_takes_a_pool(pool: dict[str, Any]) -> None:
    pools = {"p": {"machine": "Standard_ND96isr_H100_v5", "maxNodes": 2, **pool}}
    assert settings(cluster={**AKS, "gpuPools": pools}, tenants={})


@pytest.mark.parametrize(
    "trust",
    [
        {"trust.mirror": "ghcr.io/acme"},
        {"trust.mirror": "ghcr.io/acme/mirror"},
        {"trust.mirror": REMOVE, "trust.enforcement": "audit"},
    ],
)
def test_models_are_served_from_a_mirror_or_where_signatures_are_only_reported(trust: dict[str, Any]) -> None:
    assert settings(serving={}, **trust).serving


def test_a_stack_that_serves_nothing_needs_no_mirror() -> None:
    assert settings(**{"trust.mirror": REMOVE}).trust.mirror is None


def test_a_cluster_may_move_into_a_small_network_that_is_there_already() -> None:
    subnets = {"us-east-1a": "subnet-0000000a", "us-east-1b": "subnet-0000000b"}
    existing = {"vpcId": "vpc-00000000", "privateSubnetIds": subnets}
    assert settings(**{"cluster.network": {"cidr": "10.0.0.0/24", "existing": existing}})


def test_shared_gpus_are_supplied_in_turns_and_not_as_whole_ones() -> None:
    assert node_supply("L4", 4, {}, 4) == {"nvidia.com/gpu.shared": 16}
    shared = settings(**{"cluster.gpuPools.l4.timeSlicing": 4, "tenants.vision.quota": {"sharedGpus": 48}})
    offered = supply(shared.cluster)
    assert offered["nvidia.com/gpu.shared"] == 48
    assert "nvidia.com/gpu" not in offered


def test_a_quota_counts_turns_apart_from_whole_gpus() -> None:
    quota = (
        settings(**{"cluster.gpuPools.l4.timeSlicing": 4, "tenants.vision.quota": {"sharedGpus": 6}})
        .tenants["vision"]
        .quota
    )
    assert quota.gpu_resources == {"nvidia.com/gpu": 0, "nvidia.com/gpu.shared": 6}
    assert resource_quota(quota, [])["requests.nvidia.com/gpu.shared"] == "6"


def test_a_tenant_without_turns_gets_none_where_there_are_some() -> None:
    quota = settings().tenants["vision"].quota
    assert resource_quota(quota, ["nvidia.com/gpu.shared"])["requests.nvidia.com/gpu.shared"] == "0"


def test_gpus_of_an_existing_cluster_can_be_shared_too() -> None:
    pools = {"t4": {"accelerator": "T4", "gpus": 2, "nodes": 3, "timeSlicing": 8}}
    existing = settings(cluster={"provider": "existing", "gpuPools": pools}, tenants={})
    assert supply(existing.cluster) == {"nvidia.com/gpu.shared": 48}
