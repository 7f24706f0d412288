"""The cloud providers of the rehearsal, by their hooks: names, answers, replacements, functions and nodes."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.catalog.machines import UnknownMachine
from rehearsal import fleet
from rehearsal.kube import Kube
from rehearsal.providers import cloud
from rehearsal.providers.aws import AwsProvider, zone_code
from rehearsal.providers.azure_native import AzureProvider
from rehearsal.providers.cloud import CloudProvider
from rehearsal.providers.gcp import GcpProvider
from rehearsal.providers.node_pools import AKS, AKS_CLUSTER, EKS, GKE, node_pools, pool_names
from rehearsal.providers.outputs import merged
from rehearsal.providers.plugin import UNKNOWN, Props, ProviderError
from rehearsal.providers.plugin_diff import compare

VPC, SUBNET, CLUSTER = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:eks/cluster:Cluster"
GROUP = "azure-native:resources:ResourceGroup"


def urn(token: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::multimodal::{token}::{name}"


@pytest.fixture
def aws() -> AwsProvider:
    provider = AwsProvider()
    provider.configure({"region": "us-east-1", "defaultTags": '{"tags":{"stack":"dev"}}'})
    return provider


@pytest.fixture
def gcp() -> GcpProvider:
    provider = GcpProvider()
    provider.configure({"project": "acme", "region": "us-central1"})
    return provider


@pytest.fixture
def azure() -> AzureProvider:
    provider = AzureProvider()
    provider.configure({"location": "eastus2"})
    return provider


def refusals(provider: CloudProvider, token: str, inputs: Props, name: str = "thing") -> list[str]:
    named = provider.normalize_inputs(token, urn(token, name), inputs, {})
    return [reason for _, reason in provider.check_resource(token, named, False, urn(token, name))]


class TestNames:
    """What a program leaves to Pulumi."""

    def test_a_resource_without_a_name_gets_one_that_stays_the_same(self, aws: AwsProvider) -> None:
        first = aws.normalize_inputs(EKS, urn(EKS, "System"), {}, {})
        assert first == aws.normalize_inputs(EKS, urn(EKS, "System"), {}, {})
        assert first["nodeGroupName"].startswith("System-")
        assert len(first["nodeGroupName"]) == len("System-") + 7

    def test_a_name_that_was_given_once_is_kept(self, aws: AwsProvider) -> None:
        assert aws.normalize_inputs(EKS, urn(EKS), {}, {"nodeGroupName": "old"}) == {"nodeGroupName": "old"}

    def test_a_prefix_begins_the_name(self, aws: AwsProvider) -> None:
        made = aws.normalize_inputs(EKS, urn(EKS), {"nodeGroupNamePrefix": "gpu-"}, {})
        assert made["nodeGroupName"].startswith("gpu-")

    def test_names_obey_the_limits_of_their_kind(self, azure: AzureProvider) -> None:
        storage = "azure-native:storage:StorageAccount"
        name = azure.normalize_inputs(storage, urn(storage, "Models-Of-The-Whole-Company"), {}, {})["accountName"]
        assert name.isalnum()
        assert name.islower()
        assert 3 <= len(name) <= 24

    def test_a_name_that_would_be_too_long_is_refused_and_not_cut(self, aws: AwsProvider) -> None:
        role = "aws:iam/role:Role"
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        named = aws.normalize_inputs(role, urn(role, "x" * 60), {"assumeRolePolicy": document}, {})
        reasons = [reason for _, reason in aws.check_resource(role, named, False, urn(role))]
        assert any("68 characters; at most 64 are allowed" in reason for reason in reasons)

    def test_a_role_assignment_is_named_by_a_guid(self, azure: AzureProvider) -> None:
        role = "azure-native:authorization:RoleAssignment"
        name = azure.normalize_inputs(role, urn(role), {}, {})["roleAssignmentName"]
        assert [len(part) for part in name.split("-")] == [8, 4, 4, 4, 12]

    def test_a_policy_document_becomes_text_when_all_of_it_is_known(self, aws: AwsProvider) -> None:
        role = "aws:iam/role:Role"
        document = {"Statement": [{"Effect": "Allow"}]}
        assert json.loads(aws.normalize_inputs(role, urn(role), {"assumeRolePolicy": document}, {})["assumeRolePolicy"])
        waits = {"Statement": [{"Effect": UNKNOWN}]}
        assert aws.normalize_inputs(role, urn(role), {"assumeRolePolicy": waits}, {})["assumeRolePolicy"] == waits


class TestChecks:
    """Refusals, and what is written into the report."""

    def test_a_refusal_names_property_value_allowed_and_operation(self, aws: AwsProvider) -> None:
        checked = list(aws.check_resource(VPC, {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "own"}, False, urn(VPC)))
        assert checked == [
            (
                "instanceTenancy",
                'instanceTenancy "own": not one of default, dedicated, host; the EC2 API (CreateVpc) refuses it',
            )
        ]

    def test_checked_and_skipped_resources_are_reported(
        self, aws: AwsProvider, azure: AzureProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "report.jsonl"
        monkeypatch.setenv("REHEARSAL_REPORT", str(file))
        aws.check_resource(VPC, {"cidrBlock": "10.0.0.0/16"}, False, urn(VPC))
        aws.check_resource("aws:sqs/queue:Queue", {}, False, urn("aws:sqs/queue:Queue"))
        setting = "azure-native:monitor:DiagnosticSetting"
        azure.check_resource(setting, {"resourceUri": "/x", "workspaceId": "/y"}, False, urn(setting))
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [(line["kind"], line["by"]) for line in lines] == [
            ("checked", "botocore ec2.CreateVpc"),
            ("skipped", ""),
            ("checked", "azure-mgmt-monitor DiagnosticSettingsResource"),
        ]
        assert "no API model" in lines[1]["reason"]

    def test_a_model_that_is_not_installed_is_reported_and_not_fatal(
        self, azure: AzureProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def absent(*_: object) -> list[Any]:
            raise ModuleNotFoundError("no", name="azure.mgmt.compute")

        said: list[str] = []
        monkeypatch.setattr(cloud, "check", absent)
        monkeypatch.setattr(cloud, "report", lambda _kind, _urn, _type, reason: said.append(reason))
        assert refusals(azure, GROUP, {"location": "eastus2"}) == []
        assert said == ["azure.mgmt.compute is not installed: see requirements-dev.txt"]

    def test_a_subnet_outside_its_vpc_is_refused_when_the_vpc_is_known(self, aws: AwsProvider) -> None:
        assert refusals(aws, VPC, {"cidrBlock": "10.0.0.0/16"}) == []
        vpc, _ = aws.create_resource(VPC, urn(VPC), {"cidrBlock": "10.0.0.0/16"}, False)
        assert refusals(aws, SUBNET, {"vpcId": vpc, "cidrBlock": "10.0.1.0/24"}, "inside") == []
        assert refusals(aws, SUBNET, {"vpcId": vpc, "cidrBlock": "10.9.0.0/24"}, "outside") == [
            'cidrBlock "10.9.0.0/24": lies outside its network 10.0.0.0/16; the EC2 API (CreateSubnet) refuses it'
        ]

    def test_a_subnet_outside_the_only_vpc_is_refused_in_a_preview_too(self, aws: AwsProvider) -> None:
        refusals(aws, VPC, {"cidrBlock": "10.0.0.0/16"})
        assert len(refusals(aws, SUBNET, {"vpcId": UNKNOWN, "cidrBlock": "10.9.0.0/24"})) == 1

    def test_overlapping_ranges_of_a_google_network_are_refused(self, gcp: GcpProvider) -> None:
        token = "gcp:compute/subnetwork:Subnetwork"
        assert refusals(gcp, token, {"network": UNKNOWN, "ipCidrRange": "10.0.0.0/20"}, "a") == []
        assert refusals(gcp, token, {"network": UNKNOWN, "ipCidrRange": "10.0.8.0/24"}, "b") == [
            'ipCidrRange "10.0.8.0/24": overlaps 10.0.0.0/20 of subnet a; '
            "the Compute Engine API (subnetworks.insert) refuses it"
        ]

    def test_a_provider_without_a_region_or_project_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT"):
            monkeypatch.delenv(name, raising=False)
        nowhere, nobody = AwsProvider(), GcpProvider()
        nowhere.configure({})
        nobody.configure({})
        assert refusals(nowhere, VPC, {"cidrBlock": "10.0.0.0/16"}) == [
            "region: missing: set it on the provider or as aws:region; the EC2 API (CreateVpc) needs it"
        ]
        assert refusals(nobody, "gcp:compute/network:Network", {}) == [
            "project: missing: set it here or as gcp:project; the Compute Engine API (networks.insert) needs it"
        ]


class TestAnswers:
    """Ids and outputs."""

    def test_outputs_are_the_same_in_every_run(self, aws: AwsProvider) -> None:
        other = AwsProvider()
        other.configure({"region": "us-east-1"})
        assert (
            aws.create_resource(SUBNET, urn(SUBNET), {}, False)[0]
            == other.create_resource(SUBNET, urn(SUBNET), {}, False)[0]
        )

    def test_two_resources_have_two_ids(self, aws: AwsProvider) -> None:
        one, two = (aws.create_resource(VPC, urn(VPC, name), {}, False)[0] for name in ("a", "b"))
        assert one != two
        assert one.startswith("vpc-")

    def test_an_eks_cluster_answers_as_eks_does(self, aws: AwsProvider) -> None:
        inputs = {"name": "c", "vpcConfig": {"subnetIds": ["a", "b"]}, "tags": {"a": "b"}}
        id_, made = aws.create_resource(CLUSTER, urn(CLUSTER), inputs, False)
        assert id_ == "c"
        assert made["arn"] == "arn:aws:eks:us-east-1:123456789012:cluster/c"
        assert made["endpoint"].endswith(".gr7.us-east-1.eks.amazonaws.com")
        assert made["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.eks.us-east-1.amazonaws.com/id/")
        assert base64.b64decode(made["certificateAuthority"]["data"]).startswith(b"-----BEGIN CERTIFICATE-----")
        assert made["vpcConfig"]["subnetIds"] == ["a", "b"]
        assert made["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
        assert made["tagsAll"] == {"a": "b", "stack": "dev"}

    def test_what_the_cloud_computes_is_unknown_in_a_preview(self, aws: AwsProvider) -> None:
        _, made = aws.create_resource(CLUSTER, urn(CLUSTER), {"name": "c", "vpcConfig": {"subnetIds": []}}, True)
        assert made["name"] == "c"
        assert made["endpoint"] is UNKNOWN
        assert made["vpcConfig"] == {"subnetIds": [], "clusterSecurityGroupId": UNKNOWN, "vpcId": UNKNOWN}

    def test_an_update_in_a_preview_keeps_what_was_computed(self, aws: AwsProvider) -> None:
        _, before = aws.create_resource(CLUSTER, urn(CLUSTER), {"name": "c", "version": "1.34"}, False)
        after = aws.update_resource(
            CLUSTER, urn(CLUSTER), "c", {"name": "c", "version": "1.35"}, {"name": "c"}, before, True
        )
        assert after == {**before, "version": "1.35"}

    def test_a_gke_cluster_answers_as_gke_does(self, gcp: GcpProvider) -> None:
        token = "gcp:container/cluster:Cluster"
        id_, made = gcp.create_resource(token, urn(token), {"name": "c", "location": "us-central1"}, False)
        assert id_ == "projects/acme/locations/us-central1/clusters/c"
        assert made["endpoint"].startswith("203.0.113.")
        assert base64.b64decode(made["masterAuth"]["clusterCaCertificate"]).startswith(b"-----BEGIN CERTIFICATE-----")

    def test_a_service_account_is_a_member(self, gcp: GcpProvider) -> None:
        token = "gcp:serviceaccount/account:Account"
        _, made = gcp.create_resource(token, urn(token), {"accountId": "nodes"}, False)
        assert made["member"] == "serviceAccount:nodes@acme.iam.gserviceaccount.com"

    def test_an_aks_cluster_answers_as_aks_does(self, azure: AzureProvider) -> None:
        inputs = {"resourceGroupName": "g", "resourceName": "c", "location": "eastus2", "dnsPrefix": "c"}
        inputs |= {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/id/1"]}}
        id_, made = azure.create_resource(AKS_CLUSTER, urn(AKS_CLUSTER), inputs, False)
        assert id_.endswith("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c")
        assert made["fqdn"].endswith(".hcp.eastus2.azmk8s.io")
        assert made["oidcIssuerProfile"]["issuerURL"].startswith("https://eastus2.oic.prod-aks.azure.com/")
        # A list of ids goes in, a map by id comes out.
        assert list(made["identity"]["userAssignedIdentities"]) == ["/id/1"]

    def test_a_type_without_a_model_still_has_an_id(self, aws: AwsProvider) -> None:
        token = "aws:sqs/queue:Queue"
        id_, made = aws.create_resource(token, urn(token, "jobs"), {"a": 1}, False)
        assert id_.startswith("jobs-")
        assert made == {"a": 1}

    def test_inputs_win_over_computed_outputs_and_maps_are_merged(self) -> None:
        computed = {"a": 2, "m": {"x": 2, "y": 2}, "new": 3}
        assert merged({"a": 1, "m": {"x": 1}}, computed, preview=False) == {"a": 1, "m": {"x": 1, "y": 2}, "new": 3}


class TestReplacement:
    """What cannot change in place."""

    @pytest.mark.parametrize(
        ("make", "token", "old", "new"),
        [
            (AwsProvider, VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}),
            (AwsProvider, EKS, {"instanceTypes": ["a"]}, {"instanceTypes": ["b"]}),
            (AwsProvider, CLUSTER, {"roleArn": "a"}, {"roleArn": "b"}),
            (GcpProvider, GKE, {"nodeConfig": {"machineType": "a"}}, {"nodeConfig": {"machineType": "b"}}),
            (AzureProvider, AKS, {"gpuProfile": {"driver": "Install"}}, {"gpuProfile": {"driver": "None"}}),
            (AzureProvider, AKS, {"vmSize": "a"}, {"vmSize": "b"}),
        ],
    )
    def test_an_immutable_property_replaces(
        self, make: Callable[[], CloudProvider], token: str, old: Props, new: Props
    ) -> None:
        changes = compare(old, new, make().replace_on(token))
        assert [change.replaces for change in changes] == [True]

    @pytest.mark.parametrize(
        ("make", "token", "old", "new"),
        [
            (AwsProvider, EKS, {"scalingConfig": {"maxSize": 1}}, {"scalingConfig": {"maxSize": 2}}),
            (AwsProvider, CLUSTER, {"version": "1.34"}, {"version": "1.35"}),
            (GcpProvider, GKE, {"autoscaling": {"maxNodeCount": 1}}, {"autoscaling": {"maxNodeCount": 2}}),
            (GcpProvider, GKE, {"nodeConfig": {"labels": {"a": "b"}}}, {"nodeConfig": {"labels": {"a": "c"}}}),
            (AzureProvider, AKS, {"maxCount": 1}, {"maxCount": 2}),
        ],
    )
    def test_a_mutable_property_does_not(
        self, make: Callable[[], CloudProvider], token: str, old: Props, new: Props
    ) -> None:
        changes = compare(old, new, make().replace_on(token))
        assert [change.replaces for change in changes] == [False]

    def test_a_namesake_must_go_first(self, aws: AwsProvider) -> None:
        same = {"nodeGroupName": "a"}
        assert aws.delete_before_replace(EKS, same, same)
        assert not aws.delete_before_replace(EKS, same, {"nodeGroupName": "b"})

    def test_a_protected_cluster_is_not_deleted(self, aws: AwsProvider, gcp: GcpProvider) -> None:
        with pytest.raises(ProviderError, match="c has deletionProtection: set it to false and run `up`"):
            aws.delete_resource(CLUSTER, urn(CLUSTER), "c", {"name": "c", "deletionProtection": True})
        token = "gcp:container/cluster:Cluster"
        with pytest.raises(ProviderError, match="deletionProtection"):
            gcp.delete_resource(token, urn(token), "c", {"name": "c"})
        gcp.delete_resource(token, urn(token), "c", {"name": "c", "deletionProtection": False})
        files = "gcp:filestore/instance:Instance"
        with pytest.raises(ProviderError, match="f has deletionProtectionEnabled: set it to false"):
            gcp.delete_resource(files, urn(files), "f", {"name": "f", "deletionProtectionEnabled": True})

    @pytest.mark.parametrize(
        ("cloud", "type_"), [("aws", "aws:s3/bucket:Bucket"), ("gcp", "gcp:storage/bucket:Bucket")]
    )
    def test_a_bucket_is_never_empty_and_goes_only_by_force(
        self, cloud: str, type_: str, request: pytest.FixtureRequest
    ) -> None:
        provider = request.getfixturevalue(cloud)
        with pytest.raises(ProviderError, match=r"^b is not empty: set forceDestroy and run `up`, or keep it with"):
            provider.delete_resource(type_, urn(type_), "b", {"forceDestroy": False})
        provider.delete_resource(type_, urn(type_), "b", {"forceDestroy": True})


class TestFunctions:
    """Provider functions."""

    def test_zones_of_a_region_without_those_that_are_excluded(self, aws: AwsProvider) -> None:
        token = "aws:index/getAvailabilityZones:getAvailabilityZones"
        assert aws.invoke(token, {})["names"] == [f"us-east-1{letter}" for letter in "abcdef"]
        assert aws.invoke(token, {"excludeZoneIds": ["use1-az3"]})["names"] == [
            f"us-east-1{letter}" for letter in "abdef"
        ]
        assert aws.invoke(token, {"region": "eu-west-1"})["zoneIds"] == ["euw1-az1", "euw1-az2", "euw1-az3"]

    @pytest.mark.parametrize(
        ("region", "code"),
        [("us-east-1", "use1"), ("ap-southeast-2", "apse2"), ("ca-central-1", "cac1"), ("us-gov-west-1", "usgw1")],
    )
    def test_zone_ids_spell_regions_in_short(self, region: str, code: str) -> None:
        assert zone_code(region) == code

    def test_a_policy_document_is_the_json_of_its_statements(self, aws: AwsProvider) -> None:
        principals = [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}]
        conditions = [{"test": "StringEquals", "variable": "a:b", "values": ["c"]}]
        statement = {"actions": ["sts:AssumeRole"], "principals": principals, "conditions": conditions}
        made = aws.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})
        assert json.loads(made["json"]) == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "ec2.amazonaws.com"},
                    "Condition": {"StringEquals": {"a:b": "c"}},
                }
            ],
        }

    def test_who_and_where_the_provider_is(self, aws: AwsProvider, gcp: GcpProvider, azure: AzureProvider) -> None:
        assert aws.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "123456789012"
        assert aws.invoke("aws:index/getPartition:getPartition", {})["partition"] == "aws"
        assert aws.invoke("aws:index/getRegion:getRegion", {})["region"] == "us-east-1"
        assert gcp.invoke("gcp:organizations/getProject:getProject", {"projectId": "p"})["number"] == "123456789012"
        assert gcp.invoke("gcp:compute/getZones:getZones", {"region": "us-east1"})["names"][0] == "us-east1-b"
        assert azure.invoke("azure-native:authorization:getClientConfig", {}).keys() >= {"tenantId", "subscriptionId"}

    def test_engine_versions_are_the_minors_that_the_catalogue_supports(self, gcp: GcpProvider) -> None:
        token = "gcp:container/getEngineVersions:getEngineVersions"
        made = gcp.invoke(token, {"location": "us-central1", "versionPrefix": "1.34."})
        assert made["validMasterVersions"] == ["1.34.0-gke.1"]

    def test_aks_credentials_are_a_kubeconfig_and_stay_the_same_in_the_next_run(self) -> None:
        inputs = {"resourceGroupName": "g", "resourceName": "c", "dnsPrefix": "c", "location": "eastus2"}
        answers: list[str] = []
        for _ in range(2):
            provider = AzureProvider()
            provider.configure({})
            provider.check_resource(AKS_CLUSTER, inputs, False, urn(AKS_CLUSTER))
            made = provider.invoke(
                "azure-native:containerservice:listManagedClusterUserCredentials", {"resourceName": "c"}
            )
            answers.append(made["kubeconfigs"][0]["value"])
        assert answers[0] == answers[1]
        kubeconfig = yaml.safe_load(base64.b64decode(answers[0]))
        _, outputs = provider.create_resource(AKS_CLUSTER, urn(AKS_CLUSTER), inputs, False)
        assert kubeconfig["clusters"][0]["cluster"]["server"] == f"https://{outputs['fqdn']}:443"
        assert kubeconfig["users"][0]["user"] == {}

    def test_a_function_that_is_not_there_says_so(self, aws: AwsProvider) -> None:
        with pytest.raises(ProviderError, match="function aws:ec2/getAmi:getAmi is not available in a rehearsal"):
            aws.invoke("aws:ec2/getAmi:getAmi", {})


GPU_TAINT = ("nvidia.com/gpu", "present", "NoSchedule")
H100_NODES: dict[str, Any] = {
    "clusterName": "c",
    "nodeGroupName": "h100",
    "amiType": "AL2023_x86_64_NVIDIA",
    "capacityType": "SPOT",
    "instanceTypes": ["p5.48xlarge"],
    "scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 0},
    "labels": {"multimodal.dev/gpu-pool": "h100"},
    "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
}


TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
BLOCK_TEMPLATE: dict[str, Any] = {
    "instanceType": "p5en.48xlarge",
    "instanceMarketOptions": {"marketType": "capacity-block"},
    "capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}},
}


def block_nodes(template: Any) -> dict[str, Any]:
    """A node group of a capacity block, whose machine stands in its launch template."""
    nodes = {key: value for key, value in H100_NODES.items() if key != "instanceTypes"}
    more = {"nodeRoleArn": "arn:aws:iam::1:role/n", "subnetIds": ["subnet-1"]}
    return {**nodes, **more, "capacityType": "CAPACITY_BLOCK", "launchTemplate": {"id": template, "version": "1"}}


def _checked(provider: CloudProvider, token: str, inputs: dict[str, Any]) -> str:
    """The id of a resource that the engine had checked and created."""
    refusals(provider, token, inputs)
    return provider.create_resource(token, urn(token), inputs, False)[0]


class TestNodePools:
    """From a cloud's pool to simulated nodes."""

    def test_an_eks_node_group(self) -> None:
        (pool,) = node_pools(EKS, H100_NODES, "eu-west-1", ("eu-west-1a",))
        assert (pool.name, pool.machine, pool.vcpu, pool.gpus) == ("h100", "p5.48xlarge", 192, 8)
        assert pool.accelerator == "H100-80"
        assert pool.taints == (GPU_TAINT,)
        assert pool.labels["eks.amazonaws.com/nodegroup"] == "h100"
        assert pool.labels["eks.amazonaws.com/capacityType"] == "SPOT"
        assert pool.labels["multimodal.dev/gpu-pool"] == "h100"
        assert (pool.region, pool.zones) == ("eu-west-1", ("eu-west-1a",))

    @pytest.mark.parametrize(("least", "count"), [(0, 1), (1, 1), (3, 3)])
    def test_a_pool_shows_its_smallest_size_or_one_node(self, least: int, count: int) -> None:
        inputs = {**H100_NODES, "scalingConfig": {"minSize": least, "maxSize": 4}}
        assert node_pools(EKS, inputs, "r")[0].count == count

    def test_a_gke_node_pool_gets_the_labels_and_the_taint_that_gke_adds(self) -> None:
        inputs = {
            "name": "l4",
            "location": "us-central1",
            "nodeLocations": ["us-central1-c"],
            "autoscaling": {"totalMinNodeCount": 2},
            "nodeConfig": {
                "machineType": "g2-standard-24",
                "spot": True,
                "guestAccelerators": [{"type": "nvidia-l4", "count": 2}],
            },
        }
        (pool,) = node_pools(GKE, inputs, "")
        assert pool.labels.items() >= {
            ("cloud.google.com/gke-nodepool", "l4"),
            ("cloud.google.com/gke-accelerator", "nvidia-l4"),
            ("cloud.google.com/gke-spot", "true"),
        }
        assert pool.taints == (GPU_TAINT,)
        assert (pool.gpus, pool.count, pool.region, pool.zones) == (2, 2, "us-central1", ("us-central1-c",))

    def test_gke_counts_some_sizes_per_zone(self) -> None:
        inputs = {
            "name": "p",
            "location": "us-central1",
            "nodeCount": 2,
            "nodeConfig": {"machineType": "e2-standard-4"},
        }
        (pool,) = node_pools(GKE, inputs, "")
        assert (len(pool.zones), pool.count) == (3, 6)

    def test_gpus_that_are_attached_to_a_gke_machine(self) -> None:
        accelerator = {"type": "nvidia-tesla-t4", "count": 1}
        inputs = {"name": "t4", "location": "a-b1-c", "nodeConfig": {"machineType": "n1-standard-8"}}
        inputs["nodeConfig"] |= {"guestAccelerators": [accelerator]}
        (pool,) = node_pools(GKE, inputs, "")
        assert (pool.vcpu, pool.accelerator, pool.gpus) == (8, "T4", 1)

    def test_an_aks_agent_pool(self) -> None:
        inputs = {
            "agentPoolName": "t4",
            "vmSize": "Standard_NC16as_T4_v3",
            "enableAutoScaling": True,
            "minCount": 0,
            "scaleSetPriority": "Spot",
            "availabilityZones": ["1", "2"],
            "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"],
        }
        (pool,) = node_pools(AKS, inputs, "eastus2")
        assert pool.labels["kubernetes.azure.com/agentpool"] == "t4"
        assert pool.taints == (GPU_TAINT, ("kubernetes.azure.com/scalesetpriority", "spot", "NoSchedule"))
        assert (pool.gpus, pool.zones) == (1, ("eastus2-1", "eastus2-2"))

    def test_an_aks_cluster_brings_the_pools_inside_it(self) -> None:
        system = {"name": "system", "mode": "System", "vmSize": "Standard_D4s_v5", "count": 2}
        inputs = {"resourceName": "c", "location": "eastus2", "agentPoolProfiles": [system]}
        (pool,) = node_pools(AKS_CLUSTER, inputs, "")
        assert (pool.name, pool.count, pool.vcpu) == ("system", 2, 4)
        assert pool_names(AKS_CLUSTER, inputs) == ["system"]

    @pytest.mark.parametrize(
        ("machine", "vcpu", "memory"), [("m6i.2xlarge", 8, 32), ("c7g.large", 2, 4), ("r5.xlarge", 4, 32)]
    )
    def test_the_size_of_a_general_purpose_machine_follows_from_its_name(
        self, machine: str, vcpu: int, memory: int
    ) -> None:
        (pool,) = node_pools(EKS, {"nodeGroupName": "a", "instanceTypes": [machine]}, "r")
        assert (pool.vcpu, pool.memory_gib, pool.gpus) == (vcpu, memory, 0)

    def test_a_machine_of_unknown_size_is_not_invented(self) -> None:
        with pytest.raises(UnknownMachine, match=r"the size of machine type x1e\.metal is not known"):
            node_pools(EKS, {"nodeGroupName": "a", "instanceTypes": ["x1e.metal"]}, "r")

    def test_other_resources_bring_no_nodes(self) -> None:
        assert node_pools(VPC, {}, "r") == []
        assert pool_names(VPC, {}) == []


class TestFleet:
    """When there is a cluster, its nodes come and go with the pools."""

    @pytest.fixture
    def calls(self, aws: AwsProvider, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        monkeypatch.setattr(type(aws), "_cluster", object.__new__(Kube))
        monkeypatch.setattr(fleet, "ensure_pool", lambda _api, pool: made.append(("ensure", pool.name)))
        monkeypatch.setattr(fleet, "remove_pool", lambda _api, name: made.append(("remove", name)))
        return made

    def test_a_pool_brings_its_nodes_and_takes_them_away(self, aws: AwsProvider, calls: list[tuple[str, str]]) -> None:
        id_, outputs = aws.create_resource(EKS, urn(EKS), H100_NODES, False)
        aws.update_resource(EKS, urn(EKS), id_, H100_NODES, H100_NODES, outputs, False)
        aws.delete_resource(EKS, urn(EKS), id_, outputs)
        assert calls == [("ensure", "h100"), ("ensure", "h100"), ("remove", "h100")]

    def test_a_preview_touches_no_node(self, aws: AwsProvider, calls: list[tuple[str, str]]) -> None:
        aws.create_resource(EKS, urn(EKS), H100_NODES, True)
        aws.update_resource(EKS, urn(EKS), "c:h100", H100_NODES, H100_NODES, {}, True)
        assert calls == []

    def test_nodes_of_unknown_size_are_reported_as_skipped(
        self, aws: AwsProvider, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: list[str] = []
        monkeypatch.setattr(cloud, "report", lambda _kind, _urn, _type, reason: said.append(reason))
        aws.create_resource(EKS, urn(EKS), {**H100_NODES, "instanceTypes": ["x1e.metal"]}, False)
        assert calls == []
        assert said == ["the size of machine type x1e.metal is not known, so its nodes are not simulated"]

    def test_nodes_of_a_capacity_block_are_the_machines_of_its_launch_template(
        self, aws: AwsProvider, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown: list[str] = []
        monkeypatch.setattr(fleet, "ensure_pool", lambda _api, pool: shown.append(pool.machine))
        template = _checked(aws, TEMPLATE, BLOCK_TEMPLATE)
        aws.create_resource(EKS, urn(EKS), block_nodes(template), False)
        assert shown == ["p5en.48xlarge"]
        assert calls == []

    def test_a_capacity_block_whose_launch_template_fits_it_is_taken(self, aws: AwsProvider) -> None:
        template = _checked(aws, TEMPLATE, BLOCK_TEMPLATE)
        assert refusals(aws, EKS, block_nodes(template)) == []
        # In a preview of a new stack the launch template has no id yet.
        assert refusals(aws, EKS, block_nodes(UNKNOWN)) == []

    def test_a_capacity_block_whose_launch_template_names_no_machine_is_refused(self, aws: AwsProvider) -> None:
        template = _checked(aws, TEMPLATE, {"name": "t"})
        market, machine = sorted(refusals(aws, EKS, block_nodes(template)))
        assert f'launchTemplate.id "{template}": names no instanceType' in machine
        assert "has no instanceMarketOptions.marketType capacity-block" in market

    def test_nodes_of_a_capacity_block_are_not_made_up_when_its_launch_template_is_not_known(
        self, aws: AwsProvider, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: list[str] = []
        monkeypatch.setattr(cloud, "report", lambda _kind, _urn, _type, reason: said.append(reason))
        aws.create_resource(EKS, urn(EKS), block_nodes("lt-elsewhere"), False)
        assert calls == []
        assert said == ["the machine of h100 is in a launch template that this run has not seen"]

    def test_a_pool_knows_the_zones_of_its_subnets(self, aws: AwsProvider) -> None:
        inputs = {"vpcId": "v", "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1b"}
        refusals(aws, SUBNET, inputs)
        subnet, _ = aws.create_resource(SUBNET, urn(SUBNET), inputs, False)
        assert aws.zones({"subnetIds": [subnet, "elsewhere"]}) == ("us-east-1b",)
