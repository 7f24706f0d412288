import re

import pytest

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import MACHINES, Cloud, UnknownMachine, machine, machines

REQUIRED = {
    Cloud.AWS: ("g4dn.", "g5.", "g6.", "g6e.", "p4d.", "p4de.", "p5.", "p5e.", "p5en.", "p6-b200."),
    Cloud.GCP: ("a2-highgpu-", "a2-ultragpu-", "a3-highgpu-", "a3-ultragpu-", "a4-highgpu-", "g2-standard-"),
    Cloud.AZURE: (
        "Standard_NC24ads_A100_v4",
        "Standard_NC40ads_H100_v5",
        "Standard_ND96asr_v4",
        "Standard_ND96amsr_A100_v4",
        "Standard_ND96isr_H100_v5",
        "Standard_ND96isr_H200_v5",
    ),
}


@pytest.mark.parametrize(("cloud", "family"), [(c, f) for c, families in REQUIRED.items() for f in families])
def test_every_required_gpu_family_is_known(cloud: Cloud, family: str) -> None:
    assert any(m.name.startswith(family) for m in machines(cloud, gpus=True))


@pytest.mark.parametrize("m", MACHINES.values(), ids=lambda m: m.name)
def test_a_machine_is_whole(m) -> None:
    assert m.vcpu >= 2 and m.memory_gib >= m.vcpu
    assert (m.accelerator is None) == (m.gpus == 0)
    assert m.accelerator is None or m.accelerator in ACCELERATORS
    assert (m.price_usd_hour is None) == (m.price_region is None)
    assert m.price_usd_hour is None or 0.05 < m.price_usd_hour < 200
    assert (m.gke_accelerator is not None) == (m.cloud is Cloud.GCP and m.gpus > 0)
    assert m.arch == "amd64" and m.local_nvme_gib >= 0


@pytest.mark.parametrize("m", MACHINES.values(), ids=lambda m: m.name)
def test_a_machine_is_spelled_as_its_cloud_spells(m) -> None:
    form = {Cloud.AWS: r"[a-z0-9-]+\.[a-z0-9]+", Cloud.GCP: r"[a-z0-9]+-[a-z]+-\d+g?", Cloud.AZURE: r"Standard_\w+"}
    assert re.fullmatch(form[m.cloud], m.name)


def test_no_machine_is_listed_twice() -> None:
    assert sum(len(machines(cloud)) for cloud in Cloud) == len(MACHINES)
    assert len({m.name for m in MACHINES.values()}) == len(MACHINES)


@pytest.mark.parametrize(
    ("cloud", "name", "key", "gpus", "vcpu", "memory"),
    [
        (Cloud.AWS, "p5.48xlarge", "H100-80", 8, 192, 2048),
        (Cloud.AWS, "g6.12xlarge", "L4", 4, 48, 192),
        (Cloud.GCP, "a2-ultragpu-1g", "A100-80", 1, 12, 170),
        (Cloud.GCP, "g2-standard-48", "L4", 4, 48, 192),
        (Cloud.AZURE, "Standard_ND96isr_H200_v5", "H200-141", 8, 96, 1850),
        (Cloud.AZURE, "Standard_D8s_v5", None, 0, 8, 32),
    ],
)
def test_a_machine_has_its_published_shape(cloud, name, key, gpus, vcpu, memory) -> None:
    m = machine(cloud, name)
    assert (m.accelerator, m.gpus, m.vcpu, m.memory_gib) == (key, gpus, vcpu, memory)


def test_there_are_system_machines_on_every_cloud() -> None:
    for cloud in Cloud:
        assert len(machines(cloud, gpus=False)) >= 3
        assert set(machines(cloud)) == {*machines(cloud, gpus=True), *machines(cloud, gpus=False)}


def test_the_same_gpu_on_another_board_has_another_product_label() -> None:
    assert machine(Cloud.AZURE, "Standard_NC24ads_A100_v4").gpu_product == "NVIDIA-A100-80GB-PCIe"
    assert machine(Cloud.AZURE, "Standard_ND96amsr_A100_v4").gpu_product == "NVIDIA-A100-SXM4-80GB"
    assert machine(Cloud.AWS, "m6i.large").gpu_product is None


def test_a_misspelt_machine_is_met_with_close_names() -> None:
    with pytest.raises(
        UnknownMachine, match=r"aws has no machine type 'g5.xlarg' in the catalog; did you mean g5.xlarge"
    ):
        machine(Cloud.AWS, "g5.xlarg")


def test_wrong_case_is_met_with_the_right_spelling() -> None:
    with pytest.raises(UnknownMachine, match="did you mean Standard_D4s_v5 or"):
        machine(Cloud.AZURE, "STANDARD_D4S_V5")


def test_another_clouds_machine_says_whose_it_is() -> None:
    with pytest.raises(
        UnknownMachine, match=r"gcp has no machine type 'p5.48xlarge' in the catalog: it belongs to aws"
    ):
        machine(Cloud.GCP, "p5.48xlarge")


def test_a_name_like_no_other_lists_the_clouds_gpu_machines() -> None:
    with pytest.raises(UnknownMachine, match=r"GPU machines of gcp: a2-highgpu-1g, "):
        machine(Cloud.GCP, "zzz")


@pytest.mark.parametrize("m", MACHINES.values(), ids=lambda m: m.name)
def test_a_fast_network_is_one_that_the_cloud_has(m) -> None:
    kinds = {
        Cloud.AWS: ("EFA",),
        Cloud.GCP: ("GPUDirect-TCPX", "GPUDirect-TCPXO", "GPUDirect-RDMA"),
        Cloud.AZURE: ("InfiniBand",),
    }
    assert m.fast_network is None or (m.gpus > 0 and m.fast_network in kinds[m.cloud])
    assert (m.efa_interfaces > 0) == (m.fast_network == "EFA")
    assert m.efa_interfaces <= m.network_cards or m.efa_interfaces == 0


@pytest.mark.parametrize(
    ("cloud", "name", "kind", "cards", "efa"),
    [
        (Cloud.AWS, "p5.48xlarge", "EFA", 32, 32),
        (Cloud.AWS, "p6-b300.48xlarge", "EFA", 17, 16),
        (Cloud.AWS, "g6.xlarge", None, 1, 0),
        (Cloud.GCP, "a3-megagpu-8g", "GPUDirect-TCPXO", 1, 0),
        (Cloud.GCP, "a3-highgpu-8g", None, 1, 0),
        (Cloud.GCP, "a3-highgpu-4g", None, 1, 0),
        (Cloud.AZURE, "Standard_ND96isr_H100_v5", "InfiniBand", 1, 0),
        (Cloud.AZURE, "Standard_ND96is_H100_v5", None, 1, 0),
    ],
)
def test_a_machine_has_its_published_network(cloud, name, kind, cards, efa) -> None:
    found = machine(cloud, name)
    assert (found.fast_network, found.network_cards, found.efa_interfaces) == (kind, cards, efa)
