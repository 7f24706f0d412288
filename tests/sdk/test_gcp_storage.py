"""Google Cloud's stores: what is asked for, and who may read and write."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.storage.gcp import (
    GcpStorage,
    GcpStorageArgs,
    filestore_service_agent,
    filestore_size,
    workload_principal,
)
from components.storage.outputs import Access, Folder, Identity, Store
from tests.components.recorder import Graph, build
from tests.sdk.test_gke import contract_problems

BUCKET, MEMBER = "gcp:storage/bucket:Bucket", "gcp:storage/managedFolderIamMember:ManagedFolderIamMember"
FOLDER = "gcp:storage/managedFolder:ManagedFolder"
FILES, GRANT = "gcp:filestore/instance:Instance", "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
AGENT = "serviceAccount:service-42@gs-project-accounts.iam.gserviceaccount.com"
ANSWERS = {
    "gcp:organizations/getProject:getProject": {"number": "42"},
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": {"member": AGENT},
    BUCKET: {"url": "gs://a-bucket"},
    FILES: {"networks": [{"network": "n", "modes": ["MODE_IPV4"], "ipAddresses": ["192.0.2.2"]}]},
}
NETWORK = "projects/p/global/networks/n"


def args(**changes: Any) -> GcpStorageArgs:
    base: GcpStorageArgs = {
        "project": "my-project",
        "region": "us-central1",
        "workload_pool": "my-project.svc.id.goog",
        "network": NETWORK,
        "shared_vpc": False,
        "shared_files_gib": None,
        "expiring": {"vision/pipelines/": 30},
        "keep_data": True,
        "labels": {"stack": "test"},
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


@cache
def kept() -> Graph:
    def program() -> GcpStorage:
        storage = GcpStorage("s", args(shared_files_gib=2000))
        volume = storage.datasets("vision")
        assert volume is not None
        storage.handle, storage.address = volume.handle, volume.attributes["ip"]  # type: ignore[attr-defined]
        storage.uri_ = storage.uri(Folder(Store.MODELS, "vision"))  # type: ignore[attr-defined]
        return storage

    return build(ANSWERS, program, read_outputs=("handle", "address", "uri_"))


@cache
def thrown_away() -> Graph:
    return build(ANSWERS, lambda: GcpStorage("t", args(keep_data=False)), read_outputs=())


@cache
def used() -> tuple[Graph, Identity]:
    """One account that reads models and writes artifacts."""
    identities: list[Identity] = []

    def program() -> GcpStorage:
        storage = GcpStorage("s", args())
        folders = {Folder(Store.MODELS, "vision"): Access.READ, Folder(Store.ARTIFACTS, "vision"): Access.WRITE}
        identities.append(
            storage.allow("vision", {"namespace": "vision", "service_account": "workloads", "folders": folders})
        )
        return storage

    return build(ANSWERS, program, read_outputs=()), identities[0]


@pytest.mark.parametrize("store", list(Store))
def test_a_store_is_private_versioned_and_encrypted_with_an_own_key(store: Store) -> None:
    found = kept().one(BUCKET, f"s-{store.value}").inputs
    assert (found["uniformBucketLevelAccess"], found["publicAccessPrevention"]) == (True, "enforced")
    assert found["versioning"] == {"enabled": True}
    assert found["encryption"] == {"defaultKmsKeyName": "s-data-id"}
    assert found["location"] == "US-CENTRAL1"


def test_the_key_rotates_and_storage_may_use_it_before_the_first_object() -> None:
    assert kept().one("gcp:kms/cryptoKey:CryptoKey").inputs["rotationPeriod"] == "7776000s"
    grant = kept().one(GRANT, "s-buckets")
    assert grant.inputs["member"] == AGENT
    assert all(grant.urn in bucket.needs for bucket in kept().all(BUCKET))


def test_old_versions_and_unfinished_uploads_go_by_themselves() -> None:
    rules = kept().one(BUCKET, "s-models").inputs["lifecycleRules"]
    assert rules == [
        {"action": {"type": "Delete"}, "condition": {"daysSinceNoncurrentTime": 30, "withState": "ARCHIVED"}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
    ]


def test_data_that_is_to_be_kept_survives_a_destroy() -> None:
    for bucket in kept().all(BUCKET):
        assert bucket.inputs["forceDestroy"] is False
        assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 604800}
        assert bucket.kept
    assert kept().one("gcp:kms/cryptoKey:CryptoKey").kept
    assert kept().one(GRANT, "s-buckets").kept
    # It could not be reached without its network, so a destroy refuses before anything has gone.
    assert kept().one(FILES).inputs["deletionProtectionEnabled"] is True
    assert kept().one(FILES).protected


def test_a_throw_away_stack_leaves_nothing_that_is_billed() -> None:
    for bucket in thrown_away().all(BUCKET):
        assert bucket.inputs["forceDestroy"] is True
        assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 0}
    assert not [resource.name for resource in thrown_away().resources if resource.kept or resource.protected]


def test_bucket_names_hold_the_project_and_never_exceed_what_storage_takes() -> None:
    names = [bucket.inputs["name"] for bucket in (*kept().all(BUCKET), *thrown_away().all(BUCKET))]
    assert len(set(names)) == 4
    assert all(name.startswith("my-project-") and len(name) <= 63 for name in names)
    long = build({**ANSWERS}, lambda: GcpStorage("n" * 60, args()), read_outputs=())
    assert {len(bucket.inputs["name"]) <= 63 for bucket in long.all(BUCKET)} == {True}
    assert len({bucket.inputs["name"] for bucket in long.all(BUCKET)}) == 2


def test_a_service_account_is_let_in_as_itself_and_with_no_more_rights_than_asked() -> None:
    graph, identity = used()
    subject = "projects/42/locations/global/workloadIdentityPools/my-project.svc.id.goog/subject/ns/vision/sa/workloads"
    members = {member.name: member.inputs for member in graph.all(MEMBER)}
    assert {name: found["role"] for name, found in members.items()} == {
        "vision-models-vision": "roles/storage.objectViewer",
        "vision-artifacts-vision": "roles/storage.objectUser",
    }
    assert {found["managedFolder"] for found in members.values()} == {"vision/"}
    assert {folder.inputs["bucket"] for folder in graph.all(FOLDER)} == {
        bucket.inputs["name"] for bucket in graph.all(BUCKET)
    }
    assert {found["member"] for found in members.values()} == {f"principal://iam.googleapis.com/{subject}"}
    assert identity == Identity({}, {})


def test_nobody_is_let_in_who_did_not_ask() -> None:
    assert kept().all(MEMBER) == []
    assert not [resource for resource in used()[0].resources if "serviceaccount" in resource.type.lower()]


def test_shared_files_are_regional_encrypted_and_in_the_clusters_network() -> None:
    found = kept().one(FILES, "s-files-vision")
    assert (found.inputs["tier"], found.inputs["location"]) == ("REGIONAL", "us-central1")
    assert found.inputs["fileShares"] == {"name": "shared", "capacityGb": 2048}
    assert found.inputs["networks"] == [{"network": NETWORK, "modes": ["MODE_IPV4"], "connectMode": "DIRECT_PEERING"}]
    assert found.inputs["kmsKeyName"] == "s-data-id"
    grant = kept().one(GRANT, "s-files")
    assert grant.inputs["member"] == filestore_service_agent("42")
    assert grant.urn in found.needs
    assert kept().outputs["handle"] == "modeInstance/us-central1/s-files-vision/shared"
    assert kept().outputs["address"] == "192.0.2.2"


def test_a_folder_is_named_as_serving_and_training_code_reads_it() -> None:
    assert kept().outputs["uri_"] == "gs://a-bucket/vision"


def test_there_are_no_shared_files_unless_asked_for() -> None:
    assert thrown_away().all(FILES) == []


def test_every_child_is_parented_and_named_after_its_store() -> None:
    graph = kept()
    component = graph.one("multimodal:index:GcpStorage")
    assert {child.parent for child in graph.resources if child is not component} == {component.urn}
    assert component.inputs["keep_data"] is True


def test_a_principal_names_project_pool_namespace_and_account() -> None:
    assert workload_principal("42", "p.svc.id.goog", "ns", "sa") == (
        "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/ns/sa/sa"
    )


@given(gib=st.integers(1, 102_400))
def test_a_file_system_is_at_least_as_large_as_asked_and_of_a_size_that_is_sold(gib: int) -> None:
    size = filestore_size(gib)
    assert size >= max(gib, 1_024)
    assert size % (256 if size < 10_240 else 2_560) == 0
    assert size <= 102_400
    assert size == 1_024 or size - gib < 2_560


@pytest.mark.parametrize("graph", [kept, thrown_away, lambda: used()[0]], ids=["kept", "thrown_away", "used"])
def test_google_would_take_every_resource(graph: Callable[[], Graph]) -> None:
    assert contract_problems(graph()) == []


def test_what_runs_make_expires_and_models_do_not() -> None:
    rules = {bucket.name: bucket.inputs["lifecycleRules"] for bucket in kept().all(BUCKET)}
    expiring = {"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefixes": ["vision/pipelines/"]}}
    assert expiring in rules["s-artifacts"]
    assert expiring not in rules["s-models"]
