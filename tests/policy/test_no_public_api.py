from typing import Any

import pytest

from policy.rules import no_public_api

EKS = "aws:eks/cluster:Cluster"
GKE = "gcp:container/cluster:Cluster"
AKS = "azure-native:containerservice:ManagedCluster"
FIX = "cannot be known before the update; make it plain: text in the program, not an output"
OFFICE = "203.0.113.0/24"


def eks(**vpc: Any) -> dict[str, Any]:
    return {"vpcConfig": vpc}


def aks(**profile: Any) -> dict[str, Any]:
    return {"apiServerAccessProfile": profile}


def gke(*cidrs: Any, **more: Any) -> dict[str, Any]:
    return {"masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": cidr} for cidr in cidrs]}, **more}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (EKS, eks(endpointPublicAccess=False)),
        (EKS, eks(endpointPublicAccess=True, publicAccessCidrs=[OFFICE])),
        (GKE, gke(OFFICE)),
        (GKE, gke()),
        (GKE, {"privateClusterConfig": {"enablePrivateEndpoint": True}}),
        (GKE, {"controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enabled": False}}}),
        (AKS, aks(enablePrivateCluster=True)),
        (AKS, aks(authorizedIPRanges=[OFFICE, "198.51.100.7", "0.0.0.0/32"])),
        ("azure-native:containerservice/v20240901:ManagedCluster", aks(enablePrivateCluster=True)),
    ],
)
def test_a_private_endpoint_or_one_for_listed_networks_passes(world: Any, judge: Any, kind: str, inputs: Any) -> None:
    assert judge(no_public_api.RULE, [world.cluster(kind, inputs)]) == []


EKS_OPEN = (
    "Cluster 'gpus': vpcConfig.publicAccessCidrs lists no networks, which opens the API to the world; list those from "
    "which it is used, or set vpcConfig.endpointPublicAccess to false"
)
AKS_OPEN = (
    "ManagedCluster 'gpus': apiServerAccessProfile.authorizedIPRanges lists no networks, which opens the API to the "
    "world; "
    "list those from which it is used, or set apiServerAccessProfile.enablePrivateCluster to true"
)
GKE_OPEN = (
    "Cluster 'gpus': masterAuthorizedNetworksConfig lists no networks, which opens the API to the world; list those "
    "from "
    "which it is used, or set privateClusterConfig.enablePrivateEndpoint to true"
)


@pytest.mark.parametrize(
    ("kind", "inputs", "message"),
    [
        (EKS, eks(), EKS_OPEN),
        (EKS, {}, EKS_OPEN),
        (EKS, eks(endpointPublicAccess=True, publicAccessCidrs=[]), EKS_OPEN),
        (GKE, {}, GKE_OPEN),
        (AKS, {}, AKS_OPEN),
        (AKS, aks(enablePrivateCluster=False, authorizedIPRanges=[]), AKS_OPEN),
        ("azure-native:containerservice/v20240902preview:ManagedCluster", {}, AKS_OPEN),
    ],
)
def test_an_endpoint_without_listed_networks_is_refused(
    world: Any, judge: Any, kind: str, inputs: Any, message: str
) -> None:
    assert judge(no_public_api.RULE, [world.cluster(kind, inputs)]) == [message]


@pytest.mark.parametrize(
    ("kind", "inputs", "where", "instead"),
    [
        (
            EKS,
            eks(endpointPublicAccess=True, publicAccessCidrs=[OFFICE, "0.0.0.0/0"]),
            "Cluster 'gpus': vpcConfig.publicAccessCidrs",
            "vpcConfig.endpointPublicAccess to false",
        ),
        (
            GKE,
            gke("0.0.0.0/1", "128.0.0.0/1"),
            "Cluster 'gpus': masterAuthorizedNetworksConfig.cidrBlocks",
            "privateClusterConfig.enablePrivateEndpoint to true",
        ),
        (
            AKS,
            aks(authorizedIPRanges=["0.0.0.0/0"]),
            "ManagedCluster 'gpus': apiServerAccessProfile.authorizedIPRanges",
            "apiServerAccessProfile.enablePrivateCluster to true",
        ),
    ],
)
def test_a_network_as_wide_as_the_world_is_refused(
    world: Any, judge: Any, kind: str, inputs: Any, where: str, instead: str
) -> None:
    assert judge(no_public_api.RULE, [world.cluster(kind, inputs)]) == [
        f"{where} opens the API to 0.0.0.0/0; list networks of /9 or narrower from which it is used, or set {instead}"
    ]


@pytest.mark.parametrize(
    ("cidrs", "wide"),
    [
        (["0.0.0.0/1"], "0.0.0.0/1"),
        (["11.0.0.0/8"], "11.0.0.0/8"),
        (["11.0.0.0/9", "11.128.0.0/9"], "11.0.0.0/8"),
        (["::/0"], "::/0"),
        (["11.0.0.0/9"], None),
        (["2001:db8::/32"], None),
    ],
)
def test_parts_of_the_internet_are_put_together_before_they_are_judged(
    world: Any, judge: Any, cidrs: list[str], wide: str | None
) -> None:
    found = judge(no_public_api.RULE, [world.cluster(EKS, eks(publicAccessCidrs=cidrs))])
    assert [message.partition(" opens the API to ")[2].partition(";")[0] for message in found] == (
        [wide] if wide else []
    )


def test_what_is_no_network_is_refused(world: Any, judge: Any) -> None:
    assert judge(no_public_api.RULE, [world.cluster(EKS, eks(publicAccessCidrs=["office"]))]) == [
        "Cluster 'gpus': vpcConfig.publicAccessCidrs holds 'office', which is no network; give one such as "
        "203.0.113.0/24"
    ]


def test_gke_endpoints_that_go_round_the_list_are_refused(world: Any, judge: Any) -> None:
    dns = {"controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"allowExternalTraffic": True}}}
    assert judge(no_public_api.RULE, [world.cluster(GKE, gke(OFFICE, **dns))]) == [
        "Cluster 'gpus': controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic is true, which opens the "
        "API to "
        "the world; set it to false"
    ]
    google = {"masterAuthorizedNetworksConfig": {"cidrBlocks": [], "gcpPublicCidrsAccessEnabled": True}}
    assert judge(no_public_api.RULE, [world.cluster(GKE, google)]) == [
        "Cluster 'gpus': masterAuthorizedNetworksConfig.gcpPublicCidrsAccessEnabled is true; every virtual machine "
        "of every "
        "Google Cloud customer could reach the API: set it to false"
    ]


def test_other_resources_are_not_judged(world: Any, judge: Any) -> None:
    assert judge(no_public_api.RULE, [world.cluster("aws:eks/nodeGroup:NodeGroup", {})]) == [
        "not applicable: aws:eks/nodeGroup:NodeGroup is no managed Kubernetes cluster"
    ]


def test_a_cluster_that_is_allowed_by_name_may_be_open(world: Any, judge: Any) -> None:
    assert judge(no_public_api.RULE, [world.cluster(EKS, {})], {"allow": ["gpus"]}) == []
    assert judge(no_public_api.RULE, [world.cluster(EKS, {})], {"allow": ["other"]}) == [EKS_OPEN]


def test_the_shortest_prefix_can_be_set(world: Any, judge: Any) -> None:
    stack = [world.cluster(EKS, eks(publicAccessCidrs=["203.0.113.0/24", "2001:db8::/40"]))]
    assert judge(no_public_api.RULE, stack, {"minimumPrefix": 24.0, "minimumPrefixV6": 40.0}) == []
    assert len(judge(no_public_api.RULE, stack, {"minimumPrefix": 25.0, "minimumPrefixV6": 41.0})) == 2


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    hidden = world.unknown
    for kind, inputs, message in (
        (EKS, eks(endpointPublicAccess=hidden), f"Cluster 'gpus': vpcConfig.endpointPublicAccess {FIX}"),
        (EKS, eks(publicAccessCidrs=[hidden]), f"Cluster 'gpus': vpcConfig.publicAccessCidrs {FIX}"),
        (EKS, {"vpcConfig": hidden}, f"Cluster 'gpus': vpcConfig.endpointPublicAccess {FIX}"),
        (GKE, gke(hidden), f"Cluster 'gpus': masterAuthorizedNetworksConfig.cidrBlocks {FIX}"),
        (
            AKS,
            aks(authorizedIPRanges=hidden),
            f"ManagedCluster 'gpus': apiServerAccessProfile.authorizedIPRanges {FIX}",
        ),
        (
            AKS,
            aks(enablePrivateCluster=hidden),
            f"ManagedCluster 'gpus': apiServerAccessProfile.enablePrivateCluster {FIX}",
        ),
        (
            GKE,
            {"privateClusterConfig": hidden},
            "Cluster 'gpus': privateClusterConfig, controlPlaneEndpointsConfig or masterAuthorizedNetworksConfig "
            + FIX,
        ),
    ):
        assert judge(no_public_api.RULE, [world.cluster(kind, inputs)]) == [message]
