"""The stack's own workloads as the controllers left them: RayClusters, InferenceServices, and what lies on Kafka.

Of Knative it is the brokers and triggers that are on Kafka; those in memory nobody acts on in a rehearsal.
Of ModelMesh it is the servers that many models share, as pods of a ServingRuntime: nothing beside them loads a model in
a rehearsal, so nobody ever says of those InferenceServices that they are ready.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject, Kube

_GPU = "nvidia.com/"
_BROKER_CLASS = "eventing.knative.dev/broker.class"


@dataclass(frozen=True, slots=True)
class Workload:
    """One RayCluster, InferenceService, ServingRuntime of ModelMesh, or what lies on Kafka."""

    kind: str
    name: str
    tenant: str
    ready: bool
    running: int
    pods: int
    gpus: tuple[tuple[str, int], ...]
    """(resource without its prefix, how many), of all pods."""
    nodes: tuple[str, ...]
    why: str
    """Why it is not ready, in the words of whoever acts on it."""


@dataclass(frozen=True)
class _Kind:
    kind: str
    path: str
    pods: str
    """Label of its pods that holds its name; empty: it has none of its own."""
    prefix: str = ""
    """What stands before its name in that label."""


STRIMZIS = ("Kafka", "KafkaTopic", "KafkaUser")
"""Kinds of Strimzi's."""
_KNATIVES = ("Broker", "Trigger")
KAFKA = (*STRIMZIS, *_KNATIVES)
"""Kinds of what lies on Kafka."""

_KINDS = (
    _Kind("RayCluster", "/apis/ray.io/v1/rayclusters", "ray.io/cluster"),
    _Kind(
        "InferenceService", "/apis/serving.kserve.io/v1beta1/inferenceservices", "serving.kserve.io/inferenceservice"
    ),
    _Kind("ServingRuntime", "/apis/serving.kserve.io/v1alpha1/servingruntimes", "name", "modelmesh-serving-"),
    *(_Kind(kind, f"/apis/kafka.strimzi.io/v1/{kind.lower()}s", "") for kind in STRIMZIS),
    *(_Kind(kind, f"/apis/eventing.knative.dev/v1/{kind.lower()}s", "") for kind in _KNATIVES),
)


def workloads(api: Kube) -> list[Workload]:
    """All of them, by kind, tenant and name."""
    found = [(kind, item) for kind in _KINDS for item in api.items(kind.path) if _counts(kind.kind, item)]
    having = {kind for kind, _ in found if kind.pods}
    pods = {kind: api.items("/api/v1/pods", label_selector=kind.pods) for kind in having}
    made = [read(kind.kind, item, _own(pods.get(kind, []), kind, item)) for kind, item in found]
    return sorted(made, key=lambda one: (one.kind, one.tenant, one.name))


def _counts(kind: str, item: JsonObject) -> bool:
    if kind == "InferenceService":
        mode: str = item["metadata"].get("annotations", {}).get("serving.kserve.io/deploymentMode", "")
        return mode != "ModelMesh"
    if kind in _KNATIVES:
        # Nobody acts here on those that are in memory, so they have no status.
        return bool(_conditions(item)) or item["metadata"].get("annotations", {}).get(_BROKER_CLASS) == "Kafka"
    return kind != "ServingRuntime" or value(item, "spec.multiModel", False) is True


def _own(pods: Iterable[JsonObject], kind: _Kind, item: JsonObject) -> list[JsonObject]:
    metadata = item["metadata"]
    return [
        pod
        for pod in pods
        if pod["metadata"]["namespace"] == metadata["namespace"]
        and pod["metadata"]["labels"][kind.pods] == kind.prefix + metadata["name"]
        and value(pod, "status.phase") not in ("Succeeded", "Failed")
    ]


def read(kind: str, item: JsonObject, pods: list[JsonObject]) -> Workload:
    """One object and its pods, as plain facts. Pure."""
    gpus: Counter[str] = Counter()
    for pod in pods:
        for container in pod["spec"]["containers"]:
            limits: dict[str, Any] = value(container, "resources.limits", {})
            for resource, number in limits.items():
                if resource.startswith(_GPU):
                    gpus[resource.removeprefix(_GPU)] += int(number)
    if kind == "RayCluster":
        # One that is told to be suspended is as it should be.
        wanted = "suspended" if value(item, "spec.suspend", False) else "ready"
        ready = value(item, "status.state") == wanted
    elif kind == "ServingRuntime":
        # Its controller writes nothing into it: what it makes of it is all that it says.
        answering = sum(any(one["type"] == "Ready" and one["status"] == "True" for one in _conditions(p)) for p in pods)
        ready = answering >= value(item, "spec.replicas", 1)
    else:
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in _conditions(item))
    # A controller's word on an older spec says nothing about this one.
    heard = kind == "ServingRuntime" or value(item, "status.observedGeneration", 0) >= item["metadata"]["generation"]
    ready = ready and heard
    return Workload(
        kind=kind,
        name=item["metadata"]["name"],
        tenant=item["metadata"]["namespace"],
        ready=ready,
        running=sum(value(pod, "status.phase") == "Running" for pod in pods),
        pods=len(pods),
        gpus=tuple(sorted(gpus.items())),
        nodes=tuple(sorted({node for pod in pods if (node := value(pod, "spec.nodeName", ""))})),
        why="" if ready else _why(item, pods),
    )


def _why(item: JsonObject, pods: list[JsonObject]) -> str:
    bad = [one for one in _conditions(item) if one.get("severity") != "Info" and _bad(one)]
    # Conditions that nobody has come to yet say nothing.
    worded = [one for one in bad if one.get("message") or one.get("reason")]
    said = [f"{one['type']} is {one['status']}: {one.get('message') or one.get('reason', '')}" for one in worded]
    unplaced = [
        one["message"]
        for pod in pods
        for one in cast("list[JsonObject]", value(pod, "status.conditions", []))
        if one["type"] == "PodScheduled" and one["status"] == "False" and one.get("message")
    ]
    # KServe keeps what it could not do with a model apart from its conditions.
    failed = filter(None, [value(item, "status.modelStatus.lastFailureInfo.message", "")])
    # The reason of all reasons is mostly a pod that has no place.
    return "; ".join(dict.fromkeys([*unplaced[:1], *failed, *said])) or "its controller has said nothing yet"


def _bad(condition: JsonObject) -> bool:
    """Failures are conditions that are true; everything else should be."""
    negative = condition["type"] in ("NotReady", "ReplicaFailure", "RayClusterSuspended", "RayClusterSuspending")
    return condition["status"] != ("False" if negative else "True")


def _conditions(item: JsonObject) -> list[JsonObject]:
    return cast("list[JsonObject]", value(item, "status.conditions", []))


def wait(api: Kube, *, seconds: float = 90.0) -> list[Workload]:
    """Waits until all of them are ready, or the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = workloads(api)
        if all(one.ready for one in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def problems(found: Iterable[Workload]) -> list[str]:
    """What a rehearsal fails with."""
    return [f"{one.kind} {one.tenant}/{one.name} is not ready: {one.why}" for one in found if not one.ready]
