"""What the real Volcano makes of a training job: its workers find each other, and it restarts as a whole."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.scheduling.placement import Placement
from components.scheduling.queues import queue_spec
from components.scheduling.training_job import training_job_spec
from components.settings.training import Training
from rehearsal.kube import Kube
from tests.rehearsal.cluster import JOBS, SCHEDULING, Namespace, eventually, job_of, priority_classes
from tests.rehearsal.gpu_nodes import Pools

pytestmark = [
    pytest.mark.control_plane,
    pytest.mark.usefixtures("volcano"),
    pytest.mark.parametrize("volcano", [True], indirect=True, ids=["pools grow"]),
]
IMAGE = "ghcr.io/acme/train@sha256:" + "a" * 64


@pytest.fixture(scope="module", autouse=True)
def priorities(api: Kube) -> Iterator[None]:
    with priority_classes(api):
        yield


@pytest.fixture
def queue(api: Kube, unique: Callable[[str], str]) -> Iterator[str]:
    name, eight = unique("tenant"), {"nvidia.com/gpu": "8"}
    spec = queue_spec(reclaimable=True, capability=eight, deserved=eight, guarantee={})
    body = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": name}, "spec": spec}
    api.create(f"{SCHEDULING}/queues", body)
    yield name
    api.delete(f"{SCHEDULING}/queues/{name}")


def train(namespace: Namespace, pool: str, queue: str, **changes: Any) -> None:
    training = Training.model_validate({"image": IMAGE, "workers": 4, "gpu": {"count": 2}, **changes})
    terms = [{"matchExpressions": [{"key": "rehearsal.multimodal.dev/pool", "operator": "In", "values": [pool]}]}]
    placed: Placement = {
        "gpus": {"nvidia.com/gpu": "2"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}},
    }
    body = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": {"name": "train"}}
    spec = training_job_spec(queue, "train", training, placed)
    namespace.api.create(f"{JOBS}/namespaces/{namespace.name}/jobs", {**body, "spec": spec})


def uids(namespace: Namespace) -> dict[str, str]:
    """Running worker -> its identity."""
    running = (pod for pod in namespace.pods() if pod["status"].get("phase") == "Running" and job_of(pod) == "train")
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in running}


def test_the_workers_run_together_and_find_the_first_by_name(
    api: Kube, namespace: Namespace, pools: Pools, queue: str
) -> None:
    train(namespace, pools().name, queue)
    eventually(lambda: namespace.phases("train") == {"Running": 4}, "all workers to run")
    service = api.get(f"/api/v1/namespaces/{namespace.name}/services/train")
    assert service is not None
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == ("None", True)
    first = next(pod for pod in namespace.pods() if pod["metadata"]["name"] == "train-worker-0")
    assert (first["spec"]["hostname"], first["spec"]["subdomain"]) == ("train-worker-0", "train")
    assert {"name": "VC_TASK_INDEX", "value": "0"} in first["spec"]["containers"][0]["env"]
    assert api.get(f"/apis/networking.k8s.io/v1/namespaces/{namespace.name}/networkpolicies/train") is None


def test_a_rigid_job_restarts_whole_when_a_worker_goes(namespace: Namespace, pools: Pools, queue: str) -> None:
    train(namespace, pools().name, queue)
    eventually(lambda: len(uids(namespace)) == 4, "all workers to run")
    before = set(uids(namespace).values())
    namespace.api.delete(f"{namespace.pods_path}/train-worker-2")
    eventually(lambda: len(uids(namespace)) == 4 and not before & set(uids(namespace).values()), "all workers anew")


def test_an_elastic_job_goes_on_while_a_worker_comes_back(namespace: Namespace, pools: Pools, queue: str) -> None:
    train(namespace, pools().name, queue, minWorkers=2)
    eventually(lambda: len(uids(namespace)) == 4, "all workers to run")
    before = uids(namespace)
    namespace.api.delete(f"{namespace.pods_path}/train-worker-2")
    eventually(
        lambda: uids(namespace).get("train-worker-2", before["train-worker-2"]) != before["train-worker-2"],
        "the worker to come back",
    )
    after = uids(namespace)
    assert {name for name in before if before[name] != after[name]} == {"train-worker-2"}


def test_an_elastic_job_below_its_least_lets_go_of_its_gpus(
    api: Kube, namespace: Namespace, pools: Pools, queue: str
) -> None:
    pool = pools().name
    train(namespace, pool, queue, workers=3, minWorkers=2)
    eventually(lambda: len(uids(namespace)) == 3, "all workers to run")
    node = f"/api/v1/nodes/{pool}-0"
    api.merge(node, {"spec": {"unschedulable": True}})
    for number in (1, 2):
        api.delete(f"{namespace.pods_path}/train-worker-{number}")
    eventually(lambda: not uids(namespace), "the last worker to stop")
    api.merge(node, {"spec": {"unschedulable": False}})
    eventually(lambda: len(uids(namespace)) == 3, "all workers to run again")
