"""What the program registers for a tenant's flows."""

from typing import Any

import pytest

from components.eventing.logins import STRIMZI
from components.eventing.router import Router
from tests.components.recorder import Graph, build
from tests.rehearsal.bad_flows import flows
from tests.stack_files import settings

FLOWS: dict[str, Any] = {
    "talk": {"steps": {"listen": {"model": "hear"}, "answer": {"model": "write", "after": "listen"}}},
    "read": {"steps": {"speak": {"model": "speak"}}},
}


def made(**changes: Any) -> Graph:
    tenant = settings(**flows(FLOWS)).tenants["vision"]
    args: Any = {
        "tenant": "vision",
        "flows": FLOWS,
        "image": "ghcr.io/acme/mirror/warpstreamlabs/bento@sha256:1",
        "replicas": 2,
        "outage_hours": 24,
        "scaled": True,
        "audited": False,
        **changes,
    }
    return build({}, lambda: Router("flows", args, tenant, STRIMZI), read_outputs=())


@pytest.fixture(scope="module")
def production() -> Graph:
    return made()


def kinds(graph: Graph) -> list[str]:
    return sorted(one.type.rpartition(":")[2] for one in graph.resources)


def test_a_router_is_its_files_its_pods_and_its_replay(production: Graph) -> None:
    assert kinds(production) == [
        *["ConfigMap"] * 4,
        "CronJob",
        "Deployment",
        "PodDisruptionBudget",
        "Router",
        "TriggerAuthentication",
    ]


def test_a_single_router_has_no_budget_and_without_keda_nobody_asks_for_it() -> None:
    assert not {"PodDisruptionBudget", "TriggerAuthentication"} & set(kinds(made(replicas=1, scaled=False)))


def test_files_are_there_before_pods_and_are_named_by_what_is_in_them(production: Graph) -> None:
    (deployment,) = [one for one in production.resources if one.type.endswith(":Deployment")]
    maps = [one for one in production.resources if one.type.endswith(":ConfigMap")]
    assert {one.urn for one in maps} <= deployment.needs
    volumes = deployment.inputs["spec"]["template"]["spec"]["volumes"]
    mounted = {
        source["configMap"]["name"] for volume in volumes for source in volume.get("projected", {}).get("sources", [])
    }
    mounted |= {volume["configMap"]["name"] for volume in volumes if "configMap" in volume}
    assert mounted == {one.inputs["metadata"]["name"] for one in maps}
    assert all(one.inputs["immutable"] for one in maps)
