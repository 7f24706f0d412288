"""Event Hubs of Azure."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.contracts.azure_common import bind, named, path
from rehearsal.contracts.binding import AutoName, Binding, Inputs, Violation
from rehearsal.contracts.rules import known, strings

_IN_NAMESPACE = frozenset({"resourceGroupName", "namespaceName"})
_NAME = r"[a-zA-Z0-9]([\w.-]*[a-zA-Z0-9])?"
_NAME_MEANING = "letters, digits, dots, - and _, with a letter or digit at both ends"


def _namespace(inputs: Inputs) -> Iterator[Violation]:
    """A standard namespace has 1-40 throughput units (Event Hubs documentation, quotas and limits)."""
    units, tier = known(inputs, "sku.capacity"), known(inputs, "sku.name")
    if isinstance(units, int) and tier == "Standard" and not 1 <= units <= 40:
        yield Violation(("sku", "capacity"), "must be from 1 to 40 throughput units", units)


def _network(inputs: Inputs) -> Iterator[Violation]:
    """A rule that nobody can reach is a mistake."""
    if known(inputs, "publicNetworkAccess") == "Disabled" and known(inputs, "defaultAction") == "Allow":
        problem = "lets everybody in where publicNetworkAccess is Disabled: make it Deny"
        yield Violation(("defaultAction",), problem, "Allow")


def _hub(inputs: Inputs) -> Iterator[Violation]:
    """Limits of the standard tier (Event Hubs documentation, quotas and limits)."""
    for prop, most, meaning in (("partitionCount", 32, "partitions"), ("messageRetentionInDays", 7, "days")):
        value = known(inputs, prop)
        if isinstance(value, int | float) and not 1 <= value <= most:
            yield Violation((prop,), f"must be from 1 to {most} {meaning}", value)


def _rights(inputs: Inputs) -> Iterator[Violation]:
    """Who may manage may send and listen too (Event Hubs documentation, shared access signatures)."""
    rights = [text for _, text in strings(inputs, "rights")]
    if "Manage" in rights and not {"Send", "Listen"} <= set(rights):
        yield Violation(("rights",), "must name Send and Listen with Manage", rights)


EVENT_HUBS: dict[str, Binding] = {
    "azure-native:eventhub:Namespace": bind(
        "eventhub",
        "EHNamespace",
        title="Event Hubs",
        local=path("namespaceName"),
        name=AutoName("namespaceName", 50, lowercase=False),
        required=frozenset({"resourceGroupName"}),
        replaces=("resourceGroupName", "location", "namespaceName"),
        rules=(
            _namespace,
            named("namespaceName", r"[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]", "6-50 letters, digits and hyphens"),
        ),
    ),
    "azure-native:eventhub:NamespaceNetworkRuleSet": bind(
        "eventhub",
        "NetworkRuleSet",
        title="Event Hubs",
        local=path("namespaceName"),
        required=_IN_NAMESPACE,
        replaces=("resourceGroupName", "namespaceName"),
        rules=(_network,),
    ),
    "azure-native:eventhub:EventHub": bind(
        "eventhub",
        "Eventhub",
        title="Event Hubs",
        local=path("namespaceName", "eventHubName"),
        name=AutoName("eventHubName", 256, lowercase=False),
        required=_IN_NAMESPACE,
        replaces=("resourceGroupName", "namespaceName", "eventHubName"),
        rules=(_hub, named("eventHubName", _NAME, _NAME_MEANING)),
    ),
    "azure-native:eventhub:NamespaceAuthorizationRule": bind(
        "eventhub",
        "AuthorizationRule",
        title="Event Hubs",
        local=path("namespaceName", "authorizationRuleName"),
        name=AutoName("authorizationRuleName", 50, lowercase=False),
        required=_IN_NAMESPACE,
        replaces=("resourceGroupName", "namespaceName", "authorizationRuleName"),
        rules=(_rights, named("authorizationRuleName", _NAME, _NAME_MEANING)),
    ),
}
"""Event Hubs by Pulumi token."""
