"""By what a model scales: a ScaledObject. Pure.

Sources: keda, apis/keda/v1alpha1 (ScaledObject); metrics of vLLM (docs, design/metrics) and Triton (docs,
user_guide/metrics).
"""

from typing import Any

from components.labels import tenant_labels
from components.manifest import Spec
from components.settings.checks_serving import default_signal
from components.settings.ensembles import Ensemble
from components.settings.serving import ServedModel, Signal

DEFAULT_TARGETS: dict[Signal, int] = {
    Signal.WAITING_REQUESTS: 4,
    Signal.QUEUE_TIME: 50,
    Signal.CPU: 70,
}
"""Value of a signal per replica above which another one starts; units at `Signal`."""

POLL_SECONDS = 15
"""How often a signal is read."""

FAILED_READS = 4
"""Reads that fail before the fallback counts."""


def most_replicas(model: ServedModel | Ensemble) -> int:
    """Replicas at most, the canary's not counted."""
    return max(model.replicas.max or 0, model.replicas.min, 1)


def scales(model: ServedModel | Ensemble) -> bool:
    """Whether the number of replicas follows a signal."""
    return most_replicas(model) > model.replicas.min


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


def scaled_object(tenant: str, name: str, model: ServedModel | Ensemble, *, prometheus: str) -> Spec:
    """Metadata and spec of the ScaledObject of a model that scales.

    While the signal cannot be read, the number of replicas stays as it is, at least at what the stack file calls its
    minimum.
    """
    signal = model.scaling.signal or default_signal(model)
    assert signal is not None  # noqa: S101 - settings refuse a model that scales by nothing
    target = model.scaling.target or DEFAULT_TARGETS[signal]
    if signal is Signal.CPU:
        trigger: dict[str, Any] = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(target)}}
        fallback: dict[str, Any] = {}
    else:
        trigger = {
            "type": "prometheus",
            "metricType": "AverageValue",
            "metadata": {
                "serverAddress": prometheus,
                "query": query(tenant, name, signal),
                "threshold": str(target),
            },
        }
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
            "triggers": [trigger],
        },
    }
