"""Helm releases in a rehearsal: checked against the chart's own files and recorded, not rendered.

Creating one installs the chart's CRDs, writes Helm's own release record and waits until whoever runs the chart's
controllers here (the supervisor) has started them with the release's values. Deleting it takes all of that away again.

Real Helm leaves the CRDs of a chart's `crds/` folder, and a namespace that it created, behind. A rehearsal must leave
the control plane as it was, so it removes those that the release itself brought, and says so in the report.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from components.catalog.charts import CHARTS
from rehearsal import charts, releases, upstream, upstream_crds
from rehearsal.kube import KubeError
from rehearsal.providers import kubernetes_crds, kubernetes_dry_run, kubernetes_rules, kubernetes_wait
from rehearsal.providers.kubernetes_api import Cluster, Kind, explain, section
from rehearsal.providers.plugin import (
    UNKNOWN,
    NotReadyError,
    Props,
    ProviderError,
    is_map,
    operation_timeout,
    report,
    without_unknown,
)
from rehearsal.releases import Release

TYPE: Final = "kubernetes:helm.sh/v3:Release"
DELETE_SECONDS: Final = 180.0
"""How long a release may take to go: the API server needs seconds for each of its large CRDs on a small machine."""
CONTROLLERS_SECONDS: Final = 90.0
"""How long the controllers of a chart may take to start."""
_MANAGER: Final = "pulumi-kubernetes-helm"
_OWNER: Final = "rehearsal.multimodal.dev/created-by-release"
_SECRETS: Final = Kind("v1", "Secret", "secrets", True)
_NAMESPACES: Final = Kind("v1", "Namespace", "namespaces", False)

Cancelled = Callable[[], bool]


def normalize(urn: str, inputs: Props, default_namespace: str | None) -> Props:
    """Inputs with a name and a namespace."""
    named = {**inputs}
    if named.get("name") is None:
        named["name"] = kubernetes_rules.automatic_name(urn)
    if named.get("namespace") is None:
        named["namespace"] = default_namespace or "default"
    return named


def check(urn: str, inputs: Props) -> Iterator[tuple[str, str]]:
    """Refusals: a version that is no pin, values that the chart does not have or its schema does not allow."""
    location, version = inputs.get("chart"), inputs.get("version")
    if inputs.get("valueYamlFiles"):
        yield "valueYamlFiles", "valueYamlFiles: policies and rehearsals cannot see into files: use values"
    if not isinstance(location, str) or version is UNKNOWN:
        report("skipped", urn, TYPE, by="chart-values", reason="the chart or its version is not known until the update")
        return
    name = charts.chart_name(location)
    refusal = charts.check_version(name, version)
    if refusal:
        yield "version", refusal
        return
    if name not in {chart.name for chart in CHARTS.values()}:
        report("skipped", urn, TYPE, by="chart-values", reason=f"chart {name} is not in the catalog")
        return
    try:
        data = upstream.chart_data(name)
    except ValueError as error:
        report("skipped", urn, TYPE, by="chart-values", reason=str(error))
        return
    if data is None:
        report("skipped", urn, TYPE, by="chart-values", reason=f"the values of chart {name} are not at hand")
        return
    if data.version and not charts.same_version(data.version, str(version)):
        reason = f"the stack pins chart {name} {version}, the values at hand are those of {data.version}"
        report("skipped", urn, TYPE, by="chart-values", reason=reason)
        return
    values = inputs.get("values")
    if values is UNKNOWN or (values is not None and not is_map(values)):
        report("skipped", urn, TYPE, by="chart-values", reason="the values are not known until the update")
        return
    findings = charts.check_values(data, without_unknown(values or {}))
    for finding in findings:
        yield f"values.{finding.path}" if finding.path else "values", finding.reason
    if not findings:
        report("checked", urn, TYPE, by=f"chart-values of {name} {data.version} from {data.source}")


def outputs(inputs: Props, *, status: str = "deployed") -> Props:
    """Outputs of a release, as the official provider reports them."""
    name, namespace = inputs.get("name"), inputs.get("namespace")
    state = {
        "name": name,
        "namespace": namespace,
        "chart": inputs.get("chart"),
        "version": inputs.get("version"),
        "revision": 1,
        "status": status,
    }
    return {**inputs, "status": state}


def create(cluster: Cluster, urn: str, inputs: Props, cancelled: Cancelled) -> tuple[str, Props]:
    """Installs a release.

    Raises:
        ProviderError: when it cannot be installed, or did not come up and is `atomic`; nothing is left of it then.
        NotReadyError: when its controllers did not come up; what was installed stays.
    """
    release = _release(inputs)
    id_ = f"{release.namespace}/{release.name}"
    secret = releases.secret_name(release.name)
    try:
        if cluster.get(_SECRETS, release.namespace, secret) is not None:
            raise ProviderError(f"release {id_}: cannot install it: cannot re-use a name that is still in use")
        if inputs.get("createNamespace"):
            _create_namespace(cluster, release)
        elif not cluster.namespace_exists(release.namespace):
            raise ProviderError(f'release {id_}: cannot install it: namespaces "{release.namespace}" not found')
        release = _install(cluster, urn, inputs, release, cancelled)
    except KubeError as error:
        raise ProviderError(explain(error, "release", release.namespace, release.name, "install")) from error
    try:
        _await_controllers(cluster, urn, inputs, release, cancelled)
    except ProviderError as error:
        if not inputs.get("atomic"):
            raise NotReadyError(id_, outputs(inputs, status="failed"), [str(error)]) from error
        delete(cluster, urn, outputs(inputs), cancelled)
        raise ProviderError(f"{error}; it was removed again, as it is atomic") from error
    return id_, outputs(inputs)


def _install(cluster: Cluster, urn: str, inputs: Props, release: Release, cancelled: Cancelled) -> Release:
    """Installs the CRDs, and then the record that lists them, so that a delete finds them. All of it or nothing."""
    new: list[str] = []
    try:
        if not inputs.get("skipCrds"):
            _install_definitions(cluster, urn, release, cancelled, new)
        written = _release(inputs, tuple(new))
        kubernetes_dry_run.retried(lambda: _write(cluster, written), cancelled)
    except (KubeError, ProviderError):
        with contextlib.suppress(KubeError):
            kubernetes_crds.remove(cluster, new, DELETE_SECONDS, cancelled)
        raise
    return written


def update(cluster: Cluster, urn: str, inputs: Props, cancelled: Cancelled) -> Props:
    """Gives a release other values, or another version with its CRDs.

    Raises:
        ProviderError: when the record cannot be written.
        NotReadyError: when its controllers did not come up with the new values.
    """
    release = _release(inputs)
    try:
        secret = cluster.get(_SECRETS, release.namespace, releases.secret_name(release.name))
        before = releases.parse(secret).crds if secret else ()
        added: list[str] = []
        if not inputs.get("skipCrds"):
            _install_definitions(cluster, urn, release, cancelled, added)
        release = _release(inputs, tuple(sorted({*before, *added})))
        _write(cluster, release)
    except KubeError as error:
        raise ProviderError(explain(error, "release", release.namespace, release.name, "upgrade")) from error
    try:
        _await_controllers(cluster, urn, inputs, release, cancelled)
    except ProviderError as error:
        id_ = f"{release.namespace}/{release.name}"
        raise NotReadyError(id_, outputs(inputs, status="failed"), [str(error)]) from error
    return outputs(inputs)


def read(cluster: Cluster, id_: str, inputs: Props, recorded: Props) -> tuple[Props, Props] | None:
    """A release as its record has it, or None when the record is gone."""
    namespace, _, name = id_.rpartition("/")
    try:
        secret = cluster.get(_SECRETS, namespace, releases.secret_name(name))
    except KubeError as error:
        raise ProviderError(explain(error, "release", namespace, name, "read")) from error
    if secret is None or secret["metadata"].get("deletionTimestamp"):
        return None
    release = releases.parse(secret)
    live = {**inputs, "name": name, "namespace": namespace, "version": release.version}
    if inputs.get("values") is not None or release.values:
        live["values"] = release.values
    state = section(recorded, "status").get("status")
    return live, outputs(live, status=str(state or "deployed"))


def delete(cluster: Cluster, urn: str, recorded: Props, cancelled: Cancelled) -> None:
    """Removes a release: its controllers stop first, then go the CRDs and the namespace that it brought.

    Raises:
        ProviderError: when something is still there after the time is up, naming what holds it.
    """
    name, namespace = str(recorded["name"]), str(recorded["namespace"])
    timeout = operation_timeout(DELETE_SECONDS)
    secret = cluster.get(_SECRETS, namespace, releases.secret_name(name))
    release = releases.parse(secret) if secret else None
    if release is not None:
        cluster.delete(_SECRETS, namespace, releases.secret_name(name))
        _gone(
            cluster, _SECRETS, namespace, releases.secret_name(name), timeout, cancelled, f"release {namespace}/{name}"
        )
    # A delete that was interrupted here before has no record any more that would list them.
    definitions = release.crds if release is not None else _definitions_left(cluster, recorded, namespace, name)
    held = kubernetes_crds.remove(cluster, definitions, timeout, cancelled)
    if held:
        raise ProviderError(f"release {namespace}/{name}: {held}")
    if definitions:
        told = f"removed {len(definitions)} CRDs; Helm would leave those of the chart's crds/ folder behind"
        report("note", urn, TYPE, reason=told)
    created = cluster.get(_NAMESPACES, None, namespace)
    if created and section(created, "metadata", "annotations").get(_OWNER) == _owner(namespace, name):
        cluster.delete(_NAMESPACES, None, namespace)
        _gone(cluster, _NAMESPACES, None, namespace, timeout, cancelled, f"Namespace {namespace}")
        report("note", urn, TYPE, reason=f"removed namespace {namespace}, which it created; Helm would leave it behind")


def _gone(
    cluster: Cluster, kind: Kind, namespace: str | None, name: str, timeout: float, cancelled: Cancelled, told: str
) -> None:
    held = kubernetes_wait.await_gone(cluster, kind, namespace, name, timeout, cancelled)
    if held:
        raise ProviderError(f"{told}: cannot delete it: {held}")


def _definitions_left(cluster: Cluster, recorded: Props, namespace: str, name: str) -> list[str]:
    """The chart's CRDs that this release made and that are still there."""
    try:
        found = upstream_crds.crds(charts.chart_name(str(recorded.get("chart"))))
    except ValueError:
        return []
    return kubernetes_crds.owned(cluster, found.documents, (_OWNER, _owner(namespace, name))) if found else []


def _owner(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _release(inputs: Props, crds: tuple[str, ...] = ()) -> Release:
    values = inputs.get("values")
    return Release(
        name=str(inputs["name"]),
        namespace=str(inputs["namespace"]),
        chart=charts.chart_name(str(inputs.get("chart"))),
        version=str(inputs.get("version") or ""),
        values=values if is_map(values) else {},
        crds=crds,
    )


def _write(cluster: Cluster, release: Release) -> None:
    cluster.apply(_SECRETS, releases.record(release), release.namespace, manager=_MANAGER, force=True)


def _create_namespace(cluster: Cluster, release: Release) -> None:
    if cluster.get(_NAMESPACES, None, release.namespace) is None:
        metadata = {"name": release.namespace, "annotations": {_OWNER: _owner(release.namespace, release.name)}}
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        cluster.apply(_NAMESPACES, body, None, manager=_MANAGER, force=True)


def _install_definitions(cluster: Cluster, urn: str, release: Release, cancelled: Cancelled, new: list[str]) -> None:
    """Installs the chart's CRDs and adds to `new` the names of those that were not there before."""
    try:
        found = upstream_crds.crds(release.chart)
    except ValueError as error:
        report("skipped", urn, TYPE, by="chart-CRDs", reason=str(error))
        return
    if found is None:
        return
    owner = (_OWNER, _owner(release.namespace, release.name))
    kubernetes_crds.install(cluster, found.documents, owner, _MANAGER, new, cancelled)
    if found.permissive:
        reason = f"the CRDs of chart {release.chart} are not at hand: its custom resources are accepted with any field"
        report("skipped", urn, TYPE, by="chart-CRDs", reason=reason)
    else:
        report("checked", urn, TYPE, by=f"chart-CRDs {len(found.documents)} from {found.source}")


def _await_controllers(cluster: Cluster, urn: str, inputs: Props, release: Release, cancelled: Cancelled) -> None:
    if inputs.get("skipAwait") or os.environ.get("REHEARSAL_CONTROLLERS", "").lower() == "off":
        report("skipped", urn, TYPE, by="controllers", reason="waiting for the chart's controllers is turned off")
        return
    asked = inputs.get("timeout")  # Helm's own, in seconds; it covers image pulls, which do not happen here
    limit = min(CONTROLLERS_SECONDS, float(asked)) if isinstance(asked, (int, float)) and asked else CONTROLLERS_SECONDS
    where = f"release {release.namespace}/{release.name}"
    try:
        answered = releases.wait_acknowledged(
            cluster.kube, release.namespace, release.name, operation_timeout(limit), cancelled=cancelled
        )
    except (TimeoutError, LookupError, ValueError) as error:
        raise ProviderError(str(error)) from error
    except KubeError as error:
        raise ProviderError(f"{where}: {error}") from error
    verdict, _, reason = answered.controllers.partition(": ")
    if verdict == "failed":
        raise ProviderError(f"{where}: the controllers of chart {release.chart} did not start: {reason}")
    if verdict == "none":
        report("skipped", urn, TYPE, by="controllers", reason=reason)
    else:
        report("checked", urn, TYPE, by=f"controllers of chart {release.chart} run with these values")
        if reason:
            report("note", urn, TYPE, reason=reason)
