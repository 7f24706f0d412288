"""The stack as the tenant rules read it: its resources, and which namespaces are tenants'."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import ReportViolation, StackValidationArgs

from components.labels import TENANT
from policy.plain import UNKNOWN
from policy.resources import NAMESPACE, Resource, has_unknown, listed, mapped, not_known, read_resources

PLATFORM = "multimodal:index:Platform"
"""Type of the component that makes the platform; its `settings` are the stack file's."""

TENANT_COMPONENT = "multimodal:index:Tenant"
"""Type of the component that makes a tenant."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's namespace."""

    name: str
    """Value of the namespace's tenant label."""

    namespace: str
    labels: Mapping[str, Any]
    urn: str
    registries: tuple[str, ...] | None
    """What the tenant's component allows; None where no component says it."""

    def __str__(self) -> str:
        return f"tenant {self.name!r} (namespace {self.namespace!r})"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack's resources and tenants."""

    resources: tuple[Resource, ...]
    tenants: Mapping[str, Tenant]
    """By namespace."""

    blind_spots: tuple[tuple[str, str], ...]
    """Message and URN of whatever hides which namespaces are tenants': a rule that cannot see must not pass."""

    @classmethod
    def read(cls, args: StackValidationArgs) -> "Stack":
        """The stack that a rule is given."""
        resources = tuple(read_resources(args))
        blind: list[tuple[str, str]] = []
        registries = _registries(resources, blind)
        tenants: dict[str, Tenant] = {}
        for resource in resources:
            if resource.type == NAMESPACE:
                tenant = _tenant(resource, registries, blind)
                if tenant:
                    tenants[tenant.namespace] = tenant
        for name, (component, _) in registries.items():
            if not blind and name not in {tenant.name for tenant in tenants.values()}:
                blind.append(
                    (f"{component}: no namespace of the stack has the label {TENANT}={name}; add it", component.urn)
                )
        return cls(resources, tenants, tuple(blind))

    def of(self, pattern: str) -> list[Resource]:
        """The resources whose type matches the regular expression."""
        return [r for r in self.resources if r.is_a(pattern)]

    def begin(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Report the blind spots. Marks the rule as not applicable, which ends it, when there is no tenant at all."""
        for message, urn in self.blind_spots:
            report(message, urn)
        if not self.tenants and not self.blind_spots:
            args.not_applicable("the stack has no tenant namespaces")


def _registries(
    resources: tuple[Resource, ...], blind: list[tuple[str, str]]
) -> dict[str, tuple[Resource, tuple[str, ...] | None]]:
    """Tenant component and its registries by tenant name."""
    found: dict[str, tuple[Resource, tuple[str, ...] | None]] = {}
    for resource in resources:
        if resource.type != TENANT_COMPONENT:
            continue
        name, registries = resource.get("tenant"), resource.get("registries")
        if not isinstance(name, str):
            blind.append((not_known(resource, "tenant"), resource.urn))
        elif has_unknown(registries):
            blind.append((not_known(resource, "registries"), resource.urn))
        else:
            texts = tuple(str(registry).rstrip("/") for registry in listed(registries))
            found[name] = (resource, None if registries is None else texts)
    return found


def _tenant(
    resource: Resource,
    registries: Mapping[str, tuple[Resource, tuple[str, ...] | None]],
    blind: list[tuple[str, str]],
) -> Tenant | None:
    """The tenant whose namespace this is; None when it is none."""
    labels = resource.get("metadata", "labels")
    # The name at least is always there: the provider fills it in.
    if labels is UNKNOWN or resource.get("metadata") is None or mapped(labels).get(TENANT) is UNKNOWN:
        blind.append((not_known(resource, "metadata.labels"), resource.urn))
        return None
    name = mapped(labels).get(TENANT)
    if not name:
        return None
    if not isinstance(resource.namespace, str):
        blind.append((not_known(resource, "metadata.name"), resource.urn))
        return None
    _, allowed = registries.get(str(name), (None, None))
    return Tenant(str(name), resource.namespace, mapped(labels), resource.urn, allowed)
