"""Waits for objects as the official provider does: until a workload is ready, and until a deleted object is gone.

The official provider waits up to ten minutes; simulated kubelets answer within a second, so here `READY_SECONDS` is
enough and a mistake shows soon. `customTimeouts` overrides it; for a deletion only where it is shorter, since a
deployment's own limits count on real volumes and long grace periods.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import quote

from rehearsal.kube import KubeError
from rehearsal.providers.kubernetes_api import Cluster, Kind, entries, section

READY_SECONDS: Final = 60.0
DELETE_SECONDS: Final = 60.0
WAIT_FOR: Final = "pulumi.com/waitFor"
"""Annotation by which an object asks the official provider to wait for one of its conditions."""
ASKED_SECONDS: Final = 180.0
"""How long it is waited for at most: a broker that starts beside a busy compiler needs a minute."""
_INTERVAL: Final = 0.25


def await_ready(
    cluster: Cluster, kind: Kind, live: dict[str, Any], timeout: float, cancelled: Callable[[], bool]
) -> tuple[dict[str, Any], list[str]]:
    """Waits until an object does its work.

    Returns:
        The object as it is then, and what still stood in the way when the time was up; empty when it is ready. Kinds
        without a notion of readiness are ready at once, unless they ask to be waited for.
    """
    asked = asked_for(live)
    if asked:
        timeout = min(timeout, ASKED_SECONDS)
    verdict = asked or _VERDICTS.get((kind.api_version.rpartition("/")[0], kind.kind))
    if verdict is None or (kind.kind == "PersistentVolumeClaim" and _waits_for_a_pod(cluster, live)):
        return live, []
    metadata = live["metadata"]
    deadline = time.monotonic() + timeout
    while True:
        found = cluster.get(kind, metadata.get("namespace"), metadata["name"])
        if found is None:
            return live, [f"{kind.kind} {metadata['name']} was deleted while it started"]
        reason, final = verdict(found)
        if not reason:
            return found, []
        if final or cancelled() or time.monotonic() >= deadline:
            limit = "" if final else f" after {timeout:g} s"
            return found, [f"not ready{limit}: {reason}", *_pod_reasons(cluster, found)]
        time.sleep(_INTERVAL)


def await_gone(
    cluster: Cluster, kind: Kind, namespace: str | None, name: str, timeout: float, cancelled: Callable[[], bool]
) -> str:
    """Waits until a deleted object is gone. Returns an empty text, or what holds it."""
    first: str | None = None
    deadline = time.monotonic() + timeout
    while True:
        found = cluster.get(kind, namespace, name)
        if found is None:
            return ""
        uid = str(found["metadata"].get("uid"))
        first = first or uid
        if uid != first:
            return ""  # somebody has already made another of that name
        if cancelled() or time.monotonic() >= deadline:
            return what_holds(found, timeout)
        time.sleep(_INTERVAL)


def what_holds(live: dict[str, Any], seconds: float) -> str:
    """Says of an object that is still there `seconds` after it was deleted what keeps it."""
    finalizers = [
        str(name)
        for holder in (section(live, "metadata"), section(live, "spec"))
        for name in cast("list[Any]", holder.get("finalizers") or [])
    ]
    text = f"it is still there after {seconds:.3g} s"
    if finalizers:
        text += f"; these finalizers hold it until their controllers remove them: {', '.join(finalizers)}"
    conditions = entries(section(live, "status"), "conditions")
    remaining = [
        str(item.get("message"))
        for item in conditions
        if item.get("status") == "True" and str(item.get("type")).startswith(("Namespace", "Terminating"))
    ]
    return text + (f"; {'; '.join(remaining)}" if remaining else "")


def _rollout(live: dict[str, Any]) -> tuple[str, bool]:
    wanted = section(live, "spec").get("replicas", 1)
    status = section(live, "status")
    if _stale(live):
        return "its controller has not seen it yet", False
    failing = _condition(live, "ReplicaFailure", "True")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted or available < wanted or status.get("replicas", 0) > updated:
        detail = f": {failing.get('message')}" if failing else ""
        return f"{available} of {wanted} replicas are available{detail}", False
    return "", False


def _stateful_set(live: dict[str, Any]) -> tuple[str, bool]:
    wanted = section(live, "spec").get("replicas", 1)
    status = section(live, "status")
    if _stale(live):
        return "its controller has not seen it yet", False
    if status.get("readyReplicas", 0) < wanted or status.get("currentRevision") != status.get("updateRevision"):
        return f"{status.get('readyReplicas', 0)} of {wanted} replicas are ready", False
    return "", False


def _daemon_set(live: dict[str, Any]) -> tuple[str, bool]:
    status = section(live, "status")
    if _stale(live):
        return "its controller has not seen it yet", False
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    return (f"{ready} of {wanted} pods are ready", False) if ready < wanted else ("", False)


def _pod(live: dict[str, Any]) -> tuple[str, bool]:
    status = section(live, "status")
    if status.get("phase") == "Succeeded" or _condition(live, "Ready", "True"):
        return "", False
    if status.get("phase") == "Failed":
        return f"it failed: {status.get('message') or status.get('reason') or 'no reason given'}", True
    return _unscheduled(live) or f"it is {status.get('phase', 'not seen yet')}", False


def _job(live: dict[str, Any]) -> tuple[str, bool]:
    if _condition(live, "Complete", "True") or section(live, "spec").get("suspend"):
        return "", False
    failed = _condition(live, "Failed", "True")
    if failed:
        return f"it failed: {failed.get('message')}", True
    return "it has not completed", False


def _claim(live: dict[str, Any]) -> tuple[str, bool]:
    phase = section(live, "status").get("phase", "not seen yet")
    return ("", False) if phase == "Bound" else (f"it is {phase}: no volume is bound to it", False)


def _waits_for_a_pod(cluster: Cluster, live: dict[str, Any]) -> bool:
    """Whether a claim's class gives it a volume only once a pod uses it; the official provider does not wait then."""
    name = section(live, "spec").get("storageClassName")
    found = cluster.kube.get(f"/apis/storage.k8s.io/v1/storageclasses/{quote(name)}") if name else None
    return (found or {}).get("volumeBindingMode") == "WaitForFirstConsumer"


def _volume(live: dict[str, Any]) -> tuple[str, bool]:
    phase = section(live, "status").get("phase", "not seen yet")
    return ("", False) if phase in ("Available", "Bound") else (f"it is {phase}", phase == "Failed")


def _definition(live: dict[str, Any]) -> tuple[str, bool]:
    refused = _condition(live, "NamesAccepted", "False")
    if refused:
        return f"its names are taken: {refused.get('message')}", True
    return ("", False) if _condition(live, "Established", "True") else ("it is not established", False)


_VERDICTS: Final[dict[tuple[str, str], Callable[[dict[str, Any]], tuple[str, bool]]]] = {
    ("apps", "Deployment"): _rollout,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("batch", "Job"): _job,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
"""(group, kind) -> (what stands in the way or "", whether that is final)."""


def asked_for(live: dict[str, Any]) -> Callable[[dict[str, Any]], tuple[str, bool]] | None:
    """What the annotation `pulumi.com/waitFor` of an object waits for: `condition=<type>`, or a value at a path, as in
    `jsonpath={.status.ready}=true`."""
    asked = str(section(live, "metadata", "annotations").get(WAIT_FOR, ""))
    at = _AT_A_PATH.fullmatch(asked)
    if at is not None:
        return lambda found: _value_verdict(found, at["path"].split("."), at["value"])
    if not asked.startswith("condition="):
        return None
    type_ = asked.removeprefix("condition=")

    def verdict(found: dict[str, Any]) -> tuple[str, bool]:
        if _condition(found, type_, "True"):
            return "", False
        conditions = entries(section(found, "status"), "conditions")
        said = next((one for one in conditions if one.get("type") == type_), None)
        # Some controllers, Strimzi above all, have a condition of another type for what went wrong.
        other = next((one for one in conditions if one.get("message")), None)
        if said is None and other is not None:
            return f"it is {other.get('type')}: {other['message']}", False
        told = f": {said.get('message') or said.get('reason')}" if said else ", for no controller has said so yet"
        return f"it is not {type_}{told}", False

    return verdict


_AT_A_PATH: Final = re.compile(r"jsonpath=\{\.(?P<path>[\w.]+)\}=(?P<value>.+)")


def _value_verdict(live: dict[str, Any], path: list[str], wanted: str) -> tuple[str, bool]:
    holder = section(live, *path[:-1])
    found = holder.get(path[-1])
    if found is not None and (str(found).lower() if isinstance(found, bool) else str(found)) == wanted:
        return "", False
    told = holder.get("message")
    return f"{'.'.join(path)} is not {wanted}" + (f": {told}" if told else ""), False


def _stale(live: dict[str, Any]) -> bool:
    observed = section(live, "status").get("observedGeneration", 0)
    return bool(observed < live["metadata"].get("generation", 0))


def _condition(live: dict[str, Any], type_: str, status: str) -> dict[str, Any] | None:
    conditions = entries(section(live, "status"), "conditions")
    return next((item for item in conditions if item.get("type") == type_ and item.get("status") == status), None)


def _unscheduled(pod: dict[str, Any]) -> str:
    condition = _condition(pod, "PodScheduled", "False")
    return f"pod {pod['metadata']['name']} is not scheduled: {condition.get('message')}" if condition else ""


def _pod_reasons(cluster: Cluster, live: dict[str, Any]) -> list[str]:
    """Why the pods of a workload wait, as the scheduler put it; at most three."""
    selector = section(live, "spec", "selector", "matchLabels")
    if not selector:
        return []
    chosen = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    try:
        pods = cluster.kube.items(f"/api/v1/namespaces/{live['metadata']['namespace']}/pods", label_selector=chosen)
    except KubeError:
        return []
    return [reason for reason in map(_unscheduled, pods) if reason][:3]
