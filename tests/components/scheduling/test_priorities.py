"""Who comes first."""

from components.scheduling.priorities import VALUES, PriorityClasses
from components.settings.workloads import Priority
from tests.components.recorder import build


def test_interactive_comes_before_batch_and_batch_before_best_effort() -> None:
    assert VALUES[Priority.INTERACTIVE] > VALUES[Priority.BATCH] > VALUES[Priority.BEST_EFFORT] > 0


def test_best_effort_work_takes_nothing_from_anyone() -> None:
    graph = build({}, lambda: PriorityClasses("p"), read_outputs=())
    policies = {
        made.inputs["metadata"]["name"]: made.inputs["preemptionPolicy"]
        for made in graph.all("kubernetes:scheduling.k8s.io/v1:PriorityClass")
    }
    assert policies == {
        "interactive": "PreemptLowerPriority",
        "batch": "PreemptLowerPriority",
        "best-effort": "Never",
    }
