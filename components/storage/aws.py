"""Storage on AWS: two S3 buckets, a shared file system when asked for, and who may use them."""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

import pulumi
import pulumi_aws as aws

from components.cluster.eks_roles import pod_identity
from components.order import after
from components.storage.aws_files import access_point, shared_files
from components.storage.aws_policies import Grant, store_access, tls_only
from components.storage.outputs import Folder, Identity, Store, StoreAccess, Volume

UNFINISHED_DAYS = 7
"""Parts of an upload that nobody finished are billed and seen nowhere; so long they stay."""

OLD_VERSION_DAYS = 90
"""How long a version stays after it was overwritten or deleted."""


class AwsStorageArgs(TypedDict):
    """What the storage of an EKS cluster needs to know."""

    region: str
    """AWS region; the provider's own."""

    cluster_name: pulumi.Input[str]
    """EKS cluster whose service accounts get access."""

    vpc_id: pulumi.Input[str]
    network_cidr: str
    """Network from which the shared file system is reached."""

    subnet_ids: dict[str, pulumi.Input[str]]
    """Zone -> private subnet."""

    shared_files_gib: int | None
    """What a claim on a tenant's part of the shared file system says; None: there is none."""

    expiring: dict[str, int]
    """Prefix in the bucket of artifacts -> days after which what lies there goes."""

    keep_data: bool
    """A destroy leaves buckets, file system and their key; false removes them with all that is in them."""


class AwsStorage(pulumi.ComponentResource):
    """Buckets for models and for artifacts: versioned, encrypted under an own key, private, reached by TLS only.

    On request a file system in which each tenant has a directory, behind an access point that leads nowhere else.
    """

    def __init__(self, name: str, args: AwsStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:AwsStorage", name, cast("dict[str, Any]", dict(args)), opts)
        self._name, self._args = name, args
        # Data that is kept without its key, or without what keeps it private, would be lost or laid open.
        self._kept = pulumi.ResourceOptions(parent=self, retain_on_delete=args["keep_data"])
        self._key = aws.kms.Key(
            f"{name}-data",
            description=f"Models, artifacts and shared files of {pulumi.get_stack()}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self._kept,
        )
        self._buckets: Mapping[Store, aws.s3.Bucket] = {
            store: self._bucket(
                f"{name}-{store.value}",
                empty_first=not args["keep_data"],
                expiring=args["expiring"] if store is Store.ARTIFACTS else {},
            )
            for store in Store
        }
        self._files: aws.efs.FileSystem | None = None
        if args["shared_files_gib"] is not None:
            self._files = shared_files(
                f"{name}-files",
                vpc_id=args["vpc_id"],
                cidr=args["network_cidr"],
                subnet_ids=args["subnet_ids"],
                key_arn=self._key.arn,
                kept=self._kept,
                parent=self,
            )
        self.register_outputs({"buckets": {store.value: bucket.bucket for store, bucket in self._buckets.items()}})

    def uri(self, folder: Folder) -> pulumi.Output[str]:
        """s3://<bucket>/<folder>"""
        return pulumi.Output.concat("s3://", self._buckets[folder.store].bucket, "/", folder.name)

    def datasets(self, tenant: str) -> Volume | None:
        """The tenant's directory of the file system, which whoever mounts it uses as its owner."""
        size = self._args["shared_files_gib"]
        if size is None or self._files is None:
            return None
        point = access_point(f"{self._name}-files-{tenant}", tenant, self._files, self)
        # The form in which the EFS CSI driver knows an access point.
        return Volume("efs.csi.aws.com", pulumi.Output.concat(self._files.id, "::", point.id), {}, size, False, [])

    def allow(self, name: str, access: StoreAccess, opts: pulumi.ResourceOptions | None = None) -> Identity:
        """Lets a service account into folders, by Pod Identity: its pods need no annotation and no key."""
        child = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), opts)
        folders = access["folders"]
        arns = {folder.store.value: self._buckets[folder.store].arn for folder in folders}
        made = pod_identity(
            name,
            cluster_name=self._args["cluster_name"],
            namespace=access["namespace"],
            service_account=access["service_account"],
            policy=pulumi.Output.all(arns=arns, key=self._key.arn).apply(
                lambda known: store_access(
                    {
                        store: [
                            Grant(arn, folder.name, granted.value)
                            for folder, granted in folders.items()
                            if folder.store == store
                        ]
                        for store, arn in known["arns"].items()
                    },
                    known["key"],
                )
            ),
            opts=child,
        )
        return Identity({}, {}, made.role.name)

    def _bucket(self, name: str, *, empty_first: bool, expiring: Mapping[str, int]) -> aws.s3.Bucket:
        # A destroy empties the bucket before it gives up the key of what is in it.
        after_key = after(self._kept, self._key)
        bucket = aws.s3.Bucket(name, force_destroy=empty_first, opts=after_key)
        versioned = aws.s3.BucketVersioning(
            name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=self._kept
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self._key.arn,
                    },
                    # One key for the bucket instead of one call to KMS for each object.
                    "bucket_key_enabled": True,
                }
            ],
            opts=self._kept,
        )
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._kept,
        )
        # ACLs off: whoever writes, the account owns.
        owned = aws.s3.BucketOwnershipControls(
            name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self._kept
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=bucket.arn.apply(tls_only),
            # S3 refuses two changes of one bucket's access at once.
            opts=after(self._kept, private, owned),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "unfinished-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_DAYS},
                },
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSION_DAYS},
                },
                *(
                    {
                        "id": f"expiring-{prefix}",
                        "status": "Enabled",
                        "filter": {"prefix": prefix},
                        "expiration": {"days": days},
                    }
                    for prefix, days in sorted(expiring.items())
                ),
            ],
            opts=after(self._kept, versioned),
        )
        return bucket
