"""Storage on AWS: what is asked of it, and what its policies say."""

import json
from functools import cache
from typing import Any

import pytest

from components.storage.aws import AwsStorage, AwsStorageArgs
from components.storage.aws_policies import Grant, store_access, tls_only
from components.storage.outputs import Access, Folder, Identity, Store
from tests.components.recorder import Graph, build

BUCKETS = {"c-models", "c-artifacts"}


def args(**changes: Any) -> AwsStorageArgs:
    base: AwsStorageArgs = {
        "region": "us-east-1",
        "cluster_name": "c-test",
        "vpc_id": "vpc-1",
        "network_cidr": "10.0.0.0/16",
        "subnet_ids": {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"},
        "shared_files_gib": 1024,
        "expiring": {"vision/pipelines/": 30},
        "keep_data": True,
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


IDENTITIES: list[Identity] = []


def with_account() -> AwsStorage:
    storage = AwsStorage("c", args())
    folders = {Folder(Store.MODELS, "vision"): Access.READ, Folder(Store.ARTIFACTS, "vision"): Access.WRITE}
    access = {"namespace": "vision", "service_account": "workloads", "folders": folders}
    IDENTITIES.append(storage.allow("c-vision", access))  # type: ignore[arg-type]
    volume = storage.datasets("vision")
    assert volume is not None
    storage.handle = volume.handle  # type: ignore[attr-defined]
    return storage


@cache
def default() -> Graph:
    return build({}, with_account, read_outputs=("handle",))


@cache
def thrown_away() -> Graph:
    return build({}, lambda: AwsStorage("d", args(keep_data=False, shared_files_gib=None)), read_outputs=())


def settings_of(kind: str) -> dict[str, dict[str, Any]]:
    """Inputs of the settings of one kind, by bucket."""
    return {one.name: one.inputs for one in default().all(f"aws:s3/{kind[:1].lower()}{kind[1:]}:{kind}")}


def test_models_and_artifacts_have_a_bucket_each() -> None:
    assert {bucket.name for bucket in default().all("aws:s3/bucket:Bucket")} == BUCKETS


class Uri:
    """Where a store is, as an output that a test can read."""

    def __init__(self, store: Store) -> None:
        self.uri = AwsStorage("u", args()).uri(Folder(store, "vision"))


def test_stores_are_named_as_serving_and_training_code_reads_them() -> None:
    answers = {"aws:s3/bucket:Bucket": {"bucket": "models-4f1"}}
    found = build(answers, lambda: Uri(Store.MODELS), read_outputs=("uri",))
    assert found.outputs == {"uri": "s3://models-4f1/vision"}


def test_buckets_are_versioned() -> None:
    found = settings_of("BucketVersioning")
    assert {name: one["versioningConfiguration"]["status"] for name, one in found.items()} == dict.fromkeys(
        BUCKETS, "Enabled"
    )


def test_objects_are_encrypted_under_an_own_key_that_rotates() -> None:
    assert default().one("aws:kms/key:Key").inputs["enableKeyRotation"] is True
    for one in settings_of("BucketServerSideEncryptionConfiguration").values():
        rule = one["rules"][0]
        wanted = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:c-data"}
        assert rule == {"applyServerSideEncryptionByDefault": wanted, "bucketKeyEnabled": True}


def test_nothing_in_a_bucket_can_be_made_public() -> None:
    found = settings_of("BucketPublicAccessBlock")
    assert set(found) == BUCKETS
    for one in found.values():
        flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        assert [one[flag] for flag in flags] == [True] * 4
    owners = [one["rule"] for one in settings_of("BucketOwnershipControls").values()]
    assert owners == [{"objectOwnership": "BucketOwnerEnforced"}] * 2


def test_requests_without_tls_are_refused() -> None:
    assert set(settings_of("BucketPolicy")) == BUCKETS
    statement = json.loads(tls_only("arn:b"))["Statement"][0]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["arn:b", "arn:b/*"]


def test_the_policy_waits_for_the_other_changes_of_a_buckets_access() -> None:
    policy = default().one("aws:s3/bucketPolicy:BucketPolicy", "c-models")
    block = default().one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "c-models")
    assert block.urn in policy.needs


def test_unfinished_uploads_and_old_versions_do_not_stay_for_ever() -> None:
    for one in settings_of("BucketLifecycleConfiguration").values():
        uploads, versions = one["rules"][:2]
        assert uploads["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
        assert versions["noncurrentVersionExpiration"] == {"noncurrentDays": 90}


def test_a_destroy_leaves_data_with_its_key_and_with_what_keeps_it_private() -> None:
    kept = {resource.type for resource in default().resources if resource.kept}
    assert {kind for kind in kept if not kind.startswith("aws:s3/")} == {
        "aws:kms/key:Key",
        "aws:efs/fileSystem:FileSystem",
    }
    for resource in default().resources:
        if resource.type.startswith("aws:s3/"):
            assert resource.kept, resource.type
    assert default().one("aws:s3/bucket:Bucket", "c-models").inputs["forceDestroy"] is False


def test_a_destroy_of_a_throw_away_stack_leaves_nothing() -> None:
    assert not [resource.name for resource in thrown_away().resources if resource.kept]
    assert all(bucket.inputs["forceDestroy"] for bucket in thrown_away().all("aws:s3/bucket:Bucket"))


def test_shared_files_are_encrypted_and_have_a_door_in_every_zone() -> None:
    files = default().one("aws:efs/fileSystem:FileSystem").inputs
    assert (files["encrypted"], files["kmsKeyId"], files["throughputMode"]) == (True, "arn:c-data", "elastic")
    doors = {one.name: one.inputs for one in default().all("aws:efs/mountTarget:MountTarget")}
    assert {name: one["subnetId"] for name, one in doors.items()} == {
        "c-files-us-east-1a": "subnet-a",
        "c-files-us-east-1b": "subnet-b",
    }
    assert {one["fileSystemId"] for one in doors.values()} == {"c-files-id"}
    assert not [one for one in default().all("aws:efs/mountTarget:MountTarget") if one.kept]


def test_a_tenant_comes_in_at_its_own_directory_and_as_its_owner() -> None:
    point = default().one("aws:efs/accessPoint:AccessPoint").inputs
    assert (point["fileSystemId"], point["posixUser"]) == ("c-files-id", {"uid": 1000, "gid": 1000})
    assert point["rootDirectory"] == {
        "path": "/vision",
        "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "0700"},
    }
    assert default().outputs["handle"] == "c-files-id::c-files-vision-id"


def test_shared_files_are_reached_from_the_network_only() -> None:
    rule = default().one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/16", 2049, 2049)


def test_there_are_no_shared_files_unless_asked_for() -> None:
    assert not [resource for resource in thrown_away().resources if resource.type.startswith("aws:efs/")]


def test_a_service_account_gets_a_role_by_pod_identity_and_carries_nothing() -> None:
    link = default().one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert {key: link.inputs[key] for key in ("clusterName", "namespace", "serviceAccount", "roleArn")} == {
        "clusterName": "c-test",
        "namespace": "vision",
        "serviceAccount": "workloads",
        "roleArn": "arn:c-vision",
    }
    trust = json.loads(default().one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert set(trust["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
    assert all((identity.annotations, identity.pod_labels) == ({}, {}) for identity in IDENTITIES)
    assert IDENTITIES


def test_pods_get_the_role_only_once_it_may_do_something() -> None:
    rights = default().one("aws:iam/rolePolicy:RolePolicy")
    assert rights.urn in default().one("aws:eks/podIdentityAssociation:PodIdentityAssociation").needs
    assert {entry["Sid"] for entry in json.loads(rights.inputs["policy"])["Statement"]} == {
        *("LocateArtifacts", "ListArtifacts", "ReadArtifacts", "WriteArtifacts"),
        *("LocateModels", "ListModels", "ReadModels"),
        "UseKey",
    }


def actions(grants: dict[str, list[Grant]]) -> dict[str, list[str]]:
    """Resource -> actions."""
    found: dict[str, list[str]] = {}
    for entry in json.loads(store_access(grants, "arn:key"))["Statement"]:
        assert entry["Effect"] == "Allow"
        resources = entry["Resource"] if isinstance(entry["Resource"], list) else [entry["Resource"]]
        for resource in resources:
            found.setdefault(resource, []).extend(entry["Action"])
    return found


def test_a_reader_reads_and_lists_its_folders_and_decrypts() -> None:
    grants = {"models": [Grant("arn:m", "vision", "read"), Grant("arn:m", "shared", "read")]}
    assert actions(grants) == {
        "arn:m": ["s3:GetBucketLocation", "s3:ListBucket"],
        "arn:m/vision/*": ["s3:GetObject", "s3:GetObjectVersion"],
        "arn:m/shared/*": ["s3:GetObject", "s3:GetObjectVersion"],
        "arn:key": ["kms:Decrypt"],
    }
    listed = next(one for one in json.loads(store_access(grants, "k"))["Statement"] if one["Sid"] == "ListModels")
    assert listed["Condition"] == {"StringLike": {"s3:prefix": ["vision/*", "shared/*"]}}


def test_a_writer_also_writes_but_removes_no_old_version() -> None:
    found = actions({"artifacts": [Grant("arn:a", "vision", "write")]})
    assert {"s3:PutObject", "s3:DeleteObject"} <= set(found["arn:a/vision/*"])
    assert "s3:DeleteObjectVersion" not in found["arn:a/vision/*"]
    assert found["arn:key"] == ["kms:Decrypt", "kms:GenerateDataKey"]


@pytest.mark.parametrize("access", ["read", "write"])
def test_no_right_is_wider_than_what_it_is_for(access: str) -> None:
    found = actions({"models": [Grant("arn:m", "vision", access)]})
    assert "*" not in found
    assert not [action for granted in found.values() for action in granted if "*" in action]


def test_every_child_is_parented() -> None:
    storage = default().one("multimodal:index:AwsStorage")
    children = [resource for resource in default().resources if resource is not storage]
    assert {child.parent for child in children} == {storage.urn}


def test_what_runs_make_expires_and_models_do_not() -> None:
    rules = {name: one["rules"] for name, one in settings_of("BucketLifecycleConfiguration").items()}
    (expiring,) = [rule for rule in rules["c-artifacts"] if "expiration" in rule]
    assert (expiring["filter"], expiring["expiration"]) == ({"prefix": "vision/pipelines/"}, {"days": 30})
    assert not [rule for rule in rules["c-models"] if "expiration" in rule]
