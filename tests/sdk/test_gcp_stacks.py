"""The Google Cloud stacks of this project: what their settings ask for, and whether Google would take it."""

from functools import cache
from typing import Any

import pulumi
import pytest

from components.cluster.gke_make import make_gke
from components.cluster.outputs import Foundation
from components.gpu.drivers import driver_plan
from components.settings import Settings, load
from components.settings.cluster import GkeCluster
from components.settings.drivers import driver_owner
from components.settings.stack_file import read_stack_file, stack_path
from tests.components.recorder import Graph, build
from tests.project import ROOT
from tests.sdk import test_gcp_storage, test_gke
from tests.sdk.test_gke import CLUSTER, POOL, contract_problems

ANSWERS = {
    **test_gke.ANSWERS,
    **test_gcp_storage.ANSWERS,
    "gcp:logging/projectSink:ProjectSink": {
        "writerIdentity": "serviceAccount:service-42@gcp-sa-logging.iam.gserviceaccount.com"
    },
}
EXISTING = {
    "network": "projects/hub/global/networks/shared",
    "subnetwork": "projects/hub/regions/us-central1/subnetworks/gke",
    "podsRange": "gke-pods",
    "servicesRange": "gke-services",
}

stack = pytest.mark.parametrize("stack", ["gcp-dev", "gcp-prod"])


@cache
def settings(stack: str) -> Settings:
    return load(read_stack_file(stack_path(ROOT, stack)), source=stack)


def graph(chosen: Settings) -> tuple[Graph, Foundation]:
    """What `make_gke` registers for settings."""
    cluster = chosen.cluster
    assert isinstance(cluster, GkeCluster)
    made: list[Foundation] = []

    def program() -> pulumi.Resource:
        parent = pulumi.ComponentResource("multimodal:index:Platform", "p")
        plan = driver_plan("gke", driver_owner("gke", chosen.gpu.driver))
        foundation = make_gke("p", chosen, cluster, plan, parent)
        made.append(foundation)
        for tenant in chosen.tenants:
            assert foundation.storage is not None
            foundation.storage.datasets(tenant)
        return parent

    return build(ANSWERS, program, read_outputs=()), made[0]


@cache
def stack_graph(stack: str) -> Graph:
    return graph(settings(stack))[0]


def node_configs(stack: str) -> dict[str, dict[str, Any]]:
    """Node configurations by pool."""
    return {pool.inputs["name"]: pool.inputs["nodeConfig"] for pool in stack_graph(stack).all(POOL)}


@stack
def test_google_would_take_every_resource(stack: str) -> None:
    assert contract_problems(stack_graph(stack)) == []


@stack
def test_everything_goes_through_the_provider_of_the_stacks_project(stack: str) -> None:
    provider = stack_graph(stack).one("pulumi:providers:gcp").inputs
    cluster = settings(stack).cluster
    assert isinstance(cluster, GkeCluster)
    assert (provider["project"], provider["region"]) == (cluster.project, cluster.region)
    projects = {resource.inputs.get("project", cluster.project) for resource in stack_graph(stack).resources}
    assert projects == {cluster.project}


@stack
def test_a_foundation_has_a_cluster_and_its_stores(stack: str) -> None:
    _, foundation = graph(settings(stack))
    assert type(foundation.cluster).__name__ == "GkeCluster"
    assert type(foundation.storage).__name__ == "GcpStorage"


def test_production_has_a_private_endpoint_only_and_cannot_go_by_accident() -> None:
    found = stack_graph("gcp-prod").one(CLUSTER).inputs
    assert found["privateClusterConfig"]["enablePrivateEndpoint"] is True
    assert found["deletionProtection"] is True
    assert not any(bucket.inputs["forceDestroy"] for bucket in stack_graph("gcp-prod").all("gcp:storage/bucket:Bucket"))


def test_development_goes_with_its_data() -> None:
    assert stack_graph("gcp-dev").one(CLUSTER).inputs["deletionProtection"] is False
    assert all(bucket.inputs["forceDestroy"] for bucket in stack_graph("gcp-dev").all("gcp:storage/bucket:Bucket"))


def test_production_buys_its_machines_in_all_four_ways() -> None:
    pools = node_configs("gcp-prod")
    assert pools["l4-spot"]["spot"] is True
    assert pools["h100"]["reservationAffinity"]["values"] == ["h100-training"]
    assert pools["h200"]["flexStart"] is True
    assert not pools["l4"]["spot"]


def test_production_serves_small_models_from_slices_and_trains_on_whole_wired_nodes() -> None:
    pools = node_configs("gcp-prod")
    assert pools["a100-slices"]["labels"]["nvidia.com/mig.config"] == "2x1g.5gb-1x2g.10gb-1x3g.20gb"
    wired = [pool.inputs["name"] for pool in stack_graph("gcp-prod").all(POOL) if pool.inputs.get("networkConfig")]
    assert sorted(wired) == ["h100", "h200"]


@stack
def test_the_last_pool_goes_before_the_way_out_of_the_network(stack: str) -> None:
    found = stack_graph(stack)
    outlives = [found.one("gcp:compute/routerNat:RouterNat"), found.one("gcp:compute/firewall:Firewall")]
    for pool in found.all(POOL):
        assert {keeper.urn for keeper in outlives} <= pool.needs
        assert found.one(CLUSTER).urn in pool.needs


def test_the_file_server_goes_before_the_network_that_it_is_in() -> None:
    found = stack_graph("gcp-prod")
    servers = found.all("gcp:filestore/instance:Instance")
    assert len(servers) == len(settings("gcp-prod").tenants)
    assert all(found.one("gcp:compute/network:Network").urn in files.needs for files in servers)


@stack
def test_the_key_goes_after_the_buckets_that_it_encrypts(stack: str) -> None:
    key = stack_graph(stack).one("gcp:kms/cryptoKey:CryptoKey", "p-storage-data")
    assert all(key.urn in bucket.needs for bucket in stack_graph(stack).all("gcp:storage/bucket:Bucket"))


def test_a_stack_can_move_into_a_network_that_is_there() -> None:
    config = read_stack_file(stack_path(ROOT, "gcp-prod"))
    cluster = config["multimodal:cluster"]
    config["multimodal:cluster"] = {**cluster, "network": {"controlPlane": "172.16.0.32/28", "existing": EXISTING}}
    found, _ = graph(load(config, source="moved"))
    assert not [resource for resource in found.resources if resource.type.startswith("gcp:compute/")]
    assert found.one(CLUSTER).inputs["subnetwork"] == EXISTING["subnetwork"]
    networks = found.all("gcp:filestore/instance:Instance")[0].inputs["networks"]
    # Another project's network takes no peering of ours.
    assert networks == [
        {"network": EXISTING["network"], "modes": ["MODE_IPV4"], "connectMode": "PRIVATE_SERVICE_ACCESS"}
    ]
    assert contract_problems(found) == []
