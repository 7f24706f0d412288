"""By what a model scales: a ScaledObject. Pure.

Sources: keda, apis/keda/v1alpha1 (ScaledObject), pkg/scalers/kafka_scaler.go and pkg/scaling/executor; metrics of vLLM
(docs, design/metrics) and Triton (docs, user_guide/metrics).
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import pulumi

from components.labels import tenant_labels
from components.manifest import Spec
from components.settings.checks_serving import default_signal
from components.settings.ensembles import Ensemble
from components.settings.flow_steps import AT_ONCE, most_replicas
from components.settings.serving import Mode, ServedModel, Signal

DEFAULT_TARGETS: dict[Signal, int] = {
    Signal.WAITING_REQUESTS: 4,
    Signal.QUEUE_TIME: 50,
    Signal.CPU: 70,
    Signal.CONCURRENCY: 10,
}
"""Value of a signal per replica above which another one starts; units at `Signal`."""

POLL_SECONDS = 15
"""How often a signal is read."""

FAILED_READS = 4
"""Reads that fail before the fallback counts."""

KAFKA_PROTOCOL = "3.6.0"
"""Version of Kafka's protocol that KEDA speaks: the default, 1.0.0, is older than Kafka 4 understands (KIP-896)."""


def scales(model: ServedModel | Ensemble) -> bool:
    """Whether the platform changes the number of replicas by a signal. In knative mode Knative does."""
    return model.mode is Mode.STANDARD and most_replicas(model) > model.replicas.min


def query(tenant: str, name: str, signal: Signal) -> str:
    """The signal of a model's replicas together, in Prometheus' query language.

    Pods are told apart by the labels that a PodMonitor gives every series: namespace and pod.
    """
    pods = f'namespace="{tenant}",pod=~"{name}-predictor-.*"'
    if signal is Signal.WAITING_REQUESTS:
        return f"sum(vllm:num_requests_waiting{{{pods}}})"
    # Microseconds that requests waited, over requests that were answered; both are counters.
    waited = f"sum(rate(nv_inference_queue_duration_us{{{pods}}}[2m]))"
    answered = f"sum(rate(nv_inference_request_success{{{pods}}}[2m]))"
    # Per replica, as waiting requests are: the target is compared with the sum over replicas.
    replicas = f"count(count by (pod) (nv_inference_request_success{{{pods}}}))"
    return f"{replicas} * {waited} / ({answered} > 0) / 1000 or vector(0)"


class Backlog(TypedDict):
    """Events that wait for a model: what one step of a flow has not read yet."""

    bootstrap: pulumi.Input[str]
    topic: str
    group: str
    authentication: str
    """Name of the TriggerAuthentication by which KEDA may ask."""
    login: dict[str, str]
    """What the trigger has to say beside that (`components.eventing.logins`)."""


def scaled_object(
    tenant: str,
    name: str,
    model: ServedModel | Ensemble,
    *,
    prometheus: str,
    backlogs: Sequence[Backlog] = (),
) -> Spec:
    """Metadata and spec of the ScaledObject of a model that scales, by its own signal and by what waits for it.

    Several signals: the one that asks for most replicas counts. A model that may sleep is called by flows alone, so
    that what waits for it says everything, and the servers' own signal, of which there is none while it sleeps, is left
    out. While a signal cannot be read, the number of replicas stays as it is, at least at what the stack file calls its
    minimum; a model that sleeps goes on sleeping.
    """
    asleep = model.replicas.min == 0
    triggers = [_waiting(backlog, AT_ONCE[model.runtime]) for backlog in backlogs]
    signal = model.scaling.signal or default_signal(model)
    assert triggers or signal is not None  # noqa: S101 - settings refuse a model that scales by nothing
    if signal is not None and not (asleep and triggers):
        triggers.insert(0, _own_signal(tenant, name, model, signal, prometheus))
    fallback: dict[str, Any] = {}
    if any(trigger["type"] != "cpu" for trigger in triggers):
        least = max(1, model.replicas.min)
        fallback = {
            "fallback": {"failureThreshold": FAILED_READS, "replicas": least, "behavior": "currentReplicasIfHigher"}
        }
    return {
        "metadata": {"name": name, "namespace": tenant, "labels": tenant_labels(tenant)},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-predictor"},
            "pollingInterval": POLL_SECONDS,
            "minReplicaCount": model.replicas.min,
            "maxReplicaCount": most_replicas(model),
            **({"cooldownPeriod": model.scaling.cooldown_seconds} if asleep else {}),
            **fallback,
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {
                        "scaleDown": {
                            "stabilizationWindowSeconds": model.scaling.cooldown_seconds,
                            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                        },
                        # A replica takes minutes to load; without a pause each look would order another one.
                        "scaleUp": {
                            "stabilizationWindowSeconds": 0,
                            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 120}],
                        },
                    }
                }
            },
            "triggers": triggers,
        },
    }


def _own_signal(
    tenant: str, name: str, model: ServedModel | Ensemble, signal: Signal, prometheus: str
) -> dict[str, Any]:
    target = model.scaling.target or DEFAULT_TARGETS[signal]
    if signal is Signal.CPU:
        return {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(target)}}
    return {
        "type": "prometheus",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": prometheus,
            "query": query(tenant, name, signal),
            "threshold": str(target),
        },
    }


def _waiting(backlog: Backlog, at_once: int) -> dict[str, Any]:
    return {
        "type": "kafka",
        "metricType": "AverageValue",
        "metadata": {
            "bootstrapServers": backlog["bootstrap"],
            "topic": backlog["topic"],
            "consumerGroup": backlog["group"],
            "lagThreshold": str(at_once),
            # One event wakes a model that sleeps.
            "activationLagThreshold": "0",
            # Before anything was read, all that is there waits.
            "offsetResetPolicy": "earliest",
            # Routers read the topic, not replicas: there may be more of these than partitions.
            "allowIdleConsumers": "true",
            "tls": "enable",
            "version": KAFKA_PROTOCOL,
            **backlog["login"],
        },
        "authenticationRef": {"name": backlog["authentication"]},
    }
