"""Buckets, who may use them, and file servers of Google Cloud."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.contracts.binding import AutoName, Binding, reasons
from rehearsal.contracts.discovery_model import schema
from rehearsal.contracts.gcp_common import bind, local, path
from rehearsal.contracts.gcp_rules import bucket, iam_member
from rehearsal.contracts.gcp_storage_rules import file_server
from rehearsal.contracts.rules import matches
from rehearsal.contracts.shapes import Shape

_ZEROES = (
    *("sendAgeIfZero", "sendDaysSinceCustomTimeIfZero", "sendDaysSinceNoncurrentTimeIfZero"),
    "sendNumNewerVersionsIfZero",
)


def _bucket_policy_entry() -> Shape:
    """One role of a bucket's policy; Cloud Storage's document has no name for it."""
    return schema("storage", "v1", "Policy").members["bindings"].shape().inner()


STORAGE: dict[str, Binding] = {
    "gcp:storage/bucket:Bucket": bind(
        "storage",
        "v1",
        "Bucket",
        "buckets.insert",
        fields={
            "cors.methods": "method",
            "lifecycleRules": "lifecycle.rule",
            "publicAccessPrevention": "iamConfiguration.publicAccessPrevention",
            "requesterPays": "billing.requesterPays",
            "uniformBucketLevelAccess": "iamConfiguration.uniformBucketLevelAccess.enabled",
        },
        local={
            **local("forceDestroy", *(f"lifecycleRules.condition.{name}" for name in _ZEROES)),
            **reasons("a parameter of the request", "enableObjectRetention"),
            **reasons("isLive in the API, as one of LIVE, ARCHIVED, ANY", "lifecycleRules.condition.withState"),
        },
        required=frozenset({"location"}),
        name=AutoName("name", 63),
        replaces=("name", "location", "project", "customPlacementConfig", "hierarchicalNamespace"),
        rules=(bucket,),
    ),
    "gcp:storage/bucketIAMMember:BucketIAMMember": replace(
        bind(
            "storage",
            "v1",
            "Policy",
            "buckets.setIamPolicy",
            fields={"member": "members"},
            local=path("bucket"),
            required=frozenset({"bucket", "role", "member"}),
            replaces=("bucket", "role", "member", "condition"),
            rules=(iam_member,),
        ),
        shape=_bucket_policy_entry,
        by="discovery storage.v1 Policy.bindings",
    ),
    "gcp:storage/managedFolder:ManagedFolder": bind(
        "storage",
        "v1",
        "ManagedFolder",
        "managedFolders.insert",
        local=local("forceDestroy"),
        required=frozenset({"bucket", "name"}),
        replaces=("bucket", "name"),
        rules=(matches("name", r"([^/]+/)+", "a path that ends with a slash, such as team/"),),
    ),
    "gcp:storage/managedFolderIamMember:ManagedFolderIamMember": replace(
        bind(
            "storage",
            "v1",
            "Policy",
            "managedFolders.setIamPolicy",
            fields={"member": "members"},
            local=path("bucket", "managedFolder"),
            required=frozenset({"bucket", "managedFolder", "role", "member"}),
            replaces=("bucket", "managedFolder", "role", "member", "condition"),
            rules=(iam_member,),
        ),
        shape=_bucket_policy_entry,
        by="discovery storage.v1 Policy.bindings",
    ),
    "gcp:filestore/instance:Instance": bind(
        "file",
        "v1beta1",
        "Instance",
        "projects.locations.instances.create",
        fields={"initialReplication": "replication"},
        local={
            **path("name", "location", "zone"),
            **reasons("decides on promoting and pausing after creation", "desiredReplicaState"),
        },
        required=frozenset({"tier", "fileShares", "networks"}),
        name=AutoName("name", 63),
        replaces=(
            *("name", "location", "zone", "project", "tier", "protocol", "kmsKeyName", "networks"),
            *("fileShares.name", "fileShares.sourceBackup", "initialReplication"),
        ),
        rules=(
            matches("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "1-63 lowercase letters, digits and hyphens"),
            file_server,
        ),
    ),
}
"""Storage resource types by Pulumi token."""
