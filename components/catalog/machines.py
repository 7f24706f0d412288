"""Machine types by cloud and name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from components.catalog.machine import Cloud, Machine
from components.catalog.machines_aws import AWS_MACHINES
from components.catalog.machines_azure import AZURE_MACHINES
from components.catalog.machines_gcp import GCP_MACHINES

__all__ = ["MACHINES", "Cloud", "Machine", "UnknownMachine", "machine", "machines"]


class UnknownMachine(ValueError):  # noqa: N818 - reads as what it says in an error
    """A machine type that the cloud lacks (or that the catalog does not know); the message names close ones."""


MACHINES: Mapping[tuple[Cloud, str], Machine] = MappingProxyType(
    {(m.cloud, m.name): m for m in (*AWS_MACHINES, *GCP_MACHINES, *AZURE_MACHINES)}
)
"""Every known machine type by cloud and name."""


def machines(cloud: Cloud, *, gpus: bool | None = None) -> tuple[Machine, ...]:
    """The cloud's machine types; with ``gpus``, only those with (True) or without (False) GPUs."""
    return tuple(m for (c, _), m in MACHINES.items() if c is cloud and (gpus is None or (m.gpus > 0) is gpus))


def machine(cloud: Cloud, name: str) -> Machine:
    """The machine type of that cloud. Raises `UnknownMachine`."""
    found = MACHINES.get((cloud, name))
    if found is not None:
        return found
    raise UnknownMachine(f"{cloud.value} has no machine type {name!r} in the catalog{_hint(cloud, name)}")


def _hint(cloud: Cloud, name: str) -> str:
    elsewhere = [c.value for c in Cloud if (c, name) in MACHINES]
    if elsewhere:
        return f": it belongs to {elsewhere[0]}. GPU machines of {cloud.value}: {_names(machines(cloud, gpus=True))}"
    by_fold = {m.name.casefold(): m.name for m in machines(cloud)}
    close = [by_fold[match] for match in get_close_matches(name.casefold(), by_fold, n=3, cutoff=0.6)]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f". GPU machines of {cloud.value}: {_names(machines(cloud, gpus=True))}"


def _names(found: tuple[Machine, ...]) -> str:
    return ", ".join(m.name for m in found)
