"""Helm release records: how the rehearsal's Kubernetes provider and its controllers agree on what is installed.

A record is the Secret that Helm 3 itself would keep (helm.sh/helm/v3, pkg/storage/driver: type `helm.sh/release.v1`,
named `sh.helm.release.v1.<release>.v<revision>`, the release as base64 of gzipped JSON under the key `release`), so
`helm list` shows it. The rehearsal never renders a chart: the record carries the chart's name, version and values, and
whoever runs the chart's controllers answers with two annotations on the same Secret.

Taking a release away is a deletion of the record. Whoever runs the controllers may `hold` a record, which puts a
finalizer on it; the record of a held release stays, with `Release.deleting` true, until `let_go`. So the controllers
stop before the provider goes on to remove what they used.

Everything here is plain data; talking to the API server is left to the caller through the small protocols below.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

SECRET_TYPE: Final = "helm.sh/release.v1"  # noqa: S105 - a type, not a secret
CONTROLLERS_ANNOTATION: Final = "rehearsal.multimodal.dev/controllers"
"""`ready`, `ready: <remark>`, `failed: <reason>` or `none: <why it is not run here>`."""
OBSERVED_ANNOTATION: Final = "rehearsal.multimodal.dev/observed"
"""`values_digest` of the values that the answer is about."""
CRDS_ANNOTATION: Final = "rehearsal.multimodal.dev/crds"
"""Comma-separated names of the CRDs that came with the release."""
FINALIZER: Final = "rehearsal.multimodal.dev/controllers"
_REVISION: Final = 1


@dataclass(frozen=True)
class Release:
    """One installed chart."""

    name: str
    namespace: str
    chart: str
    """Name of the chart, without its repository."""
    version: str
    """Version of the chart, as pinned."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the stack sets over the chart's defaults."""
    controllers: str = ""
    """Answer of whoever runs the chart's controllers; empty while there is none."""
    observed: str = ""
    """Digest of the values which that answer is about."""
    crds: tuple[str, ...] = ()
    """Names of the CRDs that came with it."""
    deleting: bool = False
    """True when the record is on its way out and only held."""
    held: bool = False
    """True when `hold` has put its finalizer on the record."""

    @property
    def digest(self) -> str:
        """Digest of the values, to compare with `observed`."""
        return values_digest(self.values)

    @property
    def acknowledged(self) -> bool:
        """True when the answer is about these very values."""
        return bool(self.controllers) and self.observed == self.digest


class Secrets(Protocol):
    """The little that this module needs of an API server."""

    def list_secrets(self, label_selector: str) -> list[dict[str, Any]]:
        """All Secrets of all namespaces with these labels, as the API returns them."""
        ...

    def get_secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        """One Secret, or None."""
        ...

    def annotate_secret(self, namespace: str, name: str, annotations: Mapping[str, str]) -> None:
        """Merges annotations into a Secret. One that is gone is no error."""
        ...


class Objects(Protocol):
    """An API server that merges a part into an object."""

    def merge(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Merges; None when the object is gone."""
        ...


def secret_name(release: str) -> str:
    """Name of a release's record."""
    return f"sh.helm.release.v1.{release}.v{_REVISION}"


def values_digest(values: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of values in a canonical form: key order does not matter."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def encode(document: Mapping[str, Any]) -> str:
    """A release document in Helm's encoding and then the Secret's own base64. Equal documents give equal text."""
    packed = gzip.compress(json.dumps(document, sort_keys=True).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()


def decode(data: str) -> dict[str, Any]:
    """The reverse of `encode`; also reads what Helm wrote.

    Raises:
        ValueError: when the text is not a release.
    """
    try:
        packed = base64.b64decode(base64.b64decode(data, validate=True), validate=True)
        # Helm itself accepts records that are not compressed, from before it compressed them.
        text = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
        document = json.loads(text)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"not a Helm release record: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("not a Helm release record: the document is not an object")
    return cast("dict[str, Any]", document)


def record(release: Release, status: str = "deployed") -> dict[str, Any]:
    """The Secret to apply for a release, without the answer's annotations (those belong to whoever answers).

    Args:
        release: What is installed.
        status: Helm's word for its state: `deployed`, `uninstalling`, `pending-install` ...
    """
    document = {
        "name": release.name,
        "namespace": release.namespace,
        "version": _REVISION,
        "info": {"status": status, "description": "recorded by the rehearsal; the chart is not rendered"},
        "chart": {"metadata": {"name": release.chart, "version": release.version, "apiVersion": "v2"}},
        "config": release.values,
        "manifest": "",
    }
    labels = {"owner": "helm", "name": release.name, "status": status, "version": str(_REVISION)}
    metadata: dict[str, Any] = {"name": secret_name(release.name), "namespace": release.namespace, "labels": labels}
    if release.crds:
        metadata["annotations"] = {CRDS_ANNOTATION: ",".join(release.crds)}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": SECRET_TYPE,
        "metadata": metadata,
        "data": {"release": encode(document)},
    }


def parse(secret: Mapping[str, Any]) -> Release:
    """The release in a Secret.

    Raises:
        ValueError: when the Secret is not a release record, naming it.
    """
    metadata: Mapping[str, Any] = secret.get("metadata") or {}
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    try:
        data: Mapping[str, str] = secret.get("data") or {}
        document = decode(data["release"])
        chart: Mapping[str, Any] = document["chart"]["metadata"]
        return Release(
            name=document["name"],
            namespace=document["namespace"],
            chart=chart["name"],
            version=chart["version"],
            values=document.get("config") or {},
            controllers=annotations.get(CONTROLLERS_ANNOTATION, ""),
            observed=annotations.get(OBSERVED_ANNOTATION, ""),
            crds=tuple(filter(None, annotations.get(CRDS_ANNOTATION, "").split(","))),
            deleting=bool(metadata.get("deletionTimestamp")),
            held=FINALIZER in (metadata.get("finalizers") or ()),
        )
    except (KeyError, TypeError, ValueError) as error:
        place = f"{metadata.get('namespace')}/{metadata.get('name')}"
        raise ValueError(f"Secret {place} is not a readable Helm release record: {error}") from error


def parse_all(secrets: Iterable[Mapping[str, Any]]) -> list[Release]:
    """The releases among Secrets, by namespace and name; what is not a readable release is passed over."""
    found: list[Release] = []
    for secret in secrets:
        if secret.get("type") == SECRET_TYPE:
            try:
                found.append(parse(secret))
            except ValueError:
                continue
    return sorted(found, key=lambda release: (release.namespace, release.name))


def list_releases(api: Secrets) -> list[Release]:
    """Every release of the cluster, by namespace and name."""
    return parse_all(api.list_secrets("owner=helm"))


def acknowledge(api: Secrets, release: Release, controllers: str) -> None:
    """Answers a release: what became of its controllers with these values.

    Args:
        api: The API server.
        release: The release as it was read, so that the answer is about its values and no later ones.
        controllers: `ready`, `ready: <remark>`, `failed: <reason>` or `none: <reason>`.

    Raises:
        ValueError: for any other answer.
    """
    if controllers != "ready" and not controllers.startswith(("ready: ", "failed: ", "none: ")):
        raise ValueError(f"controllers: {controllers!r} is not 'ready', 'failed: <reason>' or 'none: <reason>'")
    answer = {CONTROLLERS_ANNOTATION: controllers, OBSERVED_ANNOTATION: release.digest}
    api.annotate_secret(release.namespace, secret_name(release.name), answer)


def hold(api: Objects, release: Release) -> None:
    """Keeps a release's record until `let_go`, however it is deleted; a record that is already gone stays so."""
    if not release.held and not release.deleting:
        api.merge(_path(release), {"metadata": {"finalizers": [FINALIZER]}})


def let_go(api: Objects, release: Release) -> None:
    """Ends a `hold`, once the controllers have stopped."""
    if release.held:
        api.merge(_path(release), {"metadata": {"finalizers": None}})


def _path(release: Release) -> str:
    return f"/api/v1/namespaces/{release.namespace}/secrets/{secret_name(release.name)}"


def wait_acknowledged(
    api: Secrets,
    namespace: str,
    name: str,
    timeout: float = 90.0,
    *,
    interval: float = 0.5,
    cancelled: Callable[[], bool] = lambda: False,
) -> Release:
    """Waits until a release's present values are answered and returns the release with the answer.

    Args:
        api: The API server.
        namespace: Namespace of the release.
        name: Name of the release.
        timeout: Seconds to wait.
        interval: Seconds between two looks.
        cancelled: Asked between two looks; True gives up at once.

    Raises:
        TimeoutError: when nobody answered in time, saying whether anybody ever answered.
        LookupError: when the record is gone.
    """
    deadline = time.monotonic() + timeout
    while True:
        secret = api.get_secret(namespace, secret_name(name))
        if secret is None:
            raise LookupError(f"the record of release {namespace}/{name} was removed while its controllers started")
        release = parse(secret)
        if release.acknowledged:
            return release
        if cancelled():
            raise TimeoutError(f"release {namespace}/{name}: cancelled while its controllers started")
        if time.monotonic() >= deadline:
            state = "its last answer is about older values" if release.controllers else "nobody has answered"
            raise TimeoutError(
                f"release {namespace}/{name}: its controllers were not reported within {timeout:g} s ({state}): "
                f"is the rehearsal's supervisor running? Its log is in .rehearsal/"
            )
        time.sleep(interval)
