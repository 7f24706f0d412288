"""Policies of buckets and of those who use them, as JSON."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from components.storage.outputs import Access

_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
"""Deleting leaves a version behind: nobody may remove those, so what a training job overwrites can be had back."""


class Grant(NamedTuple):
    """One bucket and what may be done with it."""

    bucket_arn: str
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


def store_access(grants: Mapping[str, Grant], key_arn: str) -> str:
    """What one workload may do: list and read the buckets granted, write where it says so, and use the key for that.

    Args:
        grants: Store name -> grant.
        key_arn: Key that the objects are encrypted under.
    """
    statements: list[dict[str, Any]] = []
    for store, grant in sorted(grants.items()):
        title = store.capitalize()
        statements.append(_allow(f"List{title}", ["s3:ListBucket", "s3:GetBucketLocation"], grant.bucket_arn))
        statements.append(_allow(f"Read{title}", _READ, f"{grant.bucket_arn}/*"))
        if grant.access == Access.WRITE:
            statements.append(_allow(f"Write{title}", _WRITE, f"{grant.bucket_arn}/*"))
    writes = any(grant.access == Access.WRITE for grant in grants.values())
    statements.append(_allow("UseKey", ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])], key_arn))
    return _policy(*statements)


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)
