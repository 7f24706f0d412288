"""Asks the API server in a preview what it would say in the update, and retries what passes by itself.

A dry run goes through the same schema, quota and admission checks. It needs what the object needs: its kind, its
namespace and all of its values. Where one of these only comes with the update, the check is skipped and the report says
so; it never passes silently.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Final, TypeVar

from rehearsal.kube import KubeError
from rehearsal.providers import kubernetes_rules
from rehearsal.providers.kubernetes_api import Cluster, Kind, explain, section
from rehearsal.providers.plugin import Props, ProviderError, contains_unknown, is_map, report

_T = TypeVar("_T")
_PATIENCE: Final = 10.0
_INTERVAL: Final = 0.3
# Kinds whose names mean something, so that a dry run under another name would fail for that alone.
_NAMED: Final = ("CustomResourceDefinition", "APIService", "Namespace", "CSIDriver", "StorageClass")
_TRANSIENT: Final = re.compile(
    r"error looking up service account|status unknown for quota|namespaces? \"[^\"]+\" not found|"
    r"unable to create new content in namespace .* because it is being terminated|object has been modified"
)


def forced(inputs: Props, *, preview: bool, exists: bool = True) -> bool:
    """Whether fields that another manager holds are taken over, as the official provider decides it.

    That is so with `pulumi.com/patchForce` or `PULUMI_K8S_ENABLE_PATCH_FORCE=true`, and in the preview of an object
    that is not there yet.
    """
    if str(kubernetes_rules.annotations_of(inputs).get(kubernetes_rules.PATCH_FORCE_ANNOTATION, "")).lower() == "true":
        return True
    enabled = os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE")
    return enabled == "true" if enabled is not None else preview and not exists


def retried(action: Callable[[], _T], cancelled: Callable[[], bool], patience: float = _PATIENCE) -> _T:
    """Runs a request again while it fails for what passes by itself: a namespace, its service account or a quota that
    was made a moment ago and is not complete yet."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return action()
        except KubeError as error:
            if not _TRANSIENT.search(str(error)) or cancelled() or time.monotonic() >= deadline:
                raise
        time.sleep(_INTERVAL)


def create(cluster: Cluster | None, type_: str, urn: str, inputs: Props, manager: str) -> Props:
    """What creating an object would give, or its inputs where nobody can be asked.

    Raises:
        ProviderError: when the API server would refuse it.
    """
    return _try(cluster, type_, urn, inputs, manager, creating=True)


def update(cluster: Cluster | None, type_: str, urn: str, inputs: Props, manager: str) -> Props:
    """What updating an object would give, or its inputs where nobody can be asked.

    Raises:
        ProviderError: when the API server would refuse it.
    """
    return _try(cluster, type_, urn, inputs, manager, creating=False)


def _try(cluster: Cluster | None, type_: str, urn: str, inputs: Props, manager: str, *, creating: bool) -> Props:
    api_version, name_of_kind = kubernetes_rules.group_version_kind(type_, inputs)
    if cluster is None:
        return _skipped(type_, urn, inputs, "no control plane runs in this preview: only names and labels were checked")
    if contains_unknown(inputs):
        return _skipped(type_, urn, inputs, "a value of it is not known until the update")
    metadata = section(inputs, "metadata")
    name, namespace = str(metadata.get("name")), metadata.get("namespace")
    try:
        kind = cluster.find(api_version, name_of_kind)
        if kind is None:
            return _skipped(
                type_, urn, inputs, f"the kind {name_of_kind} in {api_version} is created in the same update"
            )
        place = (namespace or "default") if kind.namespaced else None
        if place and not cluster.namespace_exists(place):
            return _skipped(type_, urn, inputs, f"namespace {place} is created in the same update")
        body = {**kubernetes_rules.pruned(inputs), "apiVersion": api_version, "kind": name_of_kind}
        exists = cluster.get(kind, place, name) is not None
        if creating and exists and not kubernetes_rules.is_patch(type_):
            return _try_beside(cluster, kind, type_, urn, inputs, body, place, manager)
        if not exists and kubernetes_rules.is_patch(type_):
            return _skipped(type_, urn, inputs, "the object that it patches is created in the same update")
        force = forced(inputs, preview=True, exists=exists)
        live = cluster.apply(kind, body, place, manager=manager, force=force, dry_run=True)
    except KubeError as error:
        if error.status == 0:
            return _skipped(type_, urn, inputs, f"the API server does not answer: {error}")
        doing = "create" if creating else "update"
        raise ProviderError(explain(error, name_of_kind, namespace, name, doing)) from error
    report("checked", urn, type_, by=f"kube-apiserver dry run {api_version} {name_of_kind}")
    return _planned(kubernetes_rules.outputs_of(live), exists)


def _try_beside(
    cluster: Cluster, kind: Kind, type_: str, urn: str, inputs: Props, body: Props, place: str | None, manager: str
) -> Props:
    """The dry run of a replacement, whose name the old object still bears: it is tried under a generated name."""
    if kind.kind in _NAMED:
        return _skipped(type_, urn, inputs, "an object of its name is still there, and its name may not be another")
    metadata = {key: value for key, value in body["metadata"].items() if key != "name"}
    beside = {**body, "metadata": {**metadata, "generateName": f"{body['metadata']['name'][:40]}-"}}
    cluster.try_create(kind, beside, place, manager=manager)
    report("checked", urn, type_, by=f"kube-apiserver dry run {kind.api_version} {kind.kind}")
    return inputs


def _skipped(type_: str, urn: str, inputs: Props, reason: str) -> Props:
    report("skipped", urn, type_, by="kube-apiserver dry run", reason=reason)
    return inputs


def _planned(outputs: Props, exists: bool) -> Props:
    """Outputs of a dry run; what the server makes up anew in the real run is left out."""
    if exists:
        return outputs
    metadata = {key: value for key, value in section(outputs, "metadata").items() if key != "uid"}
    spec = outputs.get("spec")
    if outputs.get("kind") == "Service" and is_map(spec):
        outputs = {**outputs, "spec": {key: value for key, value in spec.items() if not key.startswith("clusterIP")}}
    return {**outputs, "metadata": metadata}
