"""The EKS cluster: what is asked of AWS."""

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from components.cluster.eks import EksCluster, EksClusterArgs
from components.cluster.eks_key import key_policy
from components.cluster.eks_network import zone_blocks
from components.cluster.eks_roles import aws_partition
from components.cluster.pools import GpuPoolArgs
from tests.components.cluster.samples import gpu_pool
from tests.components.recorder import Graph, Registered, build

ADMIN = "arn:aws:iam::123456789012:role/admin"
ZONES = ["us-east-1a", "us-east-1b", "us-east-1d"]
ANSWERS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://api",
        "certificateAuthority": {"data": "Q0E="},
        "vpcConfig": {"clusterSecurityGroupId": "sg-cluster"},
    },
    "aws:eks/nodeGroup:NodeGroup": {"resources": [{"autoscalingGroups": [{"name": "asg"}]}]},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 3},
}
EXISTING = {"vpc_id": "vpc-1", "private_subnet_ids": {zone: f"subnet-{zone[-1]}" for zone in [*ZONES, "us-east-1f"]}}


def args(**changes: Any) -> EksClusterArgs:
    base: EksClusterArgs = {
        "region": "us-east-1",
        "network_cidr": "10.0.0.0/16",
        "services_cidr": "172.20.0.0/16",
        "zones": ZONES,
        "existing": None,
        "nat_per_zone": False,
        "private_endpoints": True,
        "flow_logs": True,
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "extended_support": False,
        "admins": [ADMIN],
        "system_pool": {"machine": "m7i.xlarge", "min_nodes": 2, "max_nodes": 4},
        "gpu_pools": {"h100": gpu_pool("p5.48xlarge")},
        "shared_files": False,
        "deletion_protection": False,
        "tags": {"stack": "test"},
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


def pool(machine: str = "p5.48xlarge", **changes: Any) -> GpuPoolArgs:
    return {**gpu_pool(machine), **changes}  # type: ignore[typeddict-item]


@cache
def default() -> Graph:
    return build(ANSWERS, lambda: EksCluster("c", args()))


@cache
def other() -> Graph:
    """All that can be chosen differently, at once, under another name."""
    one = ["us-east-1b"]
    pools = {
        "spot": pool(capacity="spot"),
        "near": pool(fast_network=True, zones=one),
        "reserved": pool(capacity="reserved", reservation="cr-1", fast_network=True, zones=one),
        "block": pool(capacity="capacity-block", reservation="cr-2", fast_network=True, zones=["us-east-1d"]),
        "b300": pool("p6-b300.48xlarge", fast_network=True, zones=one),
        "diskless": pool("p3.16xlarge"),
    }
    return build(
        ANSWERS,
        lambda: EksCluster(
            "d",
            args(
                public_cidrs=["192.0.2.0/24"],
                nat_per_zone=True,
                private_endpoints=False,
                flow_logs=False,
                extended_support=True,
                gpu_pools=pools,
                shared_files=True,
                deletion_protection=True,
            ),
        ),
    )


@cache
def moved_in() -> Graph:
    """A cluster in a network that somebody else made."""
    return build(ANSWERS, lambda: EksCluster("e", args(existing=EXISTING)))


def cluster(graph: Callable[[], Graph] = default) -> dict[str, Any]:
    return graph().one("aws:eks/cluster:Cluster").inputs


def group(name: str, graph: Callable[[], Graph] = default) -> Registered:
    return graph().one("aws:eks/nodeGroup:NodeGroup", name)


def test_nodes_are_private() -> None:
    found = default()
    private = {f"c-private-{zone}-id" for zone in ZONES}
    for nodes in found.all("aws:eks/nodeGroup:NodeGroup"):
        assert set(nodes.inputs["subnetIds"]) == private
    assert not any(subnet.inputs.get("mapPublicIpOnLaunch") for subnet in found.all("aws:ec2/subnet:Subnet"))
    public_table = found.one("aws:ec2/routeTable:RouteTable", "c-public")
    links = found.all("aws:ec2/routeTableAssociation:RouteTableAssociation")
    assert not private & {link.inputs["subnetId"] for link in links if public_table.urn in link.needs}


def test_the_public_endpoint_is_off_when_no_network_is_listed() -> None:
    access = cluster()["vpcConfig"]
    assert (access["endpointPublicAccess"], access["endpointPrivateAccess"]) == (False, True)
    assert "publicAccessCidrs" not in access


def test_the_public_endpoint_opens_to_the_listed_networks_only() -> None:
    access = cluster(other)["vpcConfig"]
    assert (access["endpointPublicAccess"], access["publicAccessCidrs"]) == (True, ["192.0.2.0/24"])


def test_secrets_are_encrypted_with_an_own_key_that_rotates() -> None:
    assert cluster()["encryptionConfig"] == {"provider": {"keyArn": "arn:c-key"}, "resources": ["secrets"]}
    assert default().one("aws:kms/key:Key").inputs["enableKeyRotation"] is True


def test_logs_and_disks_are_encrypted_with_the_same_key() -> None:
    groups = default().all("aws:cloudwatch/logGroup:LogGroup")
    assert {found.name: found.inputs["kmsKeyId"] for found in groups} == {"c-logs": "arn:c-key", "c-flows": "arn:c-key"}
    for template in default().all("aws:ec2/launchTemplate:LaunchTemplate"):
        assert template.inputs["blockDeviceMappings"][0]["ebs"]["kmsKeyId"] == "arn:c-key"


def test_the_key_serves_the_account_the_clusters_own_log_groups_and_disks_through_ec2() -> None:
    statements = json.loads(key_policy("prod", "eu-west-1", "123456789012"))["Statement"]
    account, logs, disks = statements
    assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"] == [
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/prod/*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vpc/prod/*",
    ]
    assert disks["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "123456789012",
        "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
    }
    assert not [action for found in (logs, disks) for action in found["Action"] if action == "kms:*"]


def test_the_log_groups_have_the_names_that_the_key_is_for() -> None:
    physical = cluster()["name"]
    policy = default().one("aws:kms/key:Key").inputs["policy"]
    for group_ in default().all("aws:cloudwatch/logGroup:LogGroup"):
        assert f"log-group:{group_.inputs['name'].rpartition('/')[0]}/*" in policy, physical


def test_what_a_node_group_starts_is_tagged_for_billing() -> None:
    for template in default().all("aws:ec2/launchTemplate:LaunchTemplate"):
        tags = {found["resourceType"]: found["tags"] for found in template.inputs["tagSpecifications"]}
        assert set(tags) == {"instance", "volume", "network-interface"}
        assert all(found == {"stack": "test", "Name": template.name} for found in tags.values())


def test_all_control_plane_logs_are_on_and_their_group_is_there_first() -> None:
    found = default().one("aws:eks/cluster:Cluster")
    assert set(found.inputs["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    logs = default().one("aws:cloudwatch/logGroup:LogGroup", "c-logs")
    assert logs.inputs["name"] == f"/aws/eks/{found.inputs['name']}/cluster"
    assert logs.inputs["retentionInDays"] > 0
    assert logs.urn in found.needs


def test_the_cluster_outlives_neither_its_role_nor_its_policies() -> None:
    attachment = default().one("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "c-cluster-AmazonEKSClusterPolicy")
    assert attachment.urn in default().one("aws:eks/cluster:Cluster").needs


def test_only_the_listed_principals_administer() -> None:
    access = cluster()["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    entry = default().one("aws:eks/accessEntry:AccessEntry")
    assert entry.inputs["principalArn"] == ADMIN
    policy = default().one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation").inputs
    assert policy["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def test_network_policies_are_enforced() -> None:
    cni = default().one("aws:eks/addon:Addon", "c-vpc-cni").inputs
    assert json.loads(cni["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_pods_get_their_rights_from_pod_identity_and_not_from_the_node() -> None:
    found = default()
    accounts = {
        addon.inputs["addonName"]: addon.inputs["podIdentityAssociations"][0]["serviceAccount"]
        for addon in found.all("aws:eks/addon:Addon")
        if "podIdentityAssociations" in addon.inputs
    }
    assert accounts == {"vpc-cni": "aws-node", "aws-ebs-csi-driver": "ebs-csi-controller-sa"}
    for template in found.all("aws:ec2/launchTemplate:LaunchTemplate"):
        metadata = template.inputs["metadataOptions"]
        assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)


def test_disks_are_encrypted_and_as_large_as_asked() -> None:
    template = default().one("aws:ec2/launchTemplate:LaunchTemplate", "c-gpu-h100").inputs
    disk = template["blockDeviceMappings"][0]
    assert disk["deviceName"] == "/dev/xvda"
    assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeSize"], disk["ebs"]["volumeType"]) == ("true", 200, "gp3")


def test_nodes_wait_for_the_network_the_cni_and_the_pod_identity_agent() -> None:
    needs = group("c-gpu-h100").needs
    found = default()
    for addon in ("c-vpc-cni", "c-kube-proxy", "c-eks-pod-identity-agent"):
        assert found.one("aws:eks/addon:Addon", addon).urn in needs
    assert {route.urn for route in found.all("aws:ec2/route:Route") if "private" in route.name} <= needs


def test_a_gpu_pool_scales_from_zero_with_its_labels_and_taints() -> None:
    found = group("c-gpu-h100")
    assert found.inputs["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 0}
    assert found.ignored == ("scalingConfig.desiredSize",)
    assert found.inputs["amiType"] == "AL2023_x86_64_NVIDIA"
    assert found.inputs["labels"]["multimodal.dev/gpu-pool"] == "pool"
    assert found.inputs["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    tags = {tag.inputs["tag"]["key"]: tag.inputs["tag"]["value"] for tag in default().all("aws:autoscaling/tag:Tag")}
    prefix = "k8s.io/cluster-autoscaler/node-template"
    assert tags[f"{prefix}/label/multimodal.dev/gpu-pool"] == "pool"
    assert tags[f"{prefix}/taint/nvidia.com/gpu"] == "present:NoSchedule"
    assert tags[f"{prefix}/resources/nvidia.com/gpu"] == "8"
    assert {tag.inputs["autoscalingGroupName"] for tag in default().all("aws:autoscaling/tag:Tag")} == {"asg"}


def test_a_spot_pool_buys_spot_machines() -> None:
    assert group("d-gpu-spot", other).inputs["capacityType"] == "SPOT"
    assert group("c-gpu-h100").inputs["capacityType"] == "ON_DEMAND"


def test_scarce_machines_are_given_back_before_their_replacements_are_asked_for() -> None:
    assert group("c-gpu-h100").delete_first
    assert not group("c-system").delete_first


@pytest.mark.parametrize(("graph", "gateways"), [(default, 1), (other, 3)])
def test_nat_gateways_are_shared_or_one_a_zone(graph: Callable[[], Graph], gateways: int) -> None:
    found = graph()
    assert len(found.all("aws:ec2/natGateway:NatGateway")) == gateways
    routes = [route for route in found.all("aws:ec2/route:Route") if "natGatewayId" in route.inputs]
    assert len({route.inputs["natGatewayId"] for route in routes}) == gateways
    assert len(routes) == 3


def test_deletion_protection_is_as_asked() -> None:
    assert cluster()["deletionProtection"] is False
    assert cluster(other)["deletionProtection"] is True


def test_load_balancers_find_their_subnets() -> None:
    tags = {subnet.name: subnet.inputs["tags"] for subnet in default().all("aws:ec2/subnet:Subnet")}
    assert tags["c-public-us-east-1a"]["kubernetes.io/role/elb"] == "1"
    assert tags["c-private-us-east-1a"]["kubernetes.io/role/internal-elb"] == "1"


def test_the_kubeconfig_is_secret_and_asks_the_aws_cli_for_tokens() -> None:
    found = default()
    assert found.secret == {"kubeconfig"}
    user = json.loads(found.outputs["kubeconfig"])["users"][0]["user"]
    assert user["exec"]["command"] == "aws"
    assert user["exec"]["args"][-3:] == ["c-test", "--output", "json"]


def test_the_outputs_identify_the_cluster() -> None:
    outputs = default().outputs
    assert outputs["cluster_name"] == outputs["workload_identity"] == "c-test"
    assert outputs["identifier"] == "arn:c"


def test_a_zone_that_is_added_or_moved_moves_no_other() -> None:
    few, more = zone_blocks("10.0.0.0/16", ZONES), zone_blocks("10.0.0.0/16", ["us-east-1c", *reversed(ZONES)])
    assert {zone: more[zone] for zone in ZONES} == few
    assert few["us-east-1d"] == {"private": "10.0.96.0/19", "public": "10.0.236.0/22"}


def test_subnets_are_in_the_zones_that_were_named() -> None:
    zones = {subnet.name: subnet.inputs["availabilityZone"] for subnet in default().all("aws:ec2/subnet:Subnet")}
    assert zones == {f"c-{kind}-{zone}": zone for kind in ("private", "public") for zone in ZONES}


def test_aws_services_are_reached_without_leaving_the_network() -> None:
    found = default().all("aws:ec2/vpcEndpoint:VpcEndpoint")
    services = {endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1."): endpoint for endpoint in found}
    assert set(services) == {"s3", "ecr.api", "ecr.dkr", "sts", "ec2", "logs", "eks", "eks-auth", "autoscaling"}
    gateway = services.pop("s3").inputs
    assert gateway["vpcEndpointType"] == "Gateway"
    assert set(gateway["routeTableIds"]) == {f"c-private-{zone}-id" for zone in ZONES}
    for endpoint in services.values():
        assert endpoint.inputs["vpcEndpointType"] == "Interface"
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["securityGroupIds"] == ["c-endpoints-id"]


def test_endpoints_admit_the_network_only() -> None:
    rules = default().all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    admitted = [(rule.inputs["securityGroupId"], rule.inputs["cidrIpv4"], rule.inputs["toPort"]) for rule in rules]
    assert admitted == [("c-endpoints-id", "10.0.0.0/16", 443)]


def test_nodes_go_before_the_endpoints_that_they_pull_through() -> None:
    endpoints = {endpoint.urn for endpoint in default().all("aws:ec2/vpcEndpoint:VpcEndpoint")}
    for name in ("c-system", "c-gpu-h100"):
        assert endpoints <= group(name).needs


def test_s3_is_reached_without_nat_even_where_no_endpoint_is_paid_for() -> None:
    assert [one.name for one in other().all("aws:ec2/vpcEndpoint:VpcEndpoint")] == ["d-endpoint-s3"]


def test_in_china_only_s3_has_an_endpoint() -> None:
    zones = ["cn-north-1a", "cn-north-1b"]
    found = build(ANSWERS, lambda: EksCluster("n", args(region="cn-north-1", zones=zones)))
    assert [one.name for one in found.all("aws:ec2/vpcEndpoint:VpcEndpoint")] == ["n-endpoint-s3"]


def test_connections_are_recorded_when_asked() -> None:
    log = default().one("aws:ec2/flowLog:FlowLog").inputs
    assert (log["vpcId"], log["trafficType"], log["logDestination"]) == ("c-vpc-id", "ALL", "arn:c-flows")
    policy = json.loads(default().one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    assert policy["Statement"][0]["Resource"] == ["arn:c-flows", "arn:c-flows:*"]
    assert other().all("aws:ec2/flowLog:FlowLog") == []


def test_an_existing_network_is_used_and_nothing_is_made_in_it() -> None:
    kinds = {resource.type for resource in moved_in().resources}
    made = {kind for kind in kinds if kind.startswith("aws:ec2/")}
    assert made == {"aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/flowLog:FlowLog"}
    assert cluster(moved_in)["vpcConfig"]["subnetIds"] == ["subnet-a", "subnet-b", "subnet-d"]
    assert group("e-gpu-h100", moved_in).inputs["subnetIds"] == ["subnet-a", "subnet-b", "subnet-d"]


def test_a_version_is_left_at_the_end_of_its_standard_support_unless_asked() -> None:
    assert cluster()["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster(other)["upgradePolicy"] == {"supportType": "EXTENDED"}


def test_shared_files_bring_their_driver_with_an_identity_of_its_own() -> None:
    driver = other().one("aws:eks/addon:Addon", "d-aws-efs-csi-driver").inputs
    assert driver["podIdentityAssociations"][0]["serviceAccount"] == "efs-csi-controller-sa"
    assert not [addon for addon in default().all("aws:eks/addon:Addon") if "efs" in addon.name]


def template(name: str, graph: Callable[[], Graph] = other) -> dict[str, Any]:
    return graph().one("aws:ec2/launchTemplate:LaunchTemplate", name).inputs


def test_a_reserved_pool_launches_into_its_reservation_only() -> None:
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}
    assert template("d-gpu-reserved")["capacityReservationSpecification"] == target
    found = group("d-gpu-reserved", other).inputs
    assert (found["capacityType"], found["instanceTypes"]) == ("ON_DEMAND", ["p5.48xlarge"])


def test_a_capacity_block_names_its_machine_in_the_launch_template_and_not_in_the_group() -> None:
    found = template("d-gpu-block")
    assert found["instanceType"] == "p5.48xlarge"
    assert found["instanceMarketOptions"] == {"marketType": "capacity-block"}
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-2"}}
    assert found["capacityReservationSpecification"] == target
    nodes = group("d-gpu-block", other).inputs
    assert nodes["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in nodes
    assert nodes["subnetIds"] == ["d-private-us-east-1d-id"]


def test_every_adapter_of_a_machine_is_wired_and_only_the_first_interface_carries_ip() -> None:
    found = template("d-gpu-near")["networkInterfaces"]
    places = [(one["networkCardIndex"], one["deviceIndex"], one["interfaceType"]) for one in found]
    assert places[:3] == [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only")]
    assert sum(kind == "efa-only" for _, _, kind in places) == 32
    assert {one["associatePublicIpAddress"] for one in found} == {"false"}


def test_a_first_card_that_has_no_adapter_gets_none() -> None:
    found = template("d-gpu-b300")["networkInterfaces"]
    assert [(one["networkCardIndex"], one["interfaceType"]) for one in found[:2]] == [(0, "interface"), (1, "efa-only")]
    assert len(found) == 17


def test_wired_nodes_are_in_the_clusters_security_group_and_in_one_that_is_open_inside() -> None:
    for one in template("d-gpu-near")["networkInterfaces"]:
        assert one["securityGroups"] == ["sg-cluster", "d-gpu-near-fabric-id"]
    for direction in ("Ingress", "Egress"):
        kind = f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule"
        rule = next(one for one in other().all(kind) if one.name.startswith("d-gpu-near-fabric"))
        assert rule.inputs["ipProtocol"] == "-1"
        assert rule.inputs["securityGroupId"] == rule.inputs["referencedSecurityGroupId"] == "d-gpu-near-fabric-id"
        assert rule.urn in group("d-gpu-near", other).needs


def test_wired_nodes_are_placed_together_unless_their_reservation_does_it() -> None:
    groups = {one.name: one.inputs["strategy"] for one in other().all("aws:ec2/placementGroup:PlacementGroup")}
    assert groups == {"d-gpu-near": "cluster", "d-gpu-b300": "cluster"}
    assert template("d-gpu-near")["placement"] == {"groupName": "d-gpu-near"}
    assert "placement" not in template("d-gpu-reserved")
    assert "placement" not in template("d-gpu-block")


def test_local_disks_become_one_fast_volume_and_images_are_pulled_side_by_side() -> None:
    text = base64.b64decode(template("d-gpu-near")["userData"]).decode()
    assert text.startswith("MIME-Version: 1.0\n")
    assert "Content-Type: application/node.eks.aws" in text
    assert "strategy: RAID0" in text
    assert "FastImagePull: true" in text
    assert "userData" not in template("d-gpu-diskless")


def test_the_autoscaler_is_told_of_adapters_huge_pages_and_disks() -> None:
    tags = hints("d-gpu-near", other)
    assert tags["resources/vpc.amazonaws.com/efa"] == "32"
    assert tags["resources/hugepages-2Mi"] == "5120Mi"
    assert tags["resources/ephemeral-storage"] == "24065Gi"
    plain = hints("d-gpu-diskless", other)
    assert plain["resources/ephemeral-storage"] == "170Gi"
    assert "resources/vpc.amazonaws.com/efa" not in plain


def hints(name: str, graph: Callable[[], Graph]) -> dict[str, str]:
    prefix = "k8s.io/cluster-autoscaler/node-template/"
    found = [tag.inputs["tag"] for tag in graph().all("aws:autoscaling/tag:Tag") if tag.name.startswith(f"{name}-")]
    return {tag["key"].removeprefix(prefix): tag["value"] for tag in found}


def test_an_upgrade_gives_a_machine_back_before_it_asks_for_the_next() -> None:
    assert group("c-gpu-h100").inputs["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_policies_are_named_in_the_partition_of_the_region(region: str, partition: str) -> None:
    assert aws_partition(region) == partition
