"""A tenant's shared volume: whose it is, and who may write to it."""

import pytest

from components.storage.outputs import Access, Folder, Store, Volume
from components.tenancy.datasets import claim_spec, volume_name, volume_spec
from components.tenancy.workload_account import tenant_folders


def volume(*, takes_fs_group: bool) -> Volume:
    return Volume("nfs.example", "handle", {"ip": "192.0.2.1"}, 2048, takes_fs_group, [])  # type: ignore[arg-type]


@pytest.mark.parametrize("takes_fs_group", [True, False])
def test_the_volume_and_its_claim_know_each_other_and_nobody_else(takes_fs_group: bool) -> None:
    made = volume(takes_fs_group=takes_fs_group)
    spec, claim = volume_spec(made, "vision"), claim_spec(made, "vision")
    assert (spec["claimRef"]["namespace"], spec["claimRef"]["name"]) == ("vision", "datasets")
    assert claim["volumeName"] == volume_name("vision") == "vision-datasets"
    assert spec["storageClassName"] == claim["storageClassName"] == ""
    assert spec["capacity"] == claim["resources"]["requests"] == {"storage": "2048Gi"}
    assert claim["accessModes"] == ["ReadWriteMany"]


def test_data_stays_when_a_tenant_deletes_its_claim() -> None:
    assert volume_spec(volume(takes_fs_group=True), "vision")["persistentVolumeReclaimPolicy"] == "Retain"


def test_only_a_volume_that_belongs_to_root_at_first_is_given_to_the_pods_group() -> None:
    given, open_ = (volume_spec(volume(takes_fs_group=choice), "vision") for choice in (True, False))
    assert (given["csi"]["fsType"], given["accessModes"]) == ("nfs", ["ReadWriteMany", "ReadWriteOnce"])
    assert ("fsType" in open_["csi"], open_["accessModes"]) == (False, ["ReadWriteMany"])


def test_a_tenant_reads_its_models_and_the_shared_ones_and_writes_its_own_artifacts() -> None:
    assert tenant_folders("vision") == {
        Folder(Store.MODELS, "vision"): Access.READ,
        Folder(Store.MODELS, "shared"): Access.READ,
        Folder(Store.ARTIFACTS, "vision"): Access.WRITE,
    }
