"""What a rehearsal says of RayClusters, InferenceServices and what lies on Kafka."""

from typing import Any

from rehearsal import gang
from rehearsal.kube import JsonObject
from rehearsal.workloads import problems, read, workloads
from tests.stack_files import settings


def item(generation: int = 1, **status: Any) -> JsonObject:
    metadata = {"name": "one", "namespace": "team", "generation": generation}
    return {"metadata": metadata, "spec": {}, "status": {"observedGeneration": 1, **status}}


def pod(phase: str = "Running", node: str = "gpu-0", **resources: str) -> JsonObject:
    limits = {f"nvidia.com/{name.replace('_', '-')}": number for name, number in resources.items()}
    spec = {"nodeName": node, "containers": [{"resources": {"limits": limits}}, {}]}
    return {"metadata": {}, "spec": spec, "status": {"phase": phase}}


def condition(kind: str, status: str, message: str = "", **more: str) -> JsonObject:
    return {"type": kind, "status": status, "message": message, **more}


def test_a_ready_model_is_told_with_its_pods_and_gpus() -> None:
    found = read("InferenceService", item(conditions=[condition("Ready", "True")]), [pod(gpu="1"), pod(gpu="2")])
    assert (found.ready, found.running, found.pods, found.gpus) == (True, 2, 2, (("gpu", 3),))
    assert (found.nodes, found.why) == (("gpu-0",), "")


def test_an_answer_to_an_older_spec_is_not_ready() -> None:
    assert not read("InferenceService", item(2, conditions=[condition("Ready", "True")]), []).ready
    assert not read("RayCluster", item(2, state="ready"), []).ready


def test_a_suspended_ray_cluster_is_as_it_should_be() -> None:
    suspended = item(state="suspended") | {"spec": {"suspend": True}}
    assert read("RayCluster", suspended, []).ready
    assert not read("RayCluster", item(state="suspended"), []).ready


def test_what_is_not_ready_is_told_in_the_controllers_own_words() -> None:
    said = [
        condition("PredictorReady", "False", "no runtime found"),
        condition("Stopped", "False", severity="Info"),
        condition("Ready", "False", "no runtime found"),
    ]
    found = read("InferenceService", item(conditions=said), [])
    assert problems([found]) == [
        "InferenceService team/one is not ready: "
        "PredictorReady is False: no runtime found; Ready is False: no runtime found"
    ]


def test_a_pod_without_a_place_is_the_first_reason() -> None:
    waiting = pod("Pending")
    waiting["status"]["conditions"] = [condition("PodScheduled", "False", "0/3 nodes: Insufficient nvidia.com/gpu")]
    said = [condition("RayClusterProvisioned", "False", "being provisioned"), condition("RayClusterSuspended", "False")]
    assert read("RayCluster", item(conditions=said), [waiting]).why == (
        "0/3 nodes: Insufficient nvidia.com/gpu; RayClusterProvisioned is False: being provisioned"
    )


def test_silence_is_told_as_such() -> None:
    assert read("RayCluster", item(), []).why == "its controller has said nothing yet"


def test_gangs_take_what_workloads_leave() -> None:
    two = {name: {"quota": {"gpus": 4, "slices": {"1g.10gb": 8}}} for name in ("vision", "language")}
    chosen = settings(tenants=two)
    used = {"vision": {"nvidia.com/gpu": 2}, "language": {"nvidia.com/mig-1g.10gb": 8, "nvidia.com/gpu": 1}}
    plan = gang.plan(chosen, used)
    assert [(one.tenant, one.workers, one.resource) for one in plan] == [
        ("vision", 1, "nvidia.com/gpu"),
    ]


def test_a_topic_that_kafka_refuses_is_a_problem_in_its_words() -> None:
    refused = read("KafkaTopic", item(conditions=[condition("Ready", "False", "Unknown topic config name: x")]), [])
    assert problems([refused]) == ["KafkaTopic team/one is not ready: Ready is False: Unknown topic config name: x"]


def test_a_kafka_that_does_not_start_says_why() -> None:
    refused = read("Kafka", item(conditions=[condition("NotReady", "True", "Secret a/b is missing")]), [])
    assert problems([refused]) == ["Kafka team/one is not ready: NotReady is True: Secret a/b is missing"]


def test_a_broker_that_does_not_get_ready_is_a_problem_in_its_controllers_words() -> None:
    said = [condition("TopicReady", "Unknown"), condition("ConfigResolved", "False", "secret is missing")]
    waiting = read("Broker", item(conditions=said), [])
    assert problems([waiting]) == ["Broker team/one is not ready: ConfigResolved is False: secret is missing"]


class Brokers:
    """An API server with a broker on Kafka and one in memory, of which nobody has said anything."""

    def items(self, path: str, **_selector: str) -> list[JsonObject]:
        if not path.endswith("/brokers"):
            return []
        classes = {"kafka": "Kafka", "memory": "MTChannelBasedBroker"}
        made = [item() for _ in classes]
        for one, (name, kind) in zip(made, classes.items(), strict=True):
            one["metadata"] |= {"name": name, "annotations": {"eventing.knative.dev/broker.class": kind}}
        return made


def test_a_broker_in_memory_has_no_controller_here_and_is_not_waited_for() -> None:
    found = workloads(Brokers())  # type: ignore[arg-type]
    assert [(one.name, one.ready) for one in found] == [("kafka", False)]
