from typing import Any

import pytest

from policy.rules import tenant_default_deny

DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
DNS = {
    "podSelector": {},
    "policyTypes": ["Egress"],
    "egress": [
        {
            "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
            "ports": [{"protocol": "UDP", "port": 53}],
        }
    ],
}


def test_default_deny_with_named_holes_passes(world: Any, judge: Any) -> None:
    within = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    web = {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
    }
    stack = [world.network_policy(spec, f"rule-{i}") for i, spec in enumerate((DENY, DNS, within, web))]
    assert judge(tenant_default_deny.RULE, [*world.tenant(), *stack]) == []


def test_each_direction_may_have_a_policy_of_its_own(world: Any, judge: Any) -> None:
    ingress = world.network_policy({"podSelector": {}}, "in")
    egress = world.network_policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": []}, "out")
    assert judge(tenant_default_deny.RULE, [*world.tenant(), ingress, egress]) == []


def test_a_tenant_without_default_deny_is_refused(world: Any, judge: Any) -> None:
    assert judge(tenant_default_deny.RULE, world.tenant()) == [
        "tenant 'vision' (namespace 'vision') has no default-deny NetworkPolicy for ingress and egress; add one with "
        "podSelector {}, policyTypes [Ingress, Egress] and no rules"
    ]


def test_a_policy_type_that_is_left_out_is_not_denied(world: Any, judge: Any) -> None:
    assert judge(tenant_default_deny.RULE, [*world.tenant(), world.network_policy({"podSelector": {}})]) == [
        "tenant 'vision' (namespace 'vision') has no default-deny NetworkPolicy for egress; add one with podSelector "
        "{}, "
        "policyTypes [Egress] and no rules"
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {**DENY, "podSelector": {"matchLabels": {"app": "web"}}},
        {**DENY, "podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}},
        {**DENY, "ingress": [{"from": [{"podSelector": {}}]}], "egress": [{"to": [{"podSelector": {}}]}]},
    ],
)
def test_a_policy_for_some_pods_or_with_rules_is_no_default_deny(world: Any, judge: Any, spec: Any) -> None:
    found = judge(tenant_default_deny.RULE, [*world.tenant(), world.network_policy(spec)])
    assert [message.partition(";")[0] for message in found] == [
        "tenant 'vision' (namespace 'vision') has no default-deny NetworkPolicy for ingress and egress"
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"policyTypes": ["Ingress"], "ingress": [{}]},
            "NetworkPolicy 'rule': spec.ingress[0] has neither `from` nor `ports`, so it allows all traffic; name the "
            "peers it needs",
        ),
        (
            {"policyTypes": ["Egress"], "egress": [*DNS["egress"], {"to": [], "ports": []}]},  # type: ignore[misc]
            "NetworkPolicy 'rule': spec.egress[1] has neither `to` nor `ports`, so it allows all traffic; name the "
            "peers "
            "it needs",
        ),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
            "NetworkPolicy 'rule': spec.egress[0] allows 0.0.0.0/0 on all ports; name the ports it needs",
        ),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}]}]},
            "NetworkPolicy 'rule': spec.egress[0] allows 0.0.0.0/0 on all ports; name the ports it needs",
        ),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "::/0"}}]}]},
            "NetworkPolicy 'rule': spec.egress[0] allows ::/0 on all ports; name the ports it needs",
        ),
        (
            {"ingress": [{"from": [{"namespaceSelector": {}}]}]},
            "NetworkPolicy 'rule': spec.ingress[0] allows every namespace on all ports; name the ports it needs",
        ),
    ],
)
def test_a_rule_that_opens_the_tenant_to_everything_is_refused(world: Any, judge: Any, spec: Any, message: str) -> None:
    stack = [*world.tenant(), world.network_policy(DENY, "deny"), world.network_policy({"podSelector": {}, **spec})]
    assert judge(tenant_default_deny.RULE, stack) == [message]


def test_a_peer_of_some_pods_in_every_namespace_is_no_opening(world: Any, judge: Any) -> None:
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}
    stack = [*world.tenant(), world.network_policy(DENY, "deny")]
    assert judge(tenant_default_deny.RULE, [*stack, world.network_policy({"ingress": [{"from": [peer]}]})]) == []


def test_policies_outside_tenants_namespaces_are_not_judged(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.network_policy(DENY)]
    open_to_all = world.network_policy({"ingress": [{}]}, "open", namespace="volcano-system")
    assert judge(tenant_default_deny.RULE, [*stack, open_to_all]) == []
    assert judge(tenant_default_deny.RULE, [world.namespace("volcano-system"), open_to_all]) == [
        "not applicable: the stack has no tenant namespaces"
    ]


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    fix = "cannot be known before the update; make it plain: text in the program, not an output"
    deny = world.network_policy(DENY, "deny")
    hidden = world.network_policy({"egress": [{"to": [{"ipBlock": {"cidr": world.unknown}}]}]})
    assert judge(tenant_default_deny.RULE, [*world.tenant(), deny, hidden]) == [f"NetworkPolicy 'rule': spec {fix}"]
    elsewhere = world.network_policy(DENY, namespace=world.unknown)
    assert judge(tenant_default_deny.RULE, [*world.tenant(), deny, elsewhere]) == [
        f"NetworkPolicy 'rule': metadata.namespace {fix}"
    ]
