"""Outputs of AWS resources."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.providers.outputs import CREATED, Facts, Rule, certificate
from rehearsal.providers.plugin_values import Props, is_map

ACCOUNT = "123456789012"
"""The account number that AWS's own documentation uses."""


def arn(facts: Facts, service: str, path: str, *, regional: bool = True) -> str:
    """An ARN in the provider's account and region."""
    return f"arn:{partition(facts.region)}:{service}:{facts.region if regional else ''}:{facts.owner}:{path}"


def partition(region: str) -> str:
    """The partition of a region (AWS General Reference, ARN format)."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _ec2(prefix: str, kind: str, more: Callable[[Facts, str], Props] | None = None) -> Rule:
    """An EC2 resource with an id of 17 hexadecimal digits."""

    def rule(facts: Facts) -> tuple[str, Props]:
        id_ = f"{prefix}-{facts.hex(17)}"
        computed: Props = {"arn": arn(facts, "ec2", f"{kind}/{id_}"), "ownerId": facts.owner}
        return id_, {**computed, **(more(facts, id_) if more else {})}

    return rule


def _vpc(facts: Facts, _id: str) -> Props:
    return {
        "mainRouteTableId": f"rtb-{facts.hex(17, 'main')}",
        "defaultRouteTableId": f"rtb-{facts.hex(17, 'main')}",
        "defaultSecurityGroupId": f"sg-{facts.hex(17, 'default')}",
        "defaultNetworkAclId": f"acl-{facts.hex(17, 'default')}",
        "dhcpOptionsId": f"dopt-{facts.hex(17, 'default')}",
    }


def _eip(facts: Facts, id_: str) -> Props:
    address = facts.address()
    host = f"ec2-{address.replace('.', '-')}.{facts.region}.compute.amazonaws.com"
    return {"allocationId": id_, "publicIp": address, "publicDns": host}


def _nat_gateway(facts: Facts, _id: str) -> Props:
    return {"networkInterfaceId": f"eni-{facts.hex(17, 'eni')}", "publicIp": facts.address()}


def _endpoint(facts: Facts, _id: str) -> Props:
    return {"state": "available", "prefixListId": f"pl-{facts.hex(8)}", "requesterManaged": False}


def _subnet(facts: Facts, _id: str) -> Props:
    zone = str(facts.get("availabilityZone"))
    return {"availabilityZoneId": f"{facts.region}-az{'abcdef'.find(zone[-1:]) + 1}"} if zone else {}


def _cluster(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("name"))
    host = f"{facts.hex(32).upper()}.gr7.{facts.region}.eks.amazonaws.com"
    issuer = f"https://oidc.eks.{facts.region}.amazonaws.com/id/{facts.hex(32, 'oidc').upper()}"
    return name, {
        "arn": arn(facts, "eks", f"cluster/{name}"),
        "endpoint": f"https://{host}",
        "certificateAuthority": {"data": certificate(facts.urn)},
        "identities": [{"oidcs": [{"issuer": issuer}]}],
        "platformVersion": "eks.1",
        "status": "ACTIVE",
        "createdAt": CREATED,
        "vpcConfig": {
            "clusterSecurityGroupId": f"sg-{facts.hex(17, 'cluster')}",
            "vpcId": f"vpc-{facts.hex(17, 'vpc')}",
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
    }


def _node_group(facts: Facts) -> tuple[str, Props]:
    cluster, name = facts.get("clusterName"), facts.get("nodeGroupName")
    group = f"eks-{name}-{facts.guid()}"
    return f"{cluster}:{name}", {
        "arn": arn(facts, "eks", f"nodegroup/{cluster}/{name}/{facts.guid()}"),
        "resources": [{"autoscalingGroups": [{"name": group}], "remoteAccessSecurityGroupId": ""}],
        "status": "ACTIVE",
        "capacityType": "ON_DEMAND",
    }


def _addon(facts: Facts) -> tuple[str, Props]:
    cluster, name = facts.get("clusterName"), facts.get("addonName")
    return f"{cluster}:{name}", {
        "arn": arn(facts, "eks", f"addon/{cluster}/{name}/{facts.guid()}"),
        "createdAt": CREATED,
        "modifiedAt": CREATED,
    }


def _access_entry(facts: Facts) -> tuple[str, Props]:
    cluster, principal = facts.get("clusterName"), facts.get("principalArn")
    return f"{cluster}:{principal}", {
        "accessEntryArn": arn(facts, "eks", f"access-entry/{cluster}/role/{facts.guid()}"),
        "createdAt": CREATED,
        "modifiedAt": CREATED,
        "type": "STANDARD",
    }


def _access_policy(facts: Facts) -> tuple[str, Props]:
    parts = (facts.get("clusterName"), facts.get("principalArn"), facts.get("policyArn"))
    return "#".join(map(str, parts)), {"associatedAt": CREATED, "modifiedAt": CREATED}


def _pod_identity(facts: Facts) -> tuple[str, Props]:
    id_ = f"a-{facts.hex(17)}"
    path = f"podidentityassociation/{facts.get('clusterName')}/{id_}"
    return id_, {"associationId": id_, "associationArn": arn(facts, "eks", path)}


def _role(facts: Facts) -> tuple[str, Props]:
    name, path = str(facts.get("name")), str(facts.get("path", "/"))
    return name, {
        "arn": arn(facts, "iam", f"role{path}{name}", regional=False),
        "uniqueId": f"AROA{facts.hex(17).upper()}",
        "createDate": CREATED,
    }


def _policy(facts: Facts) -> tuple[str, Props]:
    name, path = str(facts.get("name")), str(facts.get("path", "/"))
    own = arn(facts, "iam", f"policy{path}{name}", regional=False)
    return own, {"arn": own, "policyId": f"ANPA{facts.hex(17).upper()}", "attachmentCount": 0}


def _oidc_provider(facts: Facts) -> tuple[str, Props]:
    own = arn(facts, "iam", f"oidc-provider/{str(facts.get('url')).removeprefix('https://')}", regional=False)
    return own, {"arn": own, "thumbprintLists": [facts.hex(40)]}


def _key(facts: Facts) -> tuple[str, Props]:
    id_ = facts.guid()
    return id_, {"keyId": id_, "arn": arn(facts, "kms", f"key/{id_}")}


def _alias(facts: Facts) -> tuple[str, Props]:
    name, key = str(facts.get("name")), str(facts.get("targetKeyId"))
    target = key if key.startswith("arn:") else arn(facts, "kms", f"key/{key}")
    return name, {"arn": arn(facts, "kms", name), "targetKeyArn": target}


def _log_group(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("name"))
    return name, {"arn": arn(facts, "logs", f"log-group:{name}"), "logGroupClass": "STANDARD"}


def _subscription(facts: Facts) -> tuple[str, Props]:
    return f"cwlsf-{facts.number(10)}", {}


def _named(service: str, kind: str) -> Rule:
    """What is known by its name, and has an ARN with it."""

    def rule(facts: Facts) -> tuple[str, Props]:
        name = str(facts.get("name"))
        own = arn(facts, service, f"{kind}/{name}")
        return (own if service == "kinesis" else name), {"arn": own}

    return rule


def _brokers(facts: Facts) -> tuple[str, Props]:
    name, region = str(facts.get("clusterName")), facts.region
    own = arn(facts, "kafka", f"cluster/{name}/{facts.guid()}-1")
    host = f"{name}.{facts.hex(6)}.c1.kafka.{region}.amazonaws.com"
    count = facts.get("numberOfBrokerNodes")
    begin = [f"b-{number}.{host}" for number in range(1, min(3, count if isinstance(count, int) else 1) + 1)]
    return own, {
        "arn": own,
        "clusterUuid": own.rpartition("/")[2],
        "currentVersion": "K1",
        "bootstrapBrokersSaslIam": ",".join(f"{broker}:9098" for broker in begin),
    }


def _broker_configuration(facts: Facts) -> tuple[str, Props]:
    own = arn(facts, "kafka", f"configuration/{facts.get('name')}/{facts.guid()}-1")
    return own, {"arn": own, "latestRevision": 1}


def _topic(facts: Facts) -> tuple[str, Props]:
    cluster, name = str(facts.get("clusterArn")), str(facts.get("name"))
    own = f"{cluster.replace(':cluster/', ':topic/', 1)}/{name}"
    return f"{cluster},{name}", {"arn": own, "configsActual": facts.get("configs", "{}")}


def _bucket(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("bucket"))
    return name, {
        "arn": f"arn:{partition(facts.region)}:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{facts.region}.amazonaws.com",
        "bucketRegion": facts.region,
    }


def _file_system(facts: Facts) -> tuple[str, Props]:
    id_ = f"fs-{facts.hex(17)}"
    return id_, {
        "arn": arn(facts, "elasticfilesystem", f"file-system/{id_}"),
        "dnsName": f"{id_}.efs.{facts.region}.amazonaws.com",
        "creationToken": f"terraform-{facts.hex(26, 'token')}",
        "ownerId": facts.owner,
        "performanceMode": "generalPurpose",
    }


def _access_point(facts: Facts) -> tuple[str, Props]:
    id_ = f"fsap-{facts.hex(17)}"
    return id_, {
        "arn": arn(facts, "elasticfilesystem", f"access-point/{id_}"),
        "fileSystemArn": arn(facts, "elasticfilesystem", f"file-system/{facts.get('fileSystemId')}"),
        "ownerId": facts.owner,
    }


def _mount_target(facts: Facts) -> tuple[str, Props]:
    id_, files = f"fsmt-{facts.hex(17)}", facts.get("fileSystemId")
    return id_, {
        "dnsName": f"{files}.efs.{facts.region}.amazonaws.com",
        "fileSystemArn": arn(facts, "elasticfilesystem", f"file-system/{files}"),
        "networkInterfaceId": f"eni-{facts.hex(17, 'eni')}",
        "ownerId": facts.owner,
    }


def _placement_group(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("name"))
    group = {"placementGroupId": f"pg-{facts.hex(17)}"}
    return name, {"arn": arn(facts, "ec2", f"placement-group/{name}"), **group}


def _joined(separator: str, *keys: str) -> Rule:
    """A resource without an identity of its own, whose id is what it joins."""
    return lambda facts: (separator.join(str(facts.get(key)) for key in keys), {})


def _scaling_tag(facts: Facts) -> tuple[str, Props]:
    tag = facts.get("tag", {})
    return f"{facts.get('autoscalingGroupName')},{tag.get('key', '') if is_map(tag) else ''}", {}


def _template(_facts: Facts, _id: str) -> Props:
    return {"latestVersion": 1, "defaultVersion": 1}


def _group_rule(_facts: Facts, id_: str) -> Props:
    return {"securityGroupRuleId": id_}


OUTPUTS: dict[str, Rule] = {
    "aws:ec2/vpc:Vpc": _ec2("vpc", "vpc", _vpc),
    "aws:ec2/subnet:Subnet": _ec2("subnet", "subnet", _subnet),
    "aws:ec2/internetGateway:InternetGateway": _ec2("igw", "internet-gateway"),
    "aws:ec2/eip:Eip": _ec2("eipalloc", "elastic-ip", _eip),
    "aws:ec2/natGateway:NatGateway": _ec2("nat", "natgateway", _nat_gateway),
    "aws:ec2/routeTable:RouteTable": _ec2("rtb", "route-table"),
    "aws:ec2/route:Route": lambda facts: (f"r-{facts.get('routeTableId')}{facts.number(10)}", {"state": "active"}),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": lambda facts: (f"rtbassoc-{facts.hex(17)}", {}),
    "aws:ec2/securityGroup:SecurityGroup": _ec2("sg", "security-group"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ec2("sgr", "security-group-rule", _group_rule),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _ec2("sgr", "security-group-rule", _group_rule),
    "aws:ec2/launchTemplate:LaunchTemplate": _ec2("lt", "launch-template", _template),
    "aws:ec2/flowLog:FlowLog": _ec2("fl", "vpc-flow-log"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2("vpce", "vpc-endpoint", _endpoint),
    "aws:ec2/placementGroup:PlacementGroup": _placement_group,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:eks/addon:Addon": _addon,
    "aws:eks/accessEntry:AccessEntry": _access_entry,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _access_policy,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _pod_identity,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _joined("/", "role", "policyArn"),
    "aws:iam/rolePolicy:RolePolicy": _joined(":", "role", "name"),
    "aws:iam/policy:Policy": _policy,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc_provider,
    "aws:kms/key:Key": _key,
    "aws:kms/alias:Alias": _alias,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _subscription,
    "aws:kinesis/stream:Stream": _named("kinesis", "stream"),
    "aws:dynamodb/table:Table": _named("dynamodb", "table"),
    "aws:msk/cluster:Cluster": _brokers,
    "aws:msk/configuration:Configuration": _broker_configuration,
    "aws:msk/topic:Topic": _topic,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketV2:BucketV2": _bucket,
    "aws:s3/bucketVersioning:BucketVersioning": _joined(",", "bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _joined(",", "bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _joined(",", "bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": _joined(",", "bucket"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _joined(",", "bucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _joined(",", "bucket"),
    "aws:efs/fileSystem:FileSystem": _file_system,
    "aws:efs/mountTarget:MountTarget": _mount_target,
    "aws:efs/accessPoint:AccessPoint": _access_point,
    "aws:autoscaling/tag:Tag": _scaling_tag,
}
"""Ids and computed outputs by Pulumi token."""
