"""Checks that all three clouds make."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rehearsal.contracts.binding import Inputs, Rule, Violation
from rehearsal.providers.plugin_values import UNKNOWN, Path, is_list, is_map

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def known(inputs: Inputs, path: str) -> Any:
    """The value at a dotted path, or None when it is absent or not known yet. Lists of one are entered."""
    value: Any = inputs
    for key in path.split("."):
        if is_list(value) and len(value) == 1:
            value = value[0]
        if not is_map(value):
            return None
        value = value.get(key)
    return None if value is UNKNOWN else value


def given(inputs: Inputs, path: str) -> bool:
    """True when the property is set, even to a value that is not known yet."""
    *parents, last = path.split(".")
    holder = known(inputs, ".".join(parents)) if parents else inputs
    return is_map(holder) and holder.get(last) is not None


def items(inputs: Inputs, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The known objects of a list property, with their indexes."""
    value = known(inputs, path)
    entries: Sequence[Any] = value if is_list(value) else [value]
    for index, entry in enumerate(entries):
        if is_map(entry):
            yield index, entry


def strings(inputs: Inputs, path: str) -> list[tuple[int, str]]:
    """The known strings of a list property, with their indexes."""
    value = known(inputs, path)
    entries: Sequence[Any] = value if is_list(value) else [value]
    return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, str)]


def values(value: Any, keys: Sequence[str], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every known value at a path of map keys, through all lists on the way, with where it is."""
    if is_list(value):
        for index, entry in enumerate(value):
            yield from values(entry, keys, (*path, index))
    elif value is UNKNOWN or value is None:
        return
    elif not keys:
        yield path, value
    elif is_map(value):
        yield from values(value.get(keys[0]), keys[1:], (*path, keys[0]))


def parse_network(text: str) -> Network | str:
    """The network that a CIDR text stands for, or what is wrong with the text."""
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        meant = None
    if meant is None or "/" not in text:
        return "is not a CIDR block such as 10.0.0.0/16"
    given_address = ipaddress.ip_address(text.partition("/")[0])
    if given_address != meant.network_address:
        return f"has bits set beyond its prefix: write {meant}"
    return meant


def inside(network: Network, space: Network) -> bool:
    """True when the first lies wholly in the second; networks of different versions never do."""
    if isinstance(network, ipaddress.IPv4Network) and isinstance(space, ipaddress.IPv4Network):
        return network.subnet_of(space)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(space, ipaddress.IPv6Network):
        return network.subnet_of(space)
    return False


def cidr(prop: str, shortest: int = 0, longest: int = 128, *, address: bool = False) -> Rule:
    """A property, possibly below or in lists, that holds CIDR blocks.

    Args:
        prop: Dotted path.
        shortest: Shortest prefix length, the largest network.
        longest: Longest prefix length.
        address: Whether a single address will do.
    """

    def check(inputs: Inputs) -> Iterator[Violation]:
        for path, text in values(inputs, prop.split(".")):
            if not isinstance(text, str):
                continue
            network = parse_network(f"{text}/32" if address and "/" not in text else text)
            if isinstance(network, str):
                yield Violation(path, network, text)
            elif not shortest <= network.prefixlen <= longest:
                yield Violation(path, f"must have a prefix length from /{shortest} to /{longest}", text)

    return check


def exactly_one(*props: str) -> Rule:
    """Exactly one of several properties."""

    def check(inputs: Inputs) -> Iterator[Violation]:
        used = [prop for prop in props if inputs.get(prop) not in (None, "", [])]
        if not used:
            yield Violation((props[0],), f"missing: one of {', '.join(props)} is needed", verdict="needs it")
        elif len(used) > 1:
            yield Violation((used[1],), f"cannot be combined with {used[0]}", inputs[used[1]])

    return check


def at_most_one(*props: str) -> Rule:
    """At most one of several properties."""

    def check(inputs: Inputs) -> Iterator[Violation]:
        used = [prop for prop in props if given(inputs, prop)]
        if len(used) > 1:
            yield Violation(tuple(used[1].split(".")), f"cannot be combined with {used[0]}", known(inputs, used[1]))

    return check


def matches(prop: str, pattern: str, meaning: str) -> Rule:
    """A property whose whole text has a form that the API's model does not state."""
    compiled = re.compile(pattern)

    def check(inputs: Inputs) -> Iterator[Violation]:
        value = known(inputs, prop)
        if isinstance(value, str) and not compiled.fullmatch(value):
            yield Violation(tuple(prop.split(".")), f"must be {meaning}", value)

    return check


def ordered(low: str, high: str) -> Rule:
    """Two numbers of which the first must not be above the second."""

    def check(inputs: Inputs) -> Iterator[Violation]:
        first, second = known(inputs, low), known(inputs, high)
        if isinstance(first, (int, float)) and isinstance(second, (int, float)) and first > second:
            yield Violation(tuple(low.split(".")), f"must not be above {high.split('.')[-1]} {second}", first)

    return check
