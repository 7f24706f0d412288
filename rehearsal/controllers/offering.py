"""What a simulated device plugin writes: a number of devices of one kind on a node."""

from collections.abc import Mapping
from urllib.parse import quote

from rehearsal.kube import JsonObject, Kube


def change(node: JsonObject, resource: str, number: int) -> JsonObject:
    """Merge patch of the status that brings a node to `number` devices; empty where nothing differs. Pure."""
    status: Mapping[str, Mapping[str, str]] = node.get("status") or {}
    wanted = str(number) if number else None
    parts = [part for part in ("capacity", "allocatable") if status.get(part, {}).get(resource) != wanted]
    return {"status": {part: {resource: wanted} for part in parts}} if parts else {}


def offer(api: Kube, node: JsonObject, resource: str, number: int) -> None:
    """Bring a node to `number` devices. Writes only what differs."""
    patch = change(node, resource, number)
    if patch:
        api.merge(f"/api/v1/nodes/{quote(node['metadata']['name'])}/status", patch)
