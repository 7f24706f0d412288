"""The API server as the Kubernetes provider needs it: kinds by discovery, and errors that a person can read."""

from __future__ import annotations

import http
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rehearsal.kube import Kube, KubeError
from rehearsal.providers.plugin import ProviderError, is_list, is_map

_KIND_PATIENCE = 10.0  # seconds until a CRD that was just created is served
_CONNECTIONS = 32


@dataclass(frozen=True)
class Kind:
    """A served kind."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """REST path of the collection, or of one object. `namespace` is ignored for cluster-scoped kinds."""
        prefix = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        place = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{prefix}{place}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Cluster:
    """One API server. Safe to use from several threads."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()

    def find(self, api_version: str, kind: str, *, wait: bool = False) -> Kind | None:
        """A kind, or None when the server does not serve it.

        Args:
            api_version: Such as `v1` or `apps/v1`.
            kind: Such as `Deployment`.
            wait: Give a CRD that was created a moment ago some seconds to be served.
        """
        deadline = time.monotonic() + (_KIND_PATIENCE if wait else 0.0)
        while True:
            with self._lock:
                known = self._kinds.get(api_version, {})
            if kind in known:
                return known[kind]
            kinds = self._discover(api_version)
            with self._lock:
                self._kinds[api_version] = kinds
            if kind in kinds or time.monotonic() >= deadline:
                return kinds.get(kind)
            time.sleep(0.25)

    def _discover(self, api_version: str) -> dict[str, Kind]:
        path = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        document = self.kube.get(path)
        resources = entries(document or {}, "resources")
        return {
            item["kind"]: Kind(api_version, item["kind"], item["name"], bool(item["namespaced"]))
            for item in resources
            if "/" not in item["name"] and "patch" in (item.get("verbs") or [])
        }

    def get(self, kind: Kind, namespace: str | None, name: str) -> dict[str, Any] | None:
        """An object, or None."""
        return self.kube.get(kind.path(namespace, name))

    def namespace_exists(self, namespace: str) -> bool:
        """Whether a namespace is there and not on its way out."""
        found = self.kube.get(f"/api/v1/namespaces/{quote(namespace, safe='')}")
        return found is not None and not found["metadata"].get("deletionTimestamp")

    def apply(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        namespace: str | None,
        *,
        manager: str,
        force: bool,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Server-side apply. Unknown fields are refused, not dropped."""
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        if force:
            query["force"] = "true"
        if dry_run:
            query["dryRun"] = "All"
        path = kind.path(namespace, body["metadata"]["name"])
        return self.kube.request("PATCH", path, body, query=query, content_type="application/apply-patch+yaml")

    def try_create(self, kind: Kind, body: Mapping[str, Any], namespace: str | None, *, manager: str) -> None:
        """Asks what the server would say to creating this object, without creating it."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "dryRun": "All"}
        self.kube.request("POST", kind.path(namespace), body, query=query)

    def delete(self, kind: Kind, namespace: str | None, name: str, propagation: str = "Background") -> bool:
        """Starts a deletion; False when there was nothing to delete."""
        try:
            self.kube.request("DELETE", kind.path(namespace, name), {"propagationPolicy": propagation})
        except KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return False
            raise
        return True


def section(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The map at a path of an object; empty where there is none."""
    found: Any = value
    for key in keys:
        found = found.get(key) if is_map(found) else None
    return found if is_map(found) else {}


def entries(value: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The maps in a list of an object; empty where there is none."""
    found = value.get(key)
    return [item for item in found if is_map(item)] if is_list(found) else []


def connect(kubeconfig: Path) -> Cluster:
    """The embedded control plane that a kubeconfig leads to.

    Raises:
        ProviderError: when the file cannot be read or used.
    """
    try:
        return Cluster(Kube.from_kubeconfig(kubeconfig, timeout=60.0))
    except OSError as error:
        raise ProviderError(f"REHEARSAL_KUBECONFIG: cannot read {kubeconfig}: {error.strerror}") from error
    except ValueError as error:
        raise ProviderError(f"REHEARSAL_KUBECONFIG: {error}") from error


def from_environment() -> Cluster | None:
    """The cluster that `REHEARSAL_KUBECONFIG` names, or None in a preview without a control plane.

    Nothing else is ever used, neither `KUBECONFIG` nor the provider's own `kubeconfig`: in a rehearsal of a cloud stack
    that one belongs to a cluster that is only simulated, and a rehearsal must never touch a cluster nobody named.
    """
    path = os.environ.get("REHEARSAL_KUBECONFIG")
    return connect(Path(path)) if path else None


def explain(error: KubeError, kind: str, namespace: str | None, name: str, doing: str) -> str:
    """A refusal by the API server as one sentence that names the object."""
    where = f"{namespace}/{name}" if namespace else name
    text = " ".join(str(error).split())
    if error.status == http.HTTPStatus.CONFLICT and "conflict" in text.lower():
        text += "; set the annotation pulumi.com/patchForce on it to take the fields over"
    reason = f" ({error.reason})" if error.reason and error.reason != "Unreachable" else ""
    return f"{kind} {where}: cannot {doing} it: {text}{reason}"
