"""A small typed client for the embedded API server: JSON objects in, JSON objects out.

The generated Kubernetes client decodes into untyped models and changes its inner calls between releases; what the
supervisor and the fleet need is six verbs on plain dictionaries, and custom resources as easily as built-in ones.
"""

import base64
import http
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import urllib3
import urllib3.util
import yaml

JsonObject = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
SERVER_SIDE_APPLY = "application/apply-patch+yaml"

_BUSY = urllib3.util.Retry(
    total=10,
    connect=0,
    read=0,
    redirect=0,
    other=0,
    status=10,
    status_forcelist=[http.HTTPStatus.TOO_MANY_REQUESTS],
    allowed_methods=None,
    raise_on_status=False,
)
"""The API server asks for patience, by its Retry-After, while the storage of a kind is made or remade."""


class KubeError(Exception):
    """What the API server answered instead of doing what was asked."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; 0 when the API server could not be reached."""
        self.reason = reason
        """Kubernetes' machine-readable reason: `Forbidden`, `AlreadyExists`, `Invalid` ..."""


class Kube:
    """One API server, with a token."""

    def __init__(self, server: str, token: str, ca: str, *, timeout: float = 60.0) -> None:
        """Args: address, bearer token, PEM certificates to trust, seconds that one request may take."""
        self.server = server
        self._token = token
        self._pool = urllib3.PoolManager(
            maxsize=4,
            cert_reqs="CERT_REQUIRED",
            ca_cert_data=ca,
            timeout=urllib3.util.Timeout(connect=5.0, read=timeout),
            retries=_BUSY,
        )

    @classmethod
    def from_kubeconfig(cls, path: Path, *, timeout: float = 60.0) -> "Kube":
        """A client for a kubeconfig with one cluster and one token, as the control plane writes it.

        Raises:
            ValueError: for a file of any other kind.
        """
        try:
            document = yaml.safe_load(path.read_text())
            cluster: JsonObject = document["clusters"][0]["cluster"]
            user: JsonObject = document["users"][0]["user"]
            ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
            return cls(cluster["server"], user["token"], ca, timeout=timeout)
        except (KeyError, IndexError, TypeError, ValueError, yaml.YAMLError) as error:
            raise ValueError(f"{path} is not the kubeconfig of an embedded control plane: {error!r}") from error

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> JsonObject:
        """One request to a path such as `/api/v1/nodes`.

        Raises:
            KubeError: for any answer that is not a success, and for none at all.
        """
        url = self.server + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Content-Type": content_type}
        try:
            reply = self._pool.request(method, url, body=None if body is None else json.dumps(body), headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise KubeError(0, "Unreachable", f"the API server at {self.server} does not answer: {error}") from error
        try:
            answer: Any = json.loads(reply.data or b"{}")
        except ValueError:
            answer = {"message": reply.data.decode(errors="replace")}
        document = cast("JsonObject", answer) if isinstance(answer, dict) else {"message": str(answer)}
        if reply.status >= 300:
            fallback = f"{method} {path}: HTTP {reply.status}"
            raise KubeError(reply.status, str(document.get("reason", "")), str(document.get("message") or fallback))
        return document

    def get(self, path: str) -> JsonObject | None:
        """One object, or None where there is none."""
        try:
            return self.request("GET", path)
        except KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def items(self, path: str, *, label_selector: str = "", field_selector: str = "") -> list[JsonObject]:
        """The objects of a collection; an unknown kind is an empty one."""
        chosen = {"labelSelector": label_selector, "fieldSelector": field_selector}
        try:
            answer = self.request("GET", path, query={key: value for key, value in chosen.items() if value})
        except KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return []
            raise
        return cast("list[JsonObject]", answer.get("items") or [])

    def create(self, path: str, body: Mapping[str, Any]) -> JsonObject:
        """Create an object in a collection."""
        return self.request("POST", path, body)

    def apply(self, path: str, body: Mapping[str, Any], manager: str) -> JsonObject:
        """Server-side apply of an object at its own path, taking over fields that another manager holds."""
        query = {"fieldManager": manager, "force": "true"}
        return self.request("PATCH", path, body, query=query, content_type=SERVER_SIDE_APPLY)

    def merge(self, path: str, body: Mapping[str, Any]) -> JsonObject | None:
        """Merge a part into an object; None where the object is gone."""
        try:
            return self.request("PATCH", path, body, content_type=MERGE_PATCH)
        except KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def delete(self, path: str, *, grace_seconds: int | None = None) -> bool:
        """Delete an object, with its own grace period by default; False where there was none."""
        query = None if grace_seconds is None else {"gracePeriodSeconds": str(grace_seconds)}
        try:
            self.request("DELETE", path, query=query)
        except KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def list_secrets(self, label_selector: str) -> list[JsonObject]:
        """All Secrets of all namespaces with these labels."""
        return self.items("/api/v1/secrets", label_selector=label_selector)

    def get_secret(self, namespace: str, name: str) -> JsonObject | None:
        """One Secret, or None."""
        return self.get(f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}")

    def annotate_secret(self, namespace: str, name: str, annotations: Mapping[str, str]) -> None:
        """Merge annotations into a Secret; one that is gone is no error."""
        body = {"metadata": {"annotations": dict(annotations)}}
        self.merge(f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}", body)


def object_path(body: Mapping[str, Any]) -> str:
    """Where an object lives in the API. Its kind's plural must be a regular one."""
    version, metadata = body["apiVersion"], body["metadata"]
    base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    place = f"/namespaces/{quote(metadata['namespace'])}" if metadata.get("namespace") else ""
    kind = body["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("cy") else f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return f"{base}{place}/{plural}/{quote(metadata['name'])}"
