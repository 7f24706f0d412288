"""IAM, KMS, logs, buckets, file systems and scaling-group tags."""

from __future__ import annotations

from functools import partial
from typing import Any

from rehearsal.contracts import aws_rules as rule
from rehearsal.contracts.aws_common import TAGS, bind, local
from rehearsal.contracts.binding import AutoName, Binding, reasons
from rehearsal.contracts.botocore_model import operation, shape
from rehearsal.contracts.rules import matches

_LATER = "set by a further call after creation"
_S3_LATER = (
    *("accelerationStatus", "acl", "corsRules", "grants", "lifecycleRules", "logging", "objectLockConfiguration"),
    *(
        "policy",
        "replicationConfiguration",
        "requestPayer",
        "serverSideEncryptionConfiguration",
        "versioning",
        "website",
    ),
)
_BUCKET_NAME = r"(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_SSE = {
    "rules": "ServerSideEncryptionConfiguration.Rules",
    "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId": "KMSMasterKeyID",
    "rules.applyServerSideEncryptionByDefault.sseAlgorithm": "SSEAlgorithm",
    "rules.blockedEncryptionTypes": "BlockedEncryptionTypes.EncryptionType",
}


def _s3(name: str, kind: str, /, **details: Any) -> Binding:
    """A bucket setting, whose container is filled from the properties one by one."""
    return bind("s3", name, supplied=frozenset({kind}), replaces=("bucket",), **details)


def _bucket(*further: str) -> Binding:
    return bind(
        "s3",
        "CreateBucket",
        local={**TAGS, **local("bucketPrefix", "forceDestroy"), **reasons(_LATER, *_S3_LATER, *further)},
        fields={"objectLockEnabled": "ObjectLockEnabledForBucket"},
        name=AutoName("bucket", 63, alternative="bucketPrefix"),
        replaces=("bucket", "bucketPrefix", "objectLockEnabled"),
        rules=(matches("bucket", _BUCKET_NAME, "3-63 lowercase letters, digits, hyphens and dots"),),
    )


_OLD_SPELLINGS = ("loggings", "replicationConfigurations", "serverSideEncryptionConfigurations", "versionings")
_VERSIONING = _s3(
    "PutBucketVersioning",
    "VersioningConfiguration",
    fields={
        "versioningConfiguration": "VersioningConfiguration",
        "versioningConfiguration.mfaDelete": "MFADelete",
        "mfa": "MFA",
    },
)
_ENCRYPTION = _s3("PutBucketEncryption", "ServerSideEncryptionConfiguration", fields=_SSE)

_TABLE_RESTORED = (
    "restoreBackupArn",
    "restoreDateTime",
    "restoreSourceName",
    "restoreSourceTableArn",
    "restoreToLatestTime",
)
_INDEX = ("name", "projectionType", "rangeKey", "nonKeyAttributes")

ACCOUNT: dict[str, Binding] = {
    "aws:iam/role:Role": bind(
        "iam",
        "CreateRole",
        fields={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        local={
            **TAGS,
            **local("namePrefix", "forceDetachPolicies"),
            **reasons("PutRolePolicy after creation", "inlinePolicies"),
            **reasons("AttachRolePolicy after creation", "managedPolicyArns"),
        },
        name=AutoName("name", 64, lowercase=False, alternative="namePrefix"),
        replaces=("name", "namePrefix", "path"),
        documents=frozenset({"assumeRolePolicy"}),
        rules=(rule.json_policy("assumeRolePolicy", principal=True),),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": bind(
        "iam", "AttachRolePolicy", fields={"role": "RoleName"}, replaces=("role", "policyArn")
    ),
    "aws:iam/rolePolicy:RolePolicy": bind(
        "iam",
        "PutRolePolicy",
        fields={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"},
        local=local("namePrefix"),
        name=AutoName("name", 128, lowercase=False, alternative="namePrefix"),
        replaces=("role", "name", "namePrefix"),
        documents=frozenset({"policy"}),
        rules=(rule.json_policy("policy"),),
    ),
    "aws:iam/policy:Policy": bind(
        "iam",
        "CreatePolicy",
        fields={"name": "PolicyName", "policy": "PolicyDocument"},
        local={**TAGS, **local("namePrefix", "delayAfterPolicyCreationInMs")},
        name=AutoName("name", 128, lowercase=False, alternative="namePrefix"),
        replaces=("name", "namePrefix", "path", "description"),
        documents=frozenset({"policy"}),
        rules=(rule.json_policy("policy"),),
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": bind(
        "iam",
        "CreateOpenIDConnectProvider",
        fields={"clientIdLists": "ClientIDList"},
        local=TAGS,
        required=frozenset({"clientIdLists"}),
        replaces=("url",),
        rules=(matches("url", r"https://.+", "an https:// address"),),
    ),
    "aws:kms/key:Key": bind(
        "kms",
        "CreateKey",
        fields={
            "customerMasterKeySpec": "KeySpec",
            "deletionWindowInDays": "@deletion.PendingWindowInDays",
            "rotationPeriodInDays": "@rotation.RotationPeriodInDays",
        },
        others={
            "deletion": partial(operation, "kms", "ScheduleKeyDeletion"),
            "rotation": partial(operation, "kms", "EnableKeyRotation"),
        },
        local={**TAGS, **reasons(_LATER, "enableKeyRotation", "isEnabled")},
        replaces=("customerMasterKeySpec", "keyUsage", "multiRegion", "customKeyStoreId", "xksKeyId"),
        rules=(rule.json_policy("policy"), rule.kms_deletion_window),
    ),
    "aws:kms/alias:Alias": bind(
        "kms",
        "CreateAlias",
        fields={"name": "AliasName"},
        local=local("namePrefix"),
        name=AutoName("name", 256, lowercase=False, alternative="namePrefix", prefix="alias/"),
        replaces=("name", "namePrefix"),
        rules=(matches("name", r"alias/(?!aws/).+", "alias/<name>, not alias/aws/..."),),
    ),
    "aws:cloudwatch/logGroup:LogGroup": bind(
        "logs",
        "CreateLogGroup",
        fields={
            "name": "logGroupName",
            "kmsKeyId": "kmsKeyId",
            "retentionInDays": "@retention.retentionInDays",
        },
        others={"retention": partial(operation, "logs", "PutRetentionPolicy")},
        local=local("namePrefix", "skipDestroy"),
        name=AutoName("name", 512, lowercase=False, alternative="namePrefix"),
        replaces=("name", "namePrefix", "logGroupClass"),
        rules=(rule.log_retention,),
    ),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": bind(
        "logs",
        "PutSubscriptionFilter",
        fields={"name": "filterName", "logGroup": "logGroupName"},
        name=AutoName("name", 512, lowercase=False),
        replaces=("name", "logGroup"),
    ),
    "aws:kinesis/stream:Stream": bind(
        "kinesis",
        "CreateStream",
        fields={
            "name": "StreamName",
            "encryptionType": "@encryption.EncryptionType",
            "kmsKeyId": "@encryption.KeyId",
            "retentionPeriod": "@retention.RetentionPeriodHours",
        },
        others={
            "encryption": partial(operation, "kinesis", "StartStreamEncryption"),
            "retention": partial(operation, "kinesis", "IncreaseStreamRetentionPeriod"),
        },
        local={**reasons(_LATER, "shardLevelMetrics"), **local("enforceConsumerDeletion", "arn")},
        name=AutoName("name", 128, lowercase=False),
        replaces=("name",),
    ),
    "aws:dynamodb/table:Table": bind(
        "dynamodb",
        "CreateTable",
        fields={
            "name": "TableName",
            "attributes": "AttributeDefinitions",
            "attributes.name": "AttributeName",
            "attributes.type": "AttributeType",
            "serverSideEncryption": "SSESpecification",
            "serverSideEncryption.enabled": "Enabled",
            "serverSideEncryption.kmsKeyArn": "KMSMasterKeyId",
        },
        local={
            **reasons("becomes the schema of the key", "hashKey", "rangeKey"),
            **reasons("becomes the throughput, which tables on demand have not", "readCapacity", "writeCapacity"),
            **reasons("becomes the specification of a stream", "streamEnabled", "streamViewType"),
            **reasons(_LATER, "pointInTimeRecovery", "ttl", "replicas", "globalTableWitness"),
            **reasons("another operation makes such a table", "importTable", *_TABLE_RESTORED),
            **reasons(
                "the API has a schema of the key and a projection",
                *(f"globalSecondaryIndexes.{key}" for key in (*_INDEX, "hashKey", "readCapacity", "writeCapacity")),
                *(f"localSecondaryIndexes.{key}" for key in _INDEX),
            ),
        },
        name=AutoName("name", 255, lowercase=False),
        replaces=("name", "hashKey", "rangeKey"),
        required=frozenset({"attributes", "hashKey"}),
    ),
    "aws:s3/bucket:Bucket": _bucket(),
    "aws:s3/bucketV2:BucketV2": _bucket(*_OLD_SPELLINGS, "websites", "tagsAll"),
    "aws:s3/bucketVersioning:BucketVersioning": _VERSIONING,
    "aws:s3/bucketVersioningV2:BucketVersioningV2": _VERSIONING,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _s3(
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        fields={
            name: f"PublicAccessBlockConfiguration.{name[:1].upper()}{name[1:]}"
            for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        },
        local=local("skipDestroy"),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _ENCRYPTION,
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": _ENCRYPTION,
    "aws:s3/bucketPolicy:BucketPolicy": bind(
        "s3",
        "PutBucketPolicy",
        replaces=("bucket",),
        documents=frozenset({"policy"}),
        rules=(rule.json_policy("policy"),),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _s3(
        "PutBucketOwnershipControls", "OwnershipControls", fields={"rule": "OwnershipControls.Rules"}
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _s3(
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        fields={
            "rules": "LifecycleConfiguration.Rules",
            "rules.id": "ID",
            "rules.filter.and": "And",
        },
        local={
            **local("timeouts"),
            **reasons("a map in Pulumi; the API has a list of keys and values", "rules.filter.and.tags"),
        },
        required=frozenset({"rules"}),
        rules=(rule.lifecycle,),
    ),
    "aws:efs/fileSystem:FileSystem": bind(
        "efs",
        "CreateFileSystem",
        fields={
            "lifecyclePolicies": "@lifecycle.LifecyclePolicies",
            "lifecyclePolicies.transitionToIa": "TransitionToIA",
            "protection.replicationOverwrite": "ReplicationOverwriteProtection",
            "protection": "@protection",
        },
        others={
            "lifecycle": partial(operation, "efs", "PutLifecycleConfiguration"),
            "protection": partial(operation, "efs", "UpdateFileSystemProtection"),
        },
        local=TAGS,
        # Pulumi makes a token up when the program has none.
        supplied=frozenset({"CreationToken", "protection:FileSystemId"}),
        replaces=("creationToken", "availabilityZoneName", "encrypted", "kmsKeyId", "performanceMode"),
        rules=(rule.file_system,),
    ),
    "aws:efs/mountTarget:MountTarget": bind(
        "efs",
        "CreateMountTarget",
        replaces=("fileSystemId", "subnetId", "ipAddress", "ipAddressType", "ipv6Address"),
    ),
    "aws:efs/accessPoint:AccessPoint": bind(
        "efs",
        "CreateAccessPoint",
        local=TAGS,
        # Pulumi makes a token up.
        supplied=frozenset({"ClientToken"}),
        replaces=("fileSystemId", "posixUser", "rootDirectory"),
        rules=(matches("rootDirectory.path", r"/|(/[^/]+){1,4}", "an absolute path of at most four folders"),),
    ),
    "aws:autoscaling/tag:Tag": bind(
        "autoscaling",
        "CreateOrUpdateTags",
        shape=partial(shape, "autoscaling", "Tag"),
        fields={"autoscalingGroupName": "ResourceId", "tag": "."},
        replaces=("autoscalingGroupName", "tag.key"),
        required=frozenset({"autoscalingGroupName", "tag"}),
    ),
}
"""Account-level resource types by Pulumi token."""
