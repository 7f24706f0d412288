"""Networks and subnets of one run: a subnet outside its network, or two that overlap, no single resource can show."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from rehearsal.contracts.binding import Violation
from rehearsal.contracts.rules import Network, inside, parse_network
from rehearsal.providers.plugin_values import Path


class AddressBook:
    """Remembers the address ranges that were checked in this process. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: dict[str, list[Network]] = {}
        self._subnets: dict[str, dict[tuple[str, str], Network]] = {}

    def add_network(self, key: str, blocks: list[str]) -> None:
        """Remembers a network by what its subnets refer to. Blocks that are no CIDR are passed over."""
        parsed = [network for network in map(parse_network, blocks) if not isinstance(network, str)]
        with self._lock:
            self._networks[key] = parsed

    def subnet(self, key: str | None, urn: str, path: Path, block: str, part: str = "") -> Iterator[Violation]:
        """Checks a subnet against its network and the network's other subnets, and remembers it.

        Args:
            key: The network; None when it is not known yet, in a preview. Then the only network of the stack is meant,
                if there is only one.
            urn: The subnet; one that is checked again replaces what it was.
            path: Property of the block, for the violation.
            block: The subnet's CIDR block.
            part: Which of several blocks of the subnet it is; blocks of one subnet are not compared with each other.
        """
        network = parse_network(block)
        if isinstance(network, str):
            return  # the subnet's own rules say so
        with self._lock:
            if key is None:
                key = next(iter(self._networks)) if len(self._networks) == 1 else None
            if key is None:
                return
            spaces = self._networks.get(key, [])
            others = {name: taken for name, taken in self._subnets.get(key, {}).items() if name[0] != urn}
            self._subnets.setdefault(key, {})[urn, part] = network
        if spaces and not any(inside(network, space) for space in spaces):
            yield Violation(path, f"lies outside its network {', '.join(map(str, spaces))}", block)
        for (owner, _), taken in others.items():
            if network.overlaps(taken):
                yield Violation(path, f"overlaps {taken} of subnet {owner.rpartition('::')[2]}", block)
