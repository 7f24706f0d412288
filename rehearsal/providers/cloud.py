# ruff: noqa: ARG002 - hooks have the arguments that the engine or an overriding provider needs
"""What the three cloud providers of the rehearsal share: check against the cloud's API model, answer, show nodes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, ClassVar

from components.catalog.machines import UnknownMachine
from rehearsal import fleet, volumes
from rehearsal.contracts.addresses import AddressBook
from rehearsal.contracts.binding import AutoName, Binding, Violation
from rehearsal.contracts.check import check, text
from rehearsal.kube import Kube, KubeError
from rehearsal.providers.csi_drivers import csi_drivers
from rehearsal.providers.node_pools import node_pools, pool_names
from rehearsal.providers.outputs import Facts, Rule, digest, merged
from rehearsal.providers.plugin import UNKNOWN, Props, ProviderError, RehearsalProvider, report
from rehearsal.providers.plugin_diff import render_path

_UNMODELLED = "the rehearsal has no API model for this resource type; its inputs are taken as they are"

Function = Callable[[Props], Props]
"""A provider function: arguments in, result out."""


class CloudProvider(RehearsalProvider):
    """A cloud whose API is its published model. Keeps no secrets and calls nothing but the rehearsal's own cluster."""

    bindings: Mapping[str, Binding]
    """What each resource type is checked against."""
    rules: Mapping[str, Rule]
    """What each resource type answers."""
    unmodelled: ClassVar[Mapping[str, str]] = {}
    """Resource types that are known to have no API model here, and why."""
    protectable: ClassVar[Mapping[str, tuple[str, bool]]] = {}
    """Type -> the property that protects it from deletion, and its default."""
    stores: ClassVar[frozenset[str]] = frozenset()
    """Types that are deleted only when they are empty or have `forceDestroy`. None is ever empty in a rehearsal."""
    separator = "-"
    """What Pulumi's own naming puts between a resource's name and its random part."""

    def __init__(self) -> None:
        self.region = ""
        self.owner = ""
        self.addresses = AddressBook()

    def facts(self, urn: str, inputs: Props) -> Facts:
        """The resource, placed where this provider is configured to place it."""
        return Facts(urn, inputs, str(inputs.get("region") or self.region), self.owner)

    def functions(self) -> Mapping[str, Function]:
        """The provider functions by token."""
        return {}

    def cross_check(self, type_: str, urn: str, inputs: Props) -> Iterator[Violation]:
        """Checks against other resources of the same run."""
        return iter(())

    def zones(self, inputs: Props) -> tuple[str, ...]:
        """Zones of a node pool that names its subnets only."""
        return ()

    def normalize_inputs(self, type_: str, urn: str, inputs: Props, old_inputs: Props) -> Props:
        binding = self.bindings.get(type_)
        if binding is None or binding.name is None:
            return inputs
        prop, other = binding.name.property, binding.name.alternative
        if inputs.get(prop) is not None:
            return inputs
        prefix = inputs.get(other) if other else None
        if prefix is UNKNOWN:
            return {**inputs, prop: UNKNOWN}
        kept = old_inputs.get(prop)
        return {**inputs, prop: kept or automatic_name(binding.name, urn, self.separator, prefix)}

    def check_resource(self, type_: str, inputs: Props, preview: bool, urn: str) -> Iterable[tuple[str, str]]:
        binding = self.bindings.get(type_)
        if binding is None:
            report("skipped", urn, type_, reason=self.unmodelled.get(type_, _UNMODELLED))
            return []
        found = [*_too_long(binding.name, inputs), *self.cross_check(type_, urn, inputs)]
        try:
            found += check(binding, inputs)
        except ModuleNotFoundError as missing:
            report("skipped", urn, type_, reason=f"{missing.name} is not installed: see requirements-dev.txt")
        else:
            report("checked", urn, type_, by=binding.by)
        return [(render_path(violation.path), text(binding, violation)) for violation in found]

    def replace_on(self, type_: str) -> Collection[str]:
        binding = self.bindings.get(type_)
        return binding.replaces if binding else ()

    def delete_before_replace(self, type_: str, old_inputs: Props, new_inputs: Props) -> bool:
        # A cloud refuses a second resource of one name; automatic names stay the same here, where the official
        # provider would draw another one.
        binding = self.bindings.get(type_)
        prop = binding.name.property if binding and binding.name else None
        return prop is not None and old_inputs.get(prop) == new_inputs.get(prop)

    def answer(self, type_: str, urn: str, inputs: Props) -> tuple[str, Props]:
        """The id and the computed outputs."""
        rule, facts = self.rules.get(type_), self.facts(urn, inputs)
        # Without a rule the resource still has an identity that others can refer to.
        return rule(facts) if rule else (f"{facts.name}-{facts.hex(8)}", {})

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        id_, computed = self.answer(type_, urn, inputs)
        if not preview:
            self._show_nodes(type_, urn, inputs)
            self._show_drivers(csi_drivers(type_, inputs), [])
        return id_, merged(inputs, computed, preview=preview)

    def update_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, old_inputs: Props, old_outputs: Props, preview: bool
    ) -> Props:
        _, computed = self.answer(type_, urn, inputs)
        if preview:
            # What the cloud computed once stays: an update must not make everything behind it unknown.
            kept = {key: old_outputs.get(key, value) for key, value in computed.items()}
            return merged(inputs, kept, preview=False)
        self._show_nodes(type_, urn, inputs)
        self._remove_nodes(set(pool_names(type_, old_inputs)) - set(pool_names(type_, inputs)))
        self._show_drivers(csi_drivers(type_, inputs), csi_drivers(type_, old_inputs))
        return merged(inputs, computed, preview=False)

    def delete_resource(self, type_: str, urn: str, id_: str, outputs: Props) -> None:
        name = outputs.get("name") or id_
        protection, default = self.protectable.get(type_, ("", False))
        if outputs.get(protection, default):
            raise ProviderError(f"{name} has {protection}: set it to false and run `up` before it is deleted")
        if type_ in self.stores and not outputs.get("forceDestroy"):
            raise ProviderError(f"{name} is not empty: set forceDestroy and run `up`, or keep it with retainOnDelete")
        self._remove_nodes(pool_names(type_, outputs))
        self._show_drivers([], csi_drivers(type_, outputs))

    def invoke(self, token: str, args: Props) -> Props:
        function = self.functions().get(token)
        if function is None:
            raise ProviderError(f"function {token} is not available in a rehearsal")
        return function(args)

    @cached_property
    def _cluster(self) -> Kube | None:
        kubeconfig = os.environ.get("REHEARSAL_KUBECONFIG")
        return Kube.from_kubeconfig(FilePath(kubeconfig)) if kubeconfig else None

    def _show_nodes(self, type_: str, urn: str, inputs: Props) -> None:
        try:
            pools = node_pools(type_, inputs, self.facts(urn, inputs).region, self.zones(inputs))
        except UnknownMachine as unknown:
            report("skipped", urn, type_, reason=str(unknown))
            return
        if self._cluster is None:
            return
        for pool in pools:
            try:
                fleet.ensure_pool(self._cluster, pool)
            except KubeError as error:
                raise ProviderError(f"nodes of pool {pool.name}: {error}") from error

    def _remove_nodes(self, names: Iterable[str]) -> None:
        if self._cluster is None:
            return
        for name in names:
            try:
                fleet.remove_pool(self._cluster, name)
            except KubeError as error:
                raise ProviderError(f"nodes of pool {name}: {error}") from error

    def _show_drivers(self, present: Collection[str], before: Collection[str]) -> None:
        """Brings the cluster's CSI drivers to what a resource now says, where it said something else before."""
        if self._cluster is None:
            return
        try:
            for driver in present:
                volumes.install(self._cluster, driver)
            for driver in set(before) - set(present):
                volumes.remove(self._cluster, driver)
        except KubeError as error:
            raise ProviderError(f"CSI drivers: {error}") from error


def setting(config: Props, key: str) -> Any:
    """A provider setting. Those that are no strings arrive as JSON in a string."""
    value = config.get(key)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def _too_long(spec: AutoName | None, inputs: Props) -> Iterator[Violation]:
    name = inputs.get(spec.property) if spec else None
    if spec and isinstance(name, str) and len(name) > spec.max_length:
        yield Violation((spec.property,), f"{len(name)} characters; at most {spec.max_length} are allowed", name)


def automatic_name(spec: AutoName, urn: str, separator: str = "-", prefix: object = None) -> str:
    """The name that Pulumi would make up, with a part that depends on the URN instead of on chance."""
    tail = digest(urn, 32)
    if spec.guid:
        return "-".join((tail[:8], tail[8:12], tail[12:16], tail[16:20], tail[20:32]))
    base = str(prefix) if prefix else urn.rpartition("::")[2] + separator
    # Pulumi does not cut a name that is too long: it refuses the resource (sdk/go/common/resource, NewUniqueName).
    name = spec.prefix + base + tail[:7]
    if spec.alphanumeric:
        name = "".join(letter for letter in name if letter.isalnum())[-spec.max_length :]
    return name.lower() if spec.lowercase else name
