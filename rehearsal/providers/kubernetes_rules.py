"""What the official Kubernetes provider does with inputs before it talks to a cluster, as pure functions.

Replacement rules, automatic names and the default namespace follow pulumi/pulumi-kubernetes v4
(provider/pkg/provider/diff.go, provider.go; provider/pkg/metadata/naming.go), except that automatic names are the same
in every run: a rehearsal should read the same twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rehearsal.providers.plugin import UNKNOWN, Props, is_list, is_map

AUTONAMED_ANNOTATION: Final = "pulumi.com/autonamed"
SKIP_AWAIT_ANNOTATION: Final = "pulumi.com/skipAwait"
PATCH_FORCE_ANNOTATION: Final = "pulumi.com/patchForce"

_IDENTITY: Final = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_SELECTOR: Final = ("spec.selector",)
# fmt: off
_VOLUME_KINDS: Final = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
    "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume",
    "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
)
# fmt: on
# Of a pod's spec the API server lets only images, the deadline and added tolerations change; the official provider
# replaces a pod for a new image as well.
# fmt: off
_POD_FIELDS: Final = (
    "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "enableServiceLinks",
    "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "initContainers", "nodeName",
    "nodeSelector", "overhead", "preemptionPolicy", "priority", "priorityClassName", "readinessGates",
    "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
    "serviceAccountName", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds",
    "topologySpreadConstraints", "volumes",
)
# fmt: on
_IMMUTABLE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "ConfigMap"): ("data", "binaryData"),
    ("", "PersistentVolume"): tuple(f"spec.{kind}" for kind in _VOLUME_KINDS),
    ("", "PersistentVolumeClaim"): ("spec",),
    ("", "Pod"): tuple(f"spec.{field}" for field in _POD_FIELDS),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type", "data", "stringData"),
    ("", "Service"): ("spec.clusterIP",),
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
}
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DNS_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LONGEST_NAME: Final = 253


def group_version_kind(type_: str, inputs: Props) -> tuple[str, str]:
    """(apiVersion, kind) of a resource: from its inputs, else from a type token such as `kubernetes:core/v1:Namespace`.

    Patch resources (`NamespacePatch`) have the kind that they patch.
    """
    _, middle, last = type_.split(":", 2)
    kind = last.removesuffix("Patch") if is_patch(type_) else last
    api_version = middle.removeprefix("core/")
    declared_version, declared_kind = inputs.get("apiVersion"), inputs.get("kind")
    return (
        declared_version if isinstance(declared_version, str) else api_version,
        declared_kind if isinstance(declared_kind, str) else kind,
    )


def is_patch(type_: str) -> bool:
    """True for the SDK's Patch resources, which own some fields of an object that somebody else made."""
    return type_.endswith("Patch") and not type_.endswith(":Patch")


def replace_on(type_: str, mutable: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Property paths whose change replaces an object of this type.

    Args:
        type_: Type token.
        mutable: Kinds, of ConfigMap and Secret, whose data the provider was configured to change in place.
    """
    api_version, kind = group_version_kind(type_, {})
    group = api_version.rpartition("/")[0]
    if is_patch(type_):
        return _IDENTITY
    fields = () if kind in mutable else _IMMUTABLE.get((group, kind), ())
    return _IDENTITY + fields


def with_name(urn: str, inputs: Props) -> Props:
    """Inputs with a name: the one given, else `<logical name>-<8 hexadecimal digits of the URN's hash>`."""
    given = inputs.get("metadata")
    if given is UNKNOWN:
        return inputs
    metadata: Props = dict(given) if is_map(given) else {}
    if metadata.get("name") is not None or metadata.get("generateName") is not None:
        return {**inputs, "metadata": metadata}
    metadata["name"] = automatic_name(urn)
    annotations = metadata.get("annotations")
    if annotations is None or is_map(annotations):
        metadata["annotations"] = {**(annotations or {}), AUTONAMED_ANNOTATION: "true"}
    return {**inputs, "metadata": metadata}


def automatic_name(urn: str) -> str:
    """`<logical name>-<8 hexadecimal digits of the URN's hash>`."""
    logical = urn.rsplit("::", 1)[-1].lower()
    return f"{logical}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def pruned(value: Any) -> Any:
    """Without null map entries, which a language SDK sends for "not set" and the API server takes as a value."""
    if is_map(value):
        return {key: pruned(item) for key, item in value.items() if item is not None}
    if is_list(value):
        return [pruned(item) for item in value]
    return value


def annotations_of(inputs: Props) -> Mapping[str, Any]:
    """The annotations of an object, where they are known."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if is_map(metadata) else None
    return annotations if is_map(annotations) else {}


def skips_await(inputs: Props, doing: str) -> bool:
    """Whether `pulumi.com/skipAwait` turns waiting off while `doing` (`create` or `delete`).

    `true` turns all of it off, `ready` only the wait for readiness.
    """
    value = str(annotations_of(inputs).get(SKIP_AWAIT_ANNOTATION, "")).lower()
    return value == "true" or (value == "ready" and doing != "delete")


def check(type_: str, inputs: Props) -> Iterator[tuple[str, str]]:
    """Refusals that need no API server: identity, names and labels. Unknown values pass."""
    api_version, kind = group_version_kind(type_, inputs)
    for key, value in (("apiVersion", api_version), ("kind", kind)):
        if not value:
            yield key, f"{key}: is missing: every Kubernetes object has one"
    metadata = inputs.get("metadata")
    if not is_map(metadata):
        return
    name = metadata.get("name")
    if is_patch(type_) and name is None:
        yield "metadata.name", f"metadata.name: {kind}Patch needs the name of the object that it patches"
    # RBAC objects may carry names such as system:node that no other kind allows.
    free_form = api_version.startswith("rbac.authorization.k8s.io/")
    if isinstance(name, str) and not free_form and not (_DNS_NAME.fullmatch(name) and len(name) <= _LONGEST_NAME):
        yield (
            "metadata.name",
            f"metadata.name: {name!r} is not allowed: use lower-case letters, digits, '-' and '.', starting and ending "
            f"with a letter or digit, at most {_LONGEST_NAME} characters",
        )
    if kind == "Namespace" and isinstance(name, str) and _DNS_NAME.fullmatch(name) and not _DNS_LABEL.fullmatch(name):
        yield "metadata.name", f"metadata.name: {name!r} is no namespace name: at most 63 characters and no dots"
    namespace = metadata.get("namespace")
    if isinstance(namespace, str) and not _DNS_LABEL.fullmatch(namespace):
        yield "metadata.namespace", f"metadata.namespace: {namespace!r} is not a namespace name"
    labels = metadata.get("labels")
    for key, value in labels.items() if is_map(labels) else ():
        if not _is_label_key(key):
            yield (
                f'metadata.labels["{key}"]',
                f"metadata.labels: {key!r} is not a label key: write it like app or my.org/app",
            )
        if isinstance(value, str) and not _LABEL_VALUE.fullmatch(value):
            yield (
                f'metadata.labels["{key}"]',
                f"metadata.labels: {key}: {value!r} is not a label value: at most 63 letters, digits, '-', '_' and '.'",
            )
    if "status" in inputs and inputs["status"] is not None:
        yield "status", "status: is set by the cluster: remove it"


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(_LABEL_NAME.fullmatch(name)) and (not slash or bool(_DNS_NAME.fullmatch(prefix)))


def drifted_inputs(inputs: Props, recorded: Props, live: Props) -> Props:
    """The inputs as the live object now has them.

    A field is ours when the inputs name it. Where the live object still says what was recorded after the last apply,
    the input stays as it was written (the server spells `1000m` as `1` and moves `stringData`); where it says something
    else, that is drift and the live value takes the input's place; where it is gone, so is the input.
    """
    return {key: value for key, value in _drifted_map(inputs, recorded, live).items() if value is not None}


def _drifted_map(inputs: Props, recorded: Props, live: Props) -> Props:
    result: Props = {}
    for key, value in inputs.items():
        was, now = recorded.get(key), live.get(key)
        if key in ("apiVersion", "kind"):
            result[key] = value  # the server may answer in the version it stores
        else:
            result[key] = _drifted(value, was, now)
    return result


def _drifted(value: Any, was: Any, now: Any) -> Any:
    if was == now:
        return value
    if is_map(value) and is_map(now):
        inner = _drifted_map(value, was if is_map(was) else {}, now)
        return {key: item for key, item in inner.items() if item is not None or value.get(key) is None}
    if is_list(value) and is_list(now):
        return _drifted_list(value, was if is_list(was) else [], now)
    return now


def _drifted_list(value: list[Any], was: list[Any], now: list[Any]) -> list[Any]:
    before, after = _by_name(was), _by_name(now)
    if after is None or _by_name(value) is None:
        if len(value) == len(was) == len(now):
            return [_drifted(*items) for items in zip(value, was, now, strict=True)]
        return now
    kept = [(item, after[item["name"]]) for item in value if item["name"] in after]
    return [_drifted(item, (before or {}).get(item["name"]), live) for item, live in kept]


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """Items of a list that Kubernetes merges by `name` (containers, ports, variables), or None for another list."""
    named = {item["name"]: item for item in items if is_map(item) and isinstance(item.get("name"), str)}
    return named if len(named) == len(items) and items else None


_SERVER_METADATA: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink")
# Kinds whose status programs read: the address that a cloud gives them.
_STATUS_KINDS: Final = ("Service", "Ingress", "Gateway")


def outputs_of(live: Props) -> Props:
    """A live object as a resource's outputs: without what changes by itself, so that a refresh shows drift only."""
    outputs = {key: value for key, value in live.items() if key != "status" or live.get("kind") in _STATUS_KINDS}
    metadata = {key: value for key, value in live.get("metadata", {}).items() if key not in _SERVER_METADATA}
    return {**outputs, "metadata": metadata}


def imported_inputs(live: Props) -> Props:
    """Inputs for an object that was read without any: all of it, without what the server adds."""
    inputs = {key: value for key, value in live.items() if key != "status"}
    metadata = {key: value for key, value in live.get("metadata", {}).items() if key not in (*_SERVER_METADATA, "uid")}
    return {**inputs, "metadata": metadata}
