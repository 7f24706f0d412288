"""Policies of buckets and of those who use them, as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from components.storage.outputs import Access

_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
"""Deleting leaves a version behind: nobody may remove those, so what a training job overwrites can be had back."""


class Grant(NamedTuple):
    """One folder of a bucket and what may be done in it."""

    bucket_arn: str
    folder: str
    access: str
    """An `Access` value."""


def tls_only(bucket_arn: str) -> str:
    """Refuses every request that is not encrypted on its way (S3 user guide, security best practices)."""
    return _policy(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def store_access(grants: Mapping[str, Sequence[Grant]], key_arn: str) -> str:
    """What one workload may do: list and read the folders granted, write where it says so, and use the key for that.

    Args:
        grants: Store name -> grants in its bucket.
        key_arn: Key that the objects are encrypted under.
    """
    statements: list[dict[str, Any]] = []
    for store, granted in sorted(grants.items()):
        title, bucket = store.capitalize(), granted[0].bucket_arn
        listed = _allow(f"List{title}", ["s3:ListBucket"], bucket)
        # Only with the slash: the prefix `a` would also show what lies in `ab/`.
        listed["Condition"] = {"StringLike": {"s3:prefix": [f"{grant.folder}/*" for grant in granted]}}
        statements += [_allow(f"Locate{title}", ["s3:GetBucketLocation"], bucket), listed]
        statements.append(_allow(f"Read{title}", _READ, [_objects(grant) for grant in granted]))
        written = [_objects(grant) for grant in granted if grant.access == Access.WRITE]
        if written:
            statements.append(_allow(f"Write{title}", _WRITE, written))
    writes = any(grant.access == Access.WRITE for granted in grants.values() for grant in granted)
    statements.append(_allow("UseKey", ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])], key_arn))
    return _policy(*statements)


def _objects(grant: Grant) -> str:
    return f"{grant.bucket_arn}/{grant.folder}/*"


def _allow(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)
