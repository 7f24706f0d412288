"""Rule `tenant-default-deny`: nothing reaches a tenant's pods, and they reach nothing, unless a policy names it.

What: each tenant namespace has a NetworkPolicy that selects all pods and denies ingress, and one (often the same) that
denies egress; and no policy there takes that back with a rule without peers and ports, or with every address or
every namespace as its peer on all ports.
Why: without a policy a pod accepts and opens any connection (Kubernetes documentation, Network Policies); policies add
up, so one open rule undoes all the others.
Configuration: none.
Fix: add the default deny; give each other rule its peers, and ports where a peer is as wide as the internet.
"""

from collections.abc import Iterator
from typing import Any

from pulumi_policy import EnforcementLevel, ReportViolation, Severity, StackValidationArgs, StackValidationPolicy

from policy.networks import put_together
from policy.plain import UNKNOWN
from policy.resources import Resource, has_unknown, listed, mapped, not_known
from policy.stack import Stack

NETWORK_POLICY = r"kubernetes:(networking\.k8s\.io|extensions)/v1(beta1)?:NetworkPolicy"
_PEERS = {"ingress": "from", "egress": "to"}


def validate_default_deny(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report each tenant without default deny, and each network policy that undoes it."""
    stack = Stack.read(args)
    stack.begin(args, report)
    policies = stack.of(NETWORK_POLICY)
    for policy in policies:
        if policy.namespace is UNKNOWN:
            report(not_known(policy, "metadata.namespace"), policy.urn)
        elif policy.namespace in stack.tenants:
            if has_unknown(policy.get("spec")) or policy.get("spec") is None:
                report(not_known(policy, "spec"), policy.urn)
            for message in _openings(policy):
                report(message, policy.urn)
    for tenant in stack.tenants.values():
        mine = [policy for policy in policies if policy.namespace == tenant.namespace]
        missing = [direction for direction in _PEERS if not any(_denies(policy, direction) for policy in mine)]
        if missing:
            report(
                f"{tenant} has no default-deny NetworkPolicy for {' and '.join(missing)}; add one with podSelector "
                f"{{}}, policyTypes [{', '.join(d.capitalize() for d in missing)}] and no rules",
                tenant.urn,
            )


def _denies(policy: Resource, direction: str) -> bool:
    """Whether the policy selects every pod and allows nothing in this direction."""
    types = policy.get("spec", "policyTypes")
    # Left out, it means ingress, and egress only where there are egress rules (Kubernetes API reference).
    applies = direction.capitalize() in (listed(types) if types is not None else ["Ingress"])
    selector = policy.get("spec", "podSelector")
    everything = isinstance(selector, dict) and not any(mapped(selector).values())
    return applies and everything and policy.get("spec", direction) in (None, [])


def _openings(policy: Resource) -> Iterator[str]:
    for direction, key in _PEERS.items():
        for number, rule in enumerate(listed(policy.get("spec", direction))):
            where = f"{policy}: spec.{direction}[{number}]"
            rule = mapped(rule)
            if rule.get("ports"):
                continue
            if not rule.get(key):
                yield f"{where} has neither `{key}` nor `ports`, so it allows all traffic; name the peers it needs"
                continue
            wide = _wide(listed(rule[key]))
            if wide:
                yield f"{where} allows {wide} on all ports; name the ports it needs"


def _wide(peers: list[Any]) -> str:
    """What of the whole world the peers make up; "" when they do not."""
    cidrs: list[Any] = []
    for peer in map(mapped, peers):
        cidrs.append(mapped(peer.get("ipBlock")).get("cidr"))
        selector = peer.get("namespaceSelector")
        if isinstance(selector, dict) and not any(mapped(selector).values()) and not _narrows(peer.get("podSelector")):
            return "every namespace"
    # What is no network is left to the API server, which refuses it.
    networks, _ = put_together(cidrs)
    return next((str(network) for network in networks if network.prefixlen == 0), "")


def _narrows(selector: Any) -> bool:
    return any(mapped(selector).values())


RULE = StackValidationPolicy(
    name="tenant-default-deny",
    display_name="Tenants' networks are closed",
    description="Each tenant namespace denies all traffic by default, and no network policy opens it to everything.",
    validate=validate_default_deny,
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    remediation_steps=(
        "Add a NetworkPolicy with podSelector {}, policyTypes [Ingress, Egress] and no rules; name peers in all others."
    ),
)
"""The rule as the pack holds it."""
