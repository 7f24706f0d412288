"""What the AWS contract takes and refuses, by exact message."""

from typing import Any

import pytest

from rehearsal.contracts.aws import BINDINGS
from rehearsal.contracts.check import check, text
from rehearsal.providers.plugin_values import UNKNOWN

CLUSTER, NODES = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
VPC, SUBNET, TEMPLATE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/launchTemplate:LaunchTemplate"
ROLE, KEY, GROUP = "aws:iam/role:Role", "aws:kms/key:Key", "aws:ec2/securityGroup:SecurityGroup"
FLOWS, ENDPOINT = "aws:ec2/flowLog:FlowLog", "aws:ec2/vpcEndpoint:VpcEndpoint"
STREAM, TABLE = "aws:kinesis/stream:Stream", "aws:dynamodb/table:Table"
MSK, CONFIGURATION = "aws:msk/cluster:Cluster", "aws:msk/configuration:Configuration"
TOPIC = "aws:msk/topic:Topic"
FILES = "aws:efs/fileSystem:FileSystem"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

BLOCK = {
    "instanceType": "p5.48xlarge",
    "instanceMarketOptions": {"marketType": "capacity-block"},
    "capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}},
}
"""A launch template of a capacity block."""

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"x"},"Action":"sts:AssumeRole"}]}'
)

BROKERS: dict[str, Any] = {
    "clusterName": "c",
    "kafkaVersion": "3.9.x.kraft",
    "numberOfBrokerNodes": 4,
    "brokerNodeGroupInfo": {
        "instanceType": "kafka.m7g.large",
        "clientSubnets": [UNKNOWN, UNKNOWN],
        "securityGroups": [UNKNOWN],
        "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}},
        "connectivityInfo": {"publicAccess": {"type": "DISABLED"}},
    },
    "clientAuthentication": {"sasl": {"iam": True}, "unauthenticated": False},
    "configurationInfo": {"arn": UNKNOWN, "revision": UNKNOWN},
    "encryptionInfo": {"encryptionAtRestKmsKeyArn": UNKNOWN, "encryptionInTransit": {"clientBroker": "TLS"}},
    "enhancedMonitoring": "PER_TOPIC_PER_BROKER",
    "openMonitoring": {"prometheus": {"jmxExporter": {"enabledInBroker": True}}},
    "loggingInfo": {"brokerLogs": {"cloudwatchLogs": {"enabled": True, "logGroup": "l"}}},
}
"""Brokers of Amazon MSK."""


def brokers(**changes: Any) -> dict[str, Any]:
    """`BROKERS` with other nodes."""
    return {"brokerNodeGroupInfo": {**BROKERS["brokerNodeGroupInfo"], **changes}}


GOOD: dict[str, dict[str, Any]] = {
    VPC: {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "tags": {"Name": "a"}, "region": "eu-west-1"},
    SUBNET: {"vpcId": UNKNOWN, "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-west-1a"},
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": UNKNOWN},
    "aws:ec2/eip:Eip": {"domain": "vpc"},
    "aws:ec2/natGateway:NatGateway": {"subnetId": UNKNOWN, "allocationId": UNKNOWN},
    "aws:ec2/routeTable:RouteTable": {"vpcId": "vpc-1", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN}]},
    "aws:ec2/route:Route": {"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN},
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {"routeTableId": "r", "subnetId": "s"},
    GROUP: {
        "name": "a",
        "vpcId": "v",
        "ingress": [{"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrBlocks": ["10.0.0.0/8"]}],
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "securityGroupId": "sg",
        "ipProtocol": "tcp",
        "fromPort": 1,
        "toPort": 2,
        "cidrIpv4": "10.0.0.0/8",
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        "securityGroupId": "sg",
        "ipProtocol": "-1",
        "referencedSecurityGroupId": UNKNOWN,
    },
    TEMPLATE: {
        "name": "t",
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeSize": 100}}],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "tagSpecifications": [{"resourceType": "instance", "tags": {"a": "b"}}],
        "networkInterfaces": [{"deviceIndex": 0}, {"deviceIndex": 1, "interfaceType": "efa-only"}],
        "userData": "TUlNRQ==",
    },
    FLOWS: {"vpcId": UNKNOWN, "trafficType": "ALL", "logDestination": UNKNOWN, "iamRoleArn": UNKNOWN},
    ENDPOINT: {
        "vpcId": "v",
        "serviceName": "com.amazonaws.eu-west-1.sts",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
        "subnetIds": [UNKNOWN],
    },
    "aws:ec2/placementGroup:PlacementGroup": {"name": "p", "strategy": "cluster"},
    CLUSTER: {
        "name": "c",
        "roleArn": UNKNOWN,
        "version": "1.34",
        "vpcConfig": {"subnetIds": [UNKNOWN, UNKNOWN], "publicAccessCidrs": ["203.0.113.0/24"]},
        "enabledClusterLogTypes": ["api", "audit"],
        "accessConfig": {"authenticationMode": "API"},
        "encryptionConfig": {"provider": {"keyArn": UNKNOWN}, "resources": ["secrets"]},
    },
    NODES: {
        "clusterName": "c",
        "nodeGroupName": "h100",
        "nodeRoleArn": UNKNOWN,
        "subnetIds": [UNKNOWN],
        "amiType": "AL2023_x86_64_NVIDIA",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["p5.48xlarge"],
        "scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 2},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "labels": {"multimodal.dev/gpu-pool": "h100"},
    },
    "aws:eks/addon:Addon": {"clusterName": "c", "addonName": "vpc-cni", "resolveConflictsOnCreate": "OVERWRITE"},
    "aws:eks/accessEntry:AccessEntry": {"clusterName": "c", "principalArn": "arn:aws:iam::1:role/a"},
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "clusterName": "c",
        "principalArn": "p",
        "policyArn": "q",
        "accessScope": {"type": "cluster"},
    },
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "clusterName": "c",
        "namespace": "n",
        "serviceAccount": "s",
        "roleArn": UNKNOWN,
    },
    ROLE: {"name": "r", "assumeRolePolicy": TRUST, "tags": {"a": "b"}},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": "r", "policyArn": "arn:aws:iam::aws:policy/X-long"},
    "aws:iam/rolePolicy:RolePolicy": {
        "role": "r",
        "name": "p",
        "policy": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"url": "https://x", "clientIdLists": ["sts"]},
    KEY: {"deletionWindowInDays": 30, "enableKeyRotation": True},
    "aws:kms/alias:Alias": {"name": "alias/eks/c", "targetKeyId": UNKNOWN},
    "aws:cloudwatch/logGroup:LogGroup": {"name": "/aws/eks/c/cluster", "retentionInDays": 90},
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": {
        "name": "a",
        "logGroup": UNKNOWN,
        "destinationArn": UNKNOWN,
        "filterPattern": "",
        "distribution": "ByLogStream",
    },
    STREAM: {
        "name": "a",
        "streamModeDetails": {"streamMode": "ON_DEMAND"},
        "retentionPeriod": 72,
        "encryptionType": "KMS",
        "kmsKeyId": UNKNOWN,
    },
    TABLE: {
        "name": "abc",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "a",
        "attributes": [{"name": "a", "type": "S"}],
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": UNKNOWN},
    },
    "aws:s3/bucket:Bucket": {"bucket": "models-of-acme"},
    "aws:s3/bucketVersioning:BucketVersioning": {"bucket": "b-1", "versioningConfiguration": {"status": "Enabled"}},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {"bucket": "b-1", "blockPublicAcls": True},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": "b-1",
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}],
    },
    "aws:s3/bucketPolicy:BucketPolicy": {
        "bucket": "b-1",
        "policy": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]},
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": "b-1",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    LIFECYCLE: {
        "bucket": "b-1",
        "rules": [
            {
                "id": "uploads",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ],
    },
    FILES: {"encrypted": True, "kmsKeyId": UNKNOWN, "throughputMode": "elastic"},
    "aws:efs/mountTarget:MountTarget": {"fileSystemId": UNKNOWN, "subnetId": UNKNOWN, "securityGroups": [UNKNOWN]},
    "aws:efs/accessPoint:AccessPoint": {
        "fileSystemId": UNKNOWN,
        "posixUser": {"uid": 1000, "gid": 1000},
        "rootDirectory": {
            "path": "/vision",
            "creationInfo": {"ownerUid": 1000, "ownerGid": 1000, "permissions": "0700"},
        },
    },
    MSK: BROKERS,
    CONFIGURATION: {"name": "c", "kafkaVersions": ["3.9.x.kraft"], "serverProperties": "min.insync.replicas=2\n"},
    TOPIC: {
        "clusterArn": UNKNOWN,
        "name": "vision.events",
        "partitionCount": 3,
        "replicationFactor": 3,
        "configs": '{"retention.ms":"86400000"}',
    },
    "aws:autoscaling/tag:Tag": {
        "autoscalingGroupName": UNKNOWN,
        "tag": {"key": "k", "value": "v", "propagateAtLaunch": False},
    },
}

API = {
    MSK: "the MSK API (CreateCluster)",
    CONFIGURATION: "the MSK API (CreateConfiguration)",
    TOPIC: "the MSK API (CreateTopic)",
    VPC: "the EC2 API (CreateVpc)",
    STREAM: "the kinesis API (CreateStream)",
    TABLE: "the dynamodb API (CreateTable)",
    SUBNET: "the EC2 API (CreateSubnet)",
    TEMPLATE: "the EC2 API (CreateLaunchTemplate)",
    GROUP: "the EC2 API (CreateSecurityGroup)",
    CLUSTER: "the EKS API (CreateCluster)",
    NODES: "the EKS API (CreateNodegroup)",
    ROLE: "the IAM API (CreateRole)",
    KEY: "the KMS API (CreateKey)",
    FLOWS: "the EC2 API (CreateFlowLogs)",
    ENDPOINT: "the EC2 API (CreateVpcEndpoint)",
    FILES: "the EFS API (CreateFileSystem)",
    LIFECYCLE: "the S3 API (PutBucketLifecycleConfiguration)",
}

BAD: list[tuple[str, dict[str, Any], str]] = [
    (MSK, {"numberOfBrokerNodes": 3}, "numberOfBrokerNodes 3: must be a multiple of the 2 subnets"),
    (
        MSK,
        brokers(clientSubnets=[UNKNOWN]),
        "brokerNodeGroupInfo.clientSubnets: must be two or three subnets, has 1",
    ),
    (
        MSK,
        brokers(instanceType="m7g.large"),
        'brokerNodeGroupInfo.instanceType "m7g.large": must be a size of broker such as kafka.m7g.large',
    ),
    (
        MSK,
        brokers(connectivityInfo={"publicAccess": {"type": "ON"}}),
        'brokerNodeGroupInfo.connectivityInfo.publicAccess.type "ON": not one of DISABLED, SERVICE_PROVIDED_EIPS',
    ),
    (
        MSK,
        {"clientAuthentication": {"sasl": {"iam": False}}},
        "clientAuthentication: lets nobody in: one of sasl.iam, sasl.scram, tls or unauthenticated is needed",
    ),
    (MSK, {"clusterName": "a_b"}, 'clusterName "a_b": must be 1-64 letters, digits and hyphens'),
    (
        CONFIGURATION,
        {"serverProperties": "broker.id=3"},
        'serverProperties "broker.id=3": holds a line that is no setting of MSK\'s',
    ),
    (TOPIC, {"configs": "retention.ms=1"}, "configs"),
    (TOPIC, {"configs": "[]"}, 'configs "[]": must be a JSON object'),
    (TOPIC, {"configs": '{"retention.ms": 1}'}, "configs 1: has retention.ms that is no text"),
    (TOPIC, {"configs": '{"broker.id": "1"}'}, "configs: has broker.id, which topics are not told here"),
    (VPC, {"cidrBlock": "10.0.0.0/8"}, 'cidrBlock "10.0.0.0/8": must have a prefix length from /16 to /28'),
    (VPC, {"cidrBlock": "10.0.0.1/16"}, 'cidrBlock "10.0.0.1/16": has bits set beyond its prefix: write 10.0.0.0/16'),
    (VPC, {"cidrBlock": "ten"}, 'cidrBlock "ten": is not a CIDR block such as 10.0.0.0/16'),
    (VPC, {"instanceTenancy": "shared"}, 'instanceTenancy "shared": not one of default, dedicated, host'),
    (VPC, {"enableDnsSupport": "maybe"}, 'enableDnsSupport "maybe": must be true or false'),
    (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok: no such property (did you mean cidrBlock"),
    (VPC, {"tags": {"aws:a": "b"}}, 'tags["aws:a"] "b": a tag key has 1-128 characters and does not begin with aws:'),
    (SUBNET, {"mapPublicIpOnLaunch": 3}, "mapPublicIpOnLaunch 3: must be true or false"),
    (TEMPLATE, {"instanceType": "p5.xlarg"}, "instanceType"),
    (
        TEMPLATE,
        {"networkInterfaces": [{"deviceIndex": 0}, {"deviceIndex": 0}]},
        "networkInterfaces[1]: card 0 device 0 is used twice",
    ),
    (
        TEMPLATE,
        {"vpcSecurityGroupIds": ["sg-1"]},
        "vpcSecurityGroupIds: with networkInterfaces, give the security groups there",
    ),
    (
        TEMPLATE,
        {"networkInterfaces": [{"deviceIndex": 0, "interfaceType": "efa_only"}]},
        'networkInterfaces[0].interfaceType "efa_only": not one of interface, efa, efa-only',
    ),
    (
        TEMPLATE,
        {"networkInterfaces": [{"deviceIndex": 0, "interfaceType": "efa-only"}]},
        'networkInterfaces[0].interfaceType "efa-only": cannot be the primary interface (card 0 device 0)',
    ),
    (
        TEMPLATE,
        {"networkInterfaces": [{"networkCardIndex": 1}]},
        "networkInterfaces: has no primary interface: one is on card 0 as device 0",
    ),
    (
        TEMPLATE,
        {"networkInterfaces": [{"associatePublicIpAddress": "true"}, {"deviceIndex": 1}]},
        "networkInterfaces[0].associatePublicIpAddress true: must be false",
    ),
    (TEMPLATE, {"userData": "#!/bin/sh"}, 'userData "#!/bin/sh": must be base64'),
    (TEMPLATE, {"userData": "QUFB" * 6000}, "userData: must be at most 16384 bytes before base64, is 18000"),
    (
        TEMPLATE,
        {**BLOCK, "instanceType": None},
        "instanceType: missing: marketType capacity-block needs the block's machine",
    ),
    (
        TEMPLATE,
        {**BLOCK, "capacityReservationSpecification": None},
        "capacityReservationSpecification.capacityReservationTarget: missing: marketType capacity-block needs",
    ),
    (
        TEMPLATE,
        {**BLOCK, "placement": {"groupName": "g"}},
        "placement: cannot be combined with marketType capacity-block, which is placed already",
    ),
    (
        TEMPLATE,
        {"instanceMarketOptions": {"marketType": "capacity_block"}},
        'instanceMarketOptions.marketType "capacity_block": not one of spot, capacity-block',
    ),
    (
        NODES,
        {"capacityType": "CAPACITY_BLOCK"},
        'instanceTypes ["p5.48xlarge"]: must be in the launch template, not here',
    ),
    (
        NODES,
        {"updateConfig": {"maxUnavailable": 1, "updateStrategy": "SMALL"}},
        'updateConfig.updateStrategy "SMALL": not one of DEFAULT, MINIMAL',
    ),
    (
        CLUSTER,
        {"upgradePolicy": {"supportType": "LONG"}},
        'upgradePolicy.supportType "LONG": not one of STANDARD, EXTENDED',
    ),
    (ENDPOINT, {"routeTableIds": ["rtb-1"]}, "routeTableIds: has no meaning for vpcEndpointType Interface"),
    (
        ENDPOINT,
        {"vpcEndpointType": "Gateway"},
        'vpcEndpointType "Gateway": must be Interface: only s3 and dynamodb have gateways',
    ),
    (ENDPOINT, {"vpcEndpointType": "Gate"}, 'vpcEndpointType "Gate": not one of'),
    (FLOWS, {"iamRoleArn": None}, "iamRoleArn: missing: flow logs in CloudWatch are written by a role"),
    (FLOWS, {"trafficType": "SOME"}, 'trafficType "SOME": not one of ACCEPT, REJECT, ALL'),
    (FILES, {"encrypted": None}, "encrypted: must be true when kmsKeyId is given"),
    (FILES, {"throughputMode": "fast"}, 'throughputMode "fast": not one of bursting, provisioned, elastic'),
    (
        FILES,
        {"throughputMode": "provisioned"},
        "provisionedThroughputInMibps: must be given with throughputMode provisioned, and only then",
    ),
    (LIFECYCLE, {"rules": [{"id": "a", "status": "Enabled"}]}, "rules[0]: does nothing"),
    (
        LIFECYCLE,
        {"rules": [{"id": "a", "status": "On", "expiration": {"days": 1}}]},
        'rules[0].status "On": not one of',
    ),
    (
        GROUP,
        {"ingress": [{"fromPort": 443, "toPort": 80, "protocol": "tcp", "cidrBlocks": ["10.0.0.0/8"]}]},
        "ingress[0].fromPort 443: must not be above toPort 80",
    ),
    (
        GROUP,
        {"ingress": [{"fromPort": 1, "toPort": 1, "protocol": "tcp", "cidrBlocks": ["10.0.0.0/33"]}]},
        'ingress[0].cidrBlocks[0] "10.0.0.0/33": is not a CIDR block such as 10.0.0.0/16',
    ),
    (CLUSTER, {"version": "1.3"}, 'version "1.3": must be a Kubernetes minor version such as 1.34'),
    (
        CLUSTER,
        {"enabledClusterLogTypes": ["api", "audits"]},
        'enabledClusterLogTypes[1] "audits": not one of api, audit, authenticator, controllerManager, scheduler',
    ),
    (
        CLUSTER,
        {"accessConfig": {"authenticationMode": "IAM"}},
        'accessConfig.authenticationMode "IAM": not one of API, API_AND_CONFIG_MAP, CONFIG_MAP',
    ),
    (
        CLUSTER,
        {"vpcConfig": {"subnetIds": [UNKNOWN]}},
        "vpcConfig.subnetIds: must name at least 2 subnets in different zones, has 1",
    ),
    (
        CLUSTER,
        {"vpcConfig": {"subnetIds": ["a", "b"], "endpointPublicAccess": False}},
        "vpcConfig.endpointPrivateAccess false: must be true when endpointPublicAccess is false",
    ),
    (CLUSTER, {"name": "-c"}, 'name "-c": must match ^[0-9A-Za-z][A-Za-z0-9\\-_]*'),
    (
        NODES,
        {"capacityType": "spot"},
        'capacityType "spot": not one of ON_DEMAND, SPOT, CAPACITY_BLOCK',
    ),
    (
        NODES,
        {"taints": [{"key": "a", "effect": "NoSchedule"}]},
        'taints[0].effect "NoSchedule": not one of NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE',
    ),
    (
        NODES,
        {"instanceTypes": ["p5.48xlarge", "p5.48xlarg"]},
        'instanceTypes[1] "p5.48xlarg": not one of the',
    ),
    (
        NODES,
        {"amiType": "AL2023_x86_64_STANDARD"},
        'instanceTypes[0] "p5.48xlarge": has NVIDIA GPUs, and amiType AL2023_x86_64_STANDARD has no driver for them: '
        "use an image whose name has NVIDIA",
    ),
    (
        NODES,
        {"amiType": "AL2023_ARM_64_NVIDIA"},
        'instanceTypes[0] "p5.48xlarge": is an x86 machine, and amiType AL2023_ARM_64_NVIDIA is for Arm',
    ),
    (
        NODES,
        {"scalingConfig": {"minSize": 3, "desiredSize": 1, "maxSize": 4}},
        "scalingConfig.desiredSize 1: must not be below minSize 3",
    ),
    (
        NODES,
        {"scalingConfig": {"minSize": 0, "desiredSize": 5, "maxSize": 4}},
        "scalingConfig.desiredSize 5: must not be above maxSize 4",
    ),
    (
        NODES,
        {"scalingConfig": {"minSize": -1, "desiredSize": 1, "maxSize": 4}},
        "scalingConfig.minSize -1: must be at least 0",
    ),
    (NODES, {"diskSize": "big"}, 'diskSize "big": must be a whole number'),
    (NODES, {"diskSize": 20, "launchTemplate": {"id": "lt", "version": "1"}}, "diskSize 20: cannot be combined"),
    (NODES, {"labels": {"eks.amazonaws.com/x": "y"}}, 'labels["eks.amazonaws.com/x"] "y": is a label prefix'),
    (NODES, {"labels": {"a": "b" * 64}}, f'labels.a "{"b" * 64}": must have at most 63 characters, has 64'),
    (ROLE, {"assumeRolePolicy": "{"}, 'assumeRolePolicy "{": is not JSON'),
    (ROLE, {"assumeRolePolicy": {"Statement": []}}, "assumeRolePolicy: has no Statement"),
    (
        ROLE,
        {"assumeRolePolicy": {"Statement": [{"Effect": "Permit", "Principal": "*", "Action": "sts:AssumeRole"}]}},
        'assumeRolePolicy: Statement[0] Effect "Permit": not one of Allow, Deny',
    ),
    (
        ROLE,
        {"assumeRolePolicy": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}},
        "assumeRolePolicy: Statement[0] has no Principal: a trust policy says who may assume the role",
    ),
    (
        STREAM,
        {"streamModeDetails": {"streamMode": "AUTO"}},
        'streamModeDetails.streamMode "AUTO": not one of PROVISIONED, ON_DEMAND',
    ),
    (
        STREAM,
        {"encryptionType": "AES"},
        'encryptionType "AES": not one of NONE, KMS',
    ),
    (
        TABLE,
        {"billingMode": "ON_DEMAND"},
        'billingMode "ON_DEMAND": not one of PROVISIONED, PAY_PER_REQUEST',
    ),
    (
        TABLE,
        {"attributes": [{"name": "a", "type": "Text"}]},
        'attributes[0].type "Text": not one of S, N, B',
    ),
    (KEY, {"deletionWindowInDays": 5}, "deletionWindowInDays 5: must be from 7 to 30 days"),
    (KEY, {"rotationPeriodInDays": 30}, "rotationPeriodInDays 30: must be at least 90"),
]


def problems(token: str, inputs: dict[str, Any]) -> list[str]:
    binding = BINDINGS[token]
    return [text(binding, violation) for violation in check(binding, inputs)]


@pytest.mark.parametrize("token", GOOD)
def test_a_good_resource_passes(token: str) -> None:
    assert problems(token, GOOD[token]) == []


@pytest.mark.parametrize(("token", "change", "message"), BAD, ids=[message[:50] for _, _, message in BAD])
def test_a_bad_value_is_refused_by_name_value_and_operation(token: str, change: dict[str, Any], message: str) -> None:
    found = problems(token, {**GOOD[token], **change})
    assert any(line.startswith(message) for line in found), found
    assert all(line.endswith((f"; {API[token]} refuses it", f"; {API[token]} needs it")) for line in found)


def test_the_refusal_of_a_wrong_image_type_reads_like_this() -> None:
    found = problems(NODES, {**GOOD[NODES], "amiType": "AL2_GPU"})
    assert found == [
        'amiType "AL2_GPU": not one of the 23 values that the API knows; close to it: AL2_x86_64_GPU; '
        "the EKS API (CreateNodegroup) refuses it"
    ]


@pytest.mark.parametrize("missing", ["clusterName", "nodeRoleArn", "subnetIds", "scalingConfig", "nodeGroupName"])
def test_a_node_group_without_a_required_property_is_refused(missing: str) -> None:
    inputs = {key: value for key, value in GOOD[NODES].items() if key != missing}
    assert f"{missing}: missing; the EKS API (CreateNodegroup) needs it" in problems(NODES, inputs)


def test_a_route_to_two_targets_is_refused() -> None:
    route = {**GOOD["aws:ec2/route:Route"], "natGatewayId": "nat-1"}
    found = problems("aws:ec2/route:Route", route)
    assert found == ['natGatewayId "nat-1": cannot be combined with gatewayId; the EC2 API (CreateRoute) refuses it']


def test_every_aws_type_has_a_good_example() -> None:
    aliases = {"aws:s3/bucketV2:BucketV2", "aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:iam/policy:Policy"}
    encryption = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
    assert set(BINDINGS) - set(GOOD) == {*aliases, encryption}
