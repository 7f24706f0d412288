"""Rule `no-public-api`: no Kubernetes API endpoint is open to the world.

What: an EKS, GKE or AKS cluster has a private API endpoint, or a public one for listed networks none of which is as
wide as a part of the internet. Networks are put together first, so that 0.0.0.0/1 and 128.0.0.0/1 are the world.
Why: whoever reaches the API server needs only one stolen token or one flaw in it.
Configuration: `allow`, names of cluster resources that may be open (default none); `minimumPrefix`, the shortest
IPv4 prefix that a listed network may have (default 9: a /8 is refused); `minimumPrefixV6`, that of IPv6 (default 32).
Fix: list the networks from which the API is used, or turn the public endpoint off.

Defaults of the clouds that it knows: EKS has a public endpoint for 0.0.0.0/0 unless told otherwise (EKS API reference,
VpcConfigRequest); GKE's is open without masterAuthorizedNetworksConfig and its DNS endpoint is as public when external
traffic is allowed (GKE API reference); AKS's is open without authorizedIPRanges (AKS API reference).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policy.networks import put_together
from policy.plain import UNKNOWN, plain
from policy.resources import Resource, has_unknown, listed, mapped, not_known

DEFAULTS: Mapping[str, Any] = {"allow": [], "minimumPrefix": 9, "minimumPrefixV6": 32}

_CLUSTERS: Mapping[str, str] = {
    r"aws:eks/cluster:Cluster": "eks",
    r"gcp:container/cluster:Cluster": "gke",
    r"azure-native:containerservice(/v\d+(preview)?)?:ManagedCluster": "aks",
}


def validate_api_endpoint(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report a cluster whose API the world can reach."""
    cluster = Resource(args.resource_type, args.name, args.urn, mapped(plain(args.props)))
    kind = next((kind for pattern, kind in _CLUSTERS.items() if cluster.is_a(pattern)), None)
    if kind is None:
        args.not_applicable(f"{args.resource_type} is no managed Kubernetes cluster")
        return
    config = {**DEFAULTS, **args.get_config()}
    if cluster.name in config["allow"]:
        return
    for message in _CHECKS[kind](cluster, int(config["minimumPrefix"]), int(config["minimumPrefixV6"])):
        report(message, cluster.urn)


def _eks(cluster: Resource, shortest: int, shortest_v6: int) -> Iterator[str]:
    public, cidrs = cluster.get("vpcConfig", "endpointPublicAccess"), cluster.get("vpcConfig", "publicAccessCidrs")
    if public is UNKNOWN:
        yield not_known(cluster, "vpcConfig.endpointPublicAccess")
    elif public is not False:
        yield from _listed_networks(
            cluster,
            "vpcConfig.publicAccessCidrs",
            cidrs,
            "or set vpcConfig.endpointPublicAccess to false",
            shortest,
            shortest_v6,
        )


def _gke(cluster: Resource, shortest: int, shortest_v6: int) -> Iterator[str]:
    endpoints = "controlPlaneEndpointsConfig"
    external = cluster.get(endpoints, "dnsEndpointConfig", "allowExternalTraffic")
    if external is UNKNOWN:
        yield not_known(cluster, f"{endpoints}.dnsEndpointConfig.allowExternalTraffic")
    elif external:
        yield (
            f"{cluster}: {endpoints}.dnsEndpointConfig.allowExternalTraffic is true, which opens the API to the world; "
            "set it to false"
        )
    private = cluster.get("privateClusterConfig", "enablePrivateEndpoint")
    by_address = cluster.get(endpoints, "ipEndpointsConfig", "enabled")
    if private is True or by_address is False:
        return
    networks = cluster.get("masterAuthorizedNetworksConfig")
    if private is UNKNOWN or by_address is UNKNOWN or networks is UNKNOWN:
        yield not_known(cluster, "privateClusterConfig, controlPlaneEndpointsConfig or masterAuthorizedNetworksConfig")
        return
    instead = "or set privateClusterConfig.enablePrivateEndpoint to true"
    if networks is None:
        yield _open(cluster, "masterAuthorizedNetworksConfig", instead)
        return
    any_google = cluster.get("masterAuthorizedNetworksConfig", "gcpPublicCidrsAccessEnabled")
    if any_google is True or any_google is UNKNOWN:
        yield (
            f"{cluster}: masterAuthorizedNetworksConfig.gcpPublicCidrsAccessEnabled is {str(any_google).lower()}; "
            "every virtual machine of every Google Cloud customer could reach the API: set it to false"
        )
    blocks = cluster.get("masterAuthorizedNetworksConfig", "cidrBlocks")
    # GKE reads an empty list as "no network outside"; EKS and AKS read it as "the world".
    if blocks:
        cidrs = blocks if blocks is UNKNOWN else [mapped(block).get("cidrBlock", UNKNOWN) for block in blocks]
        where = "masterAuthorizedNetworksConfig.cidrBlocks"
        yield from _listed_networks(cluster, where, cidrs, instead, shortest, shortest_v6)


def _aks(cluster: Resource, shortest: int, shortest_v6: int) -> Iterator[str]:
    private = cluster.get("apiServerAccessProfile", "enablePrivateCluster")
    if private is UNKNOWN:
        yield not_known(cluster, "apiServerAccessProfile.enablePrivateCluster")
    elif private is not True:
        yield from _listed_networks(
            cluster,
            "apiServerAccessProfile.authorizedIPRanges",
            cluster.get("apiServerAccessProfile", "authorizedIPRanges"),
            "or set apiServerAccessProfile.enablePrivateCluster to true",
            shortest,
            shortest_v6,
        )


_CHECKS: Mapping[str, Callable[[Resource, int, int], Iterator[str]]] = {"eks": _eks, "gke": _gke, "aks": _aks}


def _listed_networks(
    cluster: Resource, where: str, cidrs: Any, instead: str, shortest: int, shortest_v6: int
) -> Iterator[str]:
    if has_unknown(cidrs):
        yield not_known(cluster, where)
        return
    if not cidrs:
        yield _open(cluster, where, instead)
        return
    networks, bad = put_together(listed(cidrs))
    for cidr in bad:
        yield f"{cluster}: {where} holds {cidr!r}, which is no network; give one such as 203.0.113.0/24"
    for network in networks:
        least = shortest if network.version == 4 else shortest_v6
        if network.prefixlen < least:
            yield (
                f"{cluster}: {where} opens the API to {network}; list networks of /{least} or narrower from which it "
                f"is used, {instead}"
            )


def _open(cluster: Resource, where: str, instead: str) -> str:
    return (
        f"{cluster}: {where} lists no networks, which opens the API to the world; list those from which it is used, "
        f"{instead}"
    )


RULE = ResourceValidationPolicy(
    name="no-public-api",
    display_name="The Kubernetes API is not public",
    description="No Kubernetes API endpoint of a managed cluster is open to the world.",
    validate=validate_api_endpoint,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.CRITICAL,
    config_schema=PolicyConfigSchema(
        properties={
            "allow": {"type": "array", "items": {"type": "string"}, "default": []},
            "minimumPrefix": {"type": "integer", "minimum": 0, "maximum": 32, "default": 9},
            "minimumPrefixV6": {"type": "integer", "minimum": 0, "maximum": 128, "default": 32},
        }
    ),
    remediation_steps="List the networks from which the API is used, or turn the public endpoint off.",
)
"""The rule as the pack holds it."""
