"""KEDA's values."""

from typing import Any

from components.autoscaling.keda import KedaArgs, keda_values
from components.catalog.images import images_in


def values(replicas: int = 1, **extra: Any) -> dict[str, Any]:
    args: KedaArgs = {"version": "2.20.2", "replicas": replicas, "images_lock": {}, "values": extra}
    return keda_values(args)


def test_every_image_is_pinned() -> None:
    assert [ref.reference for ref in images_in("keda", values()) if not ref.exact_tag] == []
    assert all(ref.tag == "2.20.2" for ref in images_in("keda", values()))


def test_a_lost_webhook_stops_neither_a_rollout_nor_a_destroy() -> None:
    assert values()["webhooks"]["failurePolicy"] == "Ignore"


def test_with_two_of_each_an_eviction_takes_only_one() -> None:
    made = values(replicas=2)
    assert made["operator"]["replicaCount"] == made["metricsServer"]["replicaCount"] == 2
    assert made["podDisruptionBudget"]["operator"] == {"maxUnavailable": 1}
    assert "podDisruptionBudget" not in values()


def test_the_stack_files_values_win() -> None:
    assert values(operator={"replicaCount": 3})["operator"]["replicaCount"] == 3
