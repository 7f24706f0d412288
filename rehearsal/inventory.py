"""Everything that is in the API server, to see what a stack leaves behind."""

from collections.abc import Iterator
from typing import Any

from rehearsal.kube import Kube, KubeError

_PASSING = frozenset({"Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision", "APIService"})
"""Kinds that Kubernetes itself makes and drops while it runs."""

Object = tuple[str, str, str]
"""Kind with its group, namespace, name."""


def inventory(api: Kube) -> set[Object]:
    """Every object, but for the kinds that come and go by themselves."""
    return set(_objects(api))


def _objects(api: Kube) -> Iterator[Object]:
    for base, resource in served(api):
        if "list" not in resource["verbs"] or "/" in resource["name"] or resource["kind"] in _PASSING:
            continue
        kind = f"{resource['kind']}.{base.split('/')[2]}" if base.startswith("/apis/") else resource["kind"]
        for item in api.items(f"{base}/{resource['name']}"):
            yield kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]


def served(api: Kube) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kind that the API server serves: path of its group and version, and how discovery describes it."""
    groups = api.request("GET", "/apis").get("groups", [])
    for base in ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]:
        try:
            found = api.request("GET", base).get("resources", [])
        except KubeError:
            # A group that goes away between the two calls has nothing to list.
            continue
        for resource in found:
            yield base, resource
