"""What the Azure tables share."""

from __future__ import annotations

from functools import partial
from typing import Any

from rehearsal.contracts.azure_model import model
from rehearsal.contracts.azure_rules import tags
from rehearsal.contracts.binding import Binding, reasons
from rehearsal.contracts.rules import matches

_PACKAGES = {"resource.resources": "resource", "resource.locks": "resource-locks"}
"""Modules that more than one package of azure-mgmt-* shares."""

_IDENTITIES = reasons("a list of ids in Pulumi, a map by id in the API", "identity.userAssignedIdentities")


def path(*names: str) -> dict[str, str]:
    """Properties that are part of the request's path."""
    return reasons("in the path of the request", *names)


def bind(package: str, model_name: str, /, *, title: str, **details: Any) -> Binding:
    """A binding of a model class of azure-mgmt-<package>, with what every Azure resource has."""
    given: dict[str, str] = details.pop("local", {})
    rules = details.pop("rules", ())
    return Binding(
        api=f"the {title} API",
        by=f"azure-mgmt-{_PACKAGES.get(package, package.partition('.')[0])} {model_name}",
        shape=partial(model, package, model_name),
        local={**path("resourceGroupName"), **_IDENTITIES, **given},
        # Pulumi's provider places a resource in its group's location when the program says nothing.
        supplied=frozenset({"location"}),
        rules=(*rules, tags),
        **details,
    )


def named(prop: str, pattern: str, meaning: str) -> Any:
    """A rule on a name in the path, which no model covers (source: "Naming rules for Azure resources")."""
    return matches(prop, pattern, meaning)
