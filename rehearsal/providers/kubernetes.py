# ruff: noqa: ARG002 - the hooks' arguments are given
"""The rehearsal's Kubernetes provider: the official one's behaviour against a real API server on this machine.

Objects go in by server-side apply with strict field validation, so quotas, admission and schemas answer for real, in a
preview too (as a dry run) wherever the API server already has what the object needs. What differs from the official
provider: the cluster is always the one named by `REHEARSAL_KUBECONFIG`; automatic names are the same in every run, so
an automatically named object is deleted before its replacement comes; waits are short; Services and volume claims are
not waited for; Helm releases are recorded and not rendered (see `kubernetes_release`); YAML, Kustomize and Helm v4
components are not there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from typing import Any

from rehearsal.kube import KubeError
from rehearsal.providers import (
    kubernetes_api,
    kubernetes_crds,
    kubernetes_dry_run,
    kubernetes_held,
    kubernetes_release,
    kubernetes_rules,
    kubernetes_wait,
)
from rehearsal.providers.kubernetes_api import Cluster, Kind, explain
from rehearsal.providers.plugin import (
    UNKNOWN,
    NotReadyError,
    Props,
    ProviderError,
    RehearsalProvider,
    is_map,
    operation_timeout,
    report,
    serve,
)

RELEASE = "kubernetes:helm.sh/v3:Release"
_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
_UNAVAILABLE = ("kubernetes:yaml", "kubernetes:kustomize", "kubernetes:helm.sh/v4", "kubernetes:helm.sh/v2")


class KubernetesProvider(RehearsalProvider):
    """Kubernetes objects and Helm releases."""

    def __init__(self, cluster: Cluster | None) -> None:
        """Args: the API server, or None in a preview without a control plane."""
        self._cluster = cluster
        self._namespace: str | None = None
        self._mutable: frozenset[str] = frozenset()
        self._cancelled = threading.Event()

    def check_config(self, inputs: Props) -> Props:
        # In a first preview the cluster's kubeconfig is not known, and the engine would then ask this provider nothing.
        return {key: value for key, value in inputs.items() if value is not UNKNOWN}

    def configure(self, config: Props) -> None:
        namespace = config.get("namespace")
        self._namespace = str(namespace) if namespace else None
        switches = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}
        self._mutable = frozenset(kind for kind, key in switches.items() if str(config.get(key)).lower() == "true")

    def normalize_inputs(self, type_: str, urn: str, inputs: Props, old_inputs: Props) -> Props:
        if type_ == RELEASE:
            return kubernetes_release.normalize(urn, inputs, self._namespace)
        inputs = kubernetes_rules.with_name(urn, inputs)
        metadata = inputs.get("metadata")
        if (
            self._namespace
            and is_map(metadata)
            and metadata.get("namespace") is None
            and self._namespaced(type_, inputs)
        ):
            inputs = {**inputs, "metadata": {**metadata, "namespace": self._namespace}}
        return inputs

    def check_resource(self, type_: str, inputs: Props, preview: bool, urn: str) -> Iterable[tuple[str, str]]:
        if type_ == RELEASE:
            return kubernetes_release.check(urn, inputs)
        if type_.startswith(_UNAVAILABLE):
            return [
                ("", f"{type_} is not available in a rehearsal: declare the objects themselves or a Helm v3 Release")
            ]
        return list(kubernetes_rules.check(type_, inputs))

    def replace_on(self, type_: str) -> Collection[str]:
        if type_ == RELEASE:
            return ("name", "namespace")
        return kubernetes_rules.replace_on(type_, self._mutable)

    def ignore_in_diff(self, type_: str) -> Collection[str]:
        return ("compat", "resourceNames", "checksum") if type_ == RELEASE else ()

    def delete_before_replace(self, type_: str, old_inputs: Props, new_inputs: Props) -> bool:
        if type_ == RELEASE:
            return all(old_inputs.get(key) == new_inputs.get(key) for key in ("name", "namespace"))
        old, new = (kubernetes_api.section(inputs, "metadata") for inputs in (old_inputs, new_inputs))
        return all(old.get(key) == new.get(key) for key in ("name", "namespace"))

    def secret_outputs(self, type_: str) -> Collection[str]:
        return ("data", "stringData") if type_ == _SECRET else ()

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        if type_ == RELEASE:
            if preview:
                return "", kubernetes_release.outputs(inputs)
            return kubernetes_release.create(self._required(), urn, inputs, self._cancelled.is_set)
        if preview:
            return "", kubernetes_dry_run.create(self._cluster, type_, urn, inputs, self._manager(urn))
        return self._apply(type_, urn, inputs, "create")

    def update_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, old_inputs: Props, old_outputs: Props, preview: bool
    ) -> Props:
        if type_ == RELEASE:
            if preview:
                return kubernetes_release.outputs(inputs)
            return kubernetes_release.update(self._required(), urn, inputs, self._cancelled.is_set)
        if preview:
            return kubernetes_dry_run.update(self._cluster, type_, urn, inputs, self._manager(urn))
        return self._apply(type_, urn, inputs, "update")[1]

    def delete_resource(self, type_: str, urn: str, id_: str, outputs: Props) -> None:
        cluster = self._cluster
        if cluster is None:
            raise ProviderError(f"cannot delete {id_}: no control plane runs (REHEARSAL_KUBECONFIG is not set)")
        try:
            if type_ == RELEASE:
                kubernetes_release.delete(cluster, urn, outputs, self._cancelled.is_set)
            else:
                self._delete(cluster, type_, urn, id_, outputs)
        except KubeError as error:
            if error.status == 0 and os.environ.get("PULUMI_K8S_DELETE_UNREACHABLE", "").lower() == "true":
                report("note", urn, type_, reason="its cluster cannot be reached; taken as deleted as asked for")
                return
            raise ProviderError(f"cannot delete {id_}: {error}") from error

    def read_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, outputs: Props
    ) -> tuple[Props, Props] | None:
        cluster = self._required()
        if type_ == RELEASE:
            return kubernetes_release.read(cluster, id_, inputs, outputs)
        api_version, name_of_kind = kubernetes_rules.group_version_kind(type_, inputs or outputs)
        namespace, _, name = id_.rpartition("/")
        with _explained(name_of_kind, namespace, name, "read"):
            kind = cluster.find(api_version, name_of_kind)
            live = cluster.get(kind, namespace or None, name) if kind else None
        if live is None:
            return None
        if not inputs:
            return kubernetes_rules.imported_inputs(live), kubernetes_rules.outputs_of(live)
        return kubernetes_rules.drifted_inputs(inputs, outputs, live), kubernetes_rules.outputs_of(live)

    def invoke(self, token: str, args: Props) -> Props:
        if token == "kubernetes:yaml:decode":  # noqa: S105 - a function
            import yaml

            documents = yaml.safe_load_all(str(args.get("text", "")))
            return {"result": [document for document in documents if document]}
        return super().invoke(token, args)

    def cancel(self) -> None:
        self._cancelled.set()

    def _required(self) -> Cluster:
        if self._cluster is None:
            raise ProviderError(
                "no control plane: REHEARSAL_KUBECONFIG is not set, so nothing can be created or read; "
                "run `make up` or `make rehearse`, which start one"
            )
        return self._cluster

    def _namespaced(self, type_: str, inputs: Props) -> bool:
        kind = self._cluster.find(*kubernetes_rules.group_version_kind(type_, inputs)) if self._cluster else None
        return kind is not None and kind.namespaced

    @staticmethod
    def _manager(urn: str) -> str:
        """Field manager of a resource: each has its own, so that two resources for one object are found out."""
        return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"

    def _apply(self, type_: str, urn: str, inputs: Props, doing: str) -> tuple[str, Props]:
        cluster = self._required()
        api_version, name_of_kind = kubernetes_rules.group_version_kind(type_, inputs)
        metadata = kubernetes_api.section(inputs, "metadata")
        name, namespace = str(metadata.get("name")), metadata.get("namespace")
        if metadata.get("generateName") is not None:
            raise ProviderError(
                f"{name_of_kind} {metadata['generateName']}*: generateName: use name, or leave both out"
            )
        with _explained(name_of_kind, namespace, name, doing):
            kind = cluster.find(api_version, name_of_kind, wait=True)
            if kind is None:
                raise ProviderError(
                    f"{name_of_kind} {name}: the API server serves no {name_of_kind} in {api_version}: "
                    f"is the chart that brings its CRD created before it (depends_on)?"
                )
            place = (namespace or "default") if kind.namespaced else None
            if kubernetes_rules.is_patch(type_) and cluster.get(kind, place, name) is None:
                raise ProviderError(f"{name_of_kind} {name}: {name_of_kind}Patch: there is no such object to patch")
            body = {**kubernetes_rules.pruned(inputs), "apiVersion": api_version, "kind": name_of_kind}
            force = kubernetes_dry_run.forced(inputs, preview=False)
            live = kubernetes_dry_run.retried(
                lambda: cluster.apply(kind, body, place, manager=self._manager(urn), force=force),
                self._cancelled.is_set,
            )
        report("checked", urn, type_, by=f"kube-apiserver {api_version} {name_of_kind}")
        id_ = f"{place}/{name}" if place else name
        if kubernetes_rules.skips_await(inputs, doing):
            return id_, kubernetes_rules.outputs_of(live)
        timeout = operation_timeout(kubernetes_wait.READY_SECONDS)
        with _explained(name_of_kind, namespace, name, doing):
            live, reasons = kubernetes_wait.await_ready(cluster, kind, live, timeout, self._cancelled.is_set)
        if reasons:
            told = [f"{name_of_kind} {id_}: {reason}" for reason in reasons]
            raise NotReadyError(id_, kubernetes_rules.outputs_of(live), told)
        return id_, kubernetes_rules.outputs_of(live)

    def _delete(self, cluster: Cluster, type_: str, urn: str, id_: str, outputs: Props) -> None:
        api_version, name_of_kind = kubernetes_rules.group_version_kind(type_, outputs)
        namespace, _, name = id_.rpartition("/")
        kind = cluster.find(api_version, name_of_kind)
        if kind is None:
            return  # the CRD is gone, and its objects with it
        if kubernetes_rules.is_patch(type_):
            self._release_fields(cluster, kind, urn, namespace or None, name)
            return
        timeout = min(operation_timeout(kubernetes_wait.DELETE_SECONDS), kubernetes_wait.DELETE_SECONDS)
        if kind == kubernetes_crds.DEFINITIONS:
            held = kubernetes_crds.remove(cluster, [name], timeout, self._cancelled.is_set)
            if held:
                raise ProviderError(held)
            return
        propagation = kubernetes_rules.annotations_of(outputs).get("pulumi.com/deletionPropagationPolicy")
        wanted = {"foreground": "Foreground", "orphan": "Orphan"}.get(str(propagation), "Background")
        if not cluster.delete(kind, namespace or None, name, wanted) or kubernetes_rules.skips_await(outputs, "delete"):
            return
        held = kubernetes_wait.await_gone(cluster, kind, namespace or None, name, timeout, self._cancelled.is_set)
        if held and (api_version, name_of_kind) == ("v1", "Namespace"):
            held += kubernetes_held.told(kubernetes_held.find(cluster.kube, name))
        if held:
            raise ProviderError(f"{name_of_kind} {id_}: cannot delete it: {held}")

    def _release_fields(self, cluster: Cluster, kind: Kind, urn: str, namespace: str | None, name: str) -> None:
        """Gives up a Patch resource's fields: applying none of them removes those that nobody else holds."""
        if cluster.get(kind, namespace, name) is not None:
            body: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
            cluster.apply(kind, body, namespace, manager=self._manager(urn), force=True)


@contextmanager
def _explained(kind: str, namespace: str | None, name: str, doing: str) -> Generator[None]:
    try:
        yield
    except KubeError as error:
        raise ProviderError(explain(error, kind, namespace, name, doing)) from error


def main() -> None:
    """Serves the provider as a plugin process."""
    from rehearsal.providers.install import sdk_version

    serve(KubernetesProvider(kubernetes_api.from_environment()), "kubernetes", sdk_version("pulumi-kubernetes"))


if __name__ == "__main__":
    main()
