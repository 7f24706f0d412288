"""What keeps a namespace from going: objects in it whose finalizers nobody has removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from rehearsal.inventory import served
from rehearsal.kube import Kube

_SHOWN = 3


class Held(NamedTuple):
    """An object that cannot go before others let go of it."""

    resource: str
    """As kubectl takes it, such as `jobs.batch.volcano.sh`."""

    name: str
    namespace: str
    finalizers: tuple[str, ...]


def find(api: Kube, namespace: str) -> list[Held]:
    """The held objects of a namespace that is being deleted."""
    return list(_find(api, namespace))


def _find(api: Kube, namespace: str) -> Iterator[Held]:
    for base, resource in served(api):
        if not resource["namespaced"] or "list" not in resource["verbs"] or "/" in resource["name"]:
            continue
        group = base.split("/")[2] if base.startswith("/apis/") else ""
        kind = f"{resource['name']}.{group}" if group else resource["name"]
        for item in api.items(f"{base}/namespaces/{quote(namespace)}/{resource['name']}"):
            meta = item["metadata"]
            if meta.get("finalizers"):
                yield Held(kind, meta["name"], namespace, tuple(meta["finalizers"]))


def told(held: Iterable[Held]) -> str:
    """The end of an error message: what holds the namespace and what to do; empty when nothing does."""
    found = list(held)
    if not found:
        return ""
    names = [f"{one.resource} {one.namespace}/{one.name} by {', '.join(one.finalizers)}" for one in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    first = found[0]
    return (
        f"; held: {'; '.join(names)}{more}. Bring back the controller that removes the finalizer; where it is gone for"
        f" good and nothing outside the cluster depends on the object: kubectl -n {first.namespace} patch"
        f""" {first.resource} {first.name} --type merge -p '{{"metadata":{{"finalizers":null}}}}'. Then destroy again"""
    )
