"""The EKS cluster: what is asked of AWS."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from components.cluster.eks import EksCluster, EksClusterArgs, aws_partition
from components.cluster.eks_network import zone_name
from tests.components.cluster.samples import gpu_pool
from tests.components.recorder import Graph, Registered, build

ADMIN = "arn:aws:iam::123456789012:role/admin"
ANSWERS = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": ["us-east-1a", "us-east-1b", "us-east-1c"]},
    "aws:eks/cluster:Cluster": {"endpoint": "https://api", "certificateAuthority": {"data": "Q0E="}},
    "aws:eks/nodeGroup:NodeGroup": {"resources": [{"autoscalingGroups": [{"name": "asg"}]}]},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 3},
}


def args(**changes: Any) -> EksClusterArgs:
    base: EksClusterArgs = {
        "region": "us-east-1",
        "network_cidr": "10.0.0.0/16",
        "services_cidr": "172.20.0.0/16",
        "zones": 3,
        "nat_per_zone": False,
        "public_cidrs": [],
        "kubernetes_version": "1.34",
        "admins": [ADMIN],
        "system_pool": {"machine": "m7i.xlarge", "min_nodes": 2, "max_nodes": 4},
        "gpu_pools": {"h100": gpu_pool("p5.48xlarge", driver="AL2023_x86_64_NVIDIA")},
        "deletion_protection": False,
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


@cache
def default() -> Graph:
    return build(ANSWERS, lambda: EksCluster("c", args()))


@cache
def other() -> Graph:
    """All that can be chosen differently, at once, under another name."""
    pools = {"spot": {**gpu_pool("p5.48xlarge"), "spot": True}}
    return build(
        ANSWERS,
        lambda: EksCluster(
            "d", args(public_cidrs=["192.0.2.0/24"], nat_per_zone=True, gpu_pools=pools, deletion_protection=True)
        ),
    )


def cluster(graph: Callable[[], Graph] = default) -> dict[str, Any]:
    return graph().one("aws:eks/cluster:Cluster").inputs


def group(name: str, graph: Callable[[], Graph] = default) -> Registered:
    return graph().one("aws:eks/nodeGroup:NodeGroup", name)


def test_nodes_are_private() -> None:
    found = default()
    private = {f"c-private-{i}-id" for i in range(3)}
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
    assert cluster()["encryptionConfig"] == {"provider": {"keyArn": "arn:c-secrets"}, "resources": ["secrets"]}
    assert default().one("aws:kms/key:Key").inputs["enableKeyRotation"] is True


def test_all_control_plane_logs_are_on_and_their_group_is_there_first() -> None:
    found = default().one("aws:eks/cluster:Cluster")
    assert set(found.inputs["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    logs = default().one("aws:cloudwatch/logGroup:LogGroup")
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


def test_a_cluster_that_nobody_could_use_is_refused() -> None:
    with pytest.raises(ValueError, match="admins is empty"):
        EksCluster("c", args(admins=[]))


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
    assert tags["c-public-0"]["kubernetes.io/role/elb"] == "1"
    assert tags["c-private-0"]["kubernetes.io/role/internal-elb"] == "1"


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


def test_a_region_with_too_few_zones_is_named_in_the_error() -> None:
    assert zone_name(["a", "b"], 1) == "b"
    with pytest.raises(ValueError, match=r"2 \(a, b\); lower it"):
        zone_name(["a", "b"], 2)


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_policies_are_named_in_the_partition_of_the_region(region: str, partition: str) -> None:
    assert aws_partition(region) == partition
