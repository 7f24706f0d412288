"""Installs and removes CustomResourceDefinitions, many at once and large ones.

Two things that the API server (v1.35) does decide how. Server-side apply of a large CRD costs it three times as much as
a plain create, so a new CRD is created. And the finalizer that empties a CRD's storage before it goes may find that
storage not set up yet, when nobody has ever listed it ("storage is (re)initializing"); it then retries, but a conflict
in that moment makes it forget the CRD until its resync minutes later. So each kind is listed once before its CRD is
deleted, and a CRD that stays all the same is touched, which wakes the finalizer.
"""

from __future__ import annotations

import http
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rehearsal.kube import KubeError
from rehearsal.providers import kubernetes_wait
from rehearsal.providers.kubernetes_api import Cluster, Kind, entries, section
from rehearsal.providers.plugin import ProviderError

DEFINITIONS: Final = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
_ESTABLISH_SECONDS: Final = 120.0
_WARM_SECONDS: Final = 5.0
_TOUCH_SECONDS: Final = 3.0
_TOUCHED: Final = "rehearsal.multimodal.dev/touched"
_INTERVAL: Final = 0.2


def install(
    cluster: Cluster,
    documents: Iterable[Mapping[str, Any]],
    owner: tuple[str, str],
    manager: str,
    new: list[str],
    cancelled: Callable[[], bool],
) -> None:
    """Creates CRDs, brings up to date those of the same owner, leaves those of anybody else alone.

    Args:
        cluster: The API server.
        documents: The CRDs.
        owner: Annotation, as key and value, that says whose they are.
        manager: Field manager.
        new: Gets the names of those that were not there before, also when the rest fails.
        cancelled: Asked while waiting.

    Raises:
        KubeError: when one is refused.
        ProviderError: when one is not established in time.
    """
    for document in documents:
        name = str(document["metadata"]["name"])
        annotations = {**section(document, "metadata", "annotations"), owner[0]: owner[1]}
        body = {**document, "metadata": {**document["metadata"], "annotations": annotations}}
        there = cluster.get(DEFINITIONS, None, name)
        if there is None:
            cluster.kube.request("POST", DEFINITIONS.path(None), body, query={"fieldManager": manager})
            new.append(name)
        elif section(there, "metadata", "annotations").get(owner[0]) == owner[1]:
            body["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"]
            cluster.kube.request("PUT", DEFINITIONS.path(None, name), body, query={"fieldManager": manager})
    for name in new:
        bare = {"metadata": {"name": name}}
        _, reasons = kubernetes_wait.await_ready(cluster, DEFINITIONS, bare, _ESTABLISH_SECONDS, cancelled)
        if reasons:
            raise ProviderError(f"CustomResourceDefinition {name}: {'; '.join(reasons)}")


def owned(cluster: Cluster, documents: Iterable[Mapping[str, Any]], owner: tuple[str, str]) -> list[str]:
    """Names of those of the CRDs that are there and the owner's."""
    key, value = owner
    names = (str(document["metadata"]["name"]) for document in documents)
    found = ((name, cluster.get(DEFINITIONS, None, name)) for name in names)
    return [name for name, there in found if there and section(there, "metadata", "annotations").get(key) == value]


def remove(cluster: Cluster, names: Iterable[str], timeout: float, cancelled: Callable[[], bool]) -> str:
    """Deletes CRDs with all objects of theirs. Returns an empty text, or which one is still there and what holds it."""
    left = list(names)
    for name in left:
        _list_once(cluster, name)
    for name in left:
        cluster.delete(DEFINITIONS, None, name)
    started = touched = time.monotonic()
    while left:
        # One at a time: a CRD is up to two megabytes, and reading them all again and again is what takes the time.
        name = left[0]
        found = cluster.get(DEFINITIONS, None, name)
        if found is None:
            left.pop(0)
            continue
        now = time.monotonic()
        if cancelled() or now - started >= timeout:
            held = kubernetes_wait.what_holds(found, now - started)
            return f"CustomResourceDefinition {name}: cannot delete it: {held}"
        if now - touched >= _TOUCH_SECONDS and _given_up(found):
            touched = now
            body = {"metadata": {"annotations": {_TOUCHED: f"{now:.0f}"}}}
            cluster.kube.merge(DEFINITIONS.path(None, name), body)
        time.sleep(_INTERVAL)
    return ""


def _given_up(definition: Mapping[str, Any]) -> bool:
    """Whether the finalizer's last attempt failed (reasons of k8s.io/apiextensions-apiserver, crd_finalizer.go)."""
    conditions = entries(section(definition, "status"), "conditions")
    return any(item.get("type") == "Terminating" and "Failed" in str(item.get("reason")) for item in conditions)


def _list_once(cluster: Cluster, name: str) -> None:
    """Makes the API server set up the storage of a CRD's objects."""
    definition = cluster.get(DEFINITIONS, None, name)
    if definition is None or definition["metadata"].get("deletionTimestamp"):
        return
    spec = section(definition, "spec")
    version = next((item["name"] for item in entries(spec, "versions") if item.get("served")), None)
    if version is None:
        return
    path = f"/apis/{spec['group']}/{version}/{section(spec, 'names')['plural']}"
    deadline = time.monotonic() + _WARM_SECONDS
    while True:
        try:
            cluster.kube.request("GET", path, query={"limit": "1"})
            return
        except KubeError as error:
            # 404: not served yet or no more. 429: being set up, which is what this waits for.
            waits = error.status in (http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE)
            if not waits or time.monotonic() >= deadline:
                return
        time.sleep(_INTERVAL)
