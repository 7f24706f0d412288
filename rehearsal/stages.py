"""How simulated nodes and pods behave, as kwok Stage objects.

kwok plays the kubelet: a Stage says in which state of an object it acts, after what delay, and what it then writes.
Nodes become Ready and stay so; pods start at once and run until they are deleted, except that

- a pod with the annotation `rehearsal.multimodal.dev/runtime: "<seconds>"` succeeds after that many seconds;
- a pod of a batch/v1 Job without the annotation succeeds after `JOB_SECONDS`.

Pods of a Volcano job count as neither: a gang should be seen to hold its GPUs until it says otherwise.
"""

from typing import Any

import yaml

RUNTIME_ANNOTATION = "rehearsal.multimodal.dev/runtime"
"""Whole seconds, as text, after which a pod succeeds."""
JOB_SECONDS = 2
HEARTBEAT_SECONDS = 300
"""As often as a kubelet reports an unchanged status; liveness itself is the node's Lease."""

_NODE_CONDITIONS = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ or $.metadata.creationTimestamp Now | Quote }}
{{ end }}
"""

_NODE_JOINS = (
    _NODE_CONDITIONS
    + """
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ .metadata.name | Quote }}
nodeInfo:
  architecture: {{ index .metadata.labels "kubernetes.io/arch" | Quote }}
  operatingSystem: linux
  osImage: simulated
  kernelVersion: simulated
  containerRuntimeVersion: kwok://{{ Version }}
  kubeletVersion: v1.35.4-kwok
  kubeProxyVersion: ""
  bootID: ""
  machineID: ""
  systemUUID: ""
phase: Running
"""
)

_POD_RUNS = """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
hostIP: {{ index (NodeIPsWith .spec.nodeName) 0 | Quote }}
{{ $network := or .spec.hostNetwork false }}
{{ $addresses := PodIPsWith .spec.nodeName $network (or .metadata.uid "") .metadata.name .metadata.namespace }}
{{ with $addresses }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
conditions:
{{ range $condition := list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- type: {{ $condition | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  restartCount: 0
  ready: true
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  restartCount: 0
  ready: true
  state:
{{ if eq (or .restartPolicy "") "Always" }}
    running:
      startedAt: {{ $now | Quote }}
{{ else }}
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
{{ end }}
{{ end }}
"""

_POD_SUCCEEDS = """
{{ $started := .status.startTime }}
phase: Succeeded
conditions:
{{ range $condition := list "ContainersReady" "Ready" }}
- type: {{ $condition | Quote }}
  status: "False"
  reason: PodCompleted
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  restartCount: 0
  ready: false
  started: false
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $started | Quote }}
      finishedAt: {{ Now | Quote }}
{{ end }}
"""

_READY = '.status.conditions.[] | select( .type == "Ready" ) | .status'
_DELETED = ".metadata.deletionTimestamp"
_RUNTIME = f'.metadata.annotations["{RUNTIME_ANNOTATION}"]'
# Volcano's own kind is called Job as well: the API group tells them apart.
_BATCH_JOB = '.metadata.ownerReferences.[] | select( .apiVersion == "batch/v1" ) | .kind'


def stages() -> list[dict[str, Any]]:
    """All Stage objects."""
    running = (_in(".status.phase", "Running"), _absent(_DELETED))
    return [
        _stage("node-joins", "Node", [_not_in(_READY, "True")], {"statusTemplate": _NODE_JOINS}),
        _stage(
            "node-heartbeat",
            "Node",
            [_in(".status.phase", "Running"), _in(_READY, "True")],
            {"statusTemplate": _NODE_CONDITIONS},
            {"durationMilliseconds": HEARTBEAT_SECONDS * 1000, "jitterDurationMilliseconds": HEARTBEAT_SECONDS * 1100},
        ),
        _stage("pod-runs", "Pod", [_in(".status.phase", "Pending"), _absent(_DELETED)], {"statusTemplate": _POD_RUNS}),
        _stage(
            "pod-succeeds",
            "Pod",
            [*running, _present(_RUNTIME)],
            {"statusTemplate": _POD_SUCCEEDS},
            {"durationMilliseconds": 0, "durationFrom": {"expressionFrom": f'{_RUNTIME} + "s"'}},
        ),
        _stage(
            "job-pod-succeeds",
            "Pod",
            [*running, _absent(_RUNTIME), _in(_BATCH_JOB, "Job")],
            {"statusTemplate": _POD_SUCCEEDS},
            {"durationMilliseconds": JOB_SECONDS * 1000},
        ),
        _stage("pod-goes", "Pod", [_present(_DELETED)], {"finalizers": {"empty": True}, "delete": True}),
    ]


def configuration() -> str:
    """The file for kwok's `--config`."""
    return yaml.safe_dump_all(stages(), sort_keys=False)


def _stage(
    name: str, kind: str, when: list[dict[str, Any]], then: dict[str, Any], delay: dict[str, Any] | None = None
) -> dict[str, Any]:
    spec: dict[str, Any] = {"resourceRef": {"apiGroup": "v1", "kind": kind}, "selector": {"matchExpressions": when}}
    if delay is not None:
        spec["delay"] = delay
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": spec | {"next": then},
    }


def _in(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": [value]}


def _not_in(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "operator": "NotIn", "values": [value]}


def _present(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "Exists"}


def _absent(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "DoesNotExist"}
