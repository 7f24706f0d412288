"""The bounds of a tenant."""

from typing import Any

import pytest

from components.settings.sections import Allowance, Quota
from components.tenancy import objects

OFFERED = ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb"]


def test_a_quota_names_every_gpu_resource_of_the_cluster_also_those_that_the_tenant_has_none_of() -> None:
    hard = objects.resource_quota(Quota(gpus=4, slices={"1g.10gb": 8}), OFFERED)
    assert hard["requests.nvidia.com/gpu"] == "4"
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "8"
    assert hard["requests.nvidia.com/mig-3g.40gb"] == "0"


def test_a_quota_bounds_whole_gpus_even_where_the_cluster_has_only_slices() -> None:
    assert objects.resource_quota(Quota(), ["nvidia.com/mig-1g.10gb"])["requests.nvidia.com/gpu"] == "0"


def test_a_tenant_opens_no_ports_of_nodes_or_load_balancers() -> None:
    hard = objects.resource_quota(Quota(), OFFERED)
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("0", "0")


def test_volumes_are_bounded_and_shared_datasets_take_nothing_away_from_the_tenants_own() -> None:
    assert objects.resource_quota(Quota(storage_gib=500), OFFERED)["requests.storage"] == "500Gi"
    assert objects.resource_quota(Quota(storage_gib=500), OFFERED, datasets_gib=1024)["requests.storage"] == "1524Gi"


def test_the_queue_is_capped_by_the_quota() -> None:
    cap = objects.queue_capability(Quota(gpus=4, slices={"1g.10gb": 8}, cpu=16, memory_gib=64), OFFERED)
    assert cap == {
        "cpu": "16",
        "memory": "64Gi",
        "nvidia.com/gpu": "4",
        "nvidia.com/mig-1g.10gb": "8",
        "nvidia.com/mig-3g.40gb": "0",
    }


def test_nothing_goes_in_or_out_by_default() -> None:
    assert objects.default_deny() == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_names_are_looked_up_only_at_the_clusters_own_dns() -> None:
    (rule,) = objects.allow_dns()["egress"]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
    (peer,) = rule["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}


@pytest.mark.parametrize(
    ("allowance", "expected"),
    [
        (
            {"direction": "egress", "cidr": "10.1.0.0/16", "ports": [443]},
            {
                "podSelector": {},
                "policyTypes": ["Egress"],
                "egress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
            },
        ),
        (
            {"direction": "ingress", "namespace": "gateway", "ports": [8000, 8001]},
            {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "ingress": [
                    {
                        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateway"}}}],
                        "ports": [{"protocol": "TCP", "port": 8000}, {"protocol": "TCP", "port": 8001}],
                    }
                ],
            },
        ),
    ],
)
def test_an_allowance_is_one_narrow_hole(allowance: dict[str, Any], expected: dict[str, Any]) -> None:
    assert objects.allowance_policy(Allowance.model_validate(allowance)) == expected


def writable(rules: list[dict[str, Any]]) -> set[str]:
    return {name for rule in rules if "create" in rule["verbs"] for name in rule["resources"]}


def test_developers_cannot_change_their_own_bounds() -> None:
    bounds = {"resourcequotas", "limitranges", "networkpolicies", "roles", "rolebindings", "podgroups"}
    assert writable(objects.developer_rules()) & bounds == set()
    assert "jobs" in writable(objects.developer_rules())


def test_viewers_write_nothing_and_read_no_secrets() -> None:
    rules = objects.viewer_rules()
    assert writable(rules) == set()
    assert "secrets" not in {name for rule in rules for name in rule["resources"]}
    assert all("*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"] for rule in rules)
