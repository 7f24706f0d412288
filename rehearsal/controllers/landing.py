"""Whether the pods of a DaemonSet land on a node: tolerations against taints."""

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.kube import JsonObject


def tolerated(node: JsonObject, tolerations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the tolerations cover every taint of the node that keeps pods away (Kubernetes documentation, Taints and
    Tolerations). Pure."""
    found: list[Mapping[str, str]] = node["spec"].get("taints") or []
    taints = [taint for taint in found if taint["effect"] != "PreferNoSchedule"]
    chosen = list(tolerations)
    return all(any(_covers(toleration, taint) for toleration in chosen) for taint in taints)


def _covers(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return (toleration.get("key"), toleration.get("value") or "") == (taint["key"], taint.get("value") or "")
