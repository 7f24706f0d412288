"""EC2: networks, security groups, launch templates, and how Pulumi spells them."""

from __future__ import annotations

from functools import partial

from rehearsal.contracts import aws_rules as rule
from rehearsal.contracts.aws_common import TAGS, ec2, local
from rehearsal.contracts.aws_ec2_rules import endpoint, flow_log, launch_template
from rehearsal.contracts.binding import AutoName, Binding, reasons
from rehearsal.contracts.botocore_model import operation, shape

_LATER = "set by a further call after creation"
_RULE_PORTS = {"fromPort": "IpPermissions.FromPort", "toPort": "IpPermissions.ToPort"}


def _peer(prefix: str) -> dict[str, str]:
    permissions = "@rules.IpPermissions"
    return {
        f"{prefix}.fromPort": f"{permissions}.FromPort",
        f"{prefix}.toPort": f"{permissions}.ToPort",
        f"{prefix}.protocol": f"{permissions}.IpProtocol",
        f"{prefix}.cidrBlocks": f"{permissions}.IpRanges.CidrIp",
        f"{prefix}.ipv6CidrBlocks": f"{permissions}.Ipv6Ranges.CidrIpv6",
        f"{prefix}.prefixListIds": f"{permissions}.PrefixListIds.PrefixListId",
        f"{prefix}.securityGroups": f"{permissions}.UserIdGroupPairs.GroupId",
        f"{prefix}.description": f"{permissions}.IpRanges.Description",
    }


def _group_rule(direction: str) -> Binding:
    return ec2(
        f"AuthorizeSecurityGroup{direction}",
        fields={
            "ipProtocol": "IpPermissions.IpProtocol",
            "securityGroupId": "GroupId",
            "cidrIpv4": "IpPermissions.IpRanges.CidrIp",
            "cidrIpv6": "IpPermissions.Ipv6Ranges.CidrIpv6",
            "prefixListId": "IpPermissions.PrefixListIds.PrefixListId",
            "referencedSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
            "description": "IpPermissions.IpRanges.Description",
            **_RULE_PORTS,
        },
        required=frozenset({"ipProtocol", "securityGroupId"}),
        replaces=("securityGroupId",),
        rules=(
            rule.cidr("cidrIpv4"),
            rule.ports,
            rule.exactly_one("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"),
        ),
    )


_ROUTE_TARGETS = (
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "odbNetworkArn",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
)
_EGRESS_ONLY = "EgressOnlyInternetGatewayId"

NETWORK: dict[str, Binding] = {
    "aws:ec2/vpc:Vpc": ec2(
        "CreateVpc",
        fields={
            "assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock",
            "enableDnsHostnames": "@attribute.EnableDnsHostnames.Value",
            "enableDnsSupport": "@attribute.EnableDnsSupport.Value",
            "enableNetworkAddressUsageMetrics": "@attribute.EnableNetworkAddressUsageMetrics.Value",
        },
        others={"attribute": partial(operation, "ec2", "ModifyVpcAttribute")},
        replaces=("cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"),
        rules=(rule.exactly_one("cidrBlock", "ipv4IpamPoolId"), rule.cidr("cidrBlock", 16, 28)),
    ),
    "aws:ec2/subnet:Subnet": ec2(
        "CreateSubnet",
        fields={
            "assignIpv6AddressOnCreation": "@attribute.AssignIpv6AddressOnCreation.Value",
            "mapPublicIpOnLaunch": "@attribute.MapPublicIpOnLaunch.Value",
            "mapCustomerOwnedIpOnLaunch": "@attribute.MapCustomerOwnedIpOnLaunch.Value",
            "customerOwnedIpv4Pool": "@attribute.CustomerOwnedIpv4Pool",
            "enableDns64": "@attribute.EnableDns64.Value",
            "enableLniAtDeviceIndex": "@attribute.EnableLniAtDeviceIndex",
            "enableResourceNameDnsARecordOnLaunch": "@attribute.EnableResourceNameDnsARecordOnLaunch.Value",
            "enableResourceNameDnsAaaaRecordOnLaunch": "@attribute.EnableResourceNameDnsAAAARecordOnLaunch.Value",
            "privateDnsHostnameTypeOnLaunch": "@attribute.PrivateDnsHostnameTypeOnLaunch",
        },
        others={"attribute": partial(operation, "ec2", "ModifySubnetAttribute")},
        replaces=("cidrBlock", "availabilityZone", "availabilityZoneId", "vpcId", "outpostArn", "ipv6Native"),
        rules=(rule.cidr("cidrBlock", 16, 28),),
    ),
    "aws:ec2/internetGateway:InternetGateway": ec2("CreateInternetGateway", local=reasons(_LATER, "vpcId")),
    "aws:ec2/eip:Eip": ec2(
        "AllocateAddress",
        fields={
            "instance": "@associate.InstanceId",
            "networkInterface": "@associate.NetworkInterfaceId",
            "associateWithPrivateIp": "@associate.PrivateIpAddress",
            "publicIpv4Pool": "PublicIpv4Pool",
        },
        others={"associate": partial(operation, "ec2", "AssociateAddress")},
        replaces=("domain", "address", "networkBorderGroup", "publicIpv4Pool", "customerOwnedIpv4Pool", "ipamPoolId"),
    ),
    "aws:ec2/natGateway:NatGateway": ec2(
        "CreateNatGateway",
        fields={"privateIp": "PrivateIpAddress"},
        replaces=("subnetId", "allocationId", "connectivityType", "privateIp", "availabilityMode", "vpcId"),
        rules=(rule.nat_gateway,),
    ),
    "aws:ec2/routeTable:RouteTable": ec2(
        "CreateRouteTable",
        fields={
            "routes": "@route",
            "routes.cidrBlock": "DestinationCidrBlock",
            "routes.ipv6CidrBlock": "DestinationIpv6CidrBlock",
            "routes.egressOnlyGatewayId": _EGRESS_ONLY,
        },
        others={"route": partial(operation, "ec2", "CreateRoute")},
        local=reasons("EnableVgwRoutePropagation after creation", "propagatingVgws"),
        supplied=frozenset({"routes:RouteTableId"}),
        replaces=("vpcId",),
    ),
    "aws:ec2/route:Route": ec2(
        "CreateRoute",
        fields={"egressOnlyGatewayId": _EGRESS_ONLY},
        replaces=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
        rules=(
            rule.exactly_one("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
            rule.exactly_one(*_ROUTE_TARGETS),
            rule.cidr("destinationCidrBlock"),
        ),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ec2(
        "AssociateRouteTable",
        replaces=("subnetId", "gatewayId"),
        rules=(rule.exactly_one("subnetId", "gatewayId"),),
    ),
    "aws:ec2/securityGroup:SecurityGroup": ec2(
        "CreateSecurityGroup",
        fields={
            "name": "GroupName",
            "ingress": "@rules.IpPermissions",
            "egress": "@rules.IpPermissions",
            **_peer("ingress"),
            **_peer("egress"),
        },
        others={"rules": partial(operation, "ec2", "AuthorizeSecurityGroupIngress")},
        local=local("namePrefix", "revokeRulesOnDelete", "ingress.self", "egress.self"),
        # Pulumi describes a group as "Managed by Pulumi" when the program does not.
        supplied=frozenset({"Description"}),
        name=AutoName("name", 255, lowercase=False, alternative="namePrefix"),
        replaces=("name", "namePrefix", "description", "vpcId"),
        rules=(rule.security_group_rules,),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _group_rule("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _group_rule("Egress"),
    "aws:ec2/launchTemplate:LaunchTemplate": ec2(
        "CreateLaunchTemplate",
        shape=partial(shape, "ec2", "RequestLaunchTemplateData"),
        fields={
            "name": "@template.LaunchTemplateName",
            "description": "@template.VersionDescription",
            "vpcSecurityGroupIds": "SecurityGroupIds",
            "securityGroupNames": "SecurityGroups",
            "ramDiskId": "RamDiskId",
            "networkInterfaces.ipv4AddressCount": "SecondaryPrivateIpAddressCount",
            "networkInterfaces.ipv4Addresses": "PrivateIpAddresses.PrivateIpAddress",
            "networkInterfaces.ipv4PrefixCount": "Ipv4PrefixCount",
            "networkInterfaces.ipv4Prefixes": "Ipv4Prefixes.Ipv4Prefix",
            "networkInterfaces.ipv6Addresses": "Ipv6Addresses.Ipv6Address",
            "networkInterfaces.ipv6Prefixes": "Ipv6Prefixes.Ipv6Prefix",
            "networkInterfaces.securityGroups": "Groups",
            "secondaryInterfaces.privateIpAddresses": "PrivateIpAddresses.PrivateIpAddress",
        },
        others={"template": partial(operation, "ec2", "CreateLaunchTemplate")},
        local={
            **local("namePrefix", "defaultVersion", "updateDefaultVersion"),
            **reasons("a map here, a list of keys and values there: see the tag rule", "tagSpecifications.tags"),
        },
        name=AutoName("name", 128, lowercase=False, alternative="namePrefix"),
        replaces=("name", "namePrefix"),
        rules=(rule.instance_type_exists("instanceType"), launch_template),
    ),
    "aws:ec2/flowLog:FlowLog": ec2(
        "CreateFlowLogs",
        fields={
            "eniId": "ResourceIds",
            "vpcId": "ResourceIds",
            "subnetId": "ResourceIds",
            "transitGatewayId": "ResourceIds",
            "transitGatewayAttachmentId": "ResourceIds",
            "regionalNatGatewayId": "ResourceIds",
            "iamRoleArn": "DeliverLogsPermissionArn",
            "deliverCrossAccountRole": "DeliverCrossAccountRole",
        },
        supplied=frozenset({"ResourceIds", "ResourceType"}),
        replaces=(
            *("vpcId", "subnetId", "eniId", "trafficType", "logDestination", "logDestinationType", "logFormat"),
            *("iamRoleArn", "maxAggregationInterval", "destinationOptions"),
        ),
        rules=(
            rule.exactly_one("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId"),
            flow_log,
        ),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ec2(
        "CreateVpcEndpoint",
        fields={"policy": "PolicyDocument"},
        local=reasons("AcceptVpcEndpointConnections after creation", "autoAccept"),
        replaces=("vpcId", "serviceName", "vpcEndpointType", "serviceRegion"),
        rules=(rule.json_policy("policy"), endpoint),
    ),
    "aws:ec2/placementGroup:PlacementGroup": ec2(
        "CreatePlacementGroup",
        fields={"name": "GroupName"},
        name=AutoName("name", 255),
        replaces=("name", "strategy", "partitionCount", "spreadLevel"),
    ),
}
"""EC2 resource types by Pulumi token."""

__all__ = ["NETWORK", "TAGS"]
