"""What settings let through can be built, and what is built the cloud's own model takes: components refuse nothing."""

from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import machines
from components.catalog.mig import profiles
from components.cluster.make import make_cluster
from components.gpu.drivers import driver_plan
from components.settings import Settings, SettingsError, parse
from components.settings.cluster import CLOUD_OF
from components.settings.drivers import driver_owner
from components.settings.pools import Capacity
from components.settings.sections import DriverOwner
from rehearsal.contracts import aws, azure, gcp
from rehearsal.contracts.check import check, text
from tests.components.recorder import Graph, build
from tests.components.storage import test_azure as test_azure_storage
from tests.sdk import test_aks, test_eks, test_gcp_storage, test_gke
from tests.stack_files import sections

ANSWERS: dict[str, dict[str, dict[str, Any]]] = {
    "eks": {**test_eks.ANSWERS, "aws:ec2/eip:Eip": {"allocationId": "eipalloc-00000000"}},
    "gke": {**test_gke.ANSWERS, **test_gcp_storage.ANSWERS},
    "aks": {
        **test_azure_storage.ANSWERS,
        **test_aks.ANSWERS,
        "azure-native:managedidentity:UserAssignedIdentity": {
            "principalId": "00000000-0000-4000-8000-0000000000bb",
            "clientId": "client",
            "tenantId": "tenant",
        },
        test_aks.ENCRYPTION: {"identity": {"principalId": "00000000-0000-4000-8000-0000000000cc"}},
    },
}
BINDINGS = {**aws.BINDINGS, **gcp.BINDINGS, **azure.BINDINGS}

BASE: dict[str, dict[str, Any]] = {
    "eks": {
        "provider": "eks",
        "region": "us-east-1",
        "zones": ["us-east-1a", "us-east-1b"],
        "admins": ["arn:aws:iam::123456789012:role/platform"],
    },
    "gke": {"provider": "gke", "project": "acme-multimodal", "region": "us-central1"},
    "aks": {
        "provider": "aks",
        "subscriptionId": "00000000-0000-4000-8000-000000000001",
        "location": "eastus2",
        "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    },
}
ZONES = {
    "eks": [f"us-east-1{letter}" for letter in "abcgh"],
    "gke": [f"us-central1-{letter}" for letter in "abcf"],
    "aks": ["1", "2", "3"],
}
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/r/providers"
RESERVATION = {
    "eks": "cr-0123456789abcdef0",
    "gke": "projects/acme-shared/reservations/h100",
    "aks": f"{GROUP}/Microsoft.Compute/capacityReservationGroups/a100",
}
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/hub/subnets/aks"
RANGES = ["10.0.0.0/16", "10.1.0.0/20", "10.2.0.0/24", "10.0.0.0/12", "fd00::/20", "172.30.0.0/16"]
SERVICES = ["172.20.0.0/16", "172.20.0.0/24", "10.9.0.0/28", "172.16.0.0/12", "10.0.0.0/16", "fd00::/108"]


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def zone_lists(provider: str, smallest: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(ZONES[provider]), min_size=smallest, max_size=3, unique=True)


@st.composite
def pools(draw: st.DrawFn, provider: str) -> dict[str, Any]:
    """A pool out of everything that its keys may say, sensible or not."""
    found = draw(st.sampled_from([*machines(CLOUD_OF[provider], gpus=True)]))
    capacity = draw(st.sampled_from(list(Capacity)))
    reserved = capacity in (Capacity.RESERVED, Capacity.CAPACITY_BLOCK) or draw(some(False, False, False, True))
    accelerator = ACCELERATORS[str(found.accelerator)]
    sliced = accelerator.mig and draw(st.booleans())
    return {
        "machine": found.name,
        "capacity": capacity.value,
        "reservation": RESERVATION[provider] if reserved else None,
        "fastNetwork": draw(some(False, False, True)),
        "zones": draw(zone_lists(provider, 1 if provider == "gke" else 0)),
        "minNodes": draw(st.integers(0, 2)),
        "maxNodes": draw(some(1, 2, 8, 100, 101, 5000)),
        "diskGib": draw(some(100, 200, 2048, 2049, 16384)),
        "mig": {min(profiles(accelerator.key)): 1} if sliced else {},
        "timeSlicing": draw(some(None, None, 2)) if not sliced else None,
    }


@st.composite
def networks(draw: st.DrawFn, provider: str) -> dict[str, Any]:
    network: dict[str, Any] = {
        "cidr": draw(some(*RANGES)),
        "services": draw(some(*SERVICES)),
        "flowLogs": draw(st.booleans()),
    }
    if provider != "eks":
        network["pods"] = draw(some("10.128.0.0/14", "10.128.0.0/22", "10.0.0.0/14", "10.128.0.0/26"))
    if provider != "gke":
        network["privateEndpoints"] = draw(st.booleans())
    if draw(st.booleans()):
        network |= draw(existing_networks(provider))
    return network


def existing_networks(provider: str) -> st.SearchStrategy[dict[str, Any]]:
    if provider == "aks":
        return st.just({"existingSubnetId": SUBNET})
    if provider == "gke":
        regions = some("us-central1", "us-east4")
        return regions.map(
            lambda region: {
                "existing": {
                    "network": "projects/hub/global/networks/shared",
                    "subnetwork": f"projects/hub/regions/{region}/subnetworks/gke",
                    "podsRange": "pods",
                    "servicesRange": "services",
                }
            }
        )
    subnets = zone_lists("eks").map(lambda zones: {zone: f"subnet-0000000{zone[-1].translate(HEX)}" for zone in zones})
    return subnets.map(lambda found: {"existing": {"vpcId": "vpc-00000000", "privateSubnetIds": found}})


HEX = str.maketrans("gh", "01")


@st.composite
def stacks(draw: st.DrawFn, provider: str) -> dict[str, Any]:
    cluster = {
        **BASE[provider],
        "network": draw(networks(provider)),
        "deletionProtection": draw(some(None, True, False)),
        "api": {"publicCidrs": draw(some([], ["203.0.113.0/24"], ["2001:db8::/48"]))},
        "gpuPools": draw(st.dictionaries(some("a", "b", "c", "system"), pools(provider), min_size=1, max_size=4)),
    }
    if provider != "gke":
        cluster["zones"] = draw(zone_lists(provider))
    if provider != "eks":
        window = {"day": some("Monday", "Sunday"), "startHour": st.integers(-1, 24), "hours": st.integers(3, 25)}
        cluster["maintenance"] = draw(st.fixed_dictionaries(window))
    size = draw(some(None, None, 1024, 10000, 102400, 102401))
    storage = {
        "keepData": draw(st.booleans()),
        "sharedFiles": None if size is None else {} if provider == "eks" else {"sizeGib": size},
    }
    driver = draw(some(None, None, *(owner.value for owner in DriverOwner)))
    environment = draw(some("dev", "prod"))
    return sections(environment=environment, cluster=cluster, storage=storage, gpu={"driver": driver}, tenants={})


def accepted(stack: dict[str, Any]) -> Settings:
    """The stack's settings, less what the checks refuse."""
    while True:
        try:
            return parse(stack)
        except SettingsError as refused:
            for problem in refused.problems:
                section, *rest = problem.path
                name = str(section).removeprefix("multimodal:")
                if name != "cluster":
                    stack.pop(name, None)
                elif rest[0] == "gpuPools":
                    stack["cluster"]["gpuPools"].pop(rest[1], None)
                else:
                    base = BASE[stack["cluster"]["provider"]]
                    stack["cluster"].pop(rest[0], None)
                    if rest[0] in base:
                        stack["cluster"][rest[0]] = base[rest[0]]


def built(chosen: Settings) -> Graph:
    provider = chosen.cluster.provider

    def program() -> pulumi.Resource:
        parent = pulumi.ComponentResource("multimodal:index:Platform", "p")
        plan = driver_plan(provider, driver_owner(provider, chosen.gpu.driver))
        make_cluster("p", chosen, plan, parent)
        return parent

    return build(ANSWERS[provider], program, read_outputs=())


@pytest.mark.parametrize("provider", BASE)
@given(data=st.data())
@examples(
    max_examples=12,
    deadline=None,
    derandomize=True,
    # A build takes a tenth of a second and more: to shrink a failing stack would take minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_stack_that_the_checks_let_through_is_built_and_taken(provider: str, data: st.DataObject) -> None:
    graph = built(accepted(data.draw(stacks(provider))))
    answered = {text for made in graph.resources for text in (f"{made.name}-id", f"arn:{made.name}")}
    refused = [
        f"{resource.name}: {text(BINDINGS[resource.type], violation)}"
        for resource in graph.resources
        if resource.type in BINDINGS
        for violation in check(BINDINGS[resource.type], resource.inputs)
        # Names that the engine makes up are missing against mocks, and ids are not of the clouds' form.
        if violation.problem != "missing" and str(violation.value) not in answered
    ]
    assert refused == []
